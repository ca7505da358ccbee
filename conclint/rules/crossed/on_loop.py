"""What fails, or never ends, on an event loop because of what it is called from: the effects that travel up
to a coroutine or a callback."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.catalog.facts import CallableFact
from conclint.conditions.failures import ExpectedFailures
from conclint.effects.effects import Effect, Effects, Kind, Placement, Witness
from conclint.model.execution import EffectKind, ExecutionModel
from conclint.model.symbols import short_name
from conclint.resolve.external_facts import external_fact
from conclint.resolve.loop_origins import OF_KEPT_LOOP
from conclint.resolve.values import Function, Key, Parameter, unwrapped
from conclint.rules.advice.forms import Form
from conclint.rules.advice.library import AsyncLibrary, library_of
from conclint.rules.advice.loop_bound import public_names
from conclint.rules.advice.sessions import Held, holding_of
from conclint.rules.chains import Hop, hops
from conclint.rules.crossed.told_kinds import ASKING, called_name
from conclint.rules.drafts import Draft, ModuleView, draft_at
from conclint.rules.entry_points import Starts
from conclint.rules.event_loop import bound_effects
from conclint.rules.registry import rules_by_code
from conclint.rules.structural.code import Code
from conclint.rules.structural.reports import Advice, advise_form
from conclint.rules.structural.waiting import has_timeout
from conclint.summary import body_graph as graph
from conclint.summary.records import RegionKind

_LOOP = ExecutionModel.EVENT_LOOP
_IN_BROWSER: Final = frozenset({"pyodide", "js", "pyscript"})
"""Imports that only work where the browser's loop runs, in which `asyncio.run` does not fail."""
_FAR: Final = 8
_OF_LOOPS: Final = "asyncio.AbstractEventLoop."
_ASKING: Final = frozenset({"asyncio.get_event_loop", "asyncio.get_running_loop"})
"""Calls beyond which a chain is a step less sure."""


def crossed_on_loop(view: ModuleView, key: Key, effects: Effects) -> Iterator[Draft]:
    """CON701, CON702: what a site of a function on the loop does that fails there."""
    for effect, witness in effects.items():
        if _applies(view, effect, witness):
            yield from _draft(view, key, effect, witness)


def crossed_in_callback(view: ModuleView, key: Key, placement: Placement, starts: Starts) -> Iterator[Draft]:
    """The same of a function that a site hands to the loop, unless its own file can see that."""
    for effect, witness in bound_effects(view, placement, starts):
        if _applies(view, effect, witness):
            yield from _draft(view, key, effect, witness)


def _applies(view: ModuleView, effect: Effect, witness: Witness) -> bool:
    if not effect.mask & _LOOP.bit:
        return False
    if effect.kind is Kind.RUNS_LOOP:
        return not view.loops_nest and _is_of_running_library(view, witness.cause)
    return effect.kind is Kind.WAITS_FOR_ITSELF


def _is_of_running_library(view: ModuleView, cause: str) -> bool:
    """Whether the loop that is run is of the library whose loop runs already: another library's does not
    fail, it blocks."""
    tops = view.module.imported_packages()
    library = library_of(tops, view.library)
    if library is AsyncLibrary.TWISTED or tops & _IN_BROWSER:
        return False
    return cause.startswith("anyio.") or cause.startswith("trio.") == (library is AsyncLibrary.TRIO)


def _draft(view: ModuleView, key: Key, effect: Effect, witness: Witness) -> Iterator[Draft]:
    chain = hops(view.engine, key, witness)
    if OF_KEPT_LOOP in witness.reasons:
        if _is_of_a_thread(view, chain):
            return
        others = tuple(reason for reason in witness.reasons if reason != OF_KEPT_LOOP)
        fewer = witness.assumptions - len(witness.reasons) + len(others)
        witness = witness._replace(assumptions=fewer, reasons=others)
    reasons = list(witness.reasons)
    depends = effect.dependence
    if depends is not None and depends.is_for_few:
        reasons.append("it does so for some values of an argument only")
    if effect.kind is Kind.RUNS_LOOP and _hangs_on_what_is_given(view, chain[-1]):
        reasons.append("it does so only if what it calls gives a coroutine")
    fallbacks = _fallbacks(view, chain) if effect.kind is Kind.RUNS_LOOP else []
    reasons += fallbacks
    own = short_name(view.module.symbol(key))
    reasons += [f"{own} {hedge}" for hedge in witness.hedges]
    if witness.length > _FAR:
        reasons.append(f"it is {witness.length} calls away")
    nests = effect.kind is Kind.RUNS_LOOP
    yield draft_at(
        view,
        key,
        chain[0].site,
        rules_by_code()["CON701" if nests else "CON702"],
        _nested(chain, witness.cause, ends=not fallbacks) if nests else _waiting(view, chain, witness.cause),
        advise=advise_form(view, key, _instead(view, chain, witness) if nests else _instead_of_wait(chain)),
        reasons=reasons,
        assumptions=witness.assumptions + len(reasons) - len(witness.reasons),
        chain=chain,
        model=_LOOP,
        effect=None if nests else EffectKind.WAITS_FOR_ITSELF,
        family=None if nests else effect.family,
        cause=witness.cause,
    )


