"""What calls of the builtins and of libraries cost, by what the catalog says of them and by the numbers that
they are given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from conclint.catalog.facts import EffectKind as Stated
from conclint.cost.big_numbers import cost_of_factorial, cost_of_power
from conclint.cost.constant_values import Calculator, Numbers
from conclint.cost.cost import HEAVY, Cost, Unit, heaviest
from conclint.cost.trip_counts import TripCounter
from conclint.effects.catalog_calls import LAZY
from conclint.model.execution import Weight
from conclint.resolve.arguments import Arguments, Passed, StarItem, arguments_of
from conclint.resolve.calls import callables
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import (
    External,
    ExternalMethod,
    Function,
    Generator,
    Key,
    Value,
    ValueSet,
)
from conclint.summary import body_graph as graph

NUMERIC: Final = frozenset({"builtins.pow", "math.factorial"})
_LIGHT: Final = 100.0
"""Operations that a known call of light computing stands for."""
_STEP: Final = 0.5
"""Operations that an item of a collection takes which a builtin goes through."""
_BUILTIN = ("builtins.", "math.", "operator.")
_CONSUMING: Final = frozenset(
    {
        "builtins.list", "builtins.tuple", "builtins.set", "builtins.frozenset", "builtins.sum",
        "builtins.max", "builtins.min", "builtins.sorted", "builtins.dict", "collections.deque",
        "collections.Counter", "math.prod", "math.fsum",
    }
)  # fmt: skip
"""What goes through all of an argument before it returns."""


class _CostOfCandidate(Protocol):
    def __call__(self, value: Value, arguments: Arguments, each: bool) -> Cost: ...


class LibraryCosts:
    """Costs of calls of what is outside the program; `function` gives those of the program's functions, and
    `candidate` those of anything that may be called."""

    def __init__(
        self,
        evaluator: Evaluator,
        calculator: Calculator,
        trips: TripCounter,
        function: Callable[[Function, Numbers], Cost],
        candidate: _CostOfCandidate,
    ) -> None:
        self._evaluator = evaluator
        self._calculator = calculator
        self._trips = trips
        self._function = function
        self._of_candidate = candidate

    def arithmetic(self, name: str, key: Key, arguments: Arguments, numbers: Numbers) -> Cost:
        """The cost of arithmetic that a function does."""
        known = [
            self._calculator.number(passed[0], passed[1], numbers if passed[0] == key else {})
            for passed in arguments.positional
            if not isinstance(passed, (ValueSet, StarItem))
        ]
        if name == "builtins.pow":
            return Cost(cost_of_power(known[0], known[1]) if len(known) == 2 else 1.0)
        return Cost(cost_of_factorial(known[0]) if known else 1.0)

    def call(
        self,
        value: External | ExternalMethod,
        arguments: Arguments,
        hot: bool,
        numbers: Numbers | None = None,
    ) -> Cost:
        catalog = self._evaluator.catalog
        if isinstance(value, External):
            fact = catalog.function(value.dotted)
            cls = catalog.klass(value.dotted) if fact is None else None
            if cls is not None:
                fact = catalog.method(cls.name, "__init__")
                if fact is None:
                    return Cost(1.0)
            builtin = value.dotted.startswith(_BUILTIN)
        else:
            fact = catalog.method(value.dotted, value.name)
            builtin = value.dotted.startswith("builtins.")
        if fact is None:
            return Cost(1.0) if builtin else Cost(opaque=hot, foreign=True)
        unit = Unit(fact.name) if fact.weight is Weight.MODERATE else None
        if fact.effect is Stated.COMPUTES_NOGIL:
            return Cost(1.0, native=True, unit=unit)
        if fact.effect is Stated.COMPUTES_GIL:
            if fact.weight >= Weight.HEAVY:
                return Cost(HEAVY, known=fact.name)
            return Cost(_LIGHT, unit=unit)
        if fact.name == "functools.reduce" and len(arguments.positional) > 1:
            return self._reduced(arguments, numbers or {})
        if fact.iterates is not None and arguments.positional:
            known = numbers if fact.name in _CONSUMING else None
            return self._consumed(arguments.positional[0], known)
        if fact.effect is Stated.CALLS and fact.placing is not None and value != External("builtins.map"):
            return Cost(opaque=hot)
        return Cost(1.0)

    def _consumed(self, argument: Passed, numbers: Numbers | None) -> Cost:
        """What iterating an argument costs: a generator's body, or what `map` calls for each item. Without
        `numbers` it may not be gone through to its end."""
        length = None if numbers is None else self._length(argument, numbers)
        costs = [Cost(1.0 if length is None else max(length * _STEP, 1.0))]
        items = self._evaluator.passed(argument).values
        costs += [self._function(item.function, {}) for item in items if isinstance(item, Generator)]
        mapping = self.mapping(argument)
        if mapping is not None:
            costs.append(self._mapped(mapping, numbers))
        return heaviest(costs)

    def _length(self, argument: Passed, numbers: Numbers) -> float | None:
        """How many items an argument brings; `numbers` are those of the def whose code passes it."""
        if isinstance(argument, (ValueSet, StarItem)):
            return None
        key, value = argument
        return self._trips.length(key, value, numbers)

    def _reduced(self, arguments: Arguments, numbers: Numbers) -> Cost:
        """What `reduce(function, items)` costs."""
        called = callables(self._evaluator.passed(arguments.positional[0]))
        costs = [self._of_candidate(value, Arguments(spread=True), False) for value in called]
        if not costs:
            return Cost(opaque=True)
        return self._times(heaviest(costs), self._length(arguments.positional[1], numbers))

    def _times(self, one: Cost, length: float | None) -> Cost:
        if length is None:
            return one._replace(over_data=one.over_data + 1)
        return one._replace(operations=max(one.operations, 1.0) * length)

    def mapping(self, argument: Passed) -> Arguments | None:
        """The arguments of the `map` or `filter` that an argument is the result of."""
        if isinstance(argument, (ValueSet, StarItem)):
            return None
        key, value = argument
        site = graph.call(self._evaluator.body(key), value)
        if site is None:
            return None
        callee = self._evaluator.evaluate(key, site.callee)
        if site.args and any(isinstance(v, External) and v.dotted in LAZY for v in callee.values):
            return arguments_of(key, site.args)
        return None

    def _mapped(self, arguments: Arguments, numbers: Numbers | None) -> Cost:
        """What `map(function, items)` costs when it is consumed."""
        if not arguments.positional:
            return Cost(opaque=True)
        called = callables(self._evaluator.passed(arguments.positional[0]))
        costs = [self._of_candidate(value, arguments.drop(1), True) for value in called]
        if not costs:
            return Cost(opaque=True)
        lengths = (
            [self._length(item, numbers) for item in arguments.positional[1:]] if numbers is not None else []
        )
        return self._times(heaviest(costs), lengths[0] if lengths else None)
