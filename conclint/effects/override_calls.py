"""Calls of abstract methods: what the implementations do that one of which is run."""

from __future__ import annotations

from collections.abc import Callable

from conclint.effects.alternatives import does_likewise, does_so_otherwise
from conclint.effects.effects import Effects, Kind, add
from conclint.effects.frame import Frame
from conclint.resolve.arguments import Arguments
from conclint.resolve.calls import callable_name, takes_keywords
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Above, Function, Instance, Parameter
from conclint.summary.records import DefFlags, DefKind


class OverrideCalls:
    """Effects of calls of which no more than the base class of the receiver is known; `run` gives those of
    a function's body.

    What the implementations hand to other models, and what they do with callables that are passed, is not
    told. CORE.md section 3 says how sure the rest is.
    """

    def __init__(self, evaluator: Evaluator, run: Callable[[Frame, Function, Arguments], Effects]) -> None:
        self._evaluator = evaluator
        self._run = run

    def of_method(self, frame: Frame, function: Function, arguments: Arguments) -> Effects:
        """The effects of what may run instead of a method without a body."""
        found = self._evaluator.overrides.of(function, frame.key[0])
        if not found.functions:
            return {}
        symbol = callable_name(self._evaluator, function)
        parts = [
            self._of_implementation(frame, item, arguments)
            for item in found.functions
            if takes_keywords(self._evaluator, item, arguments)
        ]
        result: Effects = {}
        for part in parts:
            for effect, witness in part.items():
                reasons = [f"which implementation of {symbol} is called is not known"]
                if not found.is_all or not all(does_likewise(effect, other) for other in parts):
                    reasons.append(f"not all implementations of {symbol} do that")
                elif any(does_so_otherwise(effect, other) for other in parts):
                    reasons[0] += ", but all of them block"
                add(result, effect, witness.assuming(*reasons))
        return result

    def of_own_method(self, frame: Frame, parameter: Parameter, arguments: Arguments) -> Effects:
        """The same for a method of the function's own receiver, marked as such: a caller that knows the
        receiver's class knows which is run."""
        key = frame.key
        if parameter.position or len(parameter.attributes) != 1 or frame.nesting or parameter.key != key:
            return {}
        owner = self._evaluator.enclosing_class(key)
        if owner is None:
            return {}
        result: Effects = {}
        name = parameter.attributes[0]
        if isinstance(name, Above):
            return {}
        receiver = Instance(owner)
        for value in self._evaluator.classes.member(receiver.cls, name, receiver).values:
            if isinstance(value, Function):
                result.update(self.of_method(frame, value, arguments))
        return {effect: witness._replace(own=name) for effect, witness in result.items()}

    def _of_implementation(self, frame: Frame, function: Function, arguments: Arguments) -> Effects:
        definition = self._evaluator.definition(function.key)
        if definition.kind != DefKind.FUNCTION or definition.flags & DefFlags.GENERATOR:
            return {}
        aside = frame.nested()._replace(placements=[])
        return {
            effect: witness
            for effect, witness in self._run(aside, function, arguments).items()
            if effect.parameter is None and effect.kind not in (Kind.CALLS, Kind.PLACES)
        }
