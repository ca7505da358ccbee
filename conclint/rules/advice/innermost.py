"""Where on a chain of calls the work is to be moved to a thread: as far out as it can be moved as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from conclint.catalog.facts import Trait
from conclint.effects.effects import Placement
from conclint.model.execution import ExecutionModel
from conclint.model.symbols import short_name
from conclint.resolve.values import Function, Key, unwrapped
from conclint.rules.advice.callers import awaited_counterpart
from conclint.rules.advice.loop_bound import chain_needs_loop
from conclint.rules.advice.sending import traits_of
from conclint.rules.advice.shared_state import (
    LOCK_NAMES,
    Changed,
    changed_by,
    functions_changing,
    is_locked,
)
from conclint.rules.chains import Hop, position_of
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import DefKind, Op, RegionKind, SiteKind
from conclint.summary.twins import async_names


class Writer(NamedTuple):
    """The plain function from which a call is to be taken out, to be run in a thread.

    `name` is the function's, `place` the call's; `call` is what is called there. `twin` is the coroutine
    function beside it, by its name. `is_lazy`: what is called gives an iterator, which does the work.
    `is_locked`: it stands under a lock for threads.
    """

    name: str
    place: str
    call: str
    twin: str = ""
    is_lazy: bool = False
    is_locked: bool = False


def changes_at(view: ModuleView, hops: Sequence[Hop], at: int, *, whole: bool = False) -> Changed | None:
    """What the call at a hop has changed that code on the event loop may use too; `whole`: with what else."""
    hop = hops[at]
    run = _function_run(view, hops, at)
    link = view.engine.link_at(hop.key, hop.site)
    changed = changed_by(view, hop.key, link, run, whole=whole) if link is not None else None
    if changed is not None and _is_changed_in_threads(view, hops[at + 1 :], changed):
        return None
    return changed


def _is_changed_in_threads(view: ModuleView, hops: Sequence[Hop], changed: Changed) -> bool:
    """Whether a function of a chain has threads change the same already: it was written for them. It is so
    too where a helper changes what it is given, of which nobody knows what the threads give it."""
    names = {short_name(view.engine.evaluator.symbol(hop.key)) for hop in hops}
    is_helper = changed.what.isidentifier() and changed.function not in names
    return any(
        is_helper or changed.function in functions_changing(view, key)
        for hop in hops
        for key in _run_in_threads(view, hop.key)
    )


def _run_in_threads(view: ModuleView, key: Key) -> Iterator[Key]:
    """The functions that a function hands to threads; and inner functions that it submits to some executor,
    since no process can be sent them."""
    evaluator = view.engine.evaluator
    placements: list[Placement] = []
    for link in view.engine.links(key):
        view.engine.site_effects(key, link, placements)
    for placement in placements:
        if placement.model is ExecutionModel.THREAD:
            for value in map(unwrapped, placement.callables.values):
                if isinstance(value, Function):
                    yield value.key
    body = evaluator.body(key)
    for site in body.sites:
        callee = graph.node(body, site.callee)
        if site.kind == SiteKind.CALL and callee[0] == Op.ATTR and callee[2] == "submit" and site.args:
            for item in evaluator.evaluate(key, site.args[0][1]).values:
                if isinstance(item, Function) and evaluator.scope(item.key) == key:
                    yield item.key


def _function_run(view: ModuleView, hops: Sequence[Hop], at: int) -> Key | None:
    """The plain function that the call at a hop runs, by the chain."""
    key = hops[at + 1].key if at + 1 < len(hops) else None
    if key is None or view.engine.evaluator.definition(key).kind not in (DefKind.FUNCTION, DefKind.LAMBDA):
        return None
    return None if view.engine.evaluator.definition(key).name == "__init__" else key


def writer_of(view: ModuleView, hops: Sequence[Hop], first: int) -> Writer:
    """The function whose call is to be moved: the outermost from the hop `first` on whose call changes
    nothing else; the one that calls the primitive, where all do."""
    at = len(hops) - 1
    for number in range(first, at):
        if changes_at(view, hops, number) is None and not chain_needs_loop(view, hops[number:]):
            at = number
            break
    hop = hops[at]
    module = view.engine.evaluator.module(hop.key[0])
    position, _ = position_of(module, hop.key, hop.site)
    path = view.shown(module.path).rsplit("/", 1)[-1]
    call = short_name(hop.symbol)
    if at + 1 < len(hops) and "." not in hops[at + 1].key[1]:
        call = call.rpartition(".")[2]  # a function of a module
    between = [item.key for item in hops[1 : at + 1]]
    own = view.module.definition(hops[0].key).name
    for key in between:  # not where the place is in that function itself
        twin = awaited_counterpart(view, key, async_names(view.engine.evaluator.definition(key).name))
        if twin and twin != own:
            return Writer(_name_of(view, key), "", call, twin)
    is_lazy = at == len(hops) - 1 and Trait.LAZY in traits_of(view, hop.symbol)
    locked = any(_stands_under_lock(view, item) for item in hops[1 : at + 1])
    return Writer(_name_of(view, hop.key), f"{path}:{position.line}", call, "", is_lazy, locked)


def _stands_under_lock(view: ModuleView, hop: Hop) -> bool:
    body = view.engine.evaluator.body(hop.key)
    region = body.sites[hop.site].region
    return is_locked(view, hop.key, body, region) or any(
        body.regions[number].kind == RegionKind.WITH
        and LOCK_NAMES.search(str(graph.node(body, body.regions[number].value)[-1])) is not None
        for number in graph.around(body, region)
    )


def _name_of(view: ModuleView, key: Key) -> str:
    """The name of a function: of a method, with its class."""
    module = view.engine.evaluator.module(key[0])
    name = short_name(module.symbol(key))
    return name if "." in key[1] else name.rpartition(".")[2]
