"""What a call costs: operations that hold the GIL, as far as they are known.

Operations are counted, not timed: one is an arithmetic or container operation of the interpreter, some
30 to 60 ns on CPython 3.11.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from conclint.cost.trip_counts import Trips
from conclint.resolve.values import Key

HEAVY: Final = 1_000_000.0
"""Operations from which a call is heavy: some 40 ms on CPython 3.11."""

_CUBE: Final = 3


_OFTEN: Final = 100.0
_FAR: Final = 6


class Unit(NamedTuple):
    """A library call that takes some milliseconds for one text, document or image, and the way to it, as in
    `Cost`. `repeated` where a loop makes it for each item of data, or many times."""

    name: str
    chain: tuple[tuple[Key, int], ...] = ()
    repeated: bool = False

    def inside(self, trips: Trips) -> Unit:
        """The same in a loop."""
        often = trips.over_data or trips.counting or trips.times >= _OFTEN
        return self._replace(repeated=True) if often else self

    def reached_by(self, key: Key, site: int) -> Unit:
        """The same, a call further away."""
        return self._replace(chain=((key, site), *self.chain))


def _better(unit: Unit | None, other: Unit | None) -> Unit | None:
    if unit is None or other is None:
        return unit or other
    return other if other.repeated and not unit.repeated else unit


class Cost(NamedTuple):
    """What one call costs.

    `operations` that are certain; `counting` the depth of nested counting loops (or branching recursion)
    whose length is not known, `over_data` that of loops over data of unknown length. `opaque` where
    something unknown runs in a hot loop, `foreign` where a library that the catalog doesn't know is
    called at all, `native` where native code that releases the GIL does most of it. `chain` leads to what
    does most of the work, as (key, site): to the function `worker`, or to the library call `known`. With
    `pairs` it brings each item of an argument together with each. `unit` is a library call that counts in
    loops.
    """

    operations: float = 0.0
    counting: int = 0
    over_data: int = 0
    opaque: bool = False
    foreign: bool = False
    native: bool = False
    chain: tuple[tuple[Key, int], ...] = ()
    worker: Key | None = None
    known: str = ""
    pairs: bool = False
    unit: Unit | None = None

    @property
    def is_sure(self) -> bool:
        """Whether it takes long for certain."""
        return self.operations >= HEAVY

    @property
    def grows(self) -> bool:
        """Whether the work grows with the square of an argument, or the cube of what it is given."""
        return self.pairs or self.over_data >= _CUBE

    @property
    def rank(self) -> float:
        """The heavier, the higher."""
        return self.operations + self.counting * HEAVY

    def inside(self, trips: Trips) -> Cost:
        """What it costs in a loop. Loops of unknown length add up around others only: around work of a
        known size one says nothing."""
        unit = self.unit.inside(trips) if self.unit is not None else None
        if not self.counting and not self.over_data:
            return self._replace(operations=self.operations * trips.times, unit=unit)
        return self._replace(
            operations=self.operations * trips.times,
            unit=unit,
            counting=self.counting + trips.counting,
            over_data=self.over_data + trips.over_data,
            pairs=self.pairs or trips.pairs,
        )


class CostTerm(NamedTuple):
    """A part of what a def's own code does: a call, or a loop with all that it computes itself.

    `site` is where it is, -1 for a loop without a site (`while`); `cost` has the loops around it in it.
    `rank` is that of the work that the cost's chain leads to.
    """

    site: int
    cost: Cost
    is_loop: bool
    rank: float


class Folded(NamedTuple):
    """Parts of a function together, with the rank of the heaviest."""

    cost: Cost
    heaviest: float

    def joined(self, key: Key, part: CostTerm) -> Folded:
        """With one more part: what is not known of it, and its operations if they are more, since which of
        the others run too may be a matter of branches."""
        cost = part.cost
        unit = cost.unit
        if unit is not None:
            unit = unit.reached_by(key, part.site) if len(unit.chain) < _FAR else None
        total = self.cost._replace(
            unit=_better(self.cost.unit, unit),
            operations=max(self.cost.operations, cost.operations),
            counting=max(self.cost.counting, cost.counting),
            over_data=max(self.cost.over_data, cost.over_data),
            opaque=self.cost.opaque or cost.opaque,
            foreign=self.cost.foreign or cost.foreign,
            native=self.cost.native or cost.native,
            pairs=self.cost.pairs or cost.pairs,
        )
        own = part.is_loop or (cost.worker is None and not cost.known)
        chain = () if own else ((key, part.site), *cost.chain)
        if (-part.rank, len(chain)) >= (-self.heaviest, len(total.chain)):
            return Folded(total, self.heaviest)
        worker, known = (key, "") if own else (cost.worker, cost.known)
        return Folded(total._replace(chain=chain, worker=worker, known=known), part.rank)


def fold(key: Key, parts: Iterable[CostTerm]) -> Folded:
    """All parts of a function together."""
    folded = Folded(Cost(1.0, worker=key), 0.0)
    for part in parts:
        folded = folded.joined(key, part)
    return folded


def heaviest(costs: Iterable[Cost]) -> Cost:
    """The heaviest, with what is unsure of any."""
    best = Cost()
    for cost in costs:
        heavier, lighter = (cost, best) if cost.rank >= best.rank else (best, cost)
        best = heavier._replace(
            opaque=heavier.opaque or lighter.opaque,
            foreign=heavier.foreign or lighter.foreign,
            native=heavier.native or lighter.native,
            pairs=heavier.pairs or lighter.pairs,
            unit=_better(heavier.unit, lighter.unit),
        )
    return best
