"""Regions that run the first time only: they keep what their test found missing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import Final, TypeAlias

from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Function, Key
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, RegionKind, Site, SiteKind, Store, StoreKind

Place: TypeAlias = tuple[object, ...]
"""Where something is kept: a module variable, a variable of an enclosing function, an attribute of a value,
the items of a value."""

_DEPTH: Final = 6
_KEEPERS: Final = frozenset(
    {"setdefault", "update", "add", "append", "extend", "insert", "put", "set", "store", "__setitem__"}
)
"""Methods that keep something in their receiver."""
_CLOCKS: Final = frozenset({"time", "monotonic", "perf_counter", "now", "utcnow", "time_ns", "monotonic_ns"})
_FLUSHING: Final = re.compile(r"_*(?:clear|flush|popleft|pop)(?:_\w+)?")
_OF_FILES: Final = frozenset({"is_dir", "is_file", "isdir", "isfile", "lexists"})
_LOOKUPS: Final = frozenset({"get", "peek", "lookup"})
_ENDED: Final = re.compile(
    r"_*(?:(?:is|was|has|been|already|being)_)*(?:clos|stop|shut|terminat|dispos|releas|exit|finish|finaliz"
    r"|destroy|cancel|disconnect|delet|remov|kill|end|done|dead|quit|abort|join|detach|teardown|torn|cleaned"
    r"|cleanup|unregister|unsubscrib|freed|gone|complet)\w*",
    re.IGNORECASE,
)
"""Flags that say that something is over. What sets one runs once in the life of an object, as making it does:
as often as there are such objects."""
_DUE: Final = re.compile(
    r"_*(?:\w*_)?(?:stale|dirty|needs?|needed|pending|changed|modified|outdated|invalid|invalidated|expired"
    r"|first|fresh|new|due|uninitiali[sz]ed|must|reload|refresh)(?:_\w*)?",
    re.IGNORECASE,
)
"""Flags that say that something is yet to be done, and are turned off when it was."""


class _Found(Enum):
    """What a test found of a place, where it came out so."""

    MISSING = "missing"
    PRESENT = "present"
    EITHER = "either"  # out of date, say


class FirstTime:
    """Whether a region runs the first time only."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    def after_test(self, key: Key, body: Body, region: int) -> bool:
        """Whether a region that a test rules keeps what the test found missing, or out of date
        (`if self._client is None: self._client = …`, `if key in kept: return kept[key]`)."""
        item = body.regions[region]
        if item.value < 0:
            return False
        if item.kind == RegionKind.IF and item.extra and _is_not_in(body.values[item.value]):
            return True
        if item.kind == RegionKind.AFTER and _is_refused(body, region):
            return False
        tested: dict[Place, _Found] = {}
        for place, found in _tested(body, item.value, bool(item.extra), 0):
            if tested.get(place, _Found.PRESENT) is _Found.PRESENT:
                tested[place] = found
        return bool(tested) and any(
            place in tested and _is_kept(place, tested[place], constant)
            for place, constant in self._kept(key, body, region)
        )

    def is_of_key(self, body: Body, region: int) -> bool:
        """Whether it is so for each key of what is kept, by the region's test: many first times."""
        item = body.regions[region]
        if item.value < 0:
            return True
        return any(place[0] == "items" for place, _ in _tested(body, item.value, bool(item.extra), 0))

    def after_miss(self, key: Key, body: Body, region: int) -> bool:
        """Whether a region that runs where something was not found keeps anything."""
        return any(True for _ in self._kept(key, body, region))

    def _kept(self, key: Key, body: Body, region: int) -> Iterator[tuple[Place, object]]:
        """The places where a region keeps something, with the constant if it is one, else `...`."""
        for store in body.stores:
            inside = graph.is_inside(body, store.region, region)
            if inside or self._brings_out(body, store, region):
                for place in _stored(body, store):
                    node = body.values[store.value] if store.value >= 0 else graph.UNKNOWN
                    yield place, node[1] if node[0] == Op.CONST else ...
        for site in body.sites:
            if site.kind == SiteKind.CALL and graph.is_inside(body, site.region, region):
                for place in (*_kept_by_call(body, site), *self._kept_by_helper(key, body, site)):
                    yield place, ...

    def _brings_out(self, body: Body, store: Store, region: int) -> bool:
        """Whether a store elsewhere keeps what was called in the region (`value = load()` in it, and
        `kept[key] = value` after it)."""
        if store.kind == StoreKind.LOCAL:
            return False
        made = graph.made_from(body, [store.value])
        return any(
            (called := graph.called_site(body.values[value])) >= 0
            and graph.is_inside(body, body.sites[called].region, region)
            for value in made
        )

    def _kept_by_helper(self, key: Key, body: Body, site: Site) -> Iterator[Place]:
        """What a method of the same object, or a function of the same module, keeps that the region calls
        (`if self._rows is None: self._load()`)."""
        callee = body.values[site.callee]
        receiver = graph.base(callee)
        if callee[0] not in (Op.ATTR, Op.GLOBAL, Op.DEF, Op.FREE) or (callee[0] == Op.ATTR and receiver < 0):
            return
        for value in self._evaluator.evaluate(key, site.callee).values:
            if not isinstance(value, Function) or value.key[0] != key[0] or value.key == key:
                continue
            helper = self._evaluator.body(value.key)
            for store in helper.stores:
                if store.kind == StoreKind.GLOBAL:
                    yield ("global", store.name)
                elif store.kind == StoreKind.ATTR and helper.values[store.base] == (Op.PARAM, 0):
                    yield ("attribute", receiver, store.name)


