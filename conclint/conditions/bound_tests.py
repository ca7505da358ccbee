"""What tests give where a call has bound the parameters that they ask about.

`if save and path:` in a function is decided by a caller that passes `save=False`, or leaves it at that; so is
`if self._path:` in a method of what was made without a path. Only what is told for certain decides.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from conclint.conditions.constant_members import ConstantMembers
from conclint.conditions.stated_conditions import Truth, are_instances
from conclint.conditions.stored_arguments import argument_of
from conclint.conditions.told_values import DEPTH, MADE, NOT_NONE, UNTOLD, Told, ToldValues, is_rebound
from conclint.resolve.arguments import Arguments, Passed, StarItem, arguments_of, bind
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import (
    Class,
    Display,
    External,
    Function,
    Instance,
    Key,
    Literal,
    Parameter,
    Value,
    ValueSet,
)
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, ParamKind, RegionKind, Site

_ORDERS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip
_SAME: Final = {"==": True, "is": True, "!=": False, "is not": False}
_LOOKUPS: Final = frozenset({"get", "pop", "setdefault"})


class Call(NamedTuple):
    """A function as one call runs it: its parameters are bound to the arguments, a receiver in front."""

    function: Function
    arguments: Arguments


class BoundTests:
    """Decides tests of a function by one call of it; `asks_objects`: by what objects were made with, too,
    which whoever has one may change later. `asked` holds the names of the attributes that were asked for,
    with whether they are stored once only."""

    def __init__(self, evaluator: Evaluator, call: Call, *, asks_objects: bool = False) -> None:
        self._evaluator = evaluator
        self._values = ToldValues(evaluator)
        self._members = ConstantMembers(evaluator)
        self._call = call
        self._asks_objects = asks_objects
        self.asked: dict[str, bool] = {}

    def is_reached(self, region: int) -> bool:
        """Whether the call may come to a region of the function."""
        body = self._evaluator.body(self._call.function.key)
        return not any(self.is_closed(item) for item in graph.around(body, region))

    def is_closed(self, region: int) -> bool:
        """Whether the test of a region (not those around it) keeps the call from coming to it."""
        body = self._evaluator.body(self._call.function.key)
        item = body.regions[region]
        if item.kind in graph.TESTS:
            return self._truth(item.value, self._call, 0) is (not item.extra)
        if item.kind == RegionKind.WHILE:
            return self._truth(item.value, self._call, 0) is False
        if item.kind in (RegionKind.FOR, RegionKind.COMP):
            return self._is_empty(body, item.value)
        if item.kind == RegionKind.CASE and item.extra >= 0:
            pattern = graph.node(body, item.extra)
            subject = self._told(item.value, self._call, 0).constant
            return pattern[0] == Op.CONST and subject is not None and not _equal(subject.value, pattern[1])
        return False

    def bound(self, position: int) -> Told:
        """What is known of what a parameter is bound to."""
        return self._bound(position, self._call, 0)

    def truth(self, value: int) -> bool | None:
        """How a test of the function comes out; None where that is not told."""
        return self._truth(value, self._call, 0)

    def _is_empty(self, body: Body, value: int) -> bool:
        """Whether nothing is iterated: an empty tuple, `range(0)`."""
        site = graph.call(body, value)
        if site is not None and body.values[site.callee] == (Op.GLOBAL, "range"):
            given = [self._told(item, self._call, 0).constant for _, item in site.args]
            numbers = [item.value for item in given if item is not None and isinstance(item.value, int)]
            if not numbers or len(numbers) < len(given) or len(numbers) > 2:
                return False
            return numbers[-1] <= (numbers[0] if len(numbers) == 2 else 0)
        return self._told(value, self._call, 0).truth is False

    # -- tests ----------------------------------------------------------------------------------

    def _truth(self, value: int, call: Call, depth: int) -> bool | None:
        """How a test comes out; None where that is not told."""
        if depth > DEPTH or value < 0:
            return None
        body = self._evaluator.body(call.function.key)
        node = body.values[value]
        if (inner := graph.negated(node)) >= 0:
            found = self._truth(inner, call, depth + 1)
            return None if found is None else not found
        if node[0] == Op.BOOL:
            answers = [self._truth(part, call, depth + 1) for part in graph.parts(node)]
            decisive = node[1] == "or"
            if decisive in answers:
                return decisive
            return None if None in answers else not decisive
        if node[0] == Op.COMPARE:
            return self._comparison(body, node, call, depth)
        site = graph.call(body, value)
        if site is not None and body.values[site.callee] == (Op.GLOBAL, "isinstance") and len(site.args) == 2:
            return self._is_instance(body, site, call)
        if site is not None and body.values[site.callee] == (Op.GLOBAL, "bool") and len(site.args) == 1:
            return self._truth(site.args[0][1], call, depth + 1)
        return self._told(value, call, depth + 1).truth

    def _comparison(self, body: Body, node: graph.Node, call: Call, depth: int) -> bool | None:
        left, right = graph.operands(node)
        word = str(node[1])
        if word in ("in", "not in"):
            is_in = self._membership(body, left, right, call, depth)
            return None if is_in is None else is_in == (word == "in")
        first, second = self._told(left, call, depth + 1), self._told(right, call, depth + 1)
        if first.constant is None or second.constant is None:
            for one, other in ((first, second), (second, first)):
                if one.is_something and other.constant is not None and other.constant.value is None:
                    return None if word not in _SAME else not _SAME[word]
            return None
        if word in _SAME:
            return _equal(first.constant.value, second.constant.value) == _SAME[word]
        numbers = (first.constant.value, second.constant.value)
        if word in _ORDERS and all(isinstance(item, (int, float)) for item in numbers):
            return _ORDERS[word](*numbers)
        return None

    def _membership(self, body: Body, left: int, right: int, call: Call, depth: int) -> bool | None:
        asked = self._told(left, call, depth + 1).constant
        if asked is None:
            return None
        options = self._options(body, right, call)
        if options is not None:
            if options.keyword(str(asked.value)) is not None:
                return True
            return None if options.spread else False
        written = self._members.of(call.function.key, right, call.function.receiver)
        if written is not None:
            return any(_equal(asked.value, member) for member in written)
        members: list[object] = []
        for shown in self._evaluator.evaluate(call.function.key, right).values:
            if not isinstance(shown, Display):
                return None
            other = self._evaluator.body(shown.key)
            if other.values[shown.value][0] not in (Op.TUPLE, Op.LIST, Op.SET):
                return None
            for item in graph.operands(other.values[shown.value]):
                found = self._evaluator.evaluate(shown.key, item).values
                if len(found) != 1 or not isinstance(found[0], Literal):
                    return None
                members.append(found[0].value)
        return any(_equal(asked.value, member) for member in members) if members else None

    def _is_instance(self, body: Body, site: Site, call: Call) -> bool | None:
        node = graph.node(body, site.args[0][1])
        if node[0] != Op.PARAM or self._told(site.args[0][1], call, 0).parameter is not None:
            return None
        parameter = Parameter(call.function.key, graph.number(node))
        bound = self._evaluator.results.argument(parameter, call.function, call.arguments)
        classes = self._classes(call.function.key, site.args[1][1])
        answer = are_instances(self._evaluator, bound, classes) if classes else Truth.MAYBE
        return None if answer is Truth.MAYBE else answer is Truth.YES

    def _classes(self, key: Key, value: int) -> tuple[Value, ...]:
        found: list[Value] = []
        for item in self._evaluator.evaluate(key, value).values:
            if isinstance(item, Display):
                node = self._evaluator.body(item.key).values[item.value]
                found += [cls for inner in graph.operands(node) for cls in self._classes(item.key, inner)]
            elif isinstance(item, (Class, External)):
                found.append(item)
            else:
                return ()
        return tuple(found)

    # -- values ---------------------------------------------------------------------------------

    def _told(self, value: int, call: Call, depth: int) -> Told:
        """What is known of a value of the called function."""
        if depth > DEPTH or value < 0:
            return UNTOLD
        key = call.function.key
        body = self._evaluator.body(key)
        node = body.values[value]
        op = node[0]
        if op == Op.PARAM:
            return self._bound(graph.number(node), call, depth)
        if op in (Op.NARROW, Op.CAST):
            return self._told(graph.operand(node), call, depth + 1)
        if op == Op.COMPARE or graph.negated(node) >= 0:
            truth = self._truth(value, call, depth + 1)
            return NOT_NONE if truth is None else Told.of_constant(truth)
        if op == Op.BOOL:
            return self._chosen(graph.parts(node), node[1] == "or", call, depth)
        if op == Op.PHI:
            left = [
                part for part in graph.parts(node) if not self._is_made_in_closed(body, part, call, depth)
            ]
            return Told.one_of({self._told(part, call, depth + 1) for part in left})
        if op == Op.ATTR and (position := argument_of(body, value)) is not None:
            return self._bound(position, call, depth)
        if op == Op.ATTR and graph.node(body, graph.base(node))[0] == Op.PARAM:
            return self._attribute(body, node, call, depth) if self._asks_objects else UNTOLD
        site = graph.call(body, value)
        found = self._looked_up(body, site, call, depth) if site is not None else None
        return found if found is not None else self._values.plain(key, value)

    def _chosen(self, parts: tuple[int, ...], is_or: bool, call: Call, depth: int) -> Told:
        """The value of `a or b`, `a and b`."""
        for part in parts[:-1]:
            found = self._told(part, call, depth + 1)
            if found.truth is None:
                return UNTOLD
            if found.truth is is_or:
                return found
        return self._told(parts[-1], call, depth + 1)

    def _is_made_in_closed(self, body: Body, value: int, call: Call, depth: int) -> bool:
        site = graph.call(body, value)
        if site is None:
            return False
        for number in graph.around(body, site.region):
            item = body.regions[number]
            if item.kind in graph.TESTS and self._truth(item.value, call, depth + 1) is (not item.extra):
                return True
        return False

    def _looked_up(self, body: Body, site: Site, call: Call, depth: int) -> Told | None:
        """`options.get("name", default)` of `**options`; None for any other call."""
        callee = graph.node(body, site.callee)
        if callee[0] != Op.ATTR or callee[2] not in _LOOKUPS or not site.args:
            return None
        options = self._options(body, graph.base(callee), call)
        name = graph.node(body, site.args[0][1])
        if options is None or name[0] != Op.CONST or not isinstance(name[1], str):
            return None
        given = options.keyword(name[1])
        if given is not None:
            return self._passed(given, depth)
        if options.spread:
            return UNTOLD
        if len(site.args) < 2:
            return Told.of_constant(None)
        return self._told(site.args[1][1], call, depth + 1)

    def _options(self, body: Body, value: int, call: Call) -> Arguments | None:
        """The arguments of which a `**options` holds the rest; None where the value is no such parameter."""
        node = graph.node(body, value)
        if node[0] != Op.PARAM:
            return None
        param = self._evaluator.definition(call.function.key).params[graph.number(node)]
        return call.arguments if param.kind == ParamKind.DOUBLE_STAR else None

    def _bound(self, position: int, call: Call, depth: int) -> Told:
        key = call.function.key
        definition = self._evaluator.definition(key)
        param = definition.params[position]
        arguments = call.arguments
        if is_rebound(self._evaluator, key, position):
            return UNTOLD
        if call.function.receiver is not None:
            arguments = arguments.prepend(ValueSet((call.function.receiver,)))
        passed = bind(definition, position, arguments)
        if passed is not None:
            return self._passed(passed, depth)
        if arguments.spread:
            return UNTOLD
        if param.kind == ParamKind.STAR:
            count = sum(p.kind <= ParamKind.NORMAL for p in definition.params)
            return Told.of_constant(()) if len(arguments.positional) <= count else MADE
        return self._values.plain(self._evaluator.scope(key), param.default)

    def _passed(self, passed: Passed, depth: int) -> Told:
        if isinstance(passed, (ValueSet, StarItem)):
            return self._values.of_values(self._evaluator.passed(passed))
        return self._values.of(*passed, depth + 1)

    # -- objects --------------------------------------------------------------------------------

    def _attribute(self, body: Body, node: graph.Node, call: Call, depth: int) -> Told:
        """An attribute of what a parameter is bound to, as the object was made."""
        position = graph.number(graph.node(body, graph.base(node)))
        bound = self._evaluator.results.argument(
            Parameter(call.function.key, position), call.function, call.arguments
        )
        if len(bound.values) != 1 or bound.incomplete or not isinstance(bound.values[0], Instance):
            return UNTOLD
        return self._initial(bound.values[0], str(node[2]), depth)

    def _initial(self, made: Instance, name: str, depth: int) -> Told:
        """An attribute of an object as the call that made it left it."""
        if made.made is None:
            return UNTOLD
        classes = self._evaluator.classes
        key, number = made.made
        given = arguments_of(key, self._evaluator.body(key).sites[number].args)
        makers = classes.method(made.cls, "__init__", made).values
        stores = self._values.stores(made.cls, name)
        if not makers:
            self.asked[name] = not stores
            return self._field(made.cls, name, given, depth)
        if len(makers) != 1 or not isinstance(makers[0], Function):
            return UNTOLD
        initial = [(value, region) for method, value, region in stores if method == makers[0].key]
        if len(initial) != 1 or initial[0][1] != 0:
            return UNTOLD
        body = self._evaluator.body(makers[0].key)
        if not any(body.values[item][0] == Op.PARAM for item in graph.made_from(body, [initial[0][0]])):
            return UNTOLD  # a state, which whoever has the object changes
        self.asked[name] = len(stores) == 1
        return self._told(initial[0][0], Call(makers[0], given), depth + 2)

    def _field(self, cls: Class, name: str, given: Arguments, depth: int) -> Told:
        """A field of a data class: what is passed by its name, else what the class says."""
        passed = given.keyword(name)
        if passed is not None:
            return self._passed(passed, depth)
        if given.spread or given.positional:
            return UNTOLD
        for owner in self._evaluator.classes.ancestry(cls).classes:
            if not isinstance(owner, Class):
                return UNTOLD
            body = self._evaluator.body(owner.key)
            values = self._evaluator.classes.own_members(owner).get(name, [])
            if values:
                return self._constant_field(owner.key, body, values)
        return UNTOLD

    def _constant_field(self, key: Key, body: Body, values: list[int]) -> Told:
        value = values[-1]
        while graph.node(body, value)[0] == Op.CAST:
            value = graph.operand(graph.node(body, value))
        node = graph.node(body, value)
        return Told.of_constant(node[1]) if len(values) == 1 and node[0] == Op.CONST else UNTOLD


def _equal(one: object, other: object) -> bool:
    if one is None or other is None:
        return one is other
    return one == other
