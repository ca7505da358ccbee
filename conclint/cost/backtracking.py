"""Backtracking: a function that tries something, calls itself, and takes the try back, which visits every way
of trying (sudoku, mazes, subsets by `append` and `pop`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, RegionKind, StoreKind

_MAX_DEPTH: Final = 6
_UNDONE_BY: Final = {
    "add": ("discard", "remove"),
    "append": ("pop", "remove"),
    "appendleft": ("popleft",),
    "discard": ("add",),
    "insert": ("pop", "remove"),
    "pop": ("append", "insert"),
    "push": ("pop",),
    "remove": ("add", "append", "insert"),
}
"""Methods of collections, and what takes each of them back."""
_NAMED: Final = (Op.CONST, Op.FREE, Op.GLOBAL, Op.IMPORT, Op.PARAM)
_METHODS: Final = frozenset(_UNDONE_BY) | {name for names in _UNDONE_BY.values() for name in names}


def takes_back(body: Body, number: int) -> bool:
    """Whether what is tried before a call, in the loop around it, is taken back after it: an item of the same
    place gets another value, or a collection loses what it was given. `number` is the site of the call."""
    loop = graph.loop_of(body, body.sites[number].region)
    if loop <= 0 or body.regions[loop].kind != RegionKind.FOR:
        return False  # a parser keeps what it is inside of so too, as long as there are tokens
    return _resets_item(body, number, loop) or _undoes_call(body, number, loop)


def _resets_item(body: Body, number: int, loop: int) -> bool:
    at = next((value for value, node in enumerate(body.values) if node[:2] == (Op.CALL, number)), -1)
    if at < 0:
        return False
    stores = [store for store in body.stores if store.kind == StoreKind.ITEM and isinstance(store.name, int)]
    before = [store for store in stores if store.at <= at and graph.is_inside(body, store.region, loop)]
    outer = body.regions[loop].parent
    after = [store for store in stores if store.at > at and graph.is_inside(body, store.region, outer)]
    return any(
        tried.value != undone.value
        and _are_same(body, tried.base, undone.base)
        and _are_same(body, int(tried.name), int(undone.name))
        for tried in before
        for undone in after
    )


def _undoes_call(body: Body, number: int, loop: int) -> bool:
    after = list(_changes(body, range(number + 1, len(body.sites)), loop))
    return any(
        method in _UNDONE_BY[name] and _are_same(body, changed, receiver)
        for name, changed in _changes(body, range(number), loop)
        for method, receiver in after
    )


def _changes(body: Body, sites: range, loop: int) -> Iterator[tuple[str, int]]:
    """The methods of collections that these sites of a loop call, with what they are called on."""
    for number in sites:
        site = body.sites[number]
        callee = graph.node(body, site.callee)
        if callee[0] == Op.ATTR and callee[2] in _METHODS and graph.is_inside(body, site.region, loop):
            yield str(callee[2]), graph.base(callee)


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
