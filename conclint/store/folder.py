"""Cache folders as a whole: cleared, and merged."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from conclint import __version__
from conclint.config.settings import Config
from conclint.files.own_folder import NotOwnError, OwnFolder
from conclint.store.cache import Cache, Space

BY_CONTENT: Final = (Space.SUMMARY, Space.INDEX, Space.CHECK)
"""What depends on the bytes of one file alone, and is true wherever it was found out."""


class ForeignFolderError(Exception):
    """A folder that conclint has not made, or can't use. The text is one line for the user."""


def remove_cache(config: Config) -> bool:
    """Whether there was a cache, which is gone now: its files, and the folder if nothing else is in it.

    Raises ForeignFolderError for a folder that holds something else, and where it can't be removed.
    """
    folder = config.cache_dir
    if config.no_cache_because is not None:
        raise ForeignFolderError(f"{config.no_cache_because}: left alone")
    try:
        within = str(config.cache_within) if config.cache_within is not None else None
        own = OwnFolder.open(str(folder), within)
    except FileNotFoundError:
        return False
    except NotOwnError as error:
        raise ForeignFolderError(f"{folder} {error.strerror}: left alone") from error
    except OSError as error:
        raise ForeignFolderError(f"{folder}: cannot be read: {error.strerror or error}") from error
    try:
        left = own.clear()
        if not left:
            folder.rmdir()
    except OSError as error:
        raise ForeignFolderError(f"{folder}: cannot be removed: {error.strerror or error}") from error
    finally:
        own.close()
    return True


def merge_caches(folders: Iterable[Path], into: Cache, why_none: str | None = None) -> int:
    """How many entries the cache has got from the folders that it had not. Whoever has sealed what is in them
    is believed, and it is sealed anew.

    `why_none` says why there may be none to merge into. Raises ForeignFolderError for a folder that is no
    cache of this version, before anything is written.
    """
    caches = [_opened(folder) for folder in folders]
    if into.folder is None:
        raise ForeignFolderError(why_none or into.note or "there is no cache")
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
        for cache in caches:
            cache.close()


def _opened(folder: Path) -> Cache:
    cache = Cache(folder, believed=True)
    if not any(cache.digests(space) for space in BY_CONTENT):
        raise ForeignFolderError(cache.note or f"{folder} holds nothing of conclint {__version__}")
    return cache
