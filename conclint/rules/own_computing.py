"""The cell of computing on the event loop: the program's own pure Python in coroutines and callbacks, and
in what these call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from conclint.cost.cost import Cost, CostTerm
from conclint.cost.cost_model import CostModel
from conclint.effects.effects import Kind
from conclint.model.execution import EffectKind, ExecutionModel
from conclint.model.severity import Severity
from conclint.model.symbols import short_name
from conclint.resolve.calls import callable_name
from conclint.resolve.values import Key
from conclint.rules.advice.allowed import subject_of
from conclint.rules.advice.change import Advice
from conclint.rules.between_yields import bare_yields, is_beside_yield
from conclint.rules.chains import Hop
from conclint.rules.computing import amount_of, cause_of, doubts_of, inner_hops
from conclint.rules.drafts import Draft, ModuleView, draft_at
from conclint.rules.entry_points import Starts
from conclint.rules.guide import rule_for
from conclint.rules.repeated_calls import repeated_call

if TYPE_CHECKING:
    from conclint.rules.advice.site import Place

_LOOP = ExecutionModel.EVENT_LOOP
_FAR: Final = (3, 6)
"""Beyond these numbers of calls it is a step less sure each that all of them do what the model thinks."""
_NESTED: Final = 2
"""Loops over data, one in the other, from which they are worth a word."""
_LONG: Final = 1_000.0
"""Operations in one iteration from which a single counting loop of unknown length is worth a word."""


def computing_on_loop(view: ModuleView, costs: CostModel, key: Key, starts: Starts) -> Iterator[Draft]:
    """What a function that runs on the loop by itself computes there, call by call and loop by loop."""
    yields = bare_yields(view, key)
    for part in costs.of_own_code(key):
        if not _reaches_loop(view, key, part.site):
            continue
        said = _is_said_to_take_long(view, key, part, yields)
        if not said and not _takes_long(part.cost):
            repeated = repeated_call(view, key, part, starts.doubts_at(view, key, part.site))
            if repeated is not None and not _waits(view, key, part):
                yield repeated
            continue
        if part.site >= 0 and not part.is_loop and _waits(view, key, part):
            continue  # a blocking call is a finding of its own, and the cure is the same
        yield _draft(view, key, part, starts.doubts_at(view, key, part.site), said=said)


def _is_said_to_take_long(view: ModuleView, key: Key, part: CostTerm, yields: tuple[int, ...]) -> bool:
    """Whether it goes through data, or counts, and the author lets the event loop run before or after it."""
    cost = part.cost
    if not yields or not (cost.over_data or cost.counting) or cost.known or cost.native:
        return False
    return is_beside_yield(view.engine.evaluator.body(key), part.site, yields)


def _takes_long(cost: Cost) -> bool:
    if cost.known or cost.native:
        return False  # judged by what the catalog says of the call
    if cost.is_sure:
        return True
    if cost.opaque:
        return False
    return (
        cost.counting >= 2
        or cost.grows
        or cost.over_data >= _NESTED
        or (cost.counting == 1 and cost.operations >= _LONG)
    )


def _reaches_loop(view: ModuleView, key: Key, site: int) -> bool:
    if site < 0:
        return True
    region = view.engine.evaluator.body(key).sites[site].region
    return bool(view.engine.guards.mask(key, region) & _LOOP.bit)


def _waits(view: ModuleView, key: Key, part: CostTerm) -> bool:
    """Whether what is called waits, or anything on the way to what does most of the work."""
    link = view.engine.link_at(key, part.site)
    found = [view.engine.site_effects(key, link, [])] if link is not None else []
    found += [view.engine.effects_of(worker) for worker, _ in part.cost.chain]
    if part.cost.worker is not None:
        found.append(view.engine.effects_of(part.cost.worker))
    return any(
        effect.kind is Kind.WAITS and effect.mask & _LOOP.bit and effect.family != "cheap-files"
        for effects in found
        for effect in effects
    )


def _draft(
    view: ModuleView, key: Key, part: CostTerm, doubts: tuple[str, ...], *, said: bool = False
) -> Draft:
    rule = rule_for(EffectKind.COMPUTES_GIL, _LOOP, "own")
    assert rule is not None
    engine = view.engine
    own = view.module.symbol(key)
    cost = part.cost
    chain: list[Hop] = []
    if not part.is_loop:
        link = next(item for item in engine.links(key) if item.site == part.site)
        called = callable_name(engine.evaluator, link.groups[0][0].value)
        chain = [Hop(key, part.site, called), *inner_hops(engine, cost)]
        what = f"`{short_name(called)}` computes"
        incomplete = link.incomplete
    else:
        called, incomplete = own, False
        what = "this loop computes" if part.site >= 0 else f"`{short_name(own)}` computes"
    reasons = [*(doubts_of(cost)[:1] if said else doubts_of(cost)), *doubts]
    if said and cost.opaque:
        reasons.append("something in it is not known: it may wait")
    if cost.grows and cost.counting < 2 and not said:
        reasons.append("it may take only a moment")
    if incomplete:
        reasons.append("the thing called here may be something else too")
    reasons += [f"it is {len(chain)} calls away"] * sum(len(chain) > far for far in _FAR)
    work = chain or [Hop(key, part.site, called)]
    cause = cause_of(engine, cost, own)
    is_call = not part.is_loop

    def advise(place: Place) -> Advice:
        from conclint.rules.advice import build

        subject = subject_of(view, work, cause, "own")
        subject = subject._replace(is_long=cost.is_sure or said)
        return build.instead_of_computing(place, subject, view.runtime, is_call=is_call)

    return draft_at(
        view,
        key,
        part.site,
        rule,
        f"{what} in pure Python{amount_of(cost)}: the event loop stops meanwhile",
        advise=advise,
        reasons=reasons,
        chain=chain,
        model=_LOOP,
        effect=EffectKind.COMPUTES_GIL,
        family="own",
        cause=cause if chain else own,
        severity=None if cost.is_sure or cost.counting else Severity.WARNING,  # who knows how many items
    )
