"""What a call binds those parameters to that the called function calls: `call(heavy, n)` with
`def call(f, n): f(n)`, `run_one(check)` with `def run_one(check): check.execute()`."""

from __future__ import annotations

from typing import Final, TypeAlias

from conclint.effects.effects import Kind
from conclint.effects.solver import EffectSolver
from conclint.resolve.arguments import Arguments, Passed
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Function, Parameter, ValueSet, join

Bound: TypeAlias = tuple[tuple[Parameter, ValueSet], ...]
"""What parameters that are called are bound to."""

UNBOUND: Final[Bound] = ()


class BoundCallables:
    """Finds what the calls of functions bind."""

    def __init__(self, engine: EffectSolver) -> None:
        self._engine = engine
        self._evaluator: Evaluator = engine.evaluator

    def of(self, function: Function, arguments: Arguments, outer: Bound = UNBOUND) -> Bound:
        """What a call of `function` binds; `outer` is what is bound where the call is."""
        parameters = {
            effect.parameter: None
            for effect in self._engine.effects_of(function.key)
            if effect.kind is Kind.CALLS and effect.parameter is not None
        }
        found: dict[Parameter, ValueSet] = {}
        for parameter in parameters:
            bound = self._evaluator.results.argument(parameter, function, arguments)
            bound = self.seen(bound, outer)
            if not bound.values and parameter.key != function.key:
                bound = dict(outer).get(parameter, bound)  # of a function around both
            if bound.values:
                found[parameter] = bound
        return tuple(sorted(found.items(), key=lambda item: (item[0].key, item[0].position, str(item[0]))))

    def seen(self, known: ValueSet, outer: Bound) -> ValueSet:
        """The same with parameters replaced by what they are bound to."""
        if not outer or not any(isinstance(value, Parameter) for value in known.values):
            return known
        table = dict(outer)
        parts = [
            table.get(value, ValueSet((value,))) if isinstance(value, Parameter) else ValueSet((value,))
            for value in known.values
        ]
        return join(parts).reached_through(known)

    def items(self, arguments: Arguments) -> Arguments:
        """The arguments of what is called for each item of the iterables that are passed."""
        return Arguments(tuple(map(self._item, arguments.positional)), (), arguments.spread)

    def _item(self, passed: Passed) -> ValueSet:
        return self._evaluator.element(self._evaluator.passed(passed))
