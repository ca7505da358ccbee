"""What stands around a site or comes before it: the tests and how they came out, loops that are over."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, Site


def is_same(body: Body, one: int, other: int) -> bool:
    """Whether two values are the same name or attribute."""
    if one == other:
        return True
    first, second = graph.node(body, one), graph.node(body, other)
    if first[0] == Op.ATTR and second[0] == Op.ATTR and first[2] == second[2]:
        return is_same(body, graph.base(first), graph.base(second))
    return first[0] not in (Op.CALL, Op.UNKNOWN, Op.PHI) and first == second


def is_before(body: Body, loop: int, site: Site) -> bool:
    """Whether a loop is over when a site is come to: something in it comes first."""
    return any(inner.region == loop for inner in body.sites[: body.sites.index(site)])


def branches_around(body: Body, region: int) -> Iterator[tuple[int, bool]]:
    """The tests that rule a region, innermost first, each with how it came out."""
    for number in graph.around(body, region):
        item = body.regions[number]
        if item.kind in graph.TESTS:
            yield item.value, bool(item.extra)
