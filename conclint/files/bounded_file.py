"""Files that the user or the project names, read as far as files of their kind go: never a pipe or a device,
which has no end, nor a file that no memory holds."""

from __future__ import annotations

import errno
import os
from typing import Final

from conclint.files.sealing import open_regular, read_at

CONFIGURATION: Final = 16 << 20
"""Bytes of a configuration or a catalog file at most."""
IGNORE_FILE: Final = 1 << 20
"""Bytes of a .gitignore file at most: a line takes a fraction of a millisecond to understand."""
SOURCE: Final = 5 << 20
"""Bytes of Python in a file at most, unless configured: a megabyte of code takes two to four seconds."""
LARGEST: Final = 100 << 20
"""The most that can be configured, and bytes of a notebook at most, of which most may be pictures."""
BASELINE: Final = 256 << 20
"""Bytes of a baseline at most: about a million findings."""


def read_bounded(path: str | os.PathLike[str], most: int) -> bytes:
    """The file's content. Raises OSError for what is no regular file, and for one of more bytes than that."""
    file = open_regular(os.fspath(path), links=True)
    try:
        size = os.fstat(file).st_size
        data = read_at(file, 0, most + 1) if size <= most else b""
    finally:
        os.close(file)
    if size > most or len(data) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most >> 20} MB", os.fspath(path))
    return data


def read_source(path: str, most: int = LARGEST) -> bytes:
    """The content of a file to analyse, or that was analysed. Raises OSError, as `read_bounded` does."""
    return read_bounded(path, LARGEST if path.endswith(".ipynb") else most)
