"""Who starts, and who calls, the coroutines of a module: as plain data, kept to find out who waits.

What one module says of itself is all that is kept with its findings. Who waits for a coroutine is a question
about callers anywhere, and is answered from all of it when a report is made (`conclint.run.contexts`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from conclint.catalog.facts import Phase
from conclint.effects.effects import Placement
from conclint.effects.solver import placed_functions
from conclint.model.context import Context
from conclint.model.execution import ExecutionModel
from conclint.model.symbols import short_name
from conclint.resolve.arguments import Passed, StarItem, arguments_of
from conclint.resolve.calls import Link
from conclint.resolve.values import (
    Class,
    External,
    ExternalInstance,
    ExternalMethod,
    Function,
    Key,
    Value,
    ValueSet,
    one_literal,
    unwrapped,
)
from conclint.rules.bound_calls import binders
from conclint.rules.drafts import ModuleView
from conclint.rules.pool_jobs import jobs_of_pools
from conclint.rules.program_phases import PHASE_CONTEXTS
from conclint.summary import body_graph as graph
from conclint.summary.codec import span_of
from conclint.summary.records import Body, DefKind, Op, SiteKind

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover
    import tomli as tomllib

_FILE = Path(__file__).with_name("entry_words.toml")
_VERBS: Final = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "websocket", "route"})
_FUNCTIONS: Final = (DefKind.FUNCTION, DefKind.ASYNC_FUNCTION)
_MAKING_TASKS: Final = frozenset(
    {
        "create_task", "ensure_future", "gather", "TaskGroup", "start_soon", "create_task_group",
        "open_nursery", "as_completed", "run_coroutine_threadsafe",
    }
)  # fmt: skip
_SERVING: Final = frozenset(
    {
        "add_reader", "add_writer", "call_at", "call_later", "call_soon", "call_soon_threadsafe",
        "create_datagram_endpoint", "create_server", "create_unix_server", "listen", "run", "run_app",
        "run_forever", "run_polling", "run_until_disconnected", "serve", "serve_forever", "start",
        "start_polling", "start_server", "start_serving", "start_unix_server", "start_webhook",
    }
)  # fmt: skip
"""Names of what, in a library, lets others in."""
_LATER: Final = 1 << 30
"""The line of what is awaited somewhere else, or is handed on: nobody knows when."""
_LONGEST: Final = 80
"""Characters of a text that a start is named by."""
_ENDING_SIGNALS: Final = frozenset({"SIGINT", "SIGQUIT", "SIGTERM"})
_PHASE_WORDS: Final = {
    Context.START_UP: "start-up in `{function}`",
    Context.SHUTDOWN: "shutdown in `{function}`",
    Context.COMMAND: "command `{function}`",
}


class Start(NamedTuple):
    """A function that something else than the program's own code calls: what kind of code it begins, as a
    value of `Context`, and who calls it, in words."""

    path: str
    symbol: str
    context: str
    words: str


class ModuleCalls(NamedTuple):
    """Of one module: its functions that are started; the coroutine functions that each function calls, by
    (path, symbol, whether it does so in a loop, line if it awaits it there); the lines of the loops of its
    coroutine functions; the names of those that call what they are given; and its functions that make tasks,
    themselves or by a plain one, or serve, with the first line on which they do."""

    starts: tuple[tuple[str, str, str, str], ...]
    calls: tuple[tuple[str, tuple[tuple[str, str, bool, int], ...]], ...]
    loops: tuple[tuple[str, tuple[tuple[int, int], ...]], ...]
    binders: tuple[str, ...]
    makers: tuple[tuple[str, int], ...]


def module_calls(view: ModuleView) -> ModuleCalls:
    """What the module says of who starts and who calls coroutines. Raises NeedModule."""
    jobs = jobs_of_pools(view)
    starts = {(*start,) for start in _starts(view, jobs)}
    calls: dict[str, dict[tuple[str, str, bool, int], None]] = {}
    loops: dict[str, tuple[tuple[int, int], ...]] = {}
    makers: dict[str, int] = {}
    making: dict[Key, bool] = {}
    for key in view.keys:
        body = view.engine.evaluator.body(key)
        if view.module.definition(key).kind == DefKind.ASYNC_FUNCTION and (found := _loops(view, key, body)):
            loops[view.module.symbol(key)] = found
        links = view.engine.links(key)
        start = view.module.definition(key).start
        making_at = [link.site for link in links if _is_company(view, making, body, link)]
        if making_at:
            makers[view.module.symbol(key)] = start + min(span_of(body, site).first for site in making_at)
        started = {site for link in links for site in _started(view, key, link)}
        started |= {site for site, _ in jobs.get(key, ())}
        for link in links:
            if link.site not in started:
                is_repeated = graph.loop_of(body, body.sites[link.site].region) >= 0
                for path, symbol in _coroutines(view, link):
                    line = start + span_of(body, link.site).first if link.awaited else _LATER
                    calls.setdefault(view.module.symbol(key), {})[path, symbol, is_repeated, line] = None
    return ModuleCalls(
        tuple(sorted(starts)),
        tuple((caller, tuple(callees)) for caller, callees in calls.items()),
        tuple(loops.items()),
        binders(view),
        tuple(makers.items()),
    )


def _makes_tasks(view: ModuleView, making: dict[Key, bool], key: Key) -> bool:
    """Whether a function makes tasks, by the names of what it calls."""
    found = making.get(key)
    if found is None:
        body = view.engine.evaluator.body(key)
        found = making[key] = any(
            site.kind == SiteKind.CALL and graph.node(body, site.callee)[-1] in _MAKING_TASKS
            for site in body.sites
        )
    return found


def _is_company(view: ModuleView, making: dict[Key, bool], body: Body, link: Link) -> bool:
    """Whether after a call something else may be on the loop: it makes a task, has a plain function make one,
    or begins to serve."""
    name = graph.node(body, body.sites[link.site].callee)[-1]
    if name in _MAKING_TASKS:
        return True
    called = (unwrapped(target.value) for group in link.groups for target in group)
    own = [item.key for item in called if isinstance(item, Function)]
    if not own:
        return name in _SERVING
    return any(not _is_coroutine(view, key) and _makes_tasks(view, making, key) for key in own)


def _loops(view: ModuleView, key: Key, body: Body) -> tuple[tuple[int, int], ...]:
    """The first and last lines on which something is called in each outermost loop of a function."""
    found: dict[int, tuple[int, int]] = {}
    start = view.module.definition(key).start
    for number, site in enumerate(body.sites):
        around = tuple(graph.loops_around(body, site.region))
        if around:
            span = span_of(body, number)
            first, last = found.get(around[-1], (start + span.first, start + span.last))
            found[around[-1]] = min(first, start + span.first), max(last, start + span.last)
    return tuple(found.values())


def _started(view: ModuleView, key: Key, link: Link) -> Iterator[int]:
    """The calls whose coroutines this call takes to a loop: who makes them doesn't wait for them."""
    body = view.engine.evaluator.body(key)
    targets = [target.value for group in link.groups for target in group]
    for where, value in view.program_entries.handed(key, link.site, targets):
        if where == key:
            yield graph.called_site(graph.node(body, value))
    if any(_task_name(view, value) is not None for value in targets):
        for given in arguments_of(key, body.sites[link.site].args).positional:
            if isinstance(given, tuple) and not isinstance(given, (ValueSet, StarItem)):
                yield graph.called_site(graph.node(body, given[1]))


