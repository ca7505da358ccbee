"""Suspension: whether a coroutine ever lets the event loop run while it runs."""

from __future__ import annotations

from typing import Final

from conclint.effects.solver import EffectSolver
from conclint.resolve.external_facts import may_be_one_of
from conclint.resolve.values import External, Function, Instance, Key
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, DefFlags, DefKind, LoopFlags, Op, Site, SiteKind, Use

DRIVING: Final = frozenset(
    {"twisted.internet.defer.inlineCallbacks", "tornado.gen.coroutine", "tornado.gen.engine"}
)
"""Decorators of generators that run on the loop and wait for the Deferred or Future that they yield."""
_DONE_ALREADY: Final = frozenset({"twisted.internet.defer.succeed"})


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
        if self.is_driven(key):
            for value, place in body.yields:
                if self._is_waited_for(key, body, value):
                    found.update(graph.loops_around(body, place))
        return frozenset(found)

    def is_driven(self, key: Key) -> bool:
        """Whether a def is a generator that a loop's library goes on with once what it yields is there."""
        evaluator = self._engine.evaluator
        definition = evaluator.definition(key)
        if definition.kind != DefKind.FUNCTION or not definition.flags & DefFlags.GENERATOR:
            return False
        scope = evaluator.scope(key)
        return any(may_be_one_of(evaluator, scope, item, DRIVING) for item in definition.decorators)

    def _is_waited_for(self, key: Key, body: Body, value: int) -> bool:
        """Whether what is yielded may have to be waited for: a constant is not."""
        if value < 0 or body.values[value][0] == Op.CONST:
            return False
        made = graph.call(body, value)
        evaluator = self._engine.evaluator
        called = evaluator.evaluate(key, made.callee).values if made is not None else ()
        return not called or not all(
            isinstance(item, External) and evaluator.catalog.canonical(item.dotted) in _DONE_ALREADY
            for item in called
        )

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
            is_declared = bool(definition.flags & DefFlags.STUB)  # what overrides it may do anything
            if definition.kind != DefKind.ASYNC_FUNCTION or is_declared or self.suspends(value.key):
                return True
        return False
