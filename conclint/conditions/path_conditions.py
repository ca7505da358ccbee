"""Conditions around a site: why a call of its function may not come to it."""

from __future__ import annotations

from conclint.conditions.argument_conditions import ParameterTests, reads_parameter, selects
from conclint.conditions.cold_paths import FIRST_TIMES, RARE, Rarity
from conclint.conditions.stated_conditions import ArgumentCondition
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Key
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, RegionKind

__all__ = ["FIRST_TIMES", "LEFT_OPEN", "RARE", "Hedges"]

_DECIDED = (*graph.TESTS, *graph.LOOPS, RegionKind.CASE)
"""Regions to which a call comes or not by its arguments."""
_SOME_ARGUMENTS = "does it for some arguments only"
_FEW_ARGUMENTS = "does it for few of its arguments"
LEFT_OPEN = (_SOME_ARGUMENTS, _FEW_ARGUMENTS)
"""What says that it is up to the arguments of a call, which nobody knows."""


class Hedges:
    """What the conditions around a region of a def mean to its callers."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._tests = ParameterTests(evaluator)
        self._rarity = Rarity(evaluator)
        self._conditions: dict[tuple[Key, int], int] = {}
        self._found: dict[tuple[Key, int, bool], tuple[str, ...]] = {}
        self._dependences: dict[tuple[Key, int], ArgumentCondition | None] = {}

    def rarity(self, key: Key, region: int) -> tuple[str, ...]:
        """Why code seldom comes to a region, by its own test or handler: a hedge for each reason."""
        return self._rarity.of(key, self._evaluator.body(key), region)

    def conditions(self, key: Key, region: int) -> int:
        """How many `if`s and `except`s the region stands under, without those that are a hedge already."""
        known = self._conditions.get((key, region))
        if known is not None:
            return known
        body = self._evaluator.body(key)
        path: list[int] = []
        count = 0
        for outer in graph.around(body, region):
            counted = self._conditions.get((key, outer))
            if counted is not None:
                count = counted
                break
            path.append(outer)
        for number in reversed(path):
            is_condition = body.regions[number].kind in graph.CONDITIONAL
            count += is_condition and not self._rarity.of(key, body, number)
            self._conditions[key, number] = count
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
        first = 1 if self._evaluator.enclosing_class(key) is not None else 0
        settled = self._tests.dependent_region(key, body, region) if ask_arguments else None
        hedges: dict[str, None] = {}
        chosen = 0
        for outer in graph.around(body, region):
            item = body.regions[outer]
            rare = self._rarity.of(key, body, outer)
            if rare:
                hedges.update(dict.fromkeys(rare))
            elif (
                ask_arguments
                and item.kind in (RegionKind.IF, RegionKind.CASE)
                and outer != settled
                and reads_parameter(body, item.value, first)
            ):
                hedges[_SOME_ARGUMENTS] = None
                chosen += item.kind == RegionKind.CASE or selects(body, item.value, bool(item.extra))
        if chosen > 1:
            hedges[_FEW_ARGUMENTS] = None
        return tuple(hedges)

    def dependence(self, key: Key, region: int) -> ArgumentCondition | None:
        """The tests of parameters that the region stands under, and that a caller can decide."""
        slot = (key, region)
        if slot not in self._dependences:
            self._dependences[slot] = self._depends(key, region)
        return self._dependences[slot]

    def _depends(self, key: Key, region: int) -> ArgumentCondition | None:
        body = self._evaluator.body(key)
        asked = self._tests.dependent_region(key, body, region)
        first = 1 if self._evaluator.enclosing_class(key) is not None else 0
        decided = [
            outer
            for outer in graph.around(body, region)
            if body.regions[outer].kind in _DECIDED
            and reads_parameter(body, body.regions[outer].value, first)
        ]
        is_simple = asked is not None and not _has_parts(body, body.regions[asked].value)
        if not decided or (decided == [asked] and is_simple):
            return self._tests.dependence(key, region)
        return ArgumentCondition.of_region(key, decided[0])


def _has_parts(body: Body, test: int) -> bool:
    """Whether a test asks several things."""
    node = graph.node(body, test)
    while (inner := graph.negated(node)) >= 0:
        node = graph.node(body, inner)
    return node[0] == Op.BOOL
