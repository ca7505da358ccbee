"""`with` blocks: which region a site that enters a context manager begins, and what happens inside it."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.summary import body_graph as graph
from conclint.summary.records import Body, RegionKind, Site


def block_of(body: Body, site: Site) -> int:
    """The region of the block that a site enters; -1 where it can't be told."""
    found = [
        number
        for number, region in enumerate(body.regions)
        if region.kind == RegionKind.WITH and region.value == site.callee and region.parent == site.region
    ]
    return found[0] if len(found) == 1 else -1


def sites_within(body: Body, block: int) -> Iterator[tuple[int, Site]]:
    """The sites inside a block, with their numbers."""
    for number, site in enumerate(body.sites):
        if graph.is_inside(body, site.region, block):
            yield number, site
