"""What fails, or never ends, on an event loop because of what it is called from: the effects that travel up
to a coroutine or a callback."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.catalog.facts import CallableFact
from conclint.effects.effects import Effect, Effects, Kind, Placement, Witness
from conclint.model.execution import EffectKind, ExecutionModel
from conclint.model.symbols import short_name
from conclint.resolve.calls import callable_name
from conclint.resolve.values import Function, Key, unwrapped
from conclint.rules.advice.forms import Form
from conclint.rules.advice.library import AsyncLibrary, library_of
from conclint.rules.chains import Hop, hops
from conclint.rules.drafts import Draft, ModuleView, draft_at
from conclint.rules.entry_points import Starts
from conclint.rules.registry import rules_by_code
from conclint.rules.structural.reports import Advice, advise_form
from conclint.summary.records import DefKind

_LOOP = ExecutionModel.EVENT_LOOP
_FAR: Final = 8
"""Calls beyond which a chain is a step less sure."""


def crossed_on_loop(view: ModuleView, key: Key, effects: Effects) -> Iterator[Draft]:
    """CON701, CON702: what a site of a function on the loop does that fails there."""
    for effect, witness in effects.items():
        if _applies(view, effect, witness):
            yield _draft(view, key, effect, witness)


def crossed_in_callback(view: ModuleView, key: Key, placement: Placement, starts: Starts) -> Iterator[Draft]:
    """The same of a function that a site hands to the loop, unless its own file can see that."""
    evaluator = view.engine.evaluator
    for value in placement.callables.values:
        target = unwrapped(value)
        if not isinstance(target, Function) or target.key in starts.on_loop:
            continue
        if evaluator.definition(target.key).kind == DefKind.ASYNC_FUNCTION:
            continue
        for effect, inner in view.engine.effects_of(target.key).items():
            witness = Witness(
                inner.assumptions + len(placement.callables.reasons) + placement.callables.incomplete,
                inner.length + 1,
                callable_name(evaluator, target),
                placement.site,
                inner.cause,
                (*placement.callables.reasons, *inner.reasons),
                (target.key, effect),
            )
            if _applies(view, effect, witness):
                yield _draft(view, key, effect, witness)


def _applies(view: ModuleView, effect: Effect, witness: Witness) -> bool:
    if not effect.mask & _LOOP.bit:
        return False
    if effect.kind is Kind.RUNS_LOOP:
        return not view.loops_nest and _is_of_running_library(view, witness.cause)
    return effect.kind is Kind.WAITS_FOR_ITSELF


def _is_of_running_library(view: ModuleView, cause: str) -> bool:
    """Whether the loop that is run is of the library whose loop runs already: another library's does not
    fail, it blocks."""
    tops = {item.module.split(".", 1)[0] for item in view.module.summary.imports if not item.level}
    library = library_of(tops, view.library)
    if library is AsyncLibrary.TWISTED:
        return False
    return cause.startswith("anyio.") or cause.startswith("trio.") == (library is AsyncLibrary.TRIO)


def _draft(view: ModuleView, key: Key, effect: Effect, witness: Witness) -> Draft:
    chain = hops(view.engine, key, witness)
    reasons = list(witness.reasons)
    depends = effect.dependence
    if depends is not None and depends.is_doubtful and not depends.is_branch:
        reasons.append("it does so for some values of an argument only")
    own = short_name(view.module.symbol(key))
    reasons += [f"{own} {hedge}" for hedge in witness.hedges]
    if witness.length > _FAR:
        reasons.append(f"it is {witness.length} calls away")
    nests = effect.kind is Kind.RUNS_LOOP
    return draft_at(
        view,
        key,
        chain[0].site,
        rules_by_code()["CON701" if nests else "CON702"],
        _nested(chain, witness.cause) if nests else _waiting(chain, witness.cause),
        advise=advise_form(view, key, _instead(view, chain, witness) if nests else _instead_of_wait(chain)),
        reasons=reasons,
        assumptions=witness.assumptions + len(reasons) - len(witness.reasons),
        chain=chain,
        model=_LOOP,
        effect=None if nests else EffectKind.WAITS_FOR_ITSELF,
        family=None if nests else effect.family,
        cause=witness.cause,
    )


def _nested(chain: list[Hop], cause: str) -> str:
    if len(chain) == 1:
        return f"`{cause}` fails here: an event loop is running already"
    called = short_name(chain[0].symbol)
    return f"`{called}` fails here: it calls `{cause}`, and an event loop is running already"


def _waiting(chain: list[Hop], cause: str) -> str:
    why = "it waits for what the loop does only when it no longer waits: a deadlock"
    if len(chain) == 1:
        return f"`{cause}` never returns on the event loop: {why}"
    return f"`{short_name(chain[0].symbol)}` never returns on the event loop: it calls `{cause}`, and {why}"


def _instead(view: ModuleView, chain: list[Hop], witness: Witness) -> Advice:
    fact = fact_of(view, witness.cause)
    if fact is not None and fact.instead:
        names = " or ".join(f"`{name}`" for name in fact.instead[:2])
        return Advice(_LOOP, f"use {names}.{f' {fact.note}' if fact.note else ''}")
    if len(chain) == 1:
        return Advice(_LOOP, "await the coroutine itself.", Form.AWAIT_ARGUMENT)
    name = short_name(chain[0].symbol)
    return Advice(
        _LOOP,
        f"await a coroutine in place of `{name}`. Where it must stay as it is, run `{name}` in a thread: "
        "the loop that it runs is alone there.",
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
