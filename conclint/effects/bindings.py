"""What the parameters in a function's effects are bound to by one call of it."""

from __future__ import annotations

from typing import NamedTuple

from conclint.conditions.argument_conditions import ParameterTests
from conclint.conditions.bound_tests import BoundTests, Call
from conclint.conditions.stated_conditions import ArgumentCondition, Relation, Truth, depends_hold
from conclint.conditions.told_values import UNTOLD, Told
from conclint.effects.effects import Witness
from conclint.resolve.arguments import EVERYTHING, Arguments, Passed, arguments_of, bind
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.handing import executor_model, given_parameter
from conclint.resolve.in_memory import IN_MEMORY, opened_by
from conclint.resolve.loop_origins import KEPT_LOOP, OF_KEPT_LOOP, THIS_LOOP, loop_of
from conclint.resolve.values import Function, Instance, Key, Literal, Parameter, ValueSet, known
from conclint.summary import body_graph as graph
from conclint.summary.records import DefFlags, ParamKind, SiteKind

ARGUMENT_UNKNOWN = "the effect depends on an argument that is not known"


class Settled(NamedTuple):
    """What is decided of an effect that depends on arguments: that it is absent; on what it still depends, of
    the caller's own; why it is merely assumed to be there."""

    is_present: bool
    dependence: ArgumentCondition | None = None
    reasons: tuple[str, ...] = ()


