"""What the tests have worker processes call: a module of its own, which takes a worker no time to import."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing import Queue

LOCK = threading.Lock()


def prepare() -> None:
    """What a worker is told to do first."""


def reverse(data: bytes) -> bytes:
    return data[::-1]


def process_of(data: bytes) -> int:
    return os.getpid()


def fragile(data: bytes) -> bytes:
    """Ends its process on some data, as a crash in native code would."""
    if b"DIE" in data:
        os._exit(11)
    return data[::-1]


def is_locked(data: bytes) -> bool:
    return LOCK.locked()


def path_and_flags(data: bytes) -> tuple[list[str], bool]:
    """Where the process imports modules from, and whether it was started isolated."""
    import sys

    return sys.path, bool(sys.flags.isolated)


def unpicklable(data: bytes) -> object:
    return lambda: data


def put_processes(queue: Queue[tuple[int, set[int]]], items: list[bytes]) -> None:
    """Which process this is, and those that did some work that it asked for."""
    from conclint.workers.work import Work, Workers

    sizes = [len(item) for item in items]
    results = Workers(2).run(Work(process_of, sizes, items.__getitem__, -1, 0))
    queue.put((os.getpid(), {process for _, process in results}))


def write_much(folder: str, writer: int) -> None:
    """Puts into the cache what all writers put there, and what is its own, turn by turn."""
    from conclint.store.cache import Cache, Space, content_hash

    for turn in range(15):
        cache = Cache.open(folder)
        for content in (b"shared %d" % turn, b"own %d %d" % (writer, turn)):
            cache.put(Space.SUMMARY, content_hash(content), content * 3)
        cache.save()
        cache.close()
