"""Which function the fixpoint takes next: what is called before what calls it, what is cheap before what is
dear."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heappush
from typing import TypeAlias

from conclint.effects.components import Components
from conclint.resolve.values import Key

_Rank: TypeAlias = tuple[int, int, int, int]
_CHEAP = 64
"""Targets run, below which functions are equally cheap to take; each tier above holds twice as much. In
pandas three functions took 60 of 88 s as long as they were taken as often as the others."""
_FRESH_SHARE = 8
"""What is new is put in order once it is this part of all: often enough to be right for most, and so rarely
that the call graph is walked a few times only."""
_WRONG_SHARE = 64
"""The same for calls that turn out to lead against the order, of what is passed on."""


class Worklist:
    """The functions that are to be taken anew, since something that they call has changed.

    Components of the call graph come one after the other, callees before their callers. Within a component
    functions are taken in sweeps, those first that were come upon last: what a function calls has mostly been
    come upon after it, so one that calls many waits for all of them, and each is taken once in a sweep,
    however many in a circle with it change. A function that is dear to take waits until the cheaper ones of
    its component have settled.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[_Rank, Key]] = []
        self._due: set[Key] = set()
        self._places: dict[Key, int] = {}
        self._components: dict[Key, int] = {}
        self._fresh: dict[Key, None] = {}
        self._wrong = 0
        self._tiers: dict[Key, int] = {}
        self._count = 0
        self._passed: _Rank = (-1, 0, 0, 0)

    def __bool__(self) -> bool:
        return bool(self._heap)

    def come_upon(self, key: Key) -> None:
        """Notes a function that is new; until the next arrangement it belongs to what is being worked on."""
        if key not in self._places:
            self._places[key] = -len(self._places)
            self._components[key] = self._passed[0]
            self._fresh[key] = None

    def note_call(self, caller: Key, callee: Key) -> None:
        """Notes that a function turned out to call another one: the order may have to change."""
        component = self._components.get(callee)
        if component is not None and self._components.get(caller, component) < component:
            self._fresh[callee] = None
            self._wrong += 1

    def cost(self, key: Key, runs: int) -> None:
        """Notes what taking a function has cost, in targets that were run: sites that are as they were cost
        nothing, but may change again."""
        self._tiers[key] = max(self._tiers.get(key, 0), (runs // _CHEAP).bit_length())

    def push(self, key: Key) -> None:
        """Has a function taken again."""
        if key in self._due:
            return
        self.come_upon(key)  # one that was only asked for what it calls
        self._due.add(key)
        heappush(self._heap, (self._rank(key), key))

    def _rank(self, key: Key) -> _Rank:
        component, tier, place = self._components[key], self._tiers.get(key, 0), self._places[key]
        sweep = 0
        if self._passed[0] == component and self._passed[1] == tier:
            sweep = self._passed[2] + (place <= self._passed[3])
        return component, tier, sweep, place

    def pop(self) -> Key:
        """Takes out the function that comes first."""
        self._passed, key = heappop(self._heap)
        self._due.discard(key)
        return key

    def arrange(self, callers: Callable[[Key], Iterable[Key]]) -> None:
        """Puts the components of what is new in order; `callers` gives the functions that ask for the effects
        of one."""
        size = len(self._components)
        if len(self._fresh) * _FRESH_SHARE < size and self._wrong * _WRONG_SHARE < size:
            return
        components = Components(callers)
        found: list[tuple[Key, ...]] = []
        for key in self._fresh:
            more = components.explore(key)
            components.keep(more)
            found += more
        self._fresh.clear()
        self._wrong = 0
        for component in reversed(found):
            self._count += 1
            for key in component:
                self._components[key] = self._count
        self._passed = (-1, 0, 0, 0)
        self._heap = [(self._rank(key), key) for key in self._due]
        heapify(self._heap)
