"""Backtracking: a function that tries something, calls itself, and takes the try back, which visits every way
of trying (sudoku, mazes, colourings)."""

from __future__ import annotations

from typing import Final

from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, RegionKind, StoreKind

_MAX_DEPTH: Final = 6
_MOST_STORES: Final = 40
"""Stores to items of a function of which a search may be one; more are a table that is filled."""
_NAMED: Final = (Op.CONST, Op.FREE, Op.GLOBAL, Op.IMPORT, Op.PARAM)


def takes_back(body: Body, number: int) -> bool:
    """Whether what is tried before a call, in the loop around it, is taken back after it: an item of the same
    place gets another value. `number` is the site of the call. What is appended before and popped after may
    only note where a walk is (the path of a tree, the open brackets of a parser)."""
    loop = graph.loop_of(body, body.sites[number].region)
    if loop <= 0 or body.regions[loop].kind != RegionKind.FOR:
        return False
    stores = [store for store in body.stores if store.kind == StoreKind.ITEM and isinstance(store.name, int)]
    if not 1 < len(stores) <= _MOST_STORES:
        return False
    at = next((value for value, node in enumerate(body.values) if node[:2] == (Op.CALL, number)), -1)
    outer = body.regions[loop].parent
    before = [store for store in stores if store.at <= at and graph.is_inside(body, store.region, loop)]
    after = [store for store in stores if store.at > at and graph.is_inside(body, store.region, outer)]
    return at >= 0 and any(
        tried.value != undone.value
        and _are_same(body, tried.base, undone.base)
        and _are_same(body, int(tried.name), int(undone.name))
        for tried in before
        for undone in after
    )


def _are_same(body: Body, one: int, other: int, depth: int = 0) -> bool:
    """Whether two values are read in the same way from the same names."""
    if one == other:
        return True
    if one < 0 or other < 0 or depth > _MAX_DEPTH:
        return False
    first, second = body.values[one], body.values[other]
    if first == second and first[0] in _NAMED:
        return True
    if first[0] != second[0] or first[0] not in (Op.ATTR, Op.ITEM):
        return False
    if first[0] == Op.ATTR and first[2] != second[2]:
        return False
    return all(
        _are_same(body, left, right, depth + 1)
        for left, right in zip(graph.operands(first), graph.operands(second), strict=True)
    )
