"""Effects that no way through a region misses: what one branch of an `if` does, and the other too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from conclint.effects.effects import SLOW_FILES, Effect, Kind, Witness
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
        paired = _paired(body, {item.region for item in group})
        found = [(_outermost(body, item.region, paired), item) for item in group]
        few = {region for region, item in found if item.witness.cause not in SLOW_FILES}
        for region, item in found:
            is_more = region != item.region and region in few and item.witness.cause in SLOW_FILES
            yield (item.region if is_more else region), item


def _outermost(body: Body, region: int, paired: set[int]) -> int:
    """The outermost region to which what happens in one belongs: up from paired branches, too, and from
    blocks around these that always run."""
    found = region
    while region:
        item = body.regions[region]
        if region not in paired and item.kind not in _ALWAYS:
            break
        if region in paired:
            found = item.parent
        region = item.parent
    return found


def _paired(body: Body, regions: set[int]) -> set[int]:
    """The branches every way through which comes to one of the regions given, as on the opposite branch."""
    if len(regions) < 2:
        return set()
    certain = set(regions)
    sides: dict[tuple[int, int], dict[int, list[int]]] = {}
    for number in range(max(regions), 0, -1):  # a region stands after its parent
        if number not in certain:
            continue
        item = body.regions[number]
        if item.kind in _ALWAYS:
            certain.add(item.parent)
        elif item.kind in _OPPOSITE:
            both = sides.setdefault((item.parent, item.value), {})
            both.setdefault(item.extra, []).append(number)
            if len(both) == 2:
                certain.add(item.parent)
    pairs = (both for both in sides.values() if len(both) == 2)
    return {number for both in pairs for numbers in both.values() for number in numbers}
