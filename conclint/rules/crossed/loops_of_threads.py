"""CON704, the other way round: a loop that a thread runs, used by the code that started the thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from conclint.effects.effects import Kind
from conclint.effects.loop_affinity import LOOP_METHODS
from conclint.effects.solver import placed_functions
from conclint.model.execution import ExecutionModel
from conclint.resolve.values import ExternalMethod, Function, Key, unwrapped
from conclint.rules.crossed.handing_over import on_its_loop
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.code import Code
from conclint.rules.structural.names import Name, names_of
from conclint.rules.structural.reports import Advice, found
from conclint.summary import body_graph as graph
from conclint.summary.records import DefKind, Op, SiteKind

_RUNS: Final = frozenset({"run_forever", "run_until_complete"})
_PERHAPS: Final = "the loop's own thread may be the one that calls it, or not have begun yet"


class _Started(NamedTuple):
    """A thread that runs a loop: where it is made, and the functions that it runs."""

    key: Key
    site: int
    functions: frozenset[Key]


def loop_of_thread_used(view: ModuleView, codes: Sequence[Code]) -> Iterator[Draft]:
    """CON704: a method of a loop that a thread runs is called by plain code that is not on that loop."""
    started: dict[Name, list[_Started]] = {}
    for name, thread in _started(view, codes):
        started.setdefault(name, []).append(thread)
    if not started:
        return
    on_loop = _on_loop(view, codes)
    for code in codes:
        if code.definition.kind not in (DefKind.FUNCTION, DefKind.MODULE) or code.key in on_loop:
            continue
        for call in code.calls_to(LOOP_METHODS):
            receiver = code.receiver(call.site)
            names = [name for name in names_of(code, receiver) if name in started]
            threads = [thread for name in names for thread in started[name]]
            if not threads or any(code.key in thread.functions for thread in threads):
                continue
            if any(name in names for name in _run_by(code, calls_only=True)) and not _may_be_shared(
                view, code, call.site, threads
            ):  # in the thread that it is in
                continue
            thread = threads[-1]
            region = code.body.sites[call.site].region
            if not view.engine.guards.mask(code.key, region) & ExecutionModel.THREAD.bit:
                continue
            is_after = code.key == thread.key and code.starts(thread.site) < code.starts(call.site)
            if not is_after and (code.key == thread.key or code.definition.name == "__init__"):
                continue
            cause = min(call.names)
            yield found(
                view,
                code,
                call.site,
                "CON704",
                f"`{cause}` of a loop that another thread runs: only code on that loop may do that",
                Advice(
                    ExecutionModel.EVENT_LOOP,
                    f"in this thread, {on_its_loop(view, code.key, call.site, cause)}.",
                ),
                cause=cause,
                model=ExecutionModel.THREAD,
                reasons=(*call.doubts, *(() if is_after else (_PERHAPS,))),
            )


def _started(view: ModuleView, codes: Sequence[Code]) -> Iterator[tuple[Name, _Started]]:
    """The loops that threads of the module run."""
    by_key = {code.key: code for code in codes}
    for code in codes:
        for site, placements in code.placements.items():
            for placement in placements:
                if placement.model is not ExecutionModel.THREAD:
                    continue
                thread = _Started(code.key, site, frozenset(placed_functions(placement)))
                for value in map(unwrapped, placement.callables.values):
                    if isinstance(value, ExternalMethod) and value.name in _RUNS:
                        for _, passed in code.body.sites[site].args:
                            node = graph.node(code.body, passed)
                            if node[0] == Op.ATTR and node[2] in _RUNS:
                                yield from ((name, thread) for name in names_of(code, graph.base(node)))
                    elif isinstance(value, Function) and value.key in by_key:
                        for name in _run_by(by_key[value.key]):
                            yield name, thread


def _run_by(code: Code, *, calls_only: bool = False) -> Iterator[Name]:
    """The loops that a function runs and has not made itself, or hands on to be run."""
    for site in code.body.sites:
        callee = graph.node(code.body, site.callee)
        if callee[0] == Op.ATTR and callee[2] in _RUNS:
            if calls_only and site.kind != SiteKind.CALL:
                continue
            yield from names_of(code, graph.base(callee))


def _may_be_shared(view: ModuleView, code: Code, site: int, threads: Sequence[_Started]) -> bool:
    """Whether a thread may run a loop already when a function that runs it, too, comes to a site: one was
    started by then, here or where the object was made."""
    if any(_is_started_at_once(view, thread) for thread in threads):
        return True
    is_again = graph.loop_of(code.body, code.body.sites[site].region) >= 0
    starting = _starting(code, frozenset(thread.key for thread in threads), code.receiver(site))
    return any(is_again or code.starts(other) < code.starts(site) for other in starting)


def _is_started_at_once(view: ModuleView, thread: _Started) -> bool:
    """Whether a thread is started whenever the module is imported, or an object made."""
    definition = view.engine.evaluator.definition(thread.key)
    region = view.engine.evaluator.body(thread.key).sites[thread.site].region
    return region == 0 and (definition.kind == DefKind.MODULE or definition.name == "__init__")


def _starting(code: Code, starters: frozenset[Key], loop: int) -> Iterator[int]:
    """The sites of a function that may start a thread, or give the loop to one."""
    for site, placements in code.placements.items():
        if any(placement.model is ExecutionModel.THREAD for placement in placements):
            yield site
    names = set(names_of(code, loop))
    for number, made in enumerate(code.body.sites):
        if made.kind == SiteKind.CALL and (
            graph.node(code.body, made.callee)[-1] == "start"
            or any(not names.isdisjoint(names_of(code, passed)) for _, passed in made.args)
        ):
            yield number
    for call in code.calls.values():
        if any(
            isinstance(value, Function) and value.key in starters for value in map(unwrapped, call.inside)
        ):
            yield call.site


def _given_to_a_loop(view: ModuleView, code: Code) -> Iterator[Key]:
    """What a function gives to one that hands it to the loop, in a branch of it at least (and calls it
    itself where it is on that loop already)."""
    for call in code.calls.values():
        handing = (value for value in call.inside if isinstance(value, Function))
        effects = (effect for value in handing for effect in view.engine.effects_of(value.key))
        if any(item.kind is Kind.PLACES and item.model is ExecutionModel.EVENT_LOOP for item in effects):
            for _, passed in code.body.sites[call.site].args:
                for given in map(unwrapped, code.known(passed).values):
                    if isinstance(given, Function):
                        yield given.key


def _on_loop(view: ModuleView, codes: Sequence[Code]) -> set[Key]:
    """The functions of the module that a loop may run: callbacks, and what coroutines and these call."""
    found: set[Key] = set()
    todo: list[Key] = [code.key for code in codes if code.definition.kind == DefKind.ASYNC_FUNCTION]
    for placements in view.placements.values():
        for placement in placements:
            if placement.model is ExecutionModel.EVENT_LOOP:
                todo += placed_functions(placement)
    for code in codes:
        # What tells of a loop's work is called by the loop's thread, or by whoever asks when it is done.
        for site in code.body.sites:
            if graph.node(code.body, site.callee)[-1] == "add_done_callback":
                given = [value for _, passed in site.args for value in code.known(passed).values]
                todo += [value.key for value in map(unwrapped, given) if isinstance(value, Function)]
        todo += _given_to_a_loop(view, code)
    while todo:
        key = todo.pop()
        if key in found or key[0] != view.module.path:
            continue
        found.add(key)
        for link in view.engine.links(key):
            called = (unwrapped(target.value) for group in link.groups for target in group)
            todo += [value.key for value in called if isinstance(value, Function)]
    return found
