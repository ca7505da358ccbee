"""Tests of parameters: which of them a caller's arguments can decide."""

from __future__ import annotations

from conclint.conditions.stated_conditions import ArgumentCondition, Relation
from conclint.conditions.stored_arguments import argument_of
from conclint.conditions.told_values import is_rebound, is_set_anew
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Class, Display, External, Key, Literal, Parameter, Value
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, Site

_TEST_DEPTH = 10
_RELATIONS = {"startswith": Relation.STARTS_WITH, "endswith": Relation.ENDS_WITH}
_OPERATORS = (Op.BOOL, Op.COMPARE, Op.ARITH, Op.ATTR, Op.ITEM, Op.PHI, Op.ELEM)


class ParameterTests:
    """Reads the tests around a region for what they ask of the def's parameters, its receiver aside."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._regions: dict[tuple[Key, int], int | None] = {}

    def dependence(self, key: Key, region: int) -> ArgumentCondition | None:
        """The innermost test of a parameter that the region stands under, and that a caller can decide."""
        body = self._evaluator.body(key)
        found = self.dependent_region(key, body, region)
        if found is None:
            return None
        return self.of_region(key, found)

    def of_region(self, key: Key, region: int) -> ArgumentCondition | None:
        """What a region's own test asks of one parameter, as far as a caller can pass the question on."""
        body = self._evaluator.body(key)
        item = body.regions[region]
        if item.kind not in graph.TESTS:
            return None
        return self._on_parameter(key, body, item.value, bool(item.extra))

    def dependent_region(self, key: Key, body: Body, region: int) -> int | None:
        """The region whose test `dependence` speaks of."""
        slot = (key, region)
        if slot not in self._regions:
            self._regions[slot] = next(
                (number for number in graph.around(body, region) if self.of_region(key, number) is not None),
                None,
            )
        return self._regions[slot]

    def _on_parameter(self, key: Key, body: Body, test: int, polarity: bool) -> ArgumentCondition | None:
        node = graph.node(body, test)
        if (inner := graph.negated(node)) >= 0:
            return self._on_parameter(key, body, inner, not polarity)
        if node[0] == Op.BOOL and (node[1] == "and") == polarity:  # each operand came out so
            parts = (self._on_parameter(key, body, item, polarity) for item in graph.parts(node))
            return next((part for part in parts if part is not None), None)
        if (position := _parameter_itself(body, test)) is not None:
            return self._dependent(key, position, Literal("bool", not polarity), True)
        if (site := graph.call(body, test)) is not None:
            return self._on_call(key, body, site, polarity)
        if node[0] == Op.COMPARE:
            return self._on_comparison(key, body, node, polarity)
        return None

    def _on_comparison(
        self, key: Key, body: Body, node: tuple[object, ...], polarity: bool
    ) -> ArgumentCondition | None:
        left, right = graph.operands(node)
        position = _parameter(body, left)
        if position is None:
            return None
        if node[1] in ("in", "not in"):
            members = self._literals(key, right)
            holds = (node[1] == "in") == polarity
            return self._dependent(key, position, members, not holds, Relation.IS_IN) if members else None
        other = graph.node(body, right)
        if other[0] == Op.GLOBAL and is_set_anew(self._evaluator, key, str(other[1])):
            return None
        if node[1] not in ("==", "is", "!=", "is not"):
            return None
        values = self._evaluator.evaluate(key, right).values
        known = values[0] if len(values) == 1 else None
        if isinstance(known, Literal):
            same = (node[1] in ("==", "is")) == polarity
            return self._dependent(key, position, known, not same)
        return None

    def _on_call(self, key: Key, body: Body, site: Site, polarity: bool) -> ArgumentCondition | None:
        """`parameter.startswith("…")`, `isinstance(parameter, …)`."""
        callee = body.values[site.callee]
        if callee == (Op.GLOBAL, "isinstance") and len(site.args) == 2:
            position = _parameter(body, site.args[0][1])
            classes = self._classes(key, site.args[1][1]) if position is not None else ()
            if position is None or not classes:
                return None
            literal = Literal("classes", classes)
            return self._dependent(key, position, literal, not polarity, Relation.IS_INSTANCE)
        if callee[0] != Op.ATTR or callee[2] not in _RELATIONS or len(site.args) != 1:
            return None
        position = _parameter(body, graph.base(callee))
        affix = self._literals(key, site.args[0][1])
        if position is None or affix is None:
            return None
        return self._dependent(key, position, affix, not polarity, _RELATIONS[str(callee[2])])

    def _classes(self, key: Key, value: int) -> tuple[Value, ...]:
        """The classes that the second argument of isinstance names; none if one isn't known."""
        found: list[Value] = []
        for item in self._evaluator.evaluate(key, value).values:
            if isinstance(item, Display):
                node = self._evaluator.body(item.key).values[item.value]
                for inner in graph.operands(node):
                    members = self._classes(item.key, inner)
                    if not members:
                        return ()
                    found += members
            elif isinstance(item, (Class, External)):
                found.append(item)
            else:
                return ()
        return tuple(found)

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
        for item in graph.operands(node):
            inner = self._evaluator.evaluate(found.key, item).values
            if len(inner) != 1 or not isinstance(inner[0], Literal):
                return None
            items.append(inner[0].value)
        return Literal("tuple", tuple(items))

    def _dependent(
        self, key: Key, position: int, literal: Literal, absent: bool, relation: Relation = Relation.EQUALS
    ) -> ArgumentCondition | None:
        module = self._evaluator.module(key[0])
        if position == 0 and module.enclosing_class(key) is not None:
            return None
        if is_rebound(self._evaluator, key, position):
            return None
        return ArgumentCondition(Parameter(key, position), literal, absent, is_branch=True, relation=relation)