def _coroutines(view: ModuleView, link: Link) -> Iterator[tuple[str, str]]:
    evaluator = view.engine.evaluator
    for group in link.groups:
        for target in group:
            value = unwrapped(target.value)
            if isinstance(value, Function) and evaluator.definition(value.key).kind == DefKind.ASYNC_FUNCTION:
                yield value.key[0], evaluator.module(value.key[0]).symbol(value.key)


def _starts(view: ModuleView, jobs: dict[Key, list[tuple[int, Key]]]) -> Iterator[Start]:
    ending = {
        key
        for where, items in view.placements.items()
        for placement in items
        if placement.phase is Phase.SHUTDOWN or _is_told_to_end(view, where, placement)
        for key in placed_functions(placement)
    }
    typed: set[Key] = set()
    decorated: set[Key] = set()
    for key in view.keys:
        kind = view.module.definition(key).kind
        if kind in _FUNCTIONS:
            for start in _decorated(view, key):
                decorated.add(key)
                yield start
                if start.context == Context.COMMAND.value:
                    begun = _begun_by(view, key)
                    typed |= begun
                    yield from (_start(view, item, Context.COMMAND, start.words) for item in sorted(begun))
        elif kind == DefKind.CLASS:
            yield from _overrides(view, Class(key))
        yield from _added_to_events(view, key)
        yield from _chosen_by_parser(view, key)
        for link in view.engine.links(key):
            yield from _tasks(view, key, link, Context.SHUTDOWN if key in ending else Context.BACKGROUND)
    for where, items in view.placements.items():
        for placement in items:
            context = PHASE_CONTEXTS.get(placement.phase) if placement.phase is not None else None
            if _is_told_to_end(view, where, placement):
                context = Context.SHUTDOWN
            if placement.model is ExecutionModel.THREAD and placement.style == "offload":
                for key in placed_functions(placement):
                    if _is_coroutine(view, key):
                        yield _start(view, key, Context.THREAD, "thread of `{function}`")
            is_callback = placement.model is ExecutionModel.EVENT_LOOP and placement.style == "callback"
            if context is None and not is_callback:
                continue
            what, words = (context, _PHASE_WORDS[context]) if context else _callback(view, where, placement)
            for key in placed_functions(placement):
                if context is None and key in decorated:
                    continue  # its decorator says what it is
                yield _start(view, key, what, words)
    on_own_loop = {key for begun in jobs.values() for _, key in begun}
    for key in on_own_loop:
        yield _start(view, key, Context.THREAD, "`{function}` in a pool")
    for key in view.entries.whole - typed - on_own_loop:
        yield _start(view, key, Context.COMMAND, "the program's entry `{function}`")


