"""A body as graphs: what its values are made from and used for, which regions stand around each other.

`model/summary.py` says what each item of a value's tuple (its *node*) is. That knowledge is needed
wherever a graph is walked, so it is here, once: no other module tells values from names and literals in a
node, or climbs from a region to the one around it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import Final, TypeAlias, cast

from conclint.summary.operands import operands
from conclint.summary.records import Body, LoopFlags, Op, RegionKind, Site, SiteKind, Use

__all__ = [
    "LOOPS",
    "TESTS",
    "UNKNOWN",
    "WRAPPERS",
    "Node",
    "are_alternatives",
    "around",
    "bare",
    "base",
    "call",
    "called_site",
    "inputs",
    "is_inside",
    "is_lazy",
    "kept_elements",
    "loop_of",
    "loops_around",
    "made_from",
    "negated",
    "node",
    "number",
    "operand",
    "operands",
    "outcomes",
    "parts",
    "receiver",
    "users",
]

Node: TypeAlias = tuple[object, ...]

CONDITIONAL: Final = (RegionKind.IF, RegionKind.EXCEPT, RegionKind.CASE)
"""Regions that a test or a failure decides about."""
UNKNOWN: Final[Node] = (Op.UNKNOWN,)

LOOPS: Final = (RegionKind.FOR, RegionKind.WHILE, RegionKind.COMP)
"""The regions that may run more than once."""

TESTS: Final = (RegionKind.IF, RegionKind.AFTER)
"""The regions that a test rules: a branch of an `if`, and what comes after one that leaves the block."""

WRAPPERS: Final = (Op.NARROW, Op.CAST, Op.AWAIT)
"""Values that are another value under a stated or narrowed type, or awaited: the first operand."""

# -- values ----------------------------------------------------------------------------------------


def node(body: Body, value: int) -> Node:
    """The tuple of a value; UNKNOWN's for -1."""
    return body.values[value] if value >= 0 else UNKNOWN


def number(item: Node, at: int = 1) -> int:
    """The number at a place of a node where its op has one: a site, a parameter, a def, an import."""
    return cast(int, item[at])


def operand(item: Node, which: int = 0) -> int:
    """One of the values that a node is made from, -1 for none. Raises IndexError where it has not so many."""
    return operands(item)[which]


def parts(item: Node) -> tuple[int, ...]:
    """The values that a node is made from, those left out that are none. A call has none of its own."""
    return tuple([value for value in operands(item) if value >= 0])


def called_site(item: Node) -> int:
    """The site whose result a node is; -1 where it is no call's result."""
    return cast(int, item[1]) if item[0] == Op.CALL else -1


def call(body: Body, value: int) -> Site | None:
    """The site whose result a value is; None where it is no call's result."""
    site = called_site(node(body, value))
    return body.sites[site] if site >= 0 else None


def base(item: Node) -> int:
    """The value whose attribute a node is; -1 where it is no attribute, or that of an unknown value."""
    return cast(int, item[1]) if item[0] == Op.ATTR else -1


def bare(body: Body, value: int) -> int:
    """A value less what is stated or found out of its type."""
    while (item := node(body, value))[0] in (Op.NARROW, Op.CAST) and operand(item) >= 0:
        value = operand(item)
    return value


def without_items(body: Body, value: int) -> int:
    """What a value is an item or a slice of, however deep; itself, where it is none."""
    while (item := node(body, value))[0] == Op.ITEM:
        value = operand(item)
    return value


def receiver(body: Body, site: Site) -> int:
    """The value whose method is called at a site; -1 for a plain call."""
    return base(node(body, site.callee))


def negated(item: Node) -> int:
    """The value that a `not` turns round; -1 for any other node."""
    return cast(int, item[2]) if item[0] == Op.BOOL and item[1] == "not" else -1


