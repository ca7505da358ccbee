"""Cache folders as a whole: removed, and merged."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from conclint import __version__
from conclint.cache import Cache, Space

BY_CONTENT: Final = (Space.SUMMARY, Space.INDEX, Space.CHECK)
"""What depends on the bytes of one file alone, and is true wherever it was found out."""


class ForeignFolderError(Exception):
    """A folder that conclint has not made, or can't use. The text is one line for the user."""


def remove_cache(folder: Path) -> bool:
    """Whether there was a cache, which is gone now.

    Raises ForeignFolderError for a folder without conclint's mark, and where it can't be removed.
    """
    if not folder.is_dir():
        return False
    if folder.is_symlink() or not is_cache(folder):
        raise ForeignFolderError(
            f"{folder} is no cache of conclint (its CACHEDIR.TAG is missing): left alone"
        )
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise ForeignFolderError(f"{folder}: cannot be removed: {error.strerror or error}") from error
    return True


def is_cache(folder: Path) -> bool:
    """Whether conclint has made the folder."""
    try:
        return b"conclint" in (folder / "CACHEDIR.TAG").read_bytes()[:200]
    except OSError:
        return False


def merge_caches(folders: Iterable[Path], target: Path) -> int:
    """How many entries the target has got from the folders that it had not.

    Raises ForeignFolderError for a folder that is no cache of this version, before anything is written.
    """
    caches = [_opened(folder) for folder in folders]
    into = Cache.open(str(target))
    try:
        number = 0
        for cache in caches:
            for space in BY_CONTENT:
                for digest in cache.digests(space):
                    blob = None if into.get(space, digest) is not None else cache.get(space, digest)
                    if blob is not None:
                        into.put(space, digest, blob)
                        number += 1
        into.save()
        if into.note:
            raise ForeignFolderError(into.note)
        return number
    finally:
        for cache in (*caches, into):
            cache.close()


def _opened(folder: Path) -> Cache:
    if not is_cache(folder):
        raise ForeignFolderError(f"{folder} is no cache of conclint")
    cache = Cache.open(str(folder))
    if not any(cache.digests(space) for space in BY_CONTENT):
        raise ForeignFolderError(f"{folder} holds nothing of conclint {__version__}")
    return cache