def _parameter(body: Body, value: int) -> int | None:
    """The parameter that a value is, or was before a string method was applied to it on some path."""
    node = graph.node(body, value)
    if (position := _parameter_itself(body, value)) is not None:
        return position
    if node[0] == Op.PHI:
        found = {_stem(body, item) for item in graph.operands(node)}
        direct = any(body.values[item][0] == Op.PARAM for item in graph.parts(node))
        return found.pop() if len(found) == 1 and direct else None
    return None


def _parameter_itself(body: Body, value: int) -> int | None:
    """The parameter that a value is, unchanged, be it read from where the def has just stored it."""
    node = graph.node(body, value)
    return graph.number(node) if node[0] == Op.PARAM else argument_of(body, value)


def _stem(body: Body, value: int) -> int | None:
    node = graph.node(body, value)
    if node[0] == Op.PARAM:
        return graph.number(node)
    site = graph.call(body, value)
    return _stem(body, graph.receiver(body, site)) if site is not None else None


def selects(body: Body, value: int, polarity: bool) -> bool:
    """Whether a test picks few out of many: equality with something, a prefix, membership."""
    node = graph.node(body, value)
    if (inner := graph.negated(node)) >= 0:
        return selects(body, inner, not polarity)
    if node[0] == Op.BOOL:
        return any(selects(body, item, polarity) for item in graph.parts(node))
    if node[0] == Op.COMPARE:
        nothing = graph.node(body, graph.operand(node, 1)) == (Op.CONST, None)
        return (
            not nothing and (node[1] in ("==", "in")) == polarity and node[1] in ("==", "in", "!=", "not in")
        )
    if (site := graph.call(body, value)) is not None:
        callee = body.values[site.callee]
        return polarity and callee[0] == Op.ATTR and callee[2] in _RELATIONS
    return False


def reads_parameter(body: Body, value: int, first: int) -> bool:
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
        position = _parameter_itself(body, value)
        if position is not None and position >= first:
            return True
        operands: tuple[int, ...] = ()
        if (site := graph.call(body, value)) is not None:
            operands = (site.callee,) if is_joined else graph.inputs(body, value)
        elif node[0] in graph.WRAPPERS:
            operands = (graph.operand(node),)
        elif node[0] in _OPERATORS:
            operands = graph.operands(node)
        is_joined = is_joined or node[0] == Op.PHI
        pending += [(item, depth + 1, is_joined) for item in operands]
    return False
