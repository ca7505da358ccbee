"""Branches that call something themselves where the other branch hands the same to a thread.

`if self._pool is None: return work()`, and `await loop.run_in_executor(self._pool, work)` otherwise: a
program that cares for its loop so much does not take the first way while others wait.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, TypeAlias

from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Function, Key
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, Site, SiteKind

Word: TypeAlias = tuple[object, ...]
"""What a callable is known by: a function of the program, a parameter, an attribute of the receiver."""

_HANDING: Final = re.compile(
    r"\w*(?:threads?|executor|threadpool|thread_pool)(?:_\w+)?|to_thread|run_sync|submit|apply_async|put|put_nowait",
    re.IGNORECASE,
)
_MAKING: Final = re.compile(r"get_\w*|new_\w*|make_\w*|current_\w*|\w*Executor|Thread(?:Pool)?")
_DEPTH: Final = 3


class HandedOver:
    """Whether the other branch of a test hands to a thread what a region calls itself."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._handed: dict[tuple[Key, int], frozenset[Word]] = {}

    def elsewhere(self, key: Key, body: Body, region: int) -> bool:
        """Whether the region calls what is handed on where its test comes out otherwise."""
        others = _opposite(body, region)
        handed = frozenset().union(*[self._in(key, body, other) for other in others])
        return bool(handed) and any(
            word in handed
            for site in body.sites
            if site.kind == SiteKind.CALL and graph.is_inside(body, site.region, region)
            for word in self._words(key, body, site.callee, 0)
        )

    def _in(self, key: Key, body: Body, region: int) -> frozenset[Word]:
        """What the calls in a region hand to threads."""
        slot = (key, region)
        found = self._handed.get(slot)
        if found is None:
            found = self._handed[slot] = frozenset(
                word
                for site in body.sites
                if graph.is_inside(body, site.region, region) and _hands_over(body, site)
                for _, value in site.args
                for word in self._words(key, body, value, 0)
            )
        return found

    def _words(self, key: Key, body: Body, value: int, depth: int) -> Iterator[Word]:
        """What a value, or a part of it, is known by; of a function made here, what that calls."""
        node = graph.node(body, value)
        if depth > _DEPTH:
            return
        if node[0] == Op.PARAM:
            yield ("parameter", self._evaluator.definition(key).params[graph.number(node)].name)
        elif node[0] == Op.FREE:
            yield ("parameter", node[2])
        elif node[0] == Op.ATTR and graph.node(body, graph.base(node)) == (Op.PARAM, 0):
            yield ("attribute", node[2])
        elif node[0] in (Op.TUPLE, Op.LIST):
            for part in graph.parts(node):
                yield from self._words(key, body, part, depth + 1)
        elif (site := graph.call(body, value)) is not None:
            for _, given in site.args:
                yield from self._words(key, body, given, depth + 1)
            return
        if node[0] in (Op.DEF, Op.GLOBAL, Op.IMPORT, Op.ATTR):
            for found in self._evaluator.evaluate(key, value).values:
                if isinstance(found, Function):
                    yield ("function", found.key)
                    if node[0] == Op.DEF:
                        yield from self._called_by(found.key, depth)

    def _called_by(self, key: Key, depth: int) -> Iterator[Word]:
        body = self._evaluator.body(key)
        for site in body.sites:
            if site.kind == SiteKind.CALL:
                yield from self._words(key, body, site.callee, depth + 1)


def _hands_over(body: Body, site: Site) -> bool:
    """Whether a call hands what it is given to a thread, or to what waits for work, by its name."""
    callee = graph.node(body, site.callee)
    if site.kind != SiteKind.CALL or callee[0] not in (Op.ATTR, Op.GLOBAL):
        return False
    name = str(callee[-1])
    return _HANDING.fullmatch(name) is not None and _MAKING.fullmatch(name) is None


def _opposite(body: Body, region: int) -> Iterator[int]:
    """The regions to which one comes where the test of a region comes out otherwise."""
    item = body.regions[region]
    for number, other in enumerate(body.regions):
        is_same = other.kind in graph.TESTS and (other.parent, other.value) == (item.parent, item.value)
        if is_same and other.extra != item.extra:
            yield number
