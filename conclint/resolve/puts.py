"""What statements put into a collection, and under which keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import merge
from typing import NamedTuple

from conclint.resolve.values import Key
from conclint.summary.records import Body, Op


class Put(NamedTuple):
    """A value that a statement puts into a collection: under a key, somewhere (`under` -1), or all that
    another collection holds (`all_of`). It does so in a region of the body of `key`, with `at` values before
    it."""

    key: Key
    under: int
    value: int
    all_of: bool = False
    region: int = 0
    at: int = 0


class Puts:
    """All that is put into one collection, in order; found by a constant without looking at each."""

    __slots__ = ("_by_constant", "_others", "every")

    def __init__(self, puts: Iterable[tuple[Put, Body]]) -> None:
        self.every: list[Put] = []
        self._by_constant: dict[object, list[tuple[int, Put]]] = {}
        self._others: list[tuple[int, Put]] = []
        for number, (put, body) in enumerate(puts):
            self.every.append(put)
            node = body.values[put.under] if put.under >= 0 else (Op.UNKNOWN,)
            if node[0] == Op.CONST:
                self._by_constant.setdefault(node[1], []).append((number, put))
            else:
                self._others.append((number, put))

    def __bool__(self) -> bool:
        return bool(self.every)

    def at(self, constant: object) -> Iterator[Put]:
        """What may be put in under the constant: all but what is put in under another one."""
        here = self._by_constant.get(constant, [])
        return (put for _, put in merge(here, self._others))


def seen_from(puts: Iterable[Put], place: tuple[Key, int] | None) -> tuple[list[Put], bool]:
    """Those of the puts under one key that a read at a place (a value of a body) may see, and whether one of
    them has ended what was there: in the same body an unconditional one hides all before it, and what comes
    after it is not seen yet."""
    found: list[Put] = []
    has_ended = False
    for put in puts:
        if place is not None and put.key == place[0] and not put.region:
            if put.at > place[1]:
                continue
            found = [other for other in found if other.key != put.key]
            has_ended = True
        found.append(put)
    return found, has_ended


NO_PUTS = Puts(())