class Bindings:
    """The parameters of `function` where `caller` calls it with `arguments`."""

    def __init__(self, evaluator: Evaluator, caller: Key, function: Function, arguments: Arguments) -> None:
        self._evaluator = evaluator
        self._caller = caller
        self._function = function
        self._arguments = arguments

    def of(self, parameter: Parameter) -> ValueSet:
        """What the parameter is bound to; the parameter itself, where it is one of a function around the
        caller."""
        plain = parameter._replace(attributes=()) if parameter.attributes else parameter
        captured = any(name == plain for name, _ in self._function.closure)
        if plain.key != self._function.key and not captured:
            if _encloses(self._evaluator, plain.key, self._caller):
                return ValueSet((parameter,))
            if is_made_with(self._evaluator, parameter, self._function.key):
                return self._of_constructor(parameter)
            return ValueSet(incomplete=True)
        return self._evaluator.results.argument(parameter, self._function, self._arguments)

    def _of_constructor(self, parameter: Parameter) -> ValueSet:
        """What an object was made with whose part the function calls: as the call says that made the
        receiver; the parameter itself, where the receiver is the caller's own, or is not it."""
        receiver = self._function.receiver
        if not isinstance(receiver, Instance):
            return ValueSet(incomplete=True)
        if receiver.made is not None:
            found = self._evaluator.classes.given(receiver, parameter)
            return ValueSet(incomplete=True) if found is None else found
        return ValueSet((parameter,)) if receiver.own is not None else ValueSet(incomplete=True)

    def of_callable(self, parameter: Parameter) -> ValueSet:
        """What the function calls by the parameter. Where that is a method of its receiver: nothing new
        where the class that was assumed has the same; the caller's own receiver's besides, which its
        callers may know."""
        bound = self.of(parameter)
        function = self._function
        receiver = function.receiver
        if not isinstance(receiver, Instance) or parameter.key != function.key:
            return bound
        if parameter.position or len(parameter.attributes) != 1:
            return bound
        name = parameter.attributes[0]
        owner = self._evaluator.enclosing_class(function.key)
        if owner is None:
            return bound
        assumed = self._evaluator.classes.attribute(Instance(owner), name)
        had = {v.key for v in assumed.values if isinstance(v, Function) and not self._is_stub(v)}
        values = [v for v in bound.values if not (isinstance(v, Function) and v.key in had)]
        if receiver.own is not None and not receiver.own.attributes:
            values.append(receiver.own._replace(attributes=(name,)))
        return bound._replace(values=tuple(dict.fromkeys(values)))

    def _is_stub(self, function: Function) -> bool:
        definition = self._evaluator.definition(function.key)
        return bool(definition.flags & DefFlags.STUB)

    def given(self, call: Witness) -> Arguments:
        """What the function passes where it calls its parameter, as this caller of the function knows it."""
        if call.next is not None or call.site < 0:
            return EVERYTHING
        function = self._function
        site = self._evaluator.body(function.key).sites[call.site]
        if site.kind != SiteKind.CALL:
            return EVERYTHING
        written = arguments_of(function.key, site.args)
        positional = tuple(self._seen(item) for item in written.positional)
        keywords = tuple((name, self._seen(item)) for name, item in written.keywords)
        return Arguments(positional, keywords, written.spread)

    def _seen(self, passed: Passed) -> ValueSet:
        item = self._evaluator.passed(passed)
        return self._evaluator.results.substitute(item, self._function, self._arguments)

    def settle(self, dependence: ArgumentCondition, *, doubts_branches: bool) -> Settled:
        """What this call, or its caller's callers, decide about an effect. `doubts_branches`: not knowing
        what a branch asks for is worth a doubt."""
        settled = [self._settle(part) for part in dependence.parts]
        if not doubts_branches:
            settled = [
                item._replace(reasons=()) if part.is_branch else item
                for item, part in zip(settled, dependence.parts, strict=True)
            ]
        if not all(item.is_present for item in settled):
            return Settled(False)
        left = [item.dependence for item in settled if item.dependence is not None]
        reasons = tuple(dict.fromkeys(reason for item in settled for reason in item.reasons))
        if not left:
            return Settled(True, None, reasons)
        joined = left[0]
        for other in left[1:]:
            joined = joined.along_with(other)
        return Settled(True, joined, reasons)

    def _settle(self, dependence: ArgumentCondition) -> Settled:
        if dependence.relation is Relation.REACHED:
            return self._settle_region(dependence)
        bound = self.of(dependence.parameter)
        if dependence.is_about_memory:
            opened = opened_by(bound)
            if isinstance(opened, Parameter):
                return Settled(True, dependence._replace(parameter=opened))
            return Settled(opened != IN_MEMORY)
        if dependence.is_about_loop:
            loop = loop_of(bound)
            if isinstance(loop, Parameter):
                return Settled(True, dependence._replace(parameter=loop))
            if loop == KEPT_LOOP:
                return Settled(True, None, (OF_KEPT_LOOP,))
            return Settled(loop == THIS_LOOP)
        if dependence.is_about_executor:
            return self._settle_executor(dependence, bound)
        if dependence.default is not None and self._is_not_passed(dependence.parameter):
            bound = ValueSet((dependence.default,))
        told = self._told(dependence.parameter)
        if told.parameter is not None:
            if _told_to_hold(told, dependence) is Truth.NO:
                return Settled(False)
            return Settled(True, self._asked_of(told.parameter, dependence))
        if len(bound.values) == 1 and isinstance(bound.values[0], Parameter) and not bound.incomplete:
            return Settled(True, self._asked_of(bound.values[0], dependence))
        truth = depends_hold(self._evaluator, bound, dependence)
        if truth is Truth.MAYBE:
            truth = _told_to_hold(told, dependence)
        if truth is Truth.MAYBE:
            return Settled(True, None, (ARGUMENT_UNKNOWN,) if dependence.is_doubtful else ())
        return Settled(truth is Truth.YES)

    def _settle_executor(self, dependence: ArgumentCondition, bound: ValueSet) -> Settled:
        """Whether a pool is of the wanted kind; of one that the caller is given, its callers are asked."""
        plain = dependence.parameter
        if plain.key == self._function.key and not plain.attributes:
            receiver = self._function.receiver
            arguments = self._arguments if receiver is None else self._arguments.prepend(known(receiver))
            passed = bind(self._evaluator.definition(plain.key), plain.position, arguments)
            given = given_parameter(self._evaluator, passed) if passed is not None else None
            if given is not None and _encloses(self._evaluator, given.key, self._caller):
                return Settled(True, dependence._replace(parameter=given))
        if len(bound.values) == 1 and isinstance(bound.values[0], Parameter) and not bound.incomplete:
            return Settled(True, dependence._replace(parameter=bound.values[0]))
        models = {executor_model(self._evaluator, value) for value in bound.values}
        is_told = len(models) == 1 and not bound.incomplete
        return Settled(is_told and any(m is not None and m.value == dependence.literal.value for m in models))

    def _settle_region(self, dependence: ArgumentCondition) -> Settled:
        """Whether the call comes to a region. What it leaves open of a test of one parameter is asked of the
        caller's callers; that the innermost of these is not known is worth a doubt, as it always was."""
        key = dependence.parameter.key
        region = dependence.literal.value
        if key != self._function.key or not isinstance(region, int):
            return Settled(True)
        body = self._evaluator.body(key)
        tests = BoundTests(self._evaluator, Call(self._function, self._arguments))
        simple = ParameterTests(self._evaluator)
        reasons: tuple[str, ...] = ()
        left: ArgumentCondition | None = None
        is_innermost = True
        for outer in graph.around(body, region):
            if tests.is_closed(outer):
                return Settled(False)
            asked = simple.of_region(key, outer)
            if asked is None:
                continue
            settled = self._settle(asked)
            if not settled.is_present:
                return settled
            if is_innermost:
                reasons = settled.reasons
                is_innermost = False
            if settled.dependence is not None:
                left = settled.dependence if left is None else left.along_with(settled.dependence)
        return Settled(True, left, reasons)

    def _told(self, parameter: Parameter) -> Told:
        if parameter.attributes or parameter.key != self._function.key:
            return UNTOLD
        tests = BoundTests(self._evaluator, Call(self._function, self._arguments))
        return tests.bound(parameter.position)

    def _asked_of(self, parameter: Parameter, dependence: ArgumentCondition) -> ArgumentCondition | None:
        """The condition on a parameter of the caller; None where that is a method's receiver."""
        is_first = parameter.position == 0 and not parameter.attributes
        if is_first and self._evaluator.enclosing_class(parameter.key) is not None:
            return None
        default = dependence.default
        if parameter.attributes and not dependence.parameter.attributes:
            definition = self._evaluator.definition(dependence.parameter.key)
            usual = definition.params[dependence.parameter.position].default
            scope = self._evaluator.scope(dependence.parameter.key)
            known = self._evaluator.evaluate(scope, usual).values if usual >= 0 else ()
            default = known[0] if len(known) == 1 and isinstance(known[0], Literal) else None
        return dependence._replace(parameter=parameter, default=default)

    def _is_not_passed(self, parameter: Parameter) -> bool:
        """Whether the call passes nothing that would be an item of `**options`."""
        if parameter.key != self._function.key or len(parameter.attributes) != 1 or self._arguments.spread:
            return False
        params = self._evaluator.definition(parameter.key).params
        if params[parameter.position].kind != ParamKind.DOUBLE_STAR:
            return False
        return self._arguments.keyword(str(parameter.attributes[0]).strip("[]")) is None


