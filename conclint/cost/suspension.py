"""Suspension: whether a coroutine ever lets the event loop run while it runs."""

from __future__ import annotations

from conclint.effects.solver import EffectSolver
from conclint.resolve.values import Function, Instance, Key
from conclint.summary import body_graph as graph
from conclint.summary.records import DefFlags, DefKind, LoopFlags, Site, SiteKind, Use


class Suspension:
    """Which coroutines suspend, and which of their loops do; remembered."""

    def __init__(self, engine: EffectSolver) -> None:
        self._engine = engine
        self._memo: dict[Key, bool] = {}
        self._active: set[Key] = set()

    def suspends(self, key: Key) -> bool:
        """Whether a def awaits anything that may hand control to the loop. Awaiting a coroutine of
        the program that never does is no such thing."""
        found = self._memo.get(key)
        if found is None:
            if key in self._active:
                return False
            self._active.add(key)
            try:
                definition = self._engine.evaluator.definition(key)
                found = bool(definition.flags & DefFlags.GENERATOR) or any(
                    self._hands_over(key, number, site)
                    for number, site in enumerate(self._engine.evaluator.body(key).sites)
                )
            finally:
                self._active.discard(key)
            if self._engine.is_settled and (not self._active or found):
                self._memo[key] = found
        return found

    def loops(self, key: Key) -> frozenset[int]:
        """The loop regions of a def in which it suspends: the event loop runs between their iterations."""
        body = self._engine.evaluator.body(key)
        found: set[int] = set()
        for number, site in enumerate(body.sites):
            if self._hands_over(key, number, site):
                found.update(graph.loops_around(body, site.region))
        for number, region in enumerate(body.regions):
            if region.kind in graph.LOOPS and region.extra & LoopFlags.ASYNC:
                found.add(number)
        return frozenset(found)

    def _hands_over(self, key: Key, number: int, site: Site) -> bool:
        if site.use & Use.ASYNC or site.kind == SiteKind.AWAIT:
            return True
        if not site.use & Use.AWAITED:
            return False
        callee = self._engine.evaluator.evaluate(key, site.callee)
        if callee.incomplete or not callee.values:
            return True
        for value in callee.values:
            if isinstance(value, Instance) or not isinstance(value, Function):
                return True
            definition = self._engine.evaluator.definition(value.key)
            if definition.kind != DefKind.ASYNC_FUNCTION or self.suspends(value.key):
                return True
        return False
