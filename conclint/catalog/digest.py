"""What tells one shipped catalog from another, without a look into it: a run that only repeats a report needs
no more."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Final

_FOLDERS: Final = ("stdlib", "thirdparty")


@cache
def catalog_digest(here: Path = Path(__file__).parent) -> bytes:
    """16 bytes that differ once a shipped file is edited: by their names, sizes and times. To read three
    hundred files would be the longest part of a run in which nothing changed."""
    digest = blake2b(digest_size=16)
    for folder in _FOLDERS:
        rows = []
        for entry in _facts_in(here / folder):
            stat = entry.stat()
            rows.append((entry.name, stat.st_size, stat.st_mtime_ns))
        digest.update(repr(sorted(rows)).encode())
    return digest.digest()


def shipped_files(here: Path = Path(__file__).parent) -> list[str]:
    """The shipped files and their folders."""
    folders = [here / folder for folder in _FOLDERS]
    return [*map(str, folders), *(entry.path for folder in folders for entry in _facts_in(folder))]


def _facts_in(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        yield from (entry for entry in entries if entry.name.endswith(".toml"))
