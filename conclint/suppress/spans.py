"""Things that each hold for some lines of a file, found by lines."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Generic, TypeVar

T = TypeVar("T")


class Spans(Generic[T]):
    """Things by their first and last line."""

    __slots__ = ("_firsts", "_items", "_reach")

    def __init__(self, items: Iterable[tuple[int, int, T]]) -> None:
        self._items = sorted(items, key=lambda item: item[0])
        self._firsts = [first for first, _, _ in self._items]
        self._reach = list(accumulate((last for _, last, _ in self._items), max))
        """How far those up to each one reach at most."""

    def meeting(self, first: int, last: int) -> Iterator[T]:
        """Those that have a line in common with these."""
        for number in range(bisect_right(self._firsts, last) - 1, -1, -1):
            if self._reach[number] < first:
                return
            if self._items[number][1] >= first:
                yield self._items[number][2]
