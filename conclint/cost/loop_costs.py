"""What the loops of a body compute themselves, besides the calls in them."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.cost.cost import Cost, CostTerm
from conclint.cost.trip_counts import Trips
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, SiteKind


def loop_parts(body: Body, trips: list[Trips]) -> Iterator[CostTerm]:
    """The arithmetic and container work of the body itself, by the outermost loops that do it."""
    outermost: list[int] = []
    found: dict[int, Cost] = {}
    for number, region in enumerate(body.regions):
        outer = outermost[region.parent] if number else 0
        if not outer and region.kind in graph.LOOPS and not trips[number].is_once:
            outer = number
        outermost.append(outer)
        work = float(region.arithmetic + region.container)
        if not work:
            continue
        trip = trips[number]
        held = found.get(outer, Cost())
        found[outer] = held._replace(
            operations=held.operations + work * trip.times,
            counting=max(held.counting, trip.counting) if region.arithmetic else held.counting,
            over_data=max(held.over_data, trip.over_data) if region.arithmetic else held.over_data,
            pairs=held.pairs or (trip.pairs and region.arithmetic > 0),
        )
    for outer, cost in found.items():
        yield CostTerm(_site_of_loop(body, outer), cost, True, cost.rank)


def _site_of_loop(body: Body, number: int) -> int:
    """A site that shows where a loop is: where it iterates, else the first thing done in it."""
    if number <= 0:
        return -1
    region = body.regions[number]
    for index, site in enumerate(body.sites):
        if site.kind == SiteKind.ITERATE and site.callee == region.value and site.region == region.parent:
            return index
    for index, site in enumerate(body.sites):
        if graph.is_inside(body, site.region, number):
            return index
    return -1
