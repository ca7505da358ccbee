"""Waits for an event that is set by then: what was called before, and has ended, always sets it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import (
    Class,
    External,
    ExternalMethod,
    Function,
    Instance,
    Key,
    Value,
)
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, DefFlags, DefKind, Op, RegionKind, Site, SiteKind, StoreKind, Use

EVENT_WAITS: Final = frozenset({"threading.Event.wait", "multiprocessing.synchronize.Event.wait"})
_RUNNING: Final = frozenset({"asyncio.to_thread", "anyio.to_thread.run_sync", "trio.to_thread.run_sync"})
"""What runs its first argument to the end, once it is awaited."""
_IN_POOL: Final = "run_in_executor"
_ALWAYS: Final = (RegionKind.WITH, RegionKind.FINALLY, RegionKind.AFTER)
"""Regions that a def which returns nowhere else comes to, unless it fails."""
_MOST: Final = 40
"""Functions that are looked into."""


class _Event(NamedTuple):
    """How functions know an event: as an attribute of objects of these classes, or as a variable of a def."""

    name: str
    classes: frozenset[Class] = frozenset()
    owner: Key | None = None


def is_set_by_then(evaluator: Evaluator, key: Key, number: int) -> bool:
    """Whether a site that waits for an event comes after a call that always sets it."""
    body = evaluator.body(key)
    site = body.sites[number]
    event = graph.bare(body, graph.receiver(body, site)) if site.kind == SiteKind.CALL else -1
    if event < 0:
        return False
    known = _known_as(evaluator, key, body, event)
    if known is None:
        return False
    setters = _Setters(evaluator, known)
    found = False
    for other in body.sites[:number]:
        if other.kind != SiteKind.CALL or not graph.is_inside(body, site.region, other.region):
            continue
        if graph.loop_of(body, site.region) != graph.loop_of(body, other.region):
            continue  # it may be cleared between two rounds
        callee = graph.node(body, other.callee)
        if callee[0] == Op.ATTR and graph.bare(body, graph.base(callee)) == event:
            found = callee[2] == "set" or (found and callee[2] != "clear")
        elif _is_of_same(body, other, event, known) and setters.are_called(key, body, other):
            found = True
    return found


def _known_as(evaluator: Evaluator, key: Key, body: Body, event: int) -> _Event | None:
    node = graph.node(body, event)
    if node[0] == Op.ATTR:
        objects = evaluator.evaluate(key, graph.base(node)).values
        classes = frozenset(item.cls for item in objects if isinstance(item, Instance))
        return _Event(str(node[2]), classes) if classes else None
    kept = [store for store in body.stores if store.value == event and store.kind == StoreKind.LOCAL]
    return _Event(str(kept[0].name), owner=key) if node[0] == Op.CALL and kept else None


def _is_of_same(body: Body, site: Site, event: int, known: _Event) -> bool:
    """Whether a call is, or has a method run, of an object that leads to the event, or of what sees a
    variable."""
    if known.owner is not None or any(graph.node(body, given)[0] == Op.DEF for _, given in site.args):
        return True
    leading = graph.made_from(body, [event])
    called = (site.callee, *(given for _, given in site.args))
    return any(graph.base(graph.node(body, value)) in leading for value in called)


class _Setters:
    """Which functions always set an event; found out once for each, and for not too many."""

    def __init__(self, evaluator: Evaluator, event: _Event) -> None:
        self._evaluator = evaluator
        self._event = event
        self._known: dict[Key, bool] = {}

    def are_called(self, key: Key, body: Body, site: Site) -> bool:
        """Whether a site sees the end of functions that all set the event."""
        callee = graph.node(body, site.callee)
        if callee[0] == Op.ATTR and callee[2] == "set" and not site.args:
            return self._is_event(key, body, graph.base(callee))
        run = list(self._run_by(key, body, site))
        return bool(run) and all(
            isinstance(item, Function) and self._is_setter(item.key, is_awaited=bool(site.use & Use.AWAITED))
            for item in run
        )

    def _is_event(self, key: Key, body: Body, value: int) -> bool:
        node, event = graph.node(body, value), self._event
        if event.owner is not None:
            is_inner = node[0] == Op.FREE and node[2] == event.name
            return is_inner and self._evaluator.module(key[0]).at(node[1]) == event.owner
        if node[0] != Op.ATTR or node[2] != event.name or graph.node(body, graph.base(node)) != (Op.PARAM, 0):
            return False
        own = self._evaluator.enclosing_class(key)
        ancestry = self._evaluator.classes.ancestry
        return own is not None and all(own in ancestry(cls).classes for cls in event.classes)

    def _run_by(self, key: Key, body: Body, site: Site) -> Iterator[Value | None]:
        """What a call runs to its end; None for what is not known."""
        called = self._evaluator.evaluate(key, site.callee)
        for value in called.values:
            handed = self._handed(body, site, value)
            if handed < 0:
                yield value
            elif site.use & Use.AWAITED:
                given = self._evaluator.evaluate(key, handed)
                yield from given.values
                if given.incomplete:
                    yield None
        if called.incomplete:
            yield None

    def _handed(self, body: Body, site: Site, called: Value) -> int:
        """The argument that a call has a thread run; -1 for none."""
        if isinstance(called, External) and self._evaluator.catalog.canonical(called.dotted) in _RUNNING:
            return site.args[0][1] if site.args else -1
        is_pool = isinstance(called, ExternalMethod) and called.name == _IN_POOL
        return site.args[1][1] if is_pool and len(site.args) > 1 else -1

    def _is_setter(self, key: Key, *, is_awaited: bool) -> bool:
        """Whether a function sets the event whenever it comes to its end."""
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _MOST:
                return False
            self._known[key] = False  # one that calls itself does not by that
            known = self._known[key] = self._always_sets(key)
        is_coroutine = self._evaluator.definition(key).kind == DefKind.ASYNC_FUNCTION
        return known and (is_awaited or not is_coroutine)

    def _always_sets(self, key: Key) -> bool:
        if self._evaluator.definition(key).flags & DefFlags.GENERATOR:
            return False
        body = self._evaluator.body(key)
        return any(
            site.kind == SiteKind.CALL
            and _is_always_reached(body, site.region)
            and self.are_called(key, body, site)
            for site in body.sites
        )


def _is_always_reached(body: Body, region: int) -> bool:
    """Whether a def comes to a region unless it fails."""
    return all(graph.is_inside(body, returned, region) for _, returned in body.returns) and all(
        _is_passed(body, number) for number in graph.around(body, region)
    )


def _is_passed(body: Body, number: int) -> bool:
    region = body.regions[number]
    if region.kind == RegionKind.TRY:  # of a failure that is handled nobody hears
        return all(item.kind != RegionKind.EXCEPT or item.extra != number for item in body.regions)
    if region.kind == RegionKind.AFTER_TRY:
        return body.regions[region.extra].kind == RegionKind.TRY
    return region.kind in _ALWAYS
