"""Values that are the identity of the running thread, in the ways people ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from conclint.resolve.evaluate import Evaluator
from conclint.resolve.external_facts import may_be_one_of
from conclint.resolve.values import Function, Instance, Key, Value
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, DefKind, Op, Site

_THREAD_IDENTITY: Final = frozenset(
    {"threading.get_ident", "threading.get_native_id", "threading.current_thread", "_thread.get_ident"}
)
_PARTS: Final = frozenset({"ident", "name", "native_id"})
"""Attributes of a thread that stand for it."""
_MAX_DEPTH: Final = 4
_MAX_SITES: Final = 6


class ThreadIdentities:
    """Which values are asked of the running thread where they are used: a kept one is another thread's."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    def is_asked(self, key: Key, site: Site) -> bool:
        """Whether a call gives the running thread, or its identity."""
        return may_be_one_of(self._evaluator, key, site.callee, _THREAD_IDENTITY)

    def is_among(self, key: Key, body: Body, *sides: int) -> bool:
        """Whether one side of a comparison is the identity, or holds it (`owner in (get_ident(), None)`)."""
        for side in sides:
            node = graph.node(body, side)
            parts = graph.parts(node) if node[0] in (Op.TUPLE, Op.LIST, Op.SET) else (side,)
            if any(self._is_identity(key, body, part, 0) for part in parts):
                return True
        return False

    def _is_identity(self, key: Key, body: Body, value: int, depth: int) -> bool:
        value = graph.bare(body, value)
        node = graph.node(body, value)
        if depth > _MAX_DEPTH:
            return False
        if node[0] == Op.PHI:  # `thread.ident if thread else None`
            asked = [item for item in graph.parts(node) if graph.node(body, item) != (Op.CONST, None)]
            return len(asked) == 1 and self._is_identity(key, body, asked[0], depth + 1)
        site = graph.call(body, value)
        if site is not None:
            return self.is_asked(key, site) or self._give_identity(
                self._evaluator.evaluate(key, site.callee).values, depth
            )
        if node[0] != Op.ATTR:
            return False
        if node[2] in _PARTS and self._is_identity(key, body, graph.base(node), depth + 1):
            return True
        getters: list[Value] = []
        for base in self._evaluator.evaluate(key, graph.base(node)).values:
            if isinstance(base, Instance):
                getters += self._evaluator.classes.property_of(base.cls, str(node[2]), base)
        return self._give_identity(getters, depth)

    def _give_identity(self, targets: Sequence[Value], depth: int) -> bool:
        """Whether functions of the program all return the identity of the thread that runs them."""
        return bool(targets) and all(
            isinstance(target, Function) and self._returns_identity(target.key, depth) for target in targets
        )

    def _returns_identity(self, key: Key, depth: int) -> bool:
        body = self._evaluator.body(key)
        is_short = self._evaluator.definition(key).kind == DefKind.FUNCTION and len(body.sites) <= _MAX_SITES
        return (
            is_short
            and bool(body.returns)
            and all(self._is_identity(key, body, value, depth + 1) for value, _ in body.returns)
        )
