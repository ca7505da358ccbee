"""Memory of linked programs, without the garbage collector: it would walk millions of small tuples, which
have no cycles and are needed to the end, again and again (a fifth of the time of linking and judging)."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from conclint.collector import paused

_OWN: Final = ("conclint.link.", "conclint.propagate.", "conclint.rules.")


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
