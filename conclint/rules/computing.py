"""The cells of computing: pure Python in threads."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.link.calls import callable_name
from conclint.link.values import Function, Key, Value
from conclint.model.execution import EffectKind, ExecutionModel
from conclint.model.finding import Recommendation
from conclint.model.summary import DefKind
from conclint.propagate.cost import HEAVY, Cost, CostModel
from conclint.propagate.effects import Kind, Placement
from conclint.rules.call_text import CallText
from conclint.rules.chains import Hop
from conclint.rules.drafts import Draft, ModuleView, draft_at, short_name, unwrapped
from conclint.rules.guide import guide, rule_for
from conclint.rules.recommend import for_computing_in_threads
from conclint.rules.registry import Rule

_OFFLOAD = "offload"
_UNSIZED = "how far it counts is not known"
_OFFLOADED = "moving it off the event loop keeps the loop alive, which may be all that is wanted"


def computing_in_threads(
    view: ModuleView, costs: CostModel, key: Key, placement: Placement
) -> Iterator[Draft]:
    """What a placement makes compute in threads, if every candidate does."""
    if placement.model is not ExecutionModel.THREAD:
        return
    cell = guide()[EffectKind.COMPUTES_GIL.value, ExecutionModel.THREAD]
    rule = rule_for(EffectKind.COMPUTES_GIL, ExecutionModel.THREAD, placement.style)
    if rule is None or cell.verdict != "bad":
        return
    values = placement.callables.values
    found = [_computes(view, costs, value, placement) for value in values]
    if not found or any(cost is None for cost in found):
        return  # report only what every candidate forbids
    cost = found[0]
    assert cost is not None
    reasons = list(placement.callables.reasons)
    if placement.callables.partial:
        reasons.append("what is handed over may be something else too")
    if cost.operations < HEAVY:
        reasons.append(_UNSIZED)
        if cost.unsized < 2:
            reasons.append("it may take only a moment")
    if placement.style == _OFFLOAD:
        reasons.append(_OFFLOADED)
    yield _draft(view, key, placement, rule, values[0], cost, reasons)


def _computes(view: ModuleView, costs: CostModel, value: Value, placement: Placement) -> Cost | None:
    """The cost, where the callable computes for long and does nothing else that would count."""
    target = unwrapped(value)
    if not isinstance(target, Function):
        return None
    definition = view.engine.evaluator.module(target.key[0]).definition(target.key[1])
    if definition.kind == DefKind.ASYNC_FUNCTION:
        return None
    for effect in view.engine.effects_of(target.key):
        if effect.kind is Kind.WAITS and effect.family != "cheap-files":
            return None
        if effect.kind is Kind.COMPUTES_NOGIL:
            return None
    cost = costs.of_call(value, placement.arguments, placement.each)
    if cost.opaque or cost.native or (cost.operations < HEAVY and not cost.unsized and cost.over_data < 2):
        return None
    return cost


def _draft(
    view: ModuleView,
    key: Key,
    placement: Placement,
    rule: Rule,
    value: Value,
    cost: Cost,
    reasons: list[str],
) -> Draft:
    evaluator = view.engine.evaluator
    name = callable_name(evaluator, value)
    style = placement.style
    much = f" (some {_rounded(cost.operations)} operations)" if cost.operations >= HEAVY else ""
    gain = (
        "moving it to a thread makes nothing faster" if style == _OFFLOAD else "threads give it no speed-up"
    )

    def advise(call: CallText) -> Recommendation:
        return for_computing_in_threads(call, name, style, view.runtime)

    return draft_at(
        view,
        key,
        placement.site,
        rule,
        f"`{short_name(name)}` computes in pure Python{much}: {gain} while the GIL is held",
        advise=advise,
        reasons=reasons,
        chain=[Hop(key, placement.site, name), *_inner_hops(view, cost)],
        model=ExecutionModel.THREAD,
        effect=EffectKind.COMPUTES_GIL,
        family=style,
        cause=evaluator.module(cost.worker[0]).symbol(cost.worker[1]) if cost.worker else name,
    )


def _inner_hops(view: ModuleView, cost: Cost) -> Iterator[Hop]:
    """The calls from the measured function to the one that does most of the work."""
    for key, site in cost.chain:
        link = next((item for item in view.engine.links(key) if item.site == site), None)
        if link is not None and link.groups:
            yield Hop(key, site, callable_name(view.engine.evaluator, link.groups[0][0].value))


def _rounded(operations: float) -> str:
    if operations >= 1e12:
        return "10^" + str(len(str(int(min(operations, 1e300)))) - 1)
    digits = max(0, len(str(int(operations))) - 2)
    return f"{round(operations / 10**digits) * 10**digits:,.0f}"