def _begun_by(view: ModuleView, key: Key) -> set[Key]:
    """The coroutine functions that a command of the command line has run on a loop of its own."""
    return {begun for link in view.engine.links(key) for begun in view.program_entries.begun_at(key, link)}


def _added_to_events(view: ModuleView, key: Key) -> Iterator[Start]:
    """What is added to an event of an application (`app.after_start += self.prepare`)."""
    body = view.engine.evaluator.body(key)
    for site in body.sites:
        node = graph.node(body, site.callee)
        if site.kind != SiteKind.AUGMENT or node[0] != Op.ATTR:
            continue
        context = _events().get(str(node[2]))
        if context is None:
            continue
        for _, added in site.args:
            for value in view.engine.evaluator.evaluate(key, added).values:
                if isinstance(value, Function):
                    yield _start(view, value.key, context, _PHASE_WORDS[context])


def _chosen_by_parser(view: ModuleView, key: Key) -> Iterator[Start]:
    """Coroutine functions among which the command line chooses (`parser.set_defaults(run=show)`)."""
    body = view.engine.evaluator.body(key)
    for site in body.sites:
        if site.kind != SiteKind.CALL or graph.node(body, site.callee)[-1] != "set_defaults":
            continue
        for _, given in site.args:
            for value in view.engine.evaluator.evaluate(key, given).values:
                function = unwrapped(value)
                if isinstance(function, Function) and _is_coroutine(view, function.key):
                    yield _start(view, function.key, Context.COMMAND, _PHASE_WORDS[Context.COMMAND])


def _is_coroutine(view: ModuleView, key: Key) -> bool:
    return view.engine.evaluator.definition(key).kind == DefKind.ASYNC_FUNCTION


def _callback(view: ModuleView, key: Key, placement: Placement) -> tuple[Context, str]:
    """What calls a callback, and in words: a framework, for whoever asks (`router.add_get("/", handler)`)."""
    row = _callbacks().get(placement.symbol)
    if row is None or placement.site < 0:
        return Context.BACKGROUND, "callback `{function}`"
    name = placement.symbol.rpartition(".")[2].removeprefix("add_")
    args = view.engine.evaluator.body(key).sites[placement.site].args
    texts = {str(slot): _text(view, key, args, slot) for slot in row.get("texts", ())}
    known = {slot: text for slot, text in texts.items() if text is not None}
    words = row["words"] if len(known) == len(texts) else row["otherwise"]
    for slot, text in {"NAME": name.upper(), **known}.items():
        words = words.replace(f"{{{slot}}}", text)
    return Context(row["context"]), words


def _is_told_to_end(view: ModuleView, key: Key, placement: Placement) -> bool:
    """Whether a callback is what runs on the signals by which programs are ended."""
    if placement.site < 0 or not placement.symbol.endswith(".add_signal_handler"):
        return False
    body = view.engine.evaluator.body(key)
    made = graph.made_from(body, [value for _, value in body.sites[placement.site].args[:1]])
    return any(
        body.values[value][0] == Op.ATTR and body.values[value][2] in _ENDING_SIGNALS for value in made
    )


def _start(view: ModuleView, key: Key, context: Context, words: str) -> Start:
    symbol = view.engine.evaluator.module(key[0]).symbol(key)
    return Start(key[0], symbol, context.value, words.replace("{function}", short_name(symbol)))