def is_due(body: Body, value: int, region: int) -> bool:
    """Whether a test that leads to a region asks for how long something was not done (`now() - last > 9`), or
    how much has been gathered that is given up then (`len(self._rows) >= 100`)."""
    node = graph.node(body, value)
    if node[0] == Op.BOOL:
        return any(is_due(body, part, region) for part in graph.parts(node))
    if node[0] != Op.COMPARE or node[1] not in (">", ">=", "<", "<="):
        return False
    made = graph.made_from(body, graph.operands(node))
    is_kept = any(body.values[item][0] in (Op.ATTR, Op.FREE) and not _is_called(body, item) for item in made)
    called = {_name(body, site.callee) for item in made if (site := graph.call(body, item)) is not None}
    if is_kept and called & _CLOCKS:
        return True
    sides = [site for item in graph.operands(node) if (site := graph.call(body, item)) is not None]
    return any(_gives_up(body, side, region) for side in sides if _name(body, side.callee) == "len")


def _gives_up(body: Body, asked: Site, region: int) -> bool:
    """Whether a region empties, or sets anew, the attribute whose length was asked for."""
    gathered = graph.node(body, asked.args[0][1]) if asked.args else graph.UNKNOWN
    if gathered[0] != Op.ATTR:
        return False
    is_set = any(
        store.kind == StoreKind.ATTR
        and store.name == gathered[2]
        and graph.is_inside(body, store.region, region)
        for store in body.stores
    )
    return is_set or any(
        _FLUSHING.fullmatch(_name(body, site.callee)) is not None
        for site in body.sites
        if site.kind == SiteKind.CALL and graph.is_inside(body, site.region, region)
    )


def _is_called(body: Body, value: int) -> bool:
    return any(site.callee == value and site.kind == SiteKind.CALL for site in body.sites)


def _name(body: Body, callee: int) -> str:
    node = graph.node(body, callee)
    return str(node[-1]) if node[0] in (Op.ATTR, Op.GLOBAL) else ""


def _is_refused(body: Body, region: int) -> bool:
    """Whether the branch that keeps code from coming to a region neither returns nor goes on with a loop: it
    raises, as for a name that is taken already."""
    item = body.regions[region]
    if graph.loop_of(body, item.parent) >= 0:
        return False
    branches = {
        number
        for number, other in enumerate(body.regions)
        if (other.kind, other.parent, other.value) == (RegionKind.IF, item.parent, item.value)
    }
    return bool(branches) and not any(
        graph.is_inside(body, returned, branch) for _, returned in body.returns for branch in branches
    )


def _is_not_in(node: graph.Node) -> bool:
    return node[:2] == (Op.COMPARE, "not in")


def _is_kept(place: Place, found: _Found, constant: object) -> bool:
    """Whether what is stored is what was missing: not where it says that something is over."""
    name = str(place[-1])
    if constant is ...:
        return found is not _Found.PRESENT
    if found is _Found.PRESENT:
        return not constant and _DUE.fullmatch(name) is not None
    words = (name, constant) if isinstance(constant, str) else (name,)
    return not (constant and any(_ENDED.fullmatch(word) for word in words))


def _stored(body: Body, store: Store) -> Iterator[Place]:
    if store.kind == StoreKind.ATTR:
        yield ("attribute", store.base, store.name)
    elif store.kind == StoreKind.GLOBAL:
        yield ("global", store.name)
    elif store.kind == StoreKind.FREE:
        yield ("free", store.base, store.name)
    elif store.kind == StoreKind.ITEM:
        yield ("items", store.base)
        owner = _owner_of_dict(body, store.base)
        if owner >= 0 and isinstance(store.name, int):
            yield ("attribute", owner, graph.node(body, store.name)[-1])


