"""Recursion that only counts how deep it is, so as to refuse to go on: what it goes through is another thing,
such as a stream that it reads from, and it ends with that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, RegionKind, Site, SiteKind

_UNCHANGED: Final = (Op.PARAM, Op.FREE, Op.CONST, Op.GLOBAL)


def only_counts_depth(body: Body, number: int, steps: Sequence[int], others: Sequence[int]) -> bool:
    """Whether a call of the function itself passes on what was given, but for parameters that are counted
    up or down and that nothing asks for but a test that raises."""
    if not all(graph.node(body, graph.bare(body, value))[0] in _UNCHANGED for value in others):
        return False
    return all(_is_only_tested(body, number, step) for step in steps)


def _is_only_tested(body: Body, number: int, step: int) -> bool:
    node = graph.node(body, step)
    if node[0] != Op.ARITH or node[1] not in ("+", "-"):
        return False
    sides = [graph.bare(body, side) for side in graph.operands(node)]
    counters = [side for side in sides if graph.node(body, side)[0] == Op.PARAM]
    others = [side for side in sides if graph.node(body, side)[0] == Op.CONST]
    if len(counters) != 1 or len(others) != 1:
        return False
    refusals = _refusals(body, counters[0])
    return bool(refusals) and _is_used_there_only(body, counters[0], refusals, body.sites[number])


def _refusals(body: Body, counter: int) -> list[int]:
    """The branches that raise where the counter has come too far."""
    found: list[int] = []
    rest = {region.value: region.extra for region in body.regions if region.kind == RegionKind.AFTER}
    for number, region in enumerate(body.regions):
        if (
            region.kind == RegionKind.IF
            and rest.get(region.value, region.extra) != region.extra
            and graph.loop_of(body, number) < 0
            and counter in _compared(body, region.value)
            and not any(graph.is_inside(body, left, number) for _, left in body.returns)
        ):
            found.append(number)
    return found


def _compared(body: Body, test: int) -> list[int]:
    node = graph.node(body, test)
    return [graph.bare(body, side) for side in graph.operands(node)] if node[0] == Op.COMPARE else []


def _is_used_there_only(body: Body, counter: int, refusals: Sequence[int], own: Site) -> bool:
    """Whether the counter is used for nothing but the tests, what is said where they fail, and calls that are
    given the same as the function itself: a stream is read by a family of functions."""
    tests = {body.regions[number].value for number in refusals}
    made = {counter}
    for value, node in enumerate(body.values):  # what a value is made from has a lower number, as a rule
        if value not in tests and not made.isdisjoint(graph.parts(node)):
            made.add(value)
    if any(value in made for value, _ in body.returns) or any(store.value in made for store in body.stores):
        return False
    if any(region.value in made for region in body.regions):
        return False
    return all(
        _are_same(body, site, own) or any(graph.is_inside(body, site.region, number) for number in refusals)
        for site in body.sites
        if not made.isdisjoint((site.callee, *(value for _, value in site.args)))
    )


def _are_same(body: Body, site: Site, own: Site) -> bool:
    """Whether two calls are given the same."""
    given = dict(own.args)
    return site.kind == SiteKind.CALL and (
        graph.node(body, site.callee) == graph.node(body, own.callee)
        or (
            [slot for slot, _ in site.args] == list(given)
            and all(_is_same_argument(body, value, given[slot]) for slot, value in site.args)
        )
    )


def _is_same_argument(body: Body, one: int, other: int) -> bool:
    first, second = graph.node(body, graph.bare(body, one)), graph.node(body, graph.bare(body, other))
    if first[0] == Op.ARITH and first[:2] == second[:2]:
        pairs = zip(graph.operands(first), graph.operands(second), strict=True)
        return all(_is_same_argument(body, *pair) for pair in pairs)
    return first == second and first[0] in _UNCHANGED