def _decorated(view: ModuleView, key: Key) -> Iterator[Start]:
    """What a framework registers by a decorator."""
    definition = view.module.definition(key)
    parent = view.module.scope(key)
    body = view.engine.evaluator.body(parent)
    for decorator in reversed(definition.decorators):
        call = graph.call(body, decorator)
        callee = call.callee if call is not None else decorator
        first = _text(view, parent, call.args, 0) if call is not None else None
        symbol = view.module.symbol(key)
        for owner, name in _names(view, parent, callee):
            row = _decorators().get((owner, name))
            if row is not None and ("{0}" not in row["words"] or first is not None):
                function = symbol.rpartition(".")[2]
                shown = first or f"`{function}`"  # a route's path may be all in its router's prefix
                words = row["words"].format(shown, NAME=name.upper(), name=name, function=function)
                yield Start(key[0], symbol, row["context"], words)
                return
        node = body.values[callee]
        if node[0] == Op.ATTR and node[2] in _VERBS and first is not None and first.startswith("/"):
            yield Start(key[0], symbol, Context.REQUEST.value, f"{str(node[2]).upper()} {first}")
            return


def _names(view: ModuleView, parent: Key, callee: int) -> Iterator[tuple[str, str]]:
    """What a decorator may be: the module or class that has it, and its name, base classes' too."""
    evaluator = view.engine.evaluator
    for value in evaluator.evaluate(parent, callee).values:
        if isinstance(value, External):
            owner, _, name = evaluator.catalog.canonical(value.dotted).rpartition(".")
            yield owner, name
        elif isinstance(value, (ExternalMethod, ExternalInstance)):
            name = value.name if isinstance(value, ExternalMethod) else "__call__"
            yield value.dotted, name
            for fact in evaluator.catalog.ancestry(value.dotted):
                yield fact.name, name


def _text(view: ModuleView, parent: Key, args: Any, place: int) -> str | None:
    """The literal text that is passed at a place."""
    positional = arguments_of(parent, args).positional[: place + 1]
    if len(positional) <= place or any(isinstance(item, StarItem) for item in positional):
        return None
    known = one_literal(view.engine.evaluator.passed(positional[place]))
    value = known.value if known is not None else None
    return value if isinstance(value, str) and len(value) <= _LONGEST else None


def _overrides(view: ModuleView, cls: Class) -> Iterator[Start]:
    """The methods of a class whose library base is known to call them."""
    evaluator = view.engine.evaluator
    for base in evaluator.classes.ancestry(cls).classes:
        if not isinstance(base, External):
            continue
        row = _classes().get(evaluator.catalog.canonical(base.dotted))
        if row is not None:
            for key in view.module.children(cls.key):
                name = view.module.definition(key).name
                if view.module.definition(key).kind in _FUNCTIONS and not name.startswith("_"):
                    yield _start(view, key, Context(row["context"]), row["words"])
            return


def _tasks(view: ModuleView, key: Key, link: Link, context: Context) -> Iterator[Start]:
    """Coroutines that a call makes tasks of; what ends the program starts them for that."""
    for group in link.groups:
        for target in group:
            if _task_name(view, target.value) is None:
                continue
            site = view.engine.evaluator.body(key).sites[link.site]
            where = short_name(view.module.symbol(key)) or "the module"
            for given in arguments_of(key, site.args).positional:
                for function in _begun(view, given):
                    if function.key in view.entries.whole:
                        continue  # the one task that is the program
                    yield _start(view, function.key, context, f"task started in `{where}`")


def _task_name(view: ModuleView, value: Value) -> str | None:
    catalog = view.engine.evaluator.catalog
    if isinstance(value, External):
        name = catalog.canonical(value.dotted)
    elif isinstance(value, ExternalMethod):
        name = f"{catalog.canonical(value.dotted)}.{value.name}"
    else:
        return None
    return name if name in _task_names() else None


def _begun(view: ModuleView, given: Passed | StarItem) -> Iterator[Function]:
    """The coroutine functions of which a coroutine is passed, or which are passed themselves."""
    evaluator = view.engine.evaluator
    if isinstance(given, StarItem):
        return
    known = evaluator.passed(given)
    if isinstance(given, tuple) and not isinstance(given, ValueSet):
        body_key, value = given
        site = graph.call(evaluator.body(body_key), value)
        if site is not None:
            known = evaluator.evaluate(body_key, site.callee)
    for item in known.values:
        function = unwrapped(item)
        if isinstance(function, Function):
            yield function


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


@cache
def _decorators() -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (owner, name): row
        for row in _table()["decorators"]
        for owner in row["owners"]
        for name in row["names"]
    }


@cache
def _callbacks() -> dict[str, dict[str, Any]]:
    return {name: row for row in _table()["callbacks"] for name in row["names"]}


@cache
def _classes() -> dict[str, dict[str, Any]]:
    return {name: row for row in _table()["classes"] for name in row["names"]}


@cache
def _events() -> dict[str, Context]:
    return {name: Context(row["context"]) for row in _table()["events"] for name in row["names"]}


@cache
def _task_names() -> frozenset[str]:
    return frozenset(name for row in _table()["tasks"] for name in row["names"])
