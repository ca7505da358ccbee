"""The cell of computing in threads: pure Python there takes turns, as long as there is a GIL."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.cost.cost import Cost
from conclint.cost.cost_model import CostModel
from conclint.effects.effects import Kind, Placement
from conclint.model.execution import EffectKind, ExecutionModel
from conclint.model.runtime import Gil
from conclint.resolve.calls import callable_name
from conclint.resolve.values import External, Function, Key, Value, unwrapped
from conclint.rules.advice.pools import instead_of_threads
from conclint.rules.chains import Hop
from conclint.rules.computing import amount_of, cause_of, doubts_of, inner_hops
from conclint.rules.drafts import Draft, ModuleView, draft_at, short_name
from conclint.rules.guide import guide, rule_for
from conclint.rules.registry import Rule
from conclint.summary.records import DefKind

_OFFLOAD = "offload"
_POOL = "pool"
_FRAMEWORK = "framework"
_CHOSEN = (
    "the framework chose the thread, not the program",
    "it keeps the loop alive, which may be all that is wanted",
)
_OFFLOADED = "moving it off the event loop keeps the loop alive, which may be all that is wanted"
_FREE_THREADED = "on a free-threaded build threads compute at the same time"


def computing_in_threads(
    view: ModuleView, costs: CostModel, key: Key, placement: Placement
) -> Iterator[Draft]:
    """What a placement makes compute in threads, if every candidate does."""
    if placement.model is not ExecutionModel.THREAD:
        return
    cell = guide()[EffectKind.COMPUTES_GIL.value, ExecutionModel.THREAD]
    family = _POOL if placement.style == _FRAMEWORK else placement.style
    rule = rule_for(EffectKind.COMPUTES_GIL, ExecutionModel.THREAD, family)
    if rule is None or not cell.is_forbidden(view.runtime.gil):
        return
    values = placement.callables.values
    found = [_computes(view, costs, value, placement) for value in values]
    if not found or any(cost is None for cost in found):
        return  # report only what every candidate forbids
    cost = found[0]
    assert cost is not None
    reasons = list(placement.callables.reasons)
    if placement.callables.incomplete:
        reasons.append("what is handed over may be something else too")
    reasons += doubts_of(cost)
    if placement.style == _OFFLOAD:
        reasons.append(_OFFLOADED)
    elif placement.style == _FRAMEWORK:
        reasons.extend(_CHOSEN)
    if view.runtime.gil is Gil.BOTH:
        reasons.append(_FREE_THREADED)
    yield _draft(view, key, placement, rule, values[0], cost, reasons)


def _computes(view: ModuleView, costs: CostModel, value: Value, placement: Placement) -> Cost | None:
    """The cost, where the callable computes for long and does nothing else that would count."""
    target = unwrapped(value)
    if isinstance(target, Function):
        if _does_more(view, target.key):
            return None
    elif not isinstance(target, External):
        return None
    cost = costs.of_call(value, placement.arguments, placement.each)
    if any(_does_more(view, key) for key, _ in cost.chain) or (cost.worker and _does_more(view, cost.worker)):
        return None  # the items of a `map` are computed by it
    if cost.opaque or cost.native or (not cost.is_sure and not cost.counting and cost.over_data < 2):
        return None
    return cost


def _does_more(view: ModuleView, key: Key) -> bool:
    """Whether a function waits or releases the GIL: then threads are right for it, or may be."""
    definition = view.engine.evaluator.definition(key)
    return definition.kind == DefKind.ASYNC_FUNCTION or any(
        effect.kind is Kind.COMPUTES_NOGIL or (effect.kind is Kind.WAITS and effect.family != "cheap-files")
        for effect in view.engine.effects_of(key)
    )


def _draft(
    view: ModuleView,
    key: Key,
    placement: Placement,
    rule: Rule,
    value: Value,
    cost: Cost,
    reasons: list[str],
) -> Draft:
    name = callable_name(view.engine.evaluator, value)
    style = placement.style
    gain = (
        "moving it to a thread keeps the loop alive, but makes nothing faster"
        if style == _OFFLOAD
        else "threads give it no speed-up"
    )

    return draft_at(
        view,
        key,
        placement.site,
        rule,
        f"`{short_name(name)}` computes in pure Python{amount_of(cost)}: {gain} while the GIL is held",
        advise=instead_of_threads(view, key, placement, short_name(name).rsplit(".", 1)[-1]),
        reasons=reasons,
        chain=[Hop(key, placement.site, name), *inner_hops(view.engine, cost)],
        model=ExecutionModel.THREAD,
        effect=EffectKind.COMPUTES_GIL,
        family=rule.family,
        cause=cause_of(view.engine, cost, name),
    )
