"""Conditions around a site: on which arguments of its function it depends, and why it may be rare."""

from __future__ import annotations

import re
from typing import Final

from conclint.link.conditions import Dependence, Relation
from conclint.link.evaluate import Evaluator
from conclint.link.values import Display, External, Key, Literal, Parameter
from conclint.model.summary import Body, Op, RegionKind, StoreKind

_TEST_DEPTH = 10
_TESTS = (RegionKind.IF, RegionKind.AFTER)
_CONDITIONS = (RegionKind.IF, RegionKind.EXCEPT, RegionKind.CASE)
_RELATIONS = {
    "startswith": Relation.STARTS_WITH,
    "endswith": Relation.ENDS_WITH,
}
_OPERATORS = (Op.BOOL, Op.COMPARE, Op.ARITH, Op.ATTR, Op.ITEM, Op.PHI, Op.ELEM)
_WRAPPERS = (Op.NARROW, Op.CAST, Op.AWAIT)
_IMPORT_ERRORS = frozenset({"builtins.ImportError", "builtins.ModuleNotFoundError"})
_SOME_ARGUMENTS = "does it for some arguments only"
_FEW_ARGUMENTS = "does it for few of its arguments"
_FIRST_TIME = "does it the first time only"
_NOT_INSTALLED = "does it only where a module is missing"
_DEBUGGING = ("does it only under a debugging flag", "is meant to be slow then")
_FLAG = re.compile(r"(?:.*_)?(?:debug|debugging|profile|profiling|tracing)(?:_.*)?", re.IGNORECASE)
RARE: Final = (_FIRST_TIME, _NOT_INSTALLED, *_DEBUGGING)
"""What says of a place itself, whatever the arguments, that code seldom comes to it."""


