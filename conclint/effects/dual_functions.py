"""Functions that return an awaitable on the event loop and block elsewhere: where the result of a call is
awaited, the way through the function was one that gives an awaitable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from conclint.catalog.facts import EffectKind as Stated
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.external_facts import external_fact
from conclint.resolve.values import (
    Awaitable,
    Container,
    Display,
    External,
    ExternalInstance,
    Function,
    Key,
    Literal,
    Value,
)
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, DefFlags, DefKind, Op, RegionKind, Site, SiteKind

_AWAITING: Final = frozenset(
    {
        "asyncio.gather", "asyncio.create_task", "asyncio.ensure_future", "asyncio.wait_for",
        "asyncio.shield", "asyncio.run_coroutine_threadsafe", "asyncio.as_completed", "asyncio.wait",
    }
)  # fmt: skip
"""What is given awaitables."""
_BUILTIN: Final = "builtins."
_MAX_DEPTH: Final = 4


class AwaitedResults:
    """Knows which calls of a function are made for an awaitable. What uses a function's values is put
    together once for all of its calls, of which generated code has ten thousands."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._last: tuple[Key, dict[int, list[int]], frozenset[int], dict[int, list[Site]]] | None = None

    def wants(self, key: Key, number: int) -> bool:
        """Whether the result of the call at a site is awaited, if not there then by name, or handed to what
        awaits it."""
        made, awaited, users = self._uses(key)
        values = made.get(number, ())
        if not awaited.isdisjoint(values):
            return True
        for site in (site for value in values for site in users.get(value, ())):
            callee = self._evaluator.evaluate(key, site.callee).values
            if any(isinstance(value, External) and value.dotted in _AWAITING for value in callee):
                return True
        return False

    def _uses(self, key: Key) -> tuple[dict[int, list[int]], frozenset[int], dict[int, list[Site]]]:
        """The values that are the results of each call, those that are awaited, and the calls that are given
        each."""
        if self._last is None or self._last[0] != key:
            body = self._evaluator.body(key)
            made: dict[int, list[int]] = {}
            for index, node in enumerate(body.values):
                if (call := graph.called_site(node)) >= 0:
                    made.setdefault(call, []).append(index)
            awaited = frozenset(graph.operand(node) for node in body.values if node[0] == Op.AWAIT)
            users: dict[int, list[Site]] = {}
            for site in body.sites:
                if site.kind == SiteKind.CALL:
                    for _, value in site.args:
                        users.setdefault(value, []).append(site)
            self._last = key, made, awaited, users
        return self._last[1:]


def returns_result(body: Body, number: int) -> bool:
    """Whether a def returns what the call at a site gives."""
    return number >= 0 and any(
        graph.called_site(graph.node(body, value)) == number for value, _ in body.returns
    )


def is_only_result(body: Body, number: int) -> bool:
    """Whether all that a def returns is what the call at a site gives: where that is awaited, the call is of
    something else than it is taken for."""
    return (
        number >= 0
        and bool(body.returns)
        and all(graph.called_site(graph.node(body, value)) == number for value, _ in body.returns)
    )


class DualFunctions:
    """Knows which sites of a function are on no way to an awaitable; remembered."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._found: dict[tuple[Key, int], bool] = {}

    def is_aside(self, key: Key, number: int) -> bool:
        """Whether every way on from a site of a plain function ends in a result that is no awaitable, while
        another way through the function may give one."""
        if number < 0:
            return False
        slot = (key, number)
        found = self._found.get(slot)
        if found is None:
            found = self._found[slot] = self._look(key, number)
        return found

    def is_aside_with(self, key: Key, number: int, called: Sequence[Value]) -> bool:
        """The same of a site that calls a parameter, which is bound to these."""
        if number < 0 or not called or not returns_result(self._evaluator.body(key), number):
            return False
        return all(self._gives_outcome(value, 0) for value in called) and self._look(key, number, number)

    def _look(self, key: Key, number: int, settled: int = -1) -> bool:
        """`settled`: a site whose result is known to be no awaitable."""
        definition = self._evaluator.definition(key)
        if definition.kind != DefKind.FUNCTION or definition.flags & DefFlags.GENERATOR:
            return False
        body = self._evaluator.body(key)
        if len(body.returns) < 2:
            return False
        reached = set(_returns_after(body, body.sites[number].region))
        if not reached or not all(
            self._is_plain(key, value, 0) or (0 <= settled == graph.called_site(graph.node(body, value)))
            for value, _ in reached
        ):
            return False
        return any(not self._is_plain(key, value, 0) for value, _ in {*body.returns} - reached)

    def _is_plain(self, key: Key, value: int, depth: int) -> bool:
        """Whether a value is known to be no awaitable: by its type, or since a call has waited for it."""
        if depth > _MAX_DEPTH:
            return False
        body = self._evaluator.body(key)
        node = graph.node(body, value)
        if node[0] == Op.PHI:
            return all(self._is_plain(key, item, depth + 1) for item in graph.parts(node))
        if node[0] == Op.AWAIT:
            return True
        site = graph.call(body, value)
        if site is not None and self._has_waited(key, site, depth):
            return True
        found = self._evaluator.evaluate(key, value) if value >= 0 else None
        if found is None or found.incomplete or not found.values:
            return False
        return all(_is_no_awaitable(item) for item in found.values)

    def _has_waited(self, key: Key, site: Site, depth: int) -> bool:
        called = self._evaluator.evaluate(key, site.callee)
        return bool(called.values) and all(self._gives_outcome(value, depth) for value in called.values)

    def _gives_outcome(self, callee: Value, depth: int) -> bool:
        """Whether what a call gives is what it waited for."""
        if isinstance(callee, Function):
            definition = self._evaluator.definition(callee.key)
            if definition.kind != DefKind.FUNCTION or definition.flags & DefFlags.GENERATOR:
                return False
            if definition.flags & DefFlags.STUB:
                return False
            returns = self._evaluator.body(callee.key).returns
            return all(self._is_plain(callee.key, value, depth + 1) for value, _ in returns)
        fact = external_fact(self._evaluator, callee)
        if fact is None or fact.coroutine or (fact.returns or "").startswith("await "):
            return False
        return fact.effect is Stated.WAITS or fact.entry is not None


def _is_no_awaitable(item: Value) -> bool:
    if isinstance(item, (Literal, Display, Container)):
        return True
    return (
        isinstance(item, ExternalInstance)
        and item.dotted.startswith(_BUILTIN)
        and item.dotted != "builtins.object"
        and not isinstance(item, Awaitable)
    )


def _returns_after(body: Body, region: int) -> Iterator[tuple[int, int]]:
    """The returns that code in a region may come to: those in it, else in the nearest block around it."""
    inner = region
    while True:
        found = [
            item
            for item in body.returns
            if graph.is_inside(body, item[1], region) and not _excludes(body, inner, item[1])
        ]
        if found or region <= 0:
            yield from found
            return
        inner, region = region, body.regions[region].parent


def _excludes(body: Body, region: int, other: int) -> bool:
    """Whether the region is one branch of an `if`, and the other one lies in the opposite branch."""
    item = body.regions[region]
    if item.kind not in (RegionKind.IF, RegionKind.AFTER):
        return False
    return any(
        body.regions[outer].kind in (RegionKind.IF, RegionKind.AFTER)
        and body.regions[outer].value == item.value
        and body.regions[outer].parent == item.parent
        and body.regions[outer].extra != item.extra
        for outer in graph.around(body, other)
    )
