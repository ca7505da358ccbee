"""How another Python is started: isolated, so that it imports nothing that lies in the working folder."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator

from conclint.process.search_path import outside, working_folder


def python_command(code: str, *folders: str) -> list[str]:
    """The command that runs the code in another process of this Python, with the search path of this one
    without what belongs to the working folder or to these.

    `-I` keeps away the working folder (before the first line runs: 3.13 imports `linecache` for `-c`) and
    whatever the environment's PYTHON... variables name, in all versions: `-P` and PYTHONSAFEPATH are younger
    than 3.10. Raises OSError where this Python can't start another.
    """
    if not sys.executable or getattr(sys, "frozen", False):
        raise OSError(errno.ENOENT, "this Python does not know its own executable")
    path = [os.fspath(entry) for entry in outside([working_folder(), *folders])]
    return [sys.executable, "-I", *_flags(), "-c", f"import sys; sys.path[:] = {path!a}; {code}"]


def _flags() -> Iterator[str]:
    """What this process got from the environment, and an isolated one doesn't."""
    yield from ("-X", f"utf8={sys.flags.utf8_mode}")
    if sys.dont_write_bytecode:
        yield "-B"
    if sys.pycache_prefix:
        yield from ("-X", f"pycache_prefix={sys.pycache_prefix}")
