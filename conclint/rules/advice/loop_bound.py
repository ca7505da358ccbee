"""What belongs to the event loop: calls that work on its thread alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from conclint.catalog.facts import Trait
from conclint.cost.suspension import DRIVING
from conclint.effects.effects import Kind
from conclint.model.symbols import short_name
from conclint.resolve.calls import Link
from conclint.resolve.values import Class, External, ExternalMethod, Function, Generator, Key, Parameter
from conclint.rules.chains import Hop, position_of
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import DefKind, Op, SiteKind, Use

_ON_LOOP: Final = frozenset({"asyncio", "trio", "anyio", "aiohttp", "uvloop", "discord", "tornado", "curio"})
"""Libraries whose objects work on the loop that they were made on."""
_FROM_THREADS: Final = frozenset(
    {
        "asyncio.run", "asyncio.iscoroutine", "asyncio.iscoroutinefunction", "asyncio.new_event_loop",
        "asyncio.run_coroutine_threadsafe", "asyncio.AbstractEventLoop.call_soon_threadsafe",
        "asyncio.AbstractEventLoop.is_running", "asyncio.AbstractEventLoop.is_closed",
        "anyio.run", "trio.run",
        "asyncio.Future.done", "asyncio.Future.cancelled", "asyncio.Task.done", "asyncio.Task.cancelled",
        "asyncio.wrap_future", "asyncio.AbstractEventLoop.run_until_complete",
        "twisted.internet.reactor.callFromThread", "twisted.internet.reactor.callInThread",
        "twisted.internet.threads.blockingCallFromThread",
    }
)  # fmt: skip
"""What may be called in any thread, though it belongs to one of them."""
_RUNNERS: Final = frozenset(
    {"asyncio.run", "asyncio.run_coroutine_threadsafe", "asyncio.AbstractEventLoop.run_until_complete",
     "asyncio.Runner.run"}
)  # fmt: skip
"""What runs a coroutine that a plain function makes on a loop that is not its thread's, or of its own."""
_OF_REACTOR: Final = (
    "twisted.internet.", "twisted.application.", "twisted.web.client.", "twisted.web.server.",
    "twisted.conch.", "twisted.spread.", "twisted.names.client.", "treq.",
)  # fmt: skip
"""What of Twisted works in the reactor's thread alone: a Deferred is called back there too."""
_FAILURES: Final = ("Error", "Exception", "Cancelled", "Warning")
"""How the names of exceptions end, which may be raised anywhere."""
_PLAIN: Final = (DefKind.FUNCTION, DefKind.LAMBDA)
_MOST_FUNCTIONS: Final = 200
_RECORDING: Final = (
    "write", "append", "add", "extend", "insert", "update", "put", "pop", "remove", "discard", "clear",
    "sort", "debug", "info", "warn", "error", "exception", "critical", "log", "close", "flush",
    "seek",
)  # fmt: skip
"""How the names of methods begin that only put something into their object, or into a log."""


def public_names(view: ModuleView, link: Link) -> Iterator[str]:
    """The public names of what is outside the program and may run at a site."""
    catalog = view.engine.evaluator.catalog
    for group in link.groups:
        for target in group:
            value = target.value
            if isinstance(value, External):
                yield catalog.canonical(value.dotted)
            elif isinstance(value, ExternalMethod):
                fact = catalog.method(value.dotted, value.name)
                yield fact.name if fact is not None else f"{catalog.canonical(value.dotted)}.{value.name}"


def needs_loop(view: ModuleView, key: Key, link: Link) -> str:
    """What of what a site runs works on the loop alone, it or a function of the program that it runs; empty
    for nothing.

    Of many functions only the nearest are looked into.
    """
    if name := _of_loop(view, link):
        return _told(view, key, link, name)
    todo = list(_plain_functions(view, link))
    seen = set(todo)
    for number in range(_MOST_FUNCTIONS):
        if number >= len(todo):
            break
        if found_there := works_on_loop(view, todo[number]):
            return found_there
        for inner in view.engine.links(todo[number]):
            found = [item for item in _plain_functions(view, inner) if item not in seen and item != key]
            seen.update(found)
            todo.extend(found)
    return ""


def uses_loop(view: ModuleView, key: Key, link: Link) -> bool:
    """Whether something of what a site may run, one of several implementations, say, is for code on the loop
    alone."""
    return any(effect.kind is Kind.USES_LOOP for effect in view.engine.site_effects(key, link, []))


