"""What a function does each time it is called, so that a loop which calls it does it for each item."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Final

from conclint.cost.cost_model import CostModel
from conclint.effects.solver import EffectSolver
from conclint.resolve.calls import callable_name
from conclint.resolve.values import Function, Key
from conclint.rules.chains import Hop
from conclint.rules.structural.code import Call, Code
from conclint.summary.records import DefFlags, DefKind

_DEPTH: Final = 3


class Habit(Enum):
    """Something that is right once and wrong for each item."""

    WAITS_FOR_SUBMIT = "waits for a submit"
    JOINS_START = "joins what it starts"
    MAKES_POOL = "makes a pool"
    MAKES_ANY_POOL = "makes a pool, perhaps of threads"
    LEAVES_THREAD = "starts a thread and leaves it"
    RUNS_LOOP = "runs an event loop"
    STARTS_PROCESS = "starts a process"
    USES_INTERPRETER = "gives an interpreter something to do"


Detector = Callable[[Code], Iterator[tuple[int, str]]]
"""The sites of a def that do it, each with the name of what is called there."""


_ANY_TIME: Final = (Habit.STARTS_PROCESS, Habit.USES_INTERPRETER)
"""What is wrong the first time."""


class Habits:
    """The habits of functions, remembered; and what calls cost. Only what every call does counts: nothing
    under a condition, in a coroutine or in a generator; nor in a loop, but for what is wrong once."""

    def __init__(self, engine: EffectSolver, costs: CostModel, detectors: dict[Habit, Detector]) -> None:
        self.costs = costs
        self._engine = engine
        self._detectors = detectors
        self._memo: dict[tuple[Habit, Key], tuple[Hop, ...]] = {}

    def chain(self, habit: Habit, call: Call, depth: int = 0) -> tuple[Hop, ...]:
        """The way from the one function that a call calls to the site that does it; empty if none does."""
        if len(call.inside) != 1 or call.names or call.incomplete:
            return ()
        (target,) = call.inside
        if not isinstance(target, Function) or depth >= _DEPTH:
            return ()
        slot = (habit, target.key)
        if slot not in self._memo:
            self._memo[slot] = ()  # for a recursion
            self._memo[slot] = self._of(habit, Code(self._engine, target.key), depth)
        return self._memo[slot]

    def _of(self, habit: Habit, code: Code, depth: int) -> tuple[Hop, ...]:
        if code.definition.kind != DefKind.FUNCTION or code.definition.flags & DefFlags.GENERATOR:
            return ()
        for site, name in self._detectors[habit](code):
            if self.is_each_time(habit, code, site):
                return (Hop(code.key, site, name),)
        for call in code.calls.values():
            if call.inside and self.is_each_time(habit, code, call.site):
                rest = self.chain(habit, call, depth + 1)
                if rest:
                    return (Hop(code.key, call.site, callable_name(code.evaluator, call.inside[0])), *rest)
        return ()

    def is_each_time(self, habit: Habit, code: Code, site: int) -> bool:
        """Whether every call of a def comes to a site once."""
        region = code.body.sites[site].region
        if code.loop_of(region) >= 0 and habit not in _ANY_TIME:
            return False
        return not self._engine.hedges.conditions(code.key, region)
