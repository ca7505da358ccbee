"""Calls of a receiver's own methods, which derived classes may override."""

from __future__ import annotations

from collections.abc import Callable

from conclint.effects.effects import Effect, Effects, Kind, Witness, add
from conclint.model.execution import ALL_MODELS
from conclint.resolve.calls import Link, callable_name
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import (
    Above,
    Attribute,
    Function,
    Instance,
    Key,
    Partial,
    SuperOf,
    Value,
    to_index,
    unwrapped,
)
from conclint.summary.records import Op, SiteKind

_MAX_DEPTH = 6


class OwnMethods:
    """Marks the effects of own methods, and knows which of them a receiver's class overrides."""

    def __init__(self, evaluator: Evaluator, effects_of: Callable[[Key], Effects]) -> None:
        self._evaluator = evaluator
        self._effects_of = effects_of

    def marked(self, key: Key, link: Link, method: Function | Partial, effects: Effects) -> Effects:
        """The effects of a call of the receiver's own method, marked as such: a caller that knows the
        receiver's class may find that it overrides the method."""
        function = unwrapped(method)
        if not isinstance(function, Function):
            return effects
        receiver = function.receiver
        if not isinstance(receiver, Instance) or receiver.own is None or receiver.own.attributes:
            return effects
        site = self._evaluator.body(key).sites[link.site]
        node = self._evaluator.body(key).values[site.callee]
        if node[0] != Op.ATTR or site.kind not in (SiteKind.CALL, SiteKind.ATTR):
            return effects
        name: Attribute = str(node[2])
        if any(isinstance(v, SuperOf) for v in self._evaluator.evaluate(key, to_index(node[1])).values):
            owner = self._evaluator.enclosing_class(receiver.own.key)
            if owner is None:
                return effects
            name = Above(owner.key, str(node[2]))
        result = {effect: witness._replace(own=name) for effect, witness in effects.items()}
        is_special = isinstance(name, str) and name.startswith("__")
        if is_special or (site.kind == SiteKind.CALL and link.awaited):
            return result
        parameter = receiver.own._replace(attributes=(name,))
        symbol = callable_name(self._evaluator, function)
        add(result, Effect(Kind.CALLS, "", ALL_MODELS, parameter), Witness(0, 1, symbol, link.site, symbol))
        return result

    def is_overridden(self, function: Function, witness: Witness) -> bool:
        """Whether an effect of a function comes from a method that the receiver's class overrides."""
        return self._is_overridden(function, witness, function.key, 0)

    def _is_overridden(self, function: Function, witness: Witness, caller: Key, depth: int) -> bool:
        receiver = function.receiver
        if (
            not witness.own
            or witness.next is None
            or not isinstance(receiver, Instance)
            or depth > _MAX_DEPTH
        ):
            return False
        held = self._evaluator.classes.attribute(receiver, witness.own).values
        methods = [value for value in held if isinstance(value, Function) or self._is_partial_method(value)]
        if methods and not any(self._may_be(value, witness, witness.next[0], caller) for value in methods):
            return True
        inner = self._effects_of(witness.next[0]).get(witness.next[1])
        return inner is not None and self._is_overridden(function, inner, witness.next[0], depth + 1)

    def _may_be(self, method: Value, witness: Witness, run: Key, caller: Key) -> bool:
        """Whether a call of a method may be what ran a function at the witness's site."""
        if isinstance(method, Function):
            return method.key == run or self._evaluator.single_dispatch.may_run(method.key, run)
        callee = self._evaluator.body(caller).sites[witness.site].callee
        called = self._evaluator.evaluate(caller, callee).values
        return isinstance(method, Partial) and any(
            isinstance(value, Partial) and value.site == method.site for value in called
        )

    def _is_partial_method(self, value: Value) -> bool:
        return isinstance(value, Partial) and self._evaluator.classes.is_partial_method(value)

    def is_inherited(self, function: Function) -> bool:
        """Whether the function is a method that the receiver's class inherits."""
        receiver = function.receiver
        if not isinstance(receiver, Instance):
            return False
        owner = self._evaluator.enclosing_class(function.key)
        return owner is not None and receiver.cls != owner
