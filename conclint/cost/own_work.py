"""What the body of a worker does itself: how deep the loops are nested in which it works, as far as several
could do that at the same time."""

from __future__ import annotations

from typing import Final

from conclint.cost.streams import hands_on
from conclint.cost.trip_counts import TripCounter
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import ExternalInstance, Key
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, LoopFlags, Op, Region, RegionKind, SiteKind

_MANY: Final = 1_000.0
"""Trips from which a loop of known length is worth a thread."""
_LOCKS: Final = frozenset({"threading.Lock", "threading.RLock", "_thread.lock", "threading.Condition"})


class OwnWork:
    """Looks at the loops of bodies."""

    def __init__(self, evaluator: Evaluator, trips: TripCounter) -> None:
        self._evaluator = evaluator
        self._trips = trips

    def depths(self, key: Key, body: Body) -> list[int]:
        """How many loops over data, numbers, or of many rounds are around each region. One that never ends
        is none of them: it serves, and no round of it is the last."""
        trips = self._trips.of_regions(key, body, {})
        depths = [item.counting + item.over_data + (item.times >= _MANY) for item in trips]
        for number in range(len(body.regions)):
            if any(_is_endless(body, outer) for outer in (number, *graph.loops_around(body, number))):
                depths[number] = max(0, depths[number] - 1)
        return depths

    def own(self, key: Key, body: Body, depths: list[int]) -> int:
        """How deep the loops are nested in which the function does something itself, outside of locks."""
        busy = {number for number, region in enumerate(body.regions) if region.arithmetic or region.container}
        busy |= {site.region for site in body.sites if site.kind in (SiteKind.CALL, SiteKind.ITEM)}
        passing = [
            number
            for number, region in enumerate(body.regions)
            if region.kind in graph.LOOPS and hands_on(body, number)
        ]
        passing += [number for number, region in enumerate(body.regions) if self._is_lock(key, body, region)]
        busy = {n for n in busy if not any(graph.is_inside(body, n, outer) for outer in passing)}
        return max((depths[number] for number in busy), default=0)

    def _is_lock(self, key: Key, body: Body, region: Region) -> bool:
        """Whether it is the block of a lock: what is done there is done in turn by intent."""
        if region.kind != RegionKind.WITH or region.value < 0:
            return False
        values = self._evaluator.evaluate(key, region.value).values
        return bool(values) and all(
            isinstance(value, ExternalInstance) and value.dotted in _LOCKS for value in values
        )


def counts_down(body: Body, number: int) -> bool:
    """Whether a call of the function itself is its only one, not in a loop, for a number less: it goes no
    deeper than the interpreter lets it."""
    site = body.sites[number]
    callee = body.values[site.callee]
    calls = sum(other.kind == SiteKind.CALL and body.values[other.callee] == callee for other in body.sites)
    return (
        calls == 1
        and graph.loop_of(body, site.region) < 0
        and any(
            node[:2] == (Op.ARITH, "-") and graph.node(body, graph.operands(node)[1])[0] == Op.CONST
            for node in (body.values[value] for _, value in site.args)
        )
    )


def _is_endless(body: Body, number: int) -> bool:
    """Whether it is a `while True` that nothing leaves."""
    region = body.regions[number]
    if region.kind != RegionKind.WHILE or region.extra & LoopFlags.BREAKS:
        return False
    test = graph.node(body, region.value)
    return region.value < 0 or (test[0] == Op.CONST and bool(test[1]))
