"""Waits that only the own loop can end: an event that a coroutine waits for, and that nobody else sets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.resolve.arguments import arguments_of
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.external_facts import may_be_one_of
from conclint.resolve.in_memory import Opened
from conclint.resolve.loop_origins import HANDED_TO_LOOP, THIS_LOOP, loop_of
from conclint.resolve.program import Module
from conclint.resolve.values import Class, External, Function, Key
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, DefKind, Op, Site, SiteKind, StoreKind

ENDED_BY: Final = {
    "threading.Event.wait": frozenset({"set"}),
    "queue.Queue.get": frozenset({"put", "put_nowait"}),
    "concurrent.futures.Future.result": frozenset({"set_result", "set_exception", "cancel"}),
    "threading.Condition.wait": frozenset({"notify", "notify_all"}),
}
"""What waits for somebody else, and the methods by which that somebody ends the wait."""
_HANDED_TO_A_LOOP: Final = frozenset({HANDED_TO_LOOP})
_TASKS: Final = frozenset({"asyncio.create_task", "asyncio.ensure_future"})
_SCHEDULING: Final = frozenset({"call_soon", "call_soon_threadsafe", "call_later", "call_at", "create_task"})
_TO_LOOP: Final = _SCHEDULING | {"ensure_future", "run_coroutine_threadsafe"}
"""The names of what hands a callback or a coroutine to a loop."""


def loop_that_sets(evaluator: Evaluator, key: Key, number: int, by: frozenset[str]) -> Opened | None:
    """The loop that is to set an event, as the def that waits for it has just told it; None where nobody, or
    somebody else too, may set it. `by` are the methods that do."""
    body = evaluator.body(key)
    site = body.sites[number]
    event = graph.receiver(body, site) if site.kind == SiteKind.CALL else -1
    if event < 0:
        return None
    found: Opened | None = None
    told: set[Key] = set()
    for other in body.sites[:number]:
        if other.kind != SiteKind.CALL or graph.receiver(body, other) == event:
            continue
        given = [value for _, value in other.args if _speaks_of(evaluator, key, body, value, event)]
        if not given:
            continue
        callee = graph.node(body, other.callee)
        if may_be_one_of(evaluator, key, other.callee, _TASKS):
            loop: Opened | None = THIS_LOOP
        elif callee[0] == Op.ATTR and callee[2] in _SCHEDULING:
            loop = loop_of(evaluator.evaluate(key, graph.base(callee)))
        elif may_be_one_of(evaluator, key, other.callee, _HANDED_TO_A_LOOP):
            loop = evaluator.results.opened(External(HANDED_TO_LOOP), arguments_of(key, other.args))
        elif _makes_coroutine(evaluator, key, other):
            continue
        else:
            return None
        setters = list(_setters(evaluator, key, body, given, event, by))
        if setters:
            found = loop
            told.update(setter for setter in setters if setter is not None)
    if found is None or _Others(evaluator, key, event, by, told).may_set():
        return None
    return found


def _speaks_of(evaluator: Evaluator, key: Key, body: Body, value: int, event: int) -> bool:
    """Whether what is handed over is an event, a method of it, or a function that uses it; what it is made
    from counts."""
    names = _names_of(body, event)
    return any(
        part == event
        or any(
            any(True for _ in _named(evaluator, inner, names))
            for inner in _functions(evaluator, key, body, part, event)
        )
        for part in graph.made_from(body, [value])
    )


def _setters(
    evaluator: Evaluator, key: Key, body: Body, given: list[int], event: int, by: frozenset[str]
) -> Iterator[Key | None]:
    """The functions by which what is handed to the loop sets the event; None for the event itself."""
    names = _names_of(body, event)
    for part in graph.made_from(body, given):
        if part == event:
            yield None
        for inner in _functions(evaluator, key, body, part, event):
            if any(_is_ended(evaluator.body(inner), value, by) for value in _named(evaluator, inner, names)):
                yield inner


def _functions(evaluator: Evaluator, key: Key, body: Body, value: int, event: int) -> Iterator[Key]:
    """The function that a value is, where it may know the event by its name: one that is made here, or a
    method of the object that has the event as an attribute."""
    node = graph.node(body, value)
    if node[0] == Op.DEF:
        yield evaluator.module(key[0]).at(graph.number(node))
    kept = graph.node(body, event)
    if node[0] == Op.ATTR and kept[0] == Op.ATTR and graph.base(node) == graph.base(kept):
        for item in evaluator.evaluate(key, value).values:
            if isinstance(item, Function):
                yield item.key


def _names_of(body: Body, value: int) -> set[object]:
    """The names by which functions inside a def know a value; of an attribute, its name."""
    node = graph.node(body, value)
    names: set[object] = {store.name for store in body.stores if store.value == value}
    return names | ({node[2]} if node[0] == Op.ATTR else set())


def _named(evaluator: Evaluator, key: Key, names: set[object]) -> Iterator[int]:
    """The values of a def that go by one of these names: of an attribute, or of a variable around it."""
    for value, node in enumerate(evaluator.body(key).values):
        if node[0] in (Op.FREE, Op.ATTR) and node[2] in names:
            yield value


def _is_ended(body: Body, value: int, by: frozenset[str]) -> bool:
    """Whether a def calls, or hands on, the method that ends the wait for a value; or hands on the value."""
    return any(node[:2] == (Op.ATTR, value) and node[2] in by for node in body.values) or any(
        value in (passed for _, passed in site.args) for site in body.sites
    )


class _Others:
    """Who else may set an event than the functions that were told to: whoever isn't seen on the loop may be
    in another thread."""

    def __init__(
        self, evaluator: Evaluator, key: Key, event: int, by: frozenset[str], told: set[Key]
    ) -> None:
        self._evaluator = evaluator
        self._key = key
        self._body = evaluator.body(key)
        self._event = event
        self._kept = graph.node(self._body, graph.bare(self._body, event))
        stores = [store for store in self._body.stores if store.value == event]
        self._variables = {store.name for store in stores if store.kind == StoreKind.LOCAL}
        self._attributes = {store.name for store in stores if store.kind == StoreKind.ATTR}
        if self._kept[0] == Op.ATTR:
            self._attributes.add(str(self._kept[2]))
        self._by = by
        self._told = told

    def may_set(self) -> bool:
        """Whether there may be others."""
        kept = self._kept
        if (made := graph.call(self._body, graph.bare(self._body, self._event))) is not None:
            callees = self._evaluator.evaluate(self._key, made.callee).values
            if not callees or not all(isinstance(item, External) for item in callees):
                return True  # one that is kept elsewhere
        elif kept[0] == Op.GLOBAL:
            if not self._is_own(kept[1]):
                return True
        elif kept[0] not in (Op.FREE, Op.ATTR):
            return True  # whoever has passed it
        return any(
            self._sets(module, other)
            for module in self._modules()
            for other in module.keys
            if other != self._key and other not in self._told
        )

    def _is_own(self, name: object) -> bool:
        """Whether a variable of the module is made there."""
        body = self._evaluator.body(self._evaluator.module(self._key[0]).own)
        return any(
            store.kind == StoreKind.GLOBAL
            and store.name == name
            and graph.node(body, store.value)[0] != Op.IMPORT
            for store in body.stores
        )

    def _modules(self) -> list[Module]:
        """Those with the functions that may know the event: of the def, of its class's bases, and of what
        was told to set it."""
        paths = dict.fromkeys([self._key[0], *(told[0] for told in self._told)])
        owner = self._evaluator.enclosing_class(self._key)
        if owner is not None:
            for base in self._evaluator.classes.ancestry(owner).classes:
                if isinstance(base, Class):
                    paths[base.key[0]] = None
        return [self._evaluator.module(path) for path in paths]

    def _sets(self, module: Module, other: Key) -> bool:
        """Whether a function ends the wait for such an event, and may do it in a thread."""
        body = module.body(other)
        found = [value for value, node in enumerate(body.values) if self._may_be(module, node)]
        if not any(_is_ended(body, value, self._by) for value in found):
            return False
        is_handed_on = any(_is_handed_on(body, value, self._by) for value in found)
        return is_handed_on or not _is_seen_on_loop(module, other)

    def _may_be(self, module: Module, node: graph.Node) -> bool:
        """Whether what a function reads may be the event, by its name."""
        if node[0] == Op.ATTR:
            return node[2] in self._attributes
        if node[0] == Op.GLOBAL:
            return node == self._kept
        return (
            node[0] == Op.FREE
            and module.path == self._key[0]
            and (node == self._kept or (module.at(node[1]) == self._key and node[2] in self._variables))
        )


def _is_handed_on(body: Body, value: int, by: frozenset[str]) -> bool:
    """Whether an event, or the method that sets it, is handed to anything but a loop."""
    setting = {
        number for number, node in enumerate(body.values) if node[:2] == (Op.ATTR, value) and node[2] in by
    }
    for site in body.sites:
        passed = {given for _, given in site.args}
        if value in passed or (passed & setting and not _is_scheduling(body, site)):
            return True
    return False


def _is_seen_on_loop(module: Module, function: Key) -> bool:
    """Whether a module mentions one of its functions, and only where a coroutine calls it, or where it is
    handed to a loop."""
    name = module.definition(function).name
    seen = False
    for key in module.keys:
        body = module.body(key)
        is_coroutine = module.definition(key).kind == DefKind.ASYNC_FUNCTION
        for value, node in enumerate(body.values):
            if node[0] == Op.DEF:
                if module.at(node[1]) != function:
                    continue
            elif node[0] not in (Op.ATTR, Op.FREE, Op.GLOBAL) or node[-1] != name:
                continue
            for site in body.sites:
                if site.callee == value and site.kind == SiteKind.CALL:
                    if not is_coroutine and not _is_made_a_task(body, site):
                        return False
                    seen = True
                elif any(passed == value for _, passed in site.args):
                    if not _is_scheduling(body, site):
                        return False
                    seen = True
    return seen


def _is_made_a_task(body: Body, site: Site) -> bool:
    """Whether the coroutine that a call makes is at once made a task."""
    return any(
        _is_scheduling(body, other) and any(graph.call(body, passed) is site for _, passed in other.args)
        for other in body.sites
    )


def _is_scheduling(body: Body, site: Site) -> bool:
    callee = graph.node(body, site.callee)
    return site.kind == SiteKind.CALL and callee[0] in (Op.ATTR, Op.GLOBAL) and callee[-1] in _TO_LOOP


def _makes_coroutine(evaluator: Evaluator, key: Key, site: Site) -> bool:
    """Whether a call makes a coroutine, which does nothing by itself."""
    values = evaluator.evaluate(key, site.callee).values
    return bool(values) and all(
        isinstance(value, Function) and evaluator.definition(value.key).kind == DefKind.ASYNC_FUNCTION
        for value in values
    )