def outcomes(body: Body, value: int, polarity: bool) -> Iterator[tuple[int, bool]]:
    """What a test that came out so says for certain of its parts: each with how it came out."""
    item = node(body, value)
    if (inner := negated(item)) >= 0:
        yield from outcomes(body, inner, not polarity)
    elif item[0] == Op.BOOL:
        if (item[1] == "and") == polarity:
            for part in parts(item):
                yield from outcomes(body, part, polarity)
    elif item[0] in WRAPPERS:
        yield from outcomes(body, operand(item), polarity)
    else:
        yield value, polarity


def inputs(body: Body, value: int) -> tuple[int, ...]:
    """The values that a value is made from; of a call, the callee and the arguments."""
    item = node(body, value)
    site = called_site(item)
    if site < 0:
        return parts(item)
    made = body.sites[site]
    return tuple([found for found in (made.callee, *(passed for _, passed in made.args)) if found >= 0])


def users(body: Body) -> dict[int, list[int]]:
    """The values that are made with a value, by that value."""
    found: dict[int, list[int]] = {}
    for value in range(len(body.values)):
        for made_with in inputs(body, value):
            found.setdefault(made_with, []).append(value)
    return found


def made_from(body: Body, values: Iterable[int]) -> set[int]:
    """The values, and all that these are made from."""
    seen: set[int] = set()
    todo = [value for value in values if value >= 0]
    while todo:
        value = todo.pop()
        if value not in seen:
            seen.add(value)
            todo.extend(inputs(body, value))
    return seen


def kept_elements(body: Body, value: int) -> tuple[int, ...]:
    """The values that a collection made in this def is known to hold: written out, appended or added to it,
    or given by its comprehension."""
    item = node(body, value)
    if item[0] == Op.COMP:
        return (operand(item),)
    if item[0] not in (Op.LIST, Op.SET, Op.TUPLE):
        return ()
    found = list(operands(item))
    for site in body.sites:
        if site.kind == SiteKind.CALL and site.args:
            callee = body.values[site.callee]
            if callee[0] == Op.ATTR and callee[1] == value and callee[2] in ("append", "add"):
                found.append(site.args[0][1])
    return tuple(found)


# -- regions ---------------------------------------------------------------------------------------


def around(body: Body, region: int) -> Iterator[int]:
    """The region and those around it, innermost first, without the def's own block."""
    while region > 0:
        yield region
        region = body.regions[region].parent


def is_inside(body: Body, region: int, outer: int) -> bool:
    """Whether a region is another one or lies within it. (A region has a higher number than its parent.)"""
    while region > outer:
        region = body.regions[region].parent
    return region == outer


def loops_around(body: Body, region: int) -> Iterator[int]:
    """The loops around a region, the region itself among them, innermost first."""
    return (number for number in around(body, region) if body.regions[number].kind in LOOPS)


def loop_of(body: Body, region: int) -> int:
    """The innermost loop around a region; -1 for none."""
    return next(loops_around(body, region), -1)


def are_alternatives(body: Body, first: int, second: int, kinds: Container[int] = (RegionKind.IF,)) -> bool:
    """Whether two sites can't be in one run of the def: they are in the two branches of one `if`; with TESTS
    for `kinds`, also where one is in a branch that leaves, and the other comes after it."""
    regions = body.regions
    sides = {
        regions[number].value: regions[number].extra
        for number in around(body, body.sites[first].region)
        if regions[number].kind in kinds
    }
    return any(
        sides.get(regions[number].value, regions[number].extra) != regions[number].extra
        for number in around(body, body.sites[second].region)
        if regions[number].kind in kinds
    )


def is_lazy(body: Body, region: int) -> bool:
    """Whether a region is a generator expression, which runs where it is consumed."""
    item = body.regions[region]
    return item.kind == RegionKind.COMP and bool(item.extra & LoopFlags.LAZY)


def pauses(site: Site) -> bool:
    """Whether a coroutine may be suspended at a site, so that others have their turn."""
    return site.kind == SiteKind.AWAIT or bool(site.use & (Use.AWAITED | Use.ASYNC))
