"""Runs a command and prints what its whole process tree cost, as JSON on the last line.

    python -I -S child.py [--seconds S] [--memory BYTES] COMMAND...

Orphans count too: worker processes of a fork server are nobody's children once it has ended. On Linux this
process adopts them; elsewhere they are missed, and `whole` is false. With `--seconds` the command and what it
started are ended when they take longer (`status` is null), and so is what is left once it has ended (`left`
counts it). `--memory` limits the address space of each process.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time

SET_CHILD_SUBREAPER = 36  # prctl(2)
GRACE = 2.0
"""Seconds in which processes may end after the command has."""


def adopt_orphans() -> bool:
    """Whether the system hands this process the orphans among its descendants."""
    if sys.platform != "linux":
        return False
    return ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


def children_of(parent: int) -> list[int]:
    """The processes that this one is the parent of, as far as the system tells (Linux)."""
    try:
        with open(f"/proc/{parent}/task/{parent}/children", encoding="ascii") as listed:  # noqa: PTH123
            return [int(number) for number in listed.read().split()]
    except OSError:
        return []


def end_all(process: subprocess.Popen[bytes]) -> None:
    """Ends the command and all that it started: what loses its parent becomes this process's child."""
    if process.returncode is None:
        process.kill()
    for _ in range(100):
        left = children_of(os.getpid())
        for number in left:
            os.kill(number, signal.SIGKILL)
        if not reap():
            return
        time.sleep(0.05)


def reap() -> bool:
    """Whether there are children still, once those that have ended are buried."""
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        return False
    return True


def wait_for_all(process: subprocess.Popen[bytes], seconds: float | None) -> int:
    """How many children of this process had to be ended, after the command itself had."""
    if seconds is None:
        while True:
            try:
                os.wait()
            except ChildProcessError:
                return 0
    end = time.monotonic() + GRACE
    while reap():
        if time.monotonic() > end:
            left = len(children_of(os.getpid()))
            end_all(process)
            return left
        time.sleep(0.05)
    return 0


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--memory", type=int)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args(arguments)
    whole = adopt_orphans()
    if given.memory is not None:  # inherited by all that is started
        resource.setrlimit(resource.RLIMIT_AS, (given.memory, given.memory))
    start = time.perf_counter()
    process = subprocess.Popen(given.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    status: int | None = None
    try:
        out, err = process.communicate(timeout=given.seconds)
        status = process.returncode
    except subprocess.TimeoutExpired:
        end_all(process)
        out, err = process.communicate()
    wall = time.perf_counter() - start
    left = wait_for_all(process, given.seconds)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    memory = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    sys.stdout.write(out.decode("utf-8", "replace"))
    result = {
        "cpu": used.ru_utime + used.ru_stime,
        "wall": wall,
        "memory": memory,
        "status": status,
        "whole": whole,
        "left": left,
        "errors": err.decode("utf-8", "replace")[-2000:],
    }
    print("\n" + json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1:])
