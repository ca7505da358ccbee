"""pip, but it can start no process: so it downloads, and builds nothing.

    python -I only_download.py download ...

What it would build with is this interpreter; there it ends, and leaves its temporary files.
"""

import os
import runpy
import sys
from pathlib import Path

BUILDS = 3  # the exit status


def refuse(event: str, arguments: tuple[object, ...]) -> None:
    """The audit hook."""
    if event in ("os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system"):
        raise PermissionError("no process is started here")
    if event == "subprocess.Popen":
        if _is_python(arguments[0]):
            os._exit(BUILDS)
        raise PermissionError("no process is started here")


def _is_python(program: object) -> bool:
    # whatever else pip starts (it asks for a compiler's version to tell it to the index) it can do without
    name = os.fsdecode(program) if isinstance(program, (str, bytes, os.PathLike)) else ""
    return Path(name).name.startswith("python")


sys.addaudithook(refuse)
runpy.run_module("pip", run_name="__main__", alter_sys=True)
