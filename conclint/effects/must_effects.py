"""Effects that no way through a region misses: what one branch of an `if` does, and the other too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from conclint.effects.effects import Effect, Kind, Witness
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, RegionKind

_OPPOSITE = (RegionKind.IF, RegionKind.AFTER)
_ALWAYS = (RegionKind.TRY, RegionKind.WITH, RegionKind.FINALLY)


class Occurrence(NamedTuple):
    """An effect of a site, with the region in which it is sure to happen."""

    region: int
    effect: Effect
    witness: Witness


def raised(body: Body, occurrences: Iterable[Occurrence]) -> Iterator[tuple[int, Occurrence]]:
    """Each occurrence with the outermost region that does not run without one of its kind; exceptions, and
    loops that are left early, are not looked at."""
    groups: dict[tuple[Kind, str, int], list[Occurrence]] = {}
    for item in occurrences:
        groups.setdefault((item.effect.kind, item.effect.family, item.effect.mask), []).append(item)
    for group in groups.values():
        certain = _certain(body, {item.region for item in group})
        for item in group:
            yield graph.outermost_within(body, item.region, certain), item


def _certain(body: Body, regions: set[int]) -> set[int]:
    """The regions every way through which comes to one of those given."""
    certain = set(regions)
    if len(regions) < 2:
        return certain
    opposite: dict[tuple[int, int], set[int]] = {}
    for number in range(max(regions), 0, -1):  # a region stands after its parent
        if number not in certain:
            continue
        item = body.regions[number]
        if item.kind in _ALWAYS:
            certain.add(item.parent)
        elif item.kind in _OPPOSITE:
            sides = opposite.setdefault((item.parent, item.value), set())
            sides.add(item.extra)
            if len(sides) == 2:
                certain.add(item.parent)
    return certain
