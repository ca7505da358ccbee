"""Recursion: whether a function that calls itself searches (fib, permutations, backtracking), which takes
exponential time, or walks a structure, which takes as long as the structure is large."""

from __future__ import annotations

import re
from collections.abc import Iterable

from conclint.cost.backtracking import takes_back
from conclint.cost.depth_guards import only_counts_depth
from conclint.cost.trip_counts import Trips
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, RegionKind

_EXCLUSIVE = (RegionKind.IF, RegionKind.AFTER, RegionKind.CASE)
_MAX_DEPTH = 6
_GIVES_PART = re.compile(
    r"get|items|values|keys|children|iter\w*|get_?\w*(?:children|items|nodes|elements)|elements"
)
"""Methods that give parts of their object."""


def branches(body: Body, calls: Iterable[int], trips: list[Trips], *, is_method: bool) -> float:
    """How many calls of itself one call makes that go on searching: the most on any way through its
    branches; `calls` are the sites that call the function itself."""
    own: dict[int, float] = {}
    for number in calls:
        site = body.sites[number]
        if is_search(body, number, is_method=is_method):
            times = _loops_of(body, site.region, trips)
            own[site.region] = own.get(site.region, 0.0) + times
    if not own:
        return 0.0
    children: dict[int, list[int]] = {}
    for number, region in enumerate(body.regions[1:], start=1):
        children.setdefault(region.parent, []).append(number)
    totals = [0.0] * len(body.regions)
    for number in reversed(range(len(body.regions))):  # inner regions come after outer ones
        groups: dict[int, float] = {}
        total = own.get(number, 0.0)
        for child in children.get(number, ()):
            region = body.regions[child]
            if region.kind in _EXCLUSIVE:
                groups[region.value] = max(groups.get(region.value, 0.0), totals[child])
            else:
                total += totals[child]
        totals[number] = total + sum(groups.values())
    return totals[0]


def _loops_of(body: Body, region: int, trips: list[Trips]) -> float:
    """How often the loops around a region run; two times at least where that is not known."""
    trip = trips[region]
    if trip.counting or trip.over_data:
        return max(2.0, trip.times)
    return trip.times if graph.loop_of(body, region) > 0 else 1.0


def is_search(body: Body, number: int, *, is_method: bool) -> bool:
    """Whether a call of the function itself goes to a next state (`n - 1`, a longer tuple, other slices),
    and not to a part of what it was given; or tries something and takes it back."""
    site = body.sites[number]
    values = [value for _, value in site.args]
    receiver = graph.receiver(body, site)
    if receiver >= 0 and not _is_own(body, receiver, is_method):
        values.append(receiver)  # child.walk(depth + 1)
    if any(_is_part(body, value, 0, is_method) for value in values):
        return False
    steps = [value for value in values if _is_next(body, value)]
    if steps and only_counts_depth(body, number, steps, [value for value in values if value not in steps]):
        return takes_back(body, number)
    return bool(steps) or takes_back(body, number)


def _is_next(body: Body, value: int) -> bool:
    node = graph.node(body, value)
    if node[0] == Op.ARITH and node[1] in ("+", "-", "|", "^", "&"):
        return _reads_parameter(body, value, 0)
    if node[0] in (Op.TUPLE, Op.LIST):
        return any(body.values[item][0] == Op.STAR for item in graph.parts(node))
    return False


def _is_part(body: Body, value: int, depth: int, is_method: bool) -> bool:
    """Whether a value is a part of something that was given: an attribute, an item, an element of it."""
    if value < 0 or depth > _MAX_DEPTH:
        return False
    node = body.values[value]
    if node[0] in (Op.ELEM, Op.ATTR):
        whole = graph.operand(node)
        read = whole if node[0] == Op.ELEM else value
        return _reads_parameter(body, read, 0) and not _is_own(body, whole, is_method)
    if node[0] == Op.ITEM:
        whole, index = graph.operands(node)
        if graph.node(body, index)[0] == Op.SLICE:
            return False
        return _reads_parameter(body, whole, 0) or _is_part(body, whole, depth + 1, is_method)
    site = graph.call(body, value)
    if site is not None:
        given = [item for _, item in site.args]
        callee = graph.node(body, site.callee)
        if callee[0] == Op.ATTR and _GIVES_PART.fullmatch(str(callee[2])) is not None:
            given.append(graph.base(callee))  # node.get("children")
        return any(_is_part(body, item, depth + 1, is_method) for item in given)
    if node[0] in (Op.PHI, Op.NARROW, Op.CAST):
        return any(_is_part(body, item, depth + 1, is_method) for item in graph.parts(node))
    return False


def _is_own(body: Body, value: int, is_method: bool) -> bool:
    return is_method and graph.node(body, value)[:2] == (Op.PARAM, 0)


def _reads_parameter(body: Body, value: int, depth: int) -> bool:
    if value < 0 or depth > _MAX_DEPTH:
        return False
    value = graph.bare(body, value)  # of which there may be many (`if isinstance(…): return`)
    if body.values[value][0] in (Op.PARAM, Op.FREE):
        return True
    return any(_reads_parameter(body, item, depth + 1) for item in graph.inputs(body, value))