def works_on_loop(view: ModuleView, key: Key) -> str:
    """What a function itself calls that works on the loop alone, empty for nothing; found out once."""
    held = view.memos.works_on_loop.get(key)
    if held is None:
        links = view.engine.links(key)
        is_handed_over = any(name in _RUNNERS for link in links for name in public_names(view, link))
        named = ((link, _of_loop(view, link, are_handed_over=is_handed_over)) for link in links)
        held = next((_told(view, key, link, name) for link, name in named if name), "")
        if view.engine.is_settled:
            view.memos.works_on_loop[key] = held
    return held


def chain_needs_loop(view: ModuleView, hops: Sequence[Hop]) -> str:
    """What a function that the first of these calls leads through calls that needs the loop; empty for
    nothing."""
    for hop in hops[1:]:
        if found := works_on_loop(view, hop.key):
            return found
    if len(hops) < 2:
        return ""
    link = view.engine.link_at(hops[0].key, hops[0].site)
    return needs_loop(view, hops[0].key, link) if link is not None else ""


def _told(view: ModuleView, key: Key, link: Link, name: str) -> str:
    """A name, and where the code calls it."""
    module = view.engine.evaluator.module(key[0])
    position, _ = position_of(module, key, link.site)
    return f"`{short_name(name)}`, {view.shown(module.path).rsplit('/', 1)[-1]}:{position.line}"


def unknown_signals(view: ModuleView, key: Key) -> Iterator[int]:
    """The sites at which something is told to an object that a function is given, and nobody knows what that
    does (`project.emit(text)`): what is told may be of the event loop."""
    evaluator = view.engine.evaluator
    body = evaluator.body(key)
    for number, site in enumerate(body.sites):
        if site.kind != SiteKind.CALL or not site.use & Use.DROPPED:
            continue
        callee = graph.node(body, site.callee)
        if callee[0] != Op.ATTR or str(callee[2]).startswith(_RECORDING):
            continue
        root = graph.node(body, graph.base(callee))
        while root[0] == Op.ATTR:
            root = graph.node(body, graph.base(root))
        values = evaluator.evaluate(key, site.callee).values
        if root[0] == Op.PARAM and all(isinstance(value, Parameter) for value in values):
            yield number


def _of_loop(view: ModuleView, link: Link, *, are_handed_over: bool = False) -> str:
    """What a site calls that belongs to the loop, by its dotted name; empty for nothing. `are_handed_over`:
    coroutines that are made here are handed to what runs them elsewhere."""
    catalog = view.engine.evaluator.catalog
    for name in public_names(view, link):
        if name in _FROM_THREADS or name.endswith(_FAILURES):
            continue
        owner = catalog.klass(name.rpartition(".")[0]) or catalog.klass(name)
        fact = catalog.function(name)
        is_of_library = name.split(".", 1)[0] in _ON_LOOP or name.startswith(_OF_REACTOR)
        if is_of_library or (fact is not None and fact.coroutine and not are_handed_over):
            return name
        if owner is not None and (owner.asynchronous or Trait.LOOP_BOUND in owner.traits):
            return name
    evaluator = view.engine.evaluator
    for group in link.groups:
        for target in group:
            if not isinstance(target.value, Function):
                continue
            if evaluator.definition(target.value.key).kind == DefKind.ASYNC_FUNCTION:
                if not are_handed_over:
                    return evaluator.symbol(target.value.key)
            elif not DRIVING.isdisjoint(decorators_of(view, target.value.key)):
                return evaluator.symbol(target.value.key)
    return ""


def decorators_of(view: ModuleView, key: Key) -> list[str]:
    """The dotted names of a function's decorators from outside the program, innermost first."""
    module = view.engine.evaluator.module(key[0])
    decorators = module.definition(key).decorators
    if not decorators:
        return []
    parent = module.scope(key)
    return [name for decorator in reversed(decorators) for name in decorator_names(view, parent, decorator)]


def decorator_names(view: ModuleView, parent: Key, decorator: int) -> list[str]:
    """The dotted names of what a decorator, called or not, may be, where that is outside the program."""
    evaluator = view.engine.evaluator
    site = graph.call(evaluator.body(parent), decorator)
    named = evaluator.evaluate(parent, decorator if site is None else site.callee).values
    return [evaluator.catalog.canonical(value.dotted) for value in named if isinstance(value, External)]


def _plain_functions(view: ModuleView, link: Link) -> Iterator[Key]:
    """The plain functions of the program that a site runs; of a class, what sets up its objects."""
    evaluator = view.engine.evaluator
    for group in link.groups:
        for target in group:
            value = target.value.function if isinstance(target.value, Generator) else target.value
            for function in evaluator.classes.makers(value) if isinstance(value, Class) else (value,):
                if isinstance(function, Function) and evaluator.definition(function.key).kind in _PLAIN:
                    yield function.key
