"""Work on a stack of its own: in a thread, while this one waits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

_lock = threading.Lock()


def on_own_stack(work: Callable[[], T], sizes: Sequence[int]) -> T:
    """The result of `work`, done by a thread with a stack of the first of these sizes, in bytes, that the
    system grants; its exceptions are raised here. Where there can be no more threads, it is done here."""
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    thread = _start(run, sizes)
    if thread is None:
        return work()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def _start(run: Callable[[], None], sizes: Sequence[int]) -> threading.Thread | None:
    with _lock:
        before = threading.stack_size()
        try:
            for size in (*sizes, before):
                # as a daemon: an interrupted run doesn't wait for it
                thread = threading.Thread(target=run, name="conclint-stack", daemon=True)
                try:
                    threading.stack_size(size)
                    thread.start()
                except (ValueError, RuntimeError):
                    continue
                return thread
        finally:
            threading.stack_size(before)
    return None
