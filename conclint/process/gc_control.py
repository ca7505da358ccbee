"""When the garbage collector runs, and what is freed without it.

What is parsed and linked are millions of small tuples that have no cycles and are needed to the end: the
collector would walk them again and again, a fifth of the time of linking and judging. So it is off while
something is analysed. A process that analyses once ends before that matters; one that goes on (a server,
`--watch`) collects between its runs, when nobody waits, and so never holds more than one run needs.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

_OWN: Final = (
    "conclint.resolve.",
    "conclint.conditions.",
    "conclint.cost.",
    "conclint.effects.",
    "conclint.rules.",
)


def never_collect() -> None:
    """For a process that analyses once, or that something else ends in time."""
    gc.disable()


def collect_seldom() -> None:
    """For a process of which it isn't known yet what it will do."""
    gc.set_threshold(100_000, 50, 100)


@contextmanager
def one_of_many_runs() -> Iterator[None]:
    """Around each run of a process that goes on: the collector is off, and runs once afterwards.

    What was there before the first run (the modules, what they know of libraries) is not looked through.
    """
    if not gc.get_freeze_count():
        gc.collect()
        gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.collect()


@contextmanager
def paused() -> Iterator[bool]:
    """Keeps the collector off; gives whether it was on, as it is again afterwards."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield collecting
    finally:
        if collecting:
            gc.enable()


@contextmanager
def uncollected() -> Iterator[None]:
    """Keeps the collector off, and what was made meanwhile from its young generation, which it would walk as
    soon as it is on again."""
    with paused() as collecting:
        try:
            yield
        finally:
            if collecting and not gc.get_freeze_count():
                gc.freeze()
                gc.unfreeze()  # to the oldest generation, without a walk


def dismantle(root: object, kept: Iterable[object]) -> None:
    """Takes the parts of a linked program apart, which know each other: what they hold is freed at once. The
    `kept` objects outlive it."""
    seen = {id(item) for item in kept}
    parts: list[object] = []
    todo = [root]
    while todo:
        part = todo.pop()
        if id(part) not in seen and type(part).__module__.startswith(_OWN) and hasattr(part, "__dict__"):
            seen.add(id(part))
            parts.append(part)
            todo.extend(vars(part).values())
    for part in parts:
        vars(part).clear()
