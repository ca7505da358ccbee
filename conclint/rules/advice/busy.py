"""The places of a function that stop the event loop, by where they stand: each finding asks for those at, or
inside, a piece of code."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import NamedTuple

from conclint.model.finding import Position

_LOCKS = "locks"


class Shape(Enum):
    """What happens at a place."""

    CALL = "call"
    ENTER = "enter"
    ITERATE = "iterate"
    READ = "read"
    OTHER = "other"


class Busy(NamedTuple):
    """A place of the function that stops the loop; `lazy`: what it gives does, while it is iterated."""

    position: Position
    family: str
    shape: Shape
    lazy: bool

    @property
    def is_eager(self) -> bool:
        """Whether an expression there stops the loop when it is evaluated."""
        return not self.lazy and self.shape in (Shape.CALL, Shape.READ)


class BusyPlaces:
    """All of these of one function. `locks` are the positions at which it waits for a lock."""

    def __init__(self, places: Iterable[Busy]) -> None:
        self._places = sorted(places, key=lambda busy: _begin(busy.position))
        self._begins = [_begin(busy.position) for busy in self._places]
        self._at: dict[Position, list[Busy]] = {}
        for busy in self._places:
            self._at.setdefault(busy.position, []).append(busy)
        self.locks = frozenset(busy.position for busy in self._places if busy.family == _LOCKS)

    def __iter__(self) -> Iterator[Busy]:
        """In the order of the source."""
        return iter(self._places)

    def at(self, position: Position) -> list[Busy]:
        """Those at just this place."""
        return self._at.get(position, [])

    def inside(self, position: Position) -> Iterator[Busy]:
        """Those that lie within a place, or are it."""
        end = (position.end_line, position.end_column)
        for number in range(bisect_left(self._begins, _begin(position)), len(self._places)):
            if self._begins[number] > end:
                return
            busy = self._places[number]
            if (busy.position.end_line, busy.position.end_column) <= end:
                yield busy


def _begin(position: Position) -> tuple[int, int]:
    return position.line, position.column