def _kept_by_call(body: Body, site: Site) -> Iterator[Place]:
    callee = body.values[site.callee]
    passed = [value for slot, value in site.args if isinstance(slot, int) and slot >= 0]
    is_setter = callee == (Op.GLOBAL, "setattr") or (callee[0] == Op.ATTR and callee[2] == "__setattr__")
    if is_setter and len(passed) == 3:
        yield ("attribute", passed[0], body.values[passed[1]][-1])
    elif callee[0] == Op.ATTR and callee[2] in _KEEPERS:
        yield ("items", callee[1])
        yield from _places(body, graph.base(callee))


def _owner_of_dict(body: Body, value: int) -> int:
    """The value whose `__dict__` a value is; -1 for any other."""
    node = graph.node(body, value)
    if node[0] == Op.ATTR and node[2] == "__dict__":
        return graph.base(node)
    site = graph.call(body, value)
    if site is not None and body.values[site.callee] == (Op.GLOBAL, "vars") and len(site.args) == 1:
        return site.args[0][1]
    return -1


def _places(body: Body, value: int) -> Iterator[Place]:
    """The place that a value was read from."""
    node = graph.node(body, value)
    if node[0] == Op.GLOBAL:
        yield ("global", node[1])
    elif node[0] == Op.FREE:
        yield ("free", node[1], node[2])
    elif node[0] == Op.ATTR:
        yield ("attribute", node[1], node[2])
    elif node[0] == Op.ITEM:
        yield ("items", node[1])


def _tested(body: Body, value: int, holds: bool, depth: int) -> Iterator[tuple[Place, _Found]]:
    """The places that a test which came out so asks about."""
    if value < 0 or depth > _DEPTH:
        return
    node = body.values[value]
    truth = _Found.PRESENT if holds else _Found.MISSING
    if (inner := graph.negated(node)) >= 0:
        yield from _tested(body, inner, not holds, depth + 1)
    elif node[0] == Op.BOOL:
        for part in graph.parts(node):
            yield from _tested(body, part, holds, depth + 1)
    elif node[0] in graph.WRAPPERS:
        yield from _tested(body, graph.operand(node), holds, depth + 1)
    elif node[0] == Op.COMPARE:
        yield from _compared(body, node, holds, depth)
    elif (site := graph.call(body, value)) is not None:
        yield from _asked(body, site, truth, depth)
    else:
        for place in _places(body, value):
            yield place, truth
        if node[0] == Op.ATTR:  # `if not self._client.is_open`: the client is out of date
            yield from _out_of_date(body, graph.base(node), depth + 1)


def _compared(body: Body, node: graph.Node, holds: bool, depth: int) -> Iterator[tuple[Place, _Found]]:
    left, right = graph.operands(node)
    if node[1] in ("in", "not in"):
        found = _Found.PRESENT if holds == (node[1] == "in") else _Found.MISSING
        yield ("items", right), found
        owner = _owner_of_dict(body, right)
        if owner >= 0:
            yield ("attribute", owner, graph.node(body, left)[-1]), found
        return
    if node[1] in ("is", "is not", "==", "!="):
        same = holds == (node[1] in ("is", "=="))
        for asked, other in ((left, right), (right, left)):
            compared = graph.node(body, other)
            for place, _ in _tested(body, asked, True, depth + 1):
                if compared[0] != Op.CONST and node[1] in ("==", "!="):
                    yield place, _Found.EITHER
                else:  # None, False or a sentinel stand for nothing
                    is_nothing = compared[0] != Op.CONST or not compared[1]
                    yield place, _Found.MISSING if same == is_nothing else _Found.PRESENT
        return
    for side in (left, right):
        yield from _out_of_date(body, side, depth + 1)


def _asked(body: Body, site: Site, truth: _Found, depth: int) -> Iterator[tuple[Place, _Found]]:
    callee = body.values[site.callee]
    passed = [value for _, value in site.args]
    if callee[0] == Op.ATTR and callee[2] in _LOOKUPS and passed:
        yield ("items", callee[1]), truth
    elif callee in ((Op.GLOBAL, "hasattr"), (Op.GLOBAL, "getattr")) and len(passed) >= 2:
        yield ("attribute", passed[0], body.values[passed[1]][-1]), truth
    elif not _asks_for_file(body, site):
        for value in (site.callee, *passed):
            yield from _out_of_date(body, value, depth + 1)


def _asks_for_file(body: Body, site: Site) -> bool:
    """Whether a test asks for a file: that there is none says nothing of what holds its path."""
    callee = graph.node(body, site.callee)
    if callee[0] != Op.ATTR:
        return False
    is_of_path = not site.args or graph.node(body, graph.base(callee))[-1] == "path"
    return callee[2] in _OF_FILES or (callee[2] == "exists" and is_of_path)


def _out_of_date(body: Body, value: int, depth: int) -> Iterator[tuple[Place, _Found]]:
    for place, _ in _tested(body, value, True, depth):
        yield place, _Found.EITHER