def _told_to_hold(told: Told, dependence: ArgumentCondition) -> Truth:
    """Whether the effect is there for what is told of an argument."""
    wanted = dependence.literal.value
    if dependence.relation is not Relation.EQUALS:
        return Truth.MAYBE
    equal: bool | None = None
    if wanted is None and told.is_something:
        equal = False
    elif dependence.is_branch and isinstance(wanted, bool) and told.truth is not None:
        equal = told.truth is wanted
    if equal is None:
        return Truth.MAYBE
    return Truth.NO if equal == dependence.absent_if_equal else Truth.YES


def passes_on(evaluator: Evaluator, parameter: Parameter) -> bool:
    """Whether the callers' callers may be asked too: for an argument itself or an item of it, and for
    the receiver's methods; a method of another argument is asked of the next caller only."""
    if not parameter.reads_attribute:
        return True
    module = evaluator.module(parameter.key[0])
    return parameter.position == 0 and module.enclosing_class(parameter.key) is not None


def is_made_with(evaluator: Evaluator, parameter: Parameter, key: Key) -> bool:
    """Whether a parameter is no function's own that is called or calls, but stands for what some object was
    made with (`self.repository = Repository(connection)` in a constructor)."""
    return parameter.key != key and evaluator.definition(parameter.key).name == "__init__"


def _encloses(evaluator: Evaluator, outer: Key, inner: Key) -> bool:
    if outer[0] != inner[0]:
        return False
    return outer == inner or outer in evaluator.module(inner[0]).around(inner)