class Hedges:
    """What the conditions around a region of a def mean to its callers."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._found: dict[tuple[Key, int, bool], tuple[str, ...]] = {}

    def conditions(self, key: Key, region: int) -> int:
        """How many `if`s and `except`s the region stands under."""
        regions = self._evaluator.body(key).regions
        count = 0
        while region > 0:
            count += regions[region].kind in _CONDITIONS
            region = regions[region].parent
        return count

    def of(self, key: Key, region: int, *, ask_arguments: bool) -> tuple[str, ...]:
        """What makes it less than sure that a call of the def comes to the region, each a verb phrase: tests
        of parameters (where `ask_arguments`; not the one that `dependence` speaks of, nor of the receiver),
        and tests that are true the first time only."""
        slot = (key, region, ask_arguments)
        found = self._found.get(slot)
        if found is None:
            found = self._found[slot] = self._look(key, region, ask_arguments)
        return found

    def _look(self, key: Key, region: int, ask_arguments: bool) -> tuple[str, ...]:
        body = self._evaluator.body(key)
        first = 1 if self._evaluator.module(key[0]).enclosing_class(key[1]) is not None else 0
        settled = self._dependent_region(key, body, region) if ask_arguments else None
        hedges: dict[str, None] = {}
        chosen = 0
        while region > 0:
            item = body.regions[region]
            if item.kind in _TESTS and self._is_first_time(body, region):
                hedges[_FIRST_TIME] = None
            elif item.kind == RegionKind.EXCEPT and self._catches_import(key, body, item.value):
                hedges[_NOT_INSTALLED] = None
            elif item.kind in _TESTS and _is_flag(body, item.value, bool(item.extra)):
                hedges.update(dict.fromkeys(_DEBUGGING))
            elif (
                ask_arguments
                and item.kind in (RegionKind.IF, RegionKind.CASE)
                and region != settled
                and _reads_parameter(body, item.value, first)
            ):
                hedges[_SOME_ARGUMENTS] = None
                chosen += item.kind == RegionKind.CASE or _selects(body, item.value, bool(item.extra))
            region = item.parent
        if chosen > 1:
            hedges[_FEW_ARGUMENTS] = None
        return tuple(hedges)

    def dependence(self, key: Key, region: int) -> Dependence | None:
        """The innermost test of a parameter that the region stands under, and that a caller can decide."""
        body = self._evaluator.body(key)
        found = self._dependent_region(key, body, region)
        if found is None:
            return None
        item = body.regions[found]
        return self._on_parameter(key, body, item.value, bool(item.extra))

    def _dependent_region(self, key: Key, body: Body, region: int) -> int | None:
        while region > 0:
            item = body.regions[region]
            if (
                item.kind in _TESTS
                and self._on_parameter(key, body, item.value, bool(item.extra)) is not None
            ):
                return region
            region = item.parent
        return None

    # -- tests of parameters --------------------------------------------------------------------

    def _on_parameter(self, key: Key, body: Body, test: int, polarity: bool) -> Dependence | None:
        if test < 0:
            return None
        node = body.values[test]
        if node[0] == Op.BOOL and node[1] == "not" and isinstance(node[2], int):
            return self._on_parameter(key, body, node[2], not polarity)
        if node[0] == Op.BOOL and (node[1] == "and") == polarity:  # each operand came out so
            parts = (
                self._on_parameter(key, body, item, polarity) for item in node[2:] if isinstance(item, int)
            )
            return next((part for part in parts if part is not None), None)
        if node[0] == Op.PARAM and isinstance(node[1], int):
            return self._dependent(key, node[1], Literal("bool", not polarity), True)
        if node[0] == Op.CALL and isinstance(node[1], int):
            return self._on_affix(key, body, node[1], polarity)
        if node[0] == Op.COMPARE:
            return self._on_comparison(key, body, node, polarity)
        return None

    def _on_comparison(
        self, key: Key, body: Body, node: tuple[object, ...], polarity: bool
    ) -> Dependence | None:
        left, right = node[2], node[3]
        if not isinstance(left, int) or not isinstance(right, int):
            return None
        position = _parameter(body, left)
        if position is None:
            return None
        if node[1] in ("in", "not in"):
            members = self._literals(key, right)
            holds = (node[1] == "in") == polarity
            return self._dependent(key, position, members, not holds, Relation.IS_IN) if members else None
        if node[1] not in ("==", "is", "!=", "is not"):
            return None
        values = self._evaluator.evaluate(key, right).values
        known = values[0] if len(values) == 1 else None
        if isinstance(known, Literal):
            same = (node[1] in ("==", "is")) == polarity
            return self._dependent(key, position, known, not same)
        return None

    def _on_affix(self, key: Key, body: Body, number: int, polarity: bool) -> Dependence | None:
        """`parameter.startswith("…")`."""
        site = body.sites[number]
        callee = body.values[site.callee]
        if callee[0] != Op.ATTR or callee[2] not in _RELATIONS or len(site.args) != 1:
            return None
        position = _parameter(body, callee[1]) if isinstance(callee[1], int) else None
        affix = self._literals(key, site.args[0][1])
        if position is None or affix is None:
            return None
        return self._dependent(key, position, affix, not polarity, _RELATIONS[str(callee[2])])

    def _literals(self, key: Key, value: int) -> Literal | None:
        """A literal string, or a tuple of literals from a display of them."""
        values = self._evaluator.evaluate(key, value).values
        if len(values) != 1:
            return None
        found = values[0]
        if isinstance(found, Literal):
            return found if isinstance(found.value, str) else None
        if not isinstance(found, Display):
            return None
        items: list[object] = []
        node = self._evaluator.body(found.key).values[found.value]
        if node[0] == Op.DICT:
            return None
        for item in node[1:]:
            inner = self._evaluator.evaluate(found.key, item).values if isinstance(item, int) else ()
            if len(inner) != 1 or not isinstance(inner[0], Literal):
                return None
            items.append(inner[0].value)
        return Literal("tuple", tuple(items))

    def _dependent(
        self, key: Key, position: int, literal: Literal, absent: bool, relation: Relation = Relation.EQUALS
    ) -> Dependence | None:
        module = self._evaluator.module(key[0])
        if position == 0 and module.enclosing_class(key[1]) is not None:
            return None
        return Dependence(Parameter(key, position), literal, absent, is_branch=True, relation=relation)

    # -- the first time ---------------------------------------------------------------------------

    def _is_first_time(self, body: Body, region: int) -> bool:
        """Whether the region runs while a key is missing from a collection, or stores what its test found
        missing (`if self._client is None: self._client = …`)."""
        item = body.regions[region]
        if item.value < 0:
            return False
        node = body.values[item.value]
        if item.kind == RegionKind.IF and item.extra and node[:2] == (Op.COMPARE, "not in"):
            return True
        names = _tested_names(body, item.value, 0)
        if not names:
            return False
        for store in body.stores:
            if store.kind == StoreKind.ATTR and isinstance(store.name, str):
                name = f"{store.base}.{store.name}"
            elif store.kind == StoreKind.GLOBAL:
                name = str(store.name)
            else:
                continue
            if name in names and _is_within(body, store.region, region):
                return True
        return False

    def _catches_import(self, key: Key, body: Body, caught: int) -> bool:
        if caught < 0:
            return False
        values = self._evaluator.evaluate(key, caught).values
        return any(isinstance(value, External) and value.dotted in _IMPORT_ERRORS for value in values)


def _is_flag(body: Body, value: int, polarity: bool) -> bool:
    """Whether a test that came out so finds a debugging flag set (`if settings.DEBUG:`)."""
    if value < 0:
        return False
    node = body.values[value]
    if node[0] == Op.BOOL and node[1] == "not" and isinstance(node[2], int):
        return _is_flag(body, node[2], not polarity)
    if node[0] == Op.BOOL and (node[1] == "and") == polarity:
        return any(_is_flag(body, item, polarity) for item in node[2:] if isinstance(item, int))
    name = node[1] if node[0] == Op.GLOBAL else node[2] if node[0] in (Op.ATTR, Op.FREE) else ""
    return polarity and isinstance(name, str) and _FLAG.fullmatch(name) is not None


def _tested_names(body: Body, value: int, depth: int) -> set[str]:
    """The attributes ("base.name") and module variables that a test finds missing or out of date."""
    if value < 0 or depth > _TEST_DEPTH:
        return set()
    node = body.values[value]
    if node[0] == Op.GLOBAL:
        return {str(node[1])}
    if node[0] == Op.ATTR and isinstance(node[1], int):
        return {f"{node[1]}.{node[2]}"} | _tested_names(body, node[1], depth + 1)
    if node[0] == Op.CALL and isinstance(node[1], int):
        site = body.sites[node[1]]
        inner = [site.callee, *(item for _, item in site.args)]
    elif node[0] in (Op.BOOL, Op.COMPARE):
        inner = [item for item in node[1:] if isinstance(item, int)]
    elif node[0] in _WRAPPERS and isinstance(node[1], int):
        inner = [node[1]]
    else:
        return set()
    return {name for item in inner for name in _tested_names(body, item, depth + 1)}


def _is_within(body: Body, region: int, outer: int) -> bool:
    while region > outer:
        region = body.regions[region].parent
    return region == outer


def _parameter(body: Body, value: int) -> int | None:
    """The parameter that a value is, or was before a string method was applied to it on some path."""
    if value < 0:
        return None
    node = body.values[value]
    if node[0] == Op.PARAM and isinstance(node[1], int):
        return node[1]
    if node[0] == Op.PHI:
        found = {_stem(body, item) for item in node[1:] if isinstance(item, int)}
        direct = any(isinstance(item, int) and body.values[item][0] == Op.PARAM for item in node[1:])
        return found.pop() if len(found) == 1 and direct else None
    return None


def _stem(body: Body, value: int) -> int | None:
    if value < 0:
        return None
    node = body.values[value]
    if node[0] == Op.PARAM and isinstance(node[1], int):
        return node[1]
    if node[0] == Op.CALL and isinstance(node[1], int):
        callee = body.values[body.sites[node[1]].callee]
        if callee[0] == Op.ATTR and isinstance(callee[1], int):
            return _stem(body, callee[1])
    return None


def _selects(body: Body, value: int, polarity: bool) -> bool:
    """Whether a test picks few out of many: equality with something, a prefix, membership."""
    if value < 0:
        return False
    node = body.values[value]
    if node[0] == Op.BOOL and node[1] == "not" and isinstance(node[2], int):
        return _selects(body, node[2], not polarity)
    if node[0] == Op.BOOL:
        return any(_selects(body, item, polarity) for item in node[2:] if isinstance(item, int))
    if node[0] == Op.COMPARE:
        right = node[3]
        nothing = isinstance(right, int) and right >= 0 and body.values[right] == (Op.CONST, None)
        return (
            not nothing and (node[1] in ("==", "in")) == polarity and node[1] in ("==", "in", "!=", "not in")
        )
    if node[0] == Op.CALL and isinstance(node[1], int):
        callee = body.values[body.sites[node[1]].callee]
        return polarity and callee[0] == Op.ATTR and callee[2] in _RELATIONS
    return False


def _reads_parameter(body: Body, value: int, first: int) -> bool:
    """Whether a value is made from a parameter (from number `first` on), as far as a test shows it: what a
    call on one branch of several gives is no longer about its arguments."""
    pending = [(value, 0, False)]
    seen: set[int] = set()
    while pending:
        value, depth, is_joined = pending.pop()
        if value < 0 or value in seen or depth > _TEST_DEPTH:
            continue
        seen.add(value)
        node = body.values[value]
        if node[0] == Op.PARAM and isinstance(node[1], int) and node[1] >= first:
            return True
        operands: list[object] = []
        if node[0] == Op.CALL and isinstance(node[1], int):
            site = body.sites[node[1]]
            operands = [site.callee, *([] if is_joined else (item for _, item in site.args))]
        elif node[0] in _WRAPPERS:
            operands = [node[1]]
        elif node[0] in _OPERATORS:
            operands = list(node[1:])
        is_joined = is_joined or node[0] == Op.PHI
        pending += [(item, depth + 1, is_joined) for item in operands if isinstance(item, int)]
    return False
