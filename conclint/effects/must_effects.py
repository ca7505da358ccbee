"""Effects that no way through a region misses: what one branch of an `if` does, and the other too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from conclint.effects.effects import MANY_FILES, Effect, Kind, Witness
from conclint.summary.records import Body, RegionKind

_OPPOSITE = (RegionKind.IF, RegionKind.AFTER)
_ALWAYS = (RegionKind.TRY, RegionKind.WITH, RegionKind.FINALLY)


class Occurrence(NamedTuple):
    """An effect of a site, with the region in which it is sure to happen."""

    region: int
    effect: Effect
    witness: Witness


def raised(body: Body, occurrences: Iterable[Occurrence]) -> Iterator[tuple[int, Occurrence]]:
    """Each occurrence with the outermost region that does not run without it, or without one of its kind on
    the other branch of a test; exceptions, and loops that are left early, are not looked at. Of two branches
    one of which goes over many files, the other one tells what is certain."""
    groups: dict[tuple[Kind, str, int], list[Occurrence]] = {}
    for item in occurrences:
        groups.setdefault((item.effect.kind, item.effect.family, item.effect.mask), []).append(item)
    for group in groups.values():
        certain = _certain(body, {item.region for item in group})
        found = [(_outermost(body, item.region, certain), item) for item in group]
        few = {region for region, item in found if item.witness.cause not in MANY_FILES}
        for region, item in found:
            is_more = region != item.region and region in few and item.witness.cause in MANY_FILES
            yield (item.region if is_more else region), item


def _outermost(body: Body, region: int, certain: set[int]) -> int:
    """The outermost region to which what happens in one belongs: up from branches whose opposite is certain,
    too, and from blocks around these that always run."""
    found = region
    while region:
        item = body.regions[region]
        both = item.kind in _OPPOSITE and any(
            other.kind in _OPPOSITE
            and (other.parent, other.value) == (item.parent, item.value)
            and other.extra != item.extra
            and number in certain
            for number, other in enumerate(body.regions)
        )
        if not both and item.kind not in _ALWAYS:
            break
        region = item.parent
        if both:
            found = region
    return found


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
