"""The cell of computing in threads: pure Python there takes turns, as long as there is a GIL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from conclint.cost.cost import Cost
from conclint.cost.cost_model import CostModel
from conclint.cost.worker_profile import Profile, WorkerProfiles
from conclint.effects.effects import Placement
from conclint.model.execution import EffectKind, ExecutionModel
from conclint.model.runtime import Gil
from conclint.model.symbols import short_name
from conclint.resolve.calls import callable_name
from conclint.resolve.values import External, Function, Key, Value, unwrapped
from conclint.rules.advice.pools import instead_of_threads
from conclint.rules.chains import Hop
from conclint.rules.computing import amount_of, cause_of, doubts_of, inner_hops
from conclint.rules.drafts import Draft, ModuleView, draft_at
from conclint.rules.guide import guide, rule_for
from conclint.rules.parallel_placements import runs_in_parallel
from conclint.rules.registry import Rule
from conclint.summary.records import DefFlags, DefKind

_OFFLOAD = "offload"
_POOL = "pool"
_THREAD = "thread"
_FRAMEWORK = "framework"
_CHOSEN = (
    "the framework chose the thread, not the program",
    "it keeps the loop alive, which may be all that is wanted",
)
_OFFLOADED = "moving it off the event loop keeps the loop alive, which may be all that is wanted"
_ALONE = "one thread beside the program keeps it alive, which may be all that is wanted"
_DEEP: Final = 2
"""Loops over data from which there is work enough, whatever surrounds it."""
_FREE_THREADED = "on a free-threaded build threads compute at the same time"


def computing_in_threads(
    view: ModuleView, costs: CostModel, profiles: WorkerProfiles, key: Key, placement: Placement
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

    def computes_too(other: Placement) -> bool:
        return not any(
            profiles.of(value, other.arguments, other.each, view.module.path, until_waits=True).waits
            for value in other.callables.values
        )

    found: list[_Computing] = []
    for value in values:
        computes = _computes(view, costs, profiles, value, placement)
        if computes is None or not computes.is_enough(is_parallel=True):
            return  # report only what every candidate forbids
        found.append(computes)
    if not found:
        return
    is_parallel = runs_in_parallel(view, key, placement, computes_too)
    if not all(item.is_enough(is_parallel=is_parallel) for item in found):
        return
    computing = found[0]
    reasons = list(placement.callables.reasons)
    if placement.callables.incomplete:
        reasons.append("what is handed over may be something else too")
    reasons += computing.doubts(is_parallel=is_parallel)
    if placement.style == _OFFLOAD:
        reasons.append(_OFFLOADED)
    elif placement.style == _FRAMEWORK:
        reasons.extend(_CHOSEN)
    elif placement.style == _THREAD and not is_parallel:
        reasons.append(_ALONE)
    if view.runtime.gil is Gil.BOTH:
        reasons.append(_FREE_THREADED)
    yield _draft(view, key, placement, rule, values[0], computing.cost, reasons)


class _Computing(NamedTuple):
    """What a worker computes, and what else there is of it."""

    cost: Cost
    profile: Profile
    is_external: bool

    def is_enough(self, *, is_parallel: bool) -> bool:
        """Whether threads are wrong for it: what is to run at the same time gains nothing at any length."""
        cost, profile = self.cost, self.profile
        if is_parallel and (profile.depth > 0 or (profile.library and self.is_external)):
            return True
        if profile.fed and not is_parallel:
            return False
        return cost.is_sure or bool(cost.counting) or cost.over_data >= _DEEP

    def doubts(self, *, is_parallel: bool) -> list[str]:
        """What is assumed in saying that threads are wrong for it."""
        profile = self.profile
        doubts = doubts_of(self.cost)
        if is_parallel:
            doubts = doubts[:1]
        if profile.files and not (self.cost.is_sure or profile.depth >= _DEEP):
            doubts.append("the file that it opens may take longer than the work on it")
        if profile.fed:
            doubts += ["what fills the queue may be slower than the work"] * 2
        for name in profile.unknown[:1]:
            doubts += [f"`{name}` is not known: it may wait"] * 2
        return doubts


def _computes(
    view: ModuleView,
    costs: CostModel,
    profiles: WorkerProfiles,
    value: Value,
    placement: Placement,
) -> _Computing | None:
    """What the callable computes, where nothing else counts that it does."""
    target = unwrapped(value)
    if isinstance(target, Function):
        definition = view.engine.evaluator.definition(target.key)
        if definition.kind == DefKind.ASYNC_FUNCTION or definition.flags & DefFlags.GENERATOR:
            return None  # its body runs elsewhere
    elif not isinstance(target, External):
        return None
    profile = profiles.of(value, placement.arguments, placement.each, view.module.path, until_waits=True)
    if profile.waits:
        return None
    cost = costs.of_call(value, placement.arguments, placement.each)
    return None if cost.native else _Computing(cost, profile, isinstance(target, External))


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
        else "threads won't speed it up"
    )
    how = "" if isinstance(unwrapped(value), External) else " in pure Python"

    return draft_at(
        view,
        key,
        placement.site,
        rule,
        f"`{short_name(name)}` computes{how}{amount_of(cost)}: {gain} while the GIL is held",
        advise=instead_of_threads(view, key, placement, short_name(name).rsplit(".", 1)[-1]),
        reasons=reasons,
        chain=[Hop(key, placement.site, name), *inner_hops(view.engine, cost)],
        model=ExecutionModel.THREAD,
        effect=EffectKind.COMPUTES_GIL,
        family=rule.family,
        cause=cause_of(view.engine, cost, name),
    )
