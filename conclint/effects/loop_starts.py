"""Events by which a thread says that its loop is about to run: set as soon as the thread has started, so that
a wait for one is as short as `Thread.start()`, and none on that loop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from conclint.catalog.facts import EffectKind as Stated
from conclint.effects.attribute_owners import may_be_of
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.external_facts import external_fact, may_be_one_of
from conclint.resolve.values import Class, External, ExternalMethod, Function, Instance, Key
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, DefKind, Op, RegionKind, SiteKind, StoreKind

_THREADS: Final = frozenset({"threading.Thread"})
_SOON: Final = frozenset({"call_soon", "call_soon_threadsafe"})
"""What the loop does first of all."""
_TAKING_TIME: Final = (Stated.WAITS, Stated.COMPUTES_GIL, Stated.COMPUTES_NOGIL, Stated.CALLS)
_SURE: Final = (RegionKind.WITH, RegionKind.TRY, RegionKind.FINALLY)
_MAX_DEPTH: Final = 2


class _Event(NamedTuple):
    """How functions know an event: as an attribute of objects of a class, or as a variable of a def."""

    name: str
    cls: Class | None = None
    owner: Key | None = None


class LoopStarts:
    """Knows the waits for such events; remembered, as an event is asked for at many places."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._found: dict[_Event, bool] = {}

    def are_waited_for(self, key: Key, number: int) -> bool:
        """Whether a site waits for nothing but the start of a thread that runs a loop."""
        body = self._evaluator.body(key)
        site = body.sites[number]
        event = graph.bare(body, graph.receiver(body, site)) if site.kind == SiteKind.CALL else -1
        known = [*self._known_as(key, body, event)] if event >= 0 else []
        return bool(known) and all(item is not None and self._is_of_start(item) for item in known)

    def _known_as(self, key: Key, body: Body, event: int) -> Iterator[_Event | None]:
        node = graph.node(body, event)
        if node[0] == Op.ATTR:
            for item in self._evaluator.evaluate(key, graph.base(node)).values:
                yield _Event(str(node[2]), cls=item.cls) if isinstance(item, Instance) else None
        for store in body.stores:
            if store.value == event and store.kind == StoreKind.LOCAL and node[0] == Op.CALL:
                yield _Event(str(store.name), owner=key)

    def _is_of_start(self, event: _Event) -> bool:
        found = self._found.get(event)
        if found is None:
            found = self._found[event] = self._look(event)
        return found

    def _look(self, event: _Event) -> bool:
        """Whether everybody who sets an event does so at the start of a thread that runs a loop."""
        setters: list[tuple[Key, int]] = []
        for path in self._paths(event):
            module = self._evaluator.module(path)
            for key in module.keys:
                body = module.body(key)
                if event.cls is not None and not self._makes_own(event, key, body):
                    return False
                for value in self._mentions(event, key, body):
                    found = _sets(body, value)
                    if found is None:
                        return False
                    setters += [(key, number) for number in found]
        return bool(setters) and all(self._is_at_start(key, number) for key, number in setters)

    def _makes_own(self, event: _Event, key: Key, body: Body) -> bool:
        """Whether a def keeps under the event's name only what it makes, which nobody else knows yet."""
        return all(
            graph.call(body, graph.bare(body, store.value)) is not None
            for store in body.stores
            if store.kind == StoreKind.ATTR and store.name == event.name
        )

    def _paths(self, event: _Event) -> dict[str, None]:
        if event.cls is None:
            return {event.owner[0]: None} if event.owner is not None else {}
        ancestry = self._evaluator.classes.ancestry(event.cls)
        return dict.fromkeys(item.key[0] for item in ancestry.classes if isinstance(item, Class))

    def _mentions(self, event: _Event, key: Key, body: Body) -> Iterator[int]:
        """The values of a def that may be the event."""
        if event.cls is not None:
            for value, node in enumerate(body.values):
                if node[0] == Op.ATTR and node[2] == event.name:
                    is_own = graph.node(body, graph.base(node)) == (Op.PARAM, 0)
                    if not is_own or may_be_of(self._evaluator, key, event.cls):
                        yield value
        elif key == event.owner:
            yield from {store.value for store in body.stores if store.name == event.name}
        else:
            for value, node in enumerate(body.values):
                is_free = node[0] == Op.FREE and node[2] == event.name
                if is_free and self._evaluator.module(key[0]).at(node[1]) == event.owner:
                    yield value

    # -- where it is set ------------------------------------------------------------------------

    def _is_at_start(self, key: Key, number: int) -> bool:
        """Whether a thread, or the coroutine with which its loop begins, comes to a site as soon as it
        starts, and goes on to run the loop."""
        if not self._is_reached_at_once(key, number):
            return False
        kind = self._evaluator.definition(key).kind
        if kind == DefKind.ASYNC_FUNCTION:
            return self._begins_loop(key)
        body = self._evaluator.body(key)
        region = body.sites[number].region
        return (
            kind == DefKind.FUNCTION
            and any(
                graph.is_inside(body, site.region, region) and self._runs_loop(key, site.callee, 0)
                for site in body.sites[number + 1 :]
                if site.kind == SiteKind.CALL
            )
            and self._is_run_by_thread(key)
        )

    def _is_reached_at_once(self, key: Key, number: int) -> bool:
        """Whether a def comes to a site always, and does nothing before that takes time."""
        body = self._evaluator.body(key)
        if any(
            body.regions[around].kind not in _SURE for around in graph.around(body, body.sites[number].region)
        ):
            return False
        for site in body.sites[:number]:
            if graph.pauses(site) or site.kind == SiteKind.ITERATE:
                return False
            if site.kind not in (SiteKind.CALL, SiteKind.ENTER):
                continue
            entered = graph.call(body, site.callee) if site.kind == SiteKind.ENTER else site
            called = self._evaluator.evaluate(key, entered.callee).values if entered is not None else ()
            if not called or not all(self._takes_no_time(value) for value in called):
                return False  # of what is entered: how that is made
        return True

    def _takes_no_time(self, called: object) -> bool:
        if isinstance(called, (External, ExternalMethod)):
            fact = external_fact(self._evaluator, called)
            return fact is None or (fact.effect not in _TAKING_TIME and not fact.runs_loop)
        return not isinstance(called, (Function, Class))

    def _begins_loop(self, coroutine: Key) -> bool:
        """Whether a coroutine is only given to what runs a loop, as soon as a thread starts."""
        module = self._evaluator.module(coroutine[0])
        name = module.definition(coroutine).name
        found = False
        for key in module.keys:
            body = module.body(key)
            named = {
                value
                for value, node in enumerate(body.values)
                if (node[0] in (Op.ATTR, Op.FREE, Op.GLOBAL) and node[-1] == name)
                or (node[0] == Op.DEF and module.at(node[1]) == coroutine)
            }
            if not named or module.definition(key).kind in (DefKind.MODULE, DefKind.CLASS):
                continue
            made = {value for value in range(len(body.values)) if _makes(body, value, named)}
            given = [
                number
                for number, site in enumerate(body.sites)
                if any(value in named or value in made for _, value in site.args)
            ]
            if not given or not self._is_run_by_thread(key):
                return False
            for number in given:
                callee = body.sites[number].callee
                if not self._runs_loop(key, callee, 0) or not self._is_reached_at_once(key, number):
                    return False
            found = True
        return found

    def _runs_loop(self, key: Key, callee: int, depth: int) -> bool:
        """Whether a call runs a loop, itself or in a function of the program."""
        called = self._evaluator.evaluate(key, callee).values
        return bool(called) and all(self._is_runner(value, depth) for value in called)

    def _is_runner(self, called: object, depth: int) -> bool:
        if isinstance(called, Function):
            return depth < _MAX_DEPTH and any(
                site.kind == SiteKind.CALL and self._runs_loop(called.key, site.callee, depth + 1)
                for site in self._evaluator.body(called.key).sites
            )
        if not isinstance(called, (External, ExternalMethod)):
            return False
        fact = external_fact(self._evaluator, called)
        return fact is not None and fact.runs_loop

    def _is_run_by_thread(self, key: Key) -> bool:
        """Whether a thread of its own is started for a function."""
        module = self._evaluator.module(key[0])
        name = module.definition(key).name
        owner = self._evaluator.enclosing_class(key)
        if owner is not None and name == "run":
            bases = self._evaluator.classes.ancestry(owner).classes
            if any(isinstance(base, External) and base.dotted in _THREADS for base in bases):
                return True
        return any(
            self._is_function(other, body, value, key, name)
            for other in module.keys
            for body in (module.body(other),)
            for site in body.sites
            if site.kind == SiteKind.CALL and site.args
            for slot, value in site.args
            if slot == "target" and may_be_one_of(self._evaluator, other, site.callee, _THREADS)
        )

    def _is_function(self, key: Key, body: Body, value: int, function: Key, name: str) -> bool:
        found = self._evaluator.evaluate(key, value).values
        if found:
            return any(isinstance(item, Function) and item.key == function for item in found)
        node = graph.node(body, value)
        return node[0] == Op.ATTR and node[2] == name


def _sets(body: Body, event: int) -> list[int] | None:
    """The sites at which a def sets an event; None where it may clear it or hands it on."""
    methods = {value: node[2] for value, node in enumerate(body.values) if node[:2] == (Op.ATTR, event)}
    if "clear" in methods.values() or any(
        store.value == event and store.kind != StoreKind.LOCAL for store in body.stores
    ):
        return None
    found = []
    for number, site in enumerate(body.sites):
        passed = {value for _, value in site.args}
        if event in passed:
            return None
        if site.kind == SiteKind.CALL and methods.get(site.callee) == "set":
            found.append(number)
        elif any(methods.get(value) == "set" for value in passed):
            if graph.node(body, site.callee)[-1] not in _SOON:
                return None
            found.append(number)
    return found


def _makes(body: Body, value: int, named: set[int]) -> bool:
    """Whether a value is what a call of one of these gives."""
    site = graph.call(body, value)
    return site is not None and site.callee in named
