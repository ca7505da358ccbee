"""What the parameters in a function's effects are bound to by one call of it."""

from __future__ import annotations

from conclint.conditions.stated_conditions import ArgumentCondition, Truth, depends_hold
from conclint.effects.effects import Witness
from conclint.resolve.arguments import EVERYTHING, Arguments, Passed, arguments_of
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.in_memory import IN_MEMORY, opened_by
from conclint.resolve.loop_origins import KEPT_LOOP, OF_KEPT_LOOP, THIS_LOOP, loop_of
from conclint.resolve.values import Function, Instance, Key, Parameter, ValueSet
from conclint.summary.records import DefFlags, SiteKind


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
            return ValueSet(incomplete=True)
        return self._evaluator.results.argument(parameter, self._function, self._arguments)

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

    def settle(self, dependence: ArgumentCondition) -> ArgumentCondition | str | bool | None:
        """False: the effect is absent. None: it is there. A dependence: the caller's caller decides.
        A string: it is assumed to be there, for this reason."""
        bound = self.of(dependence.parameter)
        if dependence.is_about_memory:
            opened = opened_by(bound)
            if isinstance(opened, Parameter):
                return dependence._replace(parameter=opened)
            return False if opened == IN_MEMORY else None
        if dependence.is_about_loop:
            loop = loop_of(bound)
            if isinstance(loop, Parameter):
                return dependence._replace(parameter=loop)
            if loop == KEPT_LOOP:
                return OF_KEPT_LOOP
            return None if loop == THIS_LOOP else False
        if len(bound.values) == 1 and isinstance(bound.values[0], Parameter) and not bound.incomplete:
            return dependence._replace(parameter=bound.values[0])
        truth = depends_hold(self._evaluator, bound, dependence)
        if truth is Truth.NO:
            return False
        if truth is Truth.YES:
            return None
        return "the effect depends on an argument that is not known" if dependence.is_doubtful else None


def passes_on(evaluator: Evaluator, parameter: Parameter) -> bool:
    """Whether the callers' callers may be asked too: for an argument itself or an item of it, and for
    the receiver's methods; a method of another argument is asked of the next caller only."""
    if not parameter.reads_attribute:
        return True
    module = evaluator.module(parameter.key[0])
    return parameter.position == 0 and module.enclosing_class(parameter.key) is not None


def _encloses(evaluator: Evaluator, outer: Key, inner: Key) -> bool:
    if outer[0] != inner[0]:
        return False
    return outer == inner or outer in evaluator.module(inner[0]).around(inner)