def _hangs_on_what_is_given(view: ModuleView, last: Hop) -> bool:
    """Whether a site is reached only where something that the program doesn't say is a coroutine: the result
    of a callback, of a user's tool."""
    evaluator = view.engine.evaluator
    body = evaluator.body(last.key)
    for number in graph.around(body, body.sites[last.site].region):
        region = body.regions[number]
        if region.kind not in (RegionKind.IF, RegionKind.AFTER) or not region.extra:
            continue
        test = graph.call(body, region.value)
        if test is not None and test.args and called_name(body, test.callee) in ASKING:
            given = evaluator.evaluate(last.key, test.args[0][1])
            if (
                given.incomplete
                or not given.values
                or any(isinstance(item, Parameter) for item in given.values)
            ):
                return True
    return False


def _fallbacks(view: ModuleView, chain: list[Hop]) -> list[str]:
    """The function on the way that is prepared for any failure: then its caller doesn't fail."""
    evaluator = view.engine.evaluator
    expected = ExpectedFailures(evaluator)
    for hop in chain[1:]:
        region = evaluator.body(hop.key).sites[hop.site].region if hop.site >= 0 else 0
        if expected.falls_back(hop.key, region):
            name = short_name(evaluator.module(hop.key[0]).symbol(hop.key))
            return [f"{name} goes another way where anything fails in it"]
    return []


def _nested(chain: list[Hop], cause: str, *, ends: bool) -> str:
    """What fails; with `ends` false, what has called it goes on."""
    if len(chain) == 1:
        return f"`{cause}` fails here: an event loop is running already"
    called = short_name(chain[0].symbol)
    if not ends:
        return f"`{called}` calls `{cause}`, which fails here: an event loop is running already"
    return f"`{called}` fails here: it calls `{cause}`, and an event loop is running already"


def _waiting(view: ModuleView, chain: list[Hop], cause: str) -> str:
    last = chain[-1]
    ends = has_timeout(Code(view.engine, last.key), last.site)
    never = "waits here in vain, until its timeout" if ends else "never returns here"
    why = "waits for what the event loop can do only once it returns"
    deadlock = "" if ends else ", a deadlock"
    if len(chain) == 1:
        return f"`{cause}` {never}: it {why}{deadlock}"
    return f"`{short_name(chain[0].symbol)}` {never}: it calls `{cause}`, which {why}{deadlock}"


def _is_of_a_thread(view: ModuleView, chain: list[Hop]) -> bool:
    """Whether a thread may run the loop that is meant: a module on the way has a thread run one."""
    engine = view.engine
    for path in dict.fromkeys(hop.key[0] for hop in chain):
        for key in engine.evaluator.module(path).keys:
            placements: list[Placement] = []
            for link in engine.links(key):
                engine.site_effects(key, link, placements)
            if any(item.model is ExecutionModel.THREAD and _runs_loop(view, item) for item in placements):
                return True
    return False


def _runs_loop(view: ModuleView, placement: Placement) -> bool:
    for value in map(unwrapped, placement.callables.values):
        if isinstance(value, Function):
            effects = view.engine.effects_of(value.key)
            if any(effect.kind is Kind.RUNS_LOOP for effect in effects):
                return True
        elif (fact := external_fact(view.engine.evaluator, value)) is not None and fact.runs_loop:
            return True
    return False


def _instead(view: ModuleView, chain: list[Hop], witness: Witness) -> Advice:
    fact = fact_of(view, witness.cause)
    if fact is not None and fact.instead:
        names = " or ".join(f"`{name}`" for name in fact.instead[:2])
        return Advice(_LOOP, f"use {names}.{f' {fact.note}' if fact.note else ''}")
    if len(chain) == 1:
        return Advice(_LOOP, "await the coroutine itself.", Form.AWAIT_ARGUMENT)
    name = short_name(chain[0].symbol)
    if _asks_for_loop(view, chain) or _runs_kept_loop(view, chain, witness.cause):
        return Advice(_LOOP, f"await a coroutine in place of `{name}`.")
    return Advice(
        _LOOP,
        f"await a coroutine in place of `{name}`. Where it must stay as it is, run `{name}` in a thread: "
        "the loop that it runs is alone there.",
    )


def _runs_kept_loop(view: ModuleView, chain: list[Hop], cause: str) -> bool:
    """Whether the loop that is run is one that somebody keeps: it is the same in a thread."""
    return cause.startswith(_OF_LOOPS) and holding_of(view, chain) is not Held.MADE


def _asks_for_loop(view: ModuleView, chain: list[Hop]) -> bool:
    """Whether a function on the way asks for its thread's loop: a thread has none."""
    return any(
        name in _ASKING
        for hop in chain[1:]
        for link in view.engine.links(hop.key)
        for name in public_names(view, link)
    )


def _instead_of_wait(chain: list[Hop]) -> Advice:
    if len(chain) == 1:
        return Advice(_LOOP, "await the coroutine itself: it runs on the loop that is running here.")
    name = short_name(chain[0].symbol)
    return Advice(_LOOP, f"await the coroutine itself, or run `{name}` in a thread.")


def fact_of(view: ModuleView, name: str) -> CallableFact | None:
    """What the catalog says of a function or method by its public name."""
    catalog = view.engine.evaluator.catalog
    fact = catalog.function(name)
    owner, _, last = name.rpartition(".")
    return fact if fact is not None and not fact.by_star else catalog.method(owner, last)
