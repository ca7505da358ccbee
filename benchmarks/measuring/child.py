"""Runs a command and prints what its whole process tree cost, as JSON on the last line.

    python -I -S child.py COMMAND...

Orphans count too: worker processes of a fork server are nobody's children once it has ended. On Linux this
process adopts them; elsewhere they are missed, and `whole` is false.
"""

import ctypes
import json
import os
import resource
import subprocess
import sys
import time

SET_CHILD_SUBREAPER = 36  # prctl(2)


def adopt_orphans() -> bool:
    """Whether the system hands this process the orphans among its descendants."""
    if sys.platform != "linux":
        return False
    return ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


def main(command: list[str]) -> None:
    whole = adopt_orphans()
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = process.communicate()
    wall = time.perf_counter() - start
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    memory = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    sys.stdout.write(out.decode("utf-8", "replace"))
    result = {
        "cpu": used.ru_utime + used.ru_stime,
        "wall": wall,
        "memory": memory,
        "status": process.returncode,
        "whole": whole,
        "errors": err.decode("utf-8", "replace")[-2000:],
    }
    print("\n" + json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1:])
