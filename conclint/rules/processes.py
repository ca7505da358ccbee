"""The cells of waiting in processes and interpreters: what only waits is cheaper in threads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from conclint.catalog.facts import EffectKind as FactKind
from conclint.cost.cost_model import CostModel
from conclint.cost.plain_methods import is_plain_name
from conclint.cost.worker_profile import WorkerProfiles
from conclint.effects.effects import Effect, Effects, Kind, Placement, Pointer, Witness
from conclint.model.execution import Confidence, EffectKind, ExecutionModel
from conclint.model.symbols import short_name
from conclint.resolve.calls import callable_name
from conclint.resolve.values import ITERATED, External, Function, Key, Parameter, Value, unwrapped
from conclint.rules.advice.pools import instead_of_processes
from conclint.rules.chains import Hop, hops
from conclint.rules.drafts import Draft, ModuleView, draft_at
from conclint.rules.guide import guide, rule_for
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, DefKind, Op, RegionKind, SiteKind

_MODELS: Final = (ExecutionModel.PROCESS, ExecutionModel.INTERPRETER)
_PURE_WAITS: Final = frozenset({"http", "database", "sockets", "subprocess", "sleep"})
"""What a worker waits for outside of its program. Files alone are left out: who reads one parses it."""
_FETCHED: Final = frozenset({"http", "database", "sockets"})
"""What is fetched or sent over a network: a file beside it is what that is written to, or read from."""
_LIBRARY_WAITS: Final = frozenset({"http", "sockets", "subprocess"})
"""Of a database rows come, of which something may be made."""
_MAKING: Final = ("geopandas.", "pandas.", "polars.", "pyarrow.", "xarray.")
"""Libraries that make something of what they fetch."""
_FILES: Final = "files"
_TRANSFERS: Final = frozenset(
    {
        "client", "copyfileobj", "download_file", "exists", "makedirs", "mkdir", "open", "read", "read_bytes",
        "remove", "rename", "replace", "resource", "unlink", "upload_file", "write", "write_bytes",
        "write_text", "writelines",
    }
)  # fmt: skip
"""What saves what was fetched, or opens what is sent."""
_OF_PATHS: Final = frozenset(
    {"exists", "is_dir", "is_file", "mkdir", "read_bytes", "touch", "unlink", "write_bytes", "write_text"}
)
"""What a path of unknown type does that saves what was fetched, or opens what is sent: not `read_text`, which
something is made of."""
_HARMLESS: Final = frozenset({"cheap-files", "console"})
_MAX_NEST = 1
"""Going through the answer once is no work; comparing its parts with each other is."""
_ENDED = frozenset({"terminate", "kill"})


def waiting_in_processes(
    view: ModuleView, costs: CostModel, profiles: WorkerProfiles, key: Key, placement: Placement
) -> Iterator[Draft]:
    """What a placement sends to processes or interpreters only to wait there, if every candidate does."""
    if placement.model not in _MODELS:
        return
    style = "pool" if placement.style == "offload" else placement.style
    rule = rule_for(EffectKind.WAITS, placement.model, style)
    if rule is None or not guide()[EffectKind.WAITS.value, placement.model].is_forbidden(view.runtime.gil):
        return
    found = [_only_waits(view, costs, profiles, value, placement) for value in placement.callables.values]
    if not found or any(item is None for item in found) or placement.callables.incomplete:
        return
    if placement.style == "thread" and _wants_a_process(view, key, placement):
        return
    first = found[0]
    assert first is not None
    value = placement.callables.values[0]
    name = callable_name(view.engine.evaluator, value)
    reasons = [*placement.callables.reasons, *first.reasons]
    if first.over_data:
        reasons.append("it also goes through what it got")
    chain = [Hop(key, placement.site, name)]
    if first.within is not None:
        witness = Witness(0, 1, name, placement.site, first.cause, (), first.within)
        chain = hops(view.engine, key, witness)
    inner = f" (`{first.cause}`)" if first.within is not None else ""
    where = "an interpreter" if placement.model is ExecutionModel.INTERPRETER else "a process"

    yield draft_at(
        view,
        key,
        placement.site,
        rule,
        f"`{short_name(name)}` only waits{inner}: {where} for that gains nothing over a thread",
        advise=instead_of_processes(view, key, placement, short_name(name).rsplit(".", 1)[-1]),
        reasons=reasons,
        most=Confidence.MEDIUM,
        chain=chain,
        model=placement.model,
        effect=EffectKind.WAITS,
        family=first.family,
        cause=first.cause,
    )


class _Wait(NamedTuple):
    """What a callable waits for: `within` leads there in a function of the program; `over_data` where it also
    loops over something."""

    family: str
    cause: str
    reasons: tuple[str, ...] = ()
    within: Pointer | None = None
    over_data: bool = False


def _only_waits(
    view: ModuleView, costs: CostModel, profiles: WorkerProfiles, value: Value, placement: Placement
) -> _Wait | None:
    """What the callable waits for, where it does nothing else that a process could be wanted for."""
    target = unwrapped(value)
    evaluator = view.engine.evaluator
    if isinstance(target, External):
        fact = evaluator.catalog.function(evaluator.catalog.canonical(target.dotted))
        family = fact.family.value if fact is not None and fact.family is not None else ""
        if fact is None or fact.effect is not FactKind.WAITS or family not in _LIBRARY_WAITS:
            return None
        if fact.name.startswith(_MAKING):
            return None
        return _Wait(family, fact.name)
    if not isinstance(target, Function):
        return None
    if evaluator.definition(target.key).kind == DefKind.ASYNC_FUNCTION:
        return None
    effects = view.engine.effects_of(target.key)
    best = _wait_of(effects, placement.model, costs, evaluator.body(target.key))
    if best is None:
        return None
    if any(effect.kind is Kind.WAITS and effect.family == _FILES for effect in effects):
        profile = profiles.of(value, placement.arguments, placement.each, view.module.path)
        if profile.depth > _MAX_NEST or profile.library or not _TRANSFERS.issuperset(_last(profile.touched)):
            return None
    cost = costs.of_call(value, placement.arguments, placement.each)
    if cost.opaque or cost.foreign or cost.native or cost.is_sure or cost.counting:
        return None
    if cost.over_data > _MAX_NEST or _serves(view, target.key, set()):
        return None
    effect, witness = best
    if witness.cause.startswith(_MAKING):
        return None
    within = (target.key, effect)
    return _Wait(str(effect.family), witness.cause, witness.reasons, within, cost.over_data > 0)


def _wait_of(
    effects: Effects, model: ExecutionModel, costs: CostModel, body: Body
) -> tuple[Effect, Witness] | None:
    """The best witness of waiting; None where the effects show anything else too."""
    found: list[tuple[Effect, Witness]] = []
    for effect, witness in effects.items():
        if effect.kind in (Kind.COMPUTES_GIL, Kind.COMPUTES_NOGIL):
            return None
        called = effect.parameter if effect.kind is Kind.CALLS else None
        if called is not None and not _is_plain(called) and not costs.is_left_out(called):
            return None
        if effect.kind is Kind.WAITS and effect.mask & model.bit and effect.family not in _HARMLESS:
            if effect.family not in (*_PURE_WAITS, _FILES):
                return None  # queues, locks: a worker of its own design
            found.append((effect, witness))
    families = {effect.family for effect, _ in found}
    if _FILES in families and not families & _FETCHED:
        return None
    found = [item for item in found if item[0].family != _FILES]
    if all(effect.family == "sleep" for effect, _ in found):
        found = [item for item in found if _is_as_long_as_asked(body, item[1])]
    else:
        found = [item for item in found if item[0].family != "sleep"]
    if not found:
        return None
    return min(found, key=lambda item: item[1].rank)


def _is_as_long_as_asked(body: Body, witness: Witness) -> bool:
    """Whether it sleeps for as long as the caller says. A length that is written there, or drawn at random,
    stands for work in an example."""
    args = body.sites[witness.site].args if witness.next is None and witness.site >= 0 else ()
    return len(args) == 1 and graph.node(body, args[0][1])[0] == Op.PARAM


def _is_plain(called: Parameter) -> bool:
    """Whether an argument is only gone through, or a method of it called that a text or a path has."""
    if not called.attributes:
        return False
    name = called.attributes[-1]
    return name in (ITERATED, "encode", "decode") or name in _OF_PATHS or is_plain_name(name)


def _last(names: tuple[str, ...]) -> set[str]:
    return {name.rsplit(".", 1)[-1] for name in names}


def _serves(view: ModuleView, key: Key, seen: set[Key]) -> bool:
    """Whether the function, or one that it calls, runs for ever: a server or a daemon, which is given a
    process of its own for isolation."""
    if key in seen or len(seen) > 50:
        return False
    seen.add(key)
    body = view.engine.evaluator.body(key)
    for region in body.regions:
        if region.kind == RegionKind.WHILE and region.value >= 0:
            test = body.values[region.value]
            if test[0] != Op.COMPARE and not (test[0] == Op.CONST and not test[1]):
                return True
    for link in view.engine.links(key):
        for group in link.groups:
            for target in group:
                if isinstance(target.value, Function) and _serves(view, target.value.key, seen):
                    return True
    return False


def _wants_a_process(view: ModuleView, key: Key, placement: Placement) -> bool:
    """Whether a single `Process` is there for being a process: it can be ended from outside, it is a
    daemon, or it is the only one that the function starts."""
    evaluator = view.engine.evaluator
    for other in view.keys:
        body = evaluator.body(other)
        for site in body.sites:
            callee = body.values[site.callee] if site.kind == SiteKind.CALL else graph.UNKNOWN
            if callee[0] == Op.ATTR and callee[2] in _ENDED:
                return True
    body = evaluator.body(key)
    site = body.sites[placement.site]
    if any(slot == "daemon" for slot, _ in site.args):
        return True
    if graph.loop_of(body, site.region) >= 0:
        return False
    alike = [p for p in view.placements[key] if (p.model, p.style) == (placement.model, placement.style)]
    return len(alike) < 2
