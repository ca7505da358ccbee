"""CON507: workers that hold one lock for all they do, so that one of them runs at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.effects.effects import Kind, Placement
from conclint.model.execution import Confidence, ExecutionModel
from conclint.model.symbols import short_name
from conclint.resolve.arguments import StarItem, bind
from conclint.resolve.calls import callable_name
from conclint.resolve.values import Function, ValueSet, to_index
from conclint.rules.chains import Hop
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.code import Code
from conclint.rules.structural.function_traits import Habits
from conclint.rules.structural.loops import Loop, is_trivial
from conclint.rules.structural.reports import Advice, found
from conclint.summary import body_graph as graph
from conclint.summary.records import DefKind, Op, RegionKind, SiteKind

_LOCKS: Final = (
    "threading.Lock",
    "threading.RLock",
    "multiprocessing.synchronize.Lock",
    "multiprocessing.synchronize.RLock",
)
_QUICK: Final = ("locks", "joins", "queues", "cheap-files", "console")
_OUTER: Final = (RegionKind.BODY, RegionKind.TRY, RegionKind.WITH)


def lock_around_worker_body(view: ModuleView, code: Code, habits: Habits) -> Iterator[Draft]:
    """CON507: several workers in threads whose function does all that takes time under one lock."""
    for site, placements in code.placements.items():
        for placement in placements:
            if placement.model is not ExecutionModel.THREAD or not _is_for_many(code, site, placement):
                continue
            if len(placement.callables.values) != 1 or placement.callables.incomplete:
                continue
            (worker,) = placement.callables.values
            if not isinstance(worker, Function):
                continue
            locked = _locked_wait(Code(code.engine, worker.key), code, placement)
            if locked is None:
                continue
            lock_site, shared_by_all = locked
            if not shared_by_all and _is_receiver_per_item(code, site):
                continue
            name = callable_name(code.evaluator, worker)
            inner = Code(code.engine, worker.key)
            chain = [Hop(code.key, site, name), Hop(inner.key, lock_site, "the lock")]
            yield found(
                view,
                code,
                site,
                "CON507",
                f"`{short_name(name)}` holds one lock during all its work: only one worker runs at a time",
                Advice(
                    ExecutionModel.THREAD,
                    "hold the lock only while shared data is used; wait and compute outside it.",
                ),
                cause=name,
                chain=chain,
                model=ExecutionModel.THREAD,
                reasons=placement.callables.reasons,
                most=Confidence.HIGH if shared_by_all else Confidence.MEDIUM,
            )


def _is_for_many(code: Code, site: int, placement: Placement) -> bool:
    """Whether the callable is handed over more than once, and not one time after the other: for each item, or
    in a loop that doesn't await it."""
    handed = code.body.sites[site]
    return placement.each or (code.loop_of(handed.region) >= 0 and not graph.pauses(handed))


def _is_receiver_per_item(code: Code, site: int) -> bool:
    region = code.loop_of(code.body.sites[site].region)
    if region < 0:
        return False
    loop = Loop(code, region)
    methods = [value for _, value in code.body.sites[site].args if code.body.values[value][0] == Op.ATTR]
    return loop.is_over_item(methods)


def _locked_wait(code: Code, caller: Code, placement: Placement) -> tuple[int, bool] | None:
    """Where the def takes the lock under which all stands that takes time, and whether the lock is one for
    all callers: the program's, or one that the caller hands to each. None if there is no such lock."""
    if code.definition.kind not in (DefKind.FUNCTION, DefKind.LAMBDA):
        return None
    for number, region in enumerate(code.body.regions):
        if (
            region.kind != RegionKind.WITH
            or region.extra
            or code.body.regions[region.parent].kind not in _OUTER
        ):
            continue
        node = code.body.values[region.value]
        shared = node[0] in (Op.GLOBAL, Op.IMPORT, Op.FREE)
        of_self = node[0] == Op.ATTR and code.body.values[to_index(node[1])] == (Op.PARAM, 0)
        if node[0] == Op.PARAM:
            shared = _is_given_to_all(code, to_index(node[1]), caller, placement)
        elif not (shared or of_self) or not code.is_all(region.value, *_LOCKS):
            continue
        if not (shared or of_self):
            continue
        slow = _slow_site(code, number)
        if slow is None:
            return None
        entered = next(
            (
                n
                for n, site in enumerate(code.body.sites)
                if site.kind == SiteKind.ENTER and site.callee == region.value
            ),
            slow,
        )
        return entered, shared
    return None


def _is_given_to_all(code: Code, position: int, caller: Code, placement: Placement) -> bool:
    """Whether the caller hands one lock to each of the workers, as this parameter."""
    if placement.each:
        return False
    passed = bind(code.definition, position, placement.arguments)
    if passed is None or isinstance(passed, (ValueSet, StarItem)) or passed[0] != caller.key:
        return False
    value = passed[1]
    node = caller.body.values[value]
    loop = caller.loop_of(caller.body.sites[placement.site].region)
    made_here = node[0] == Op.CALL and caller.is_inside(caller.body.sites[to_index(node[1])].region, loop)
    of_self = node[0] == Op.ATTR and caller.body.values[to_index(node[1])] == (Op.PARAM, 0)
    is_one = of_self or node[0] in (Op.GLOBAL, Op.IMPORT, Op.FREE) or (node[0] == Op.CALL and not made_here)
    return loop >= 0 and is_one and caller.is_all(value, *_LOCKS)


def _slow_site(code: Code, region: int) -> int | None:
    """The first site under a region that waits or computes; None if anything stands outside of it that may
    take time, or nothing within."""
    slow: int | None = None
    links = {link.site: link for link in code.engine.links(code.key)}
    for number, site in enumerate(code.body.sites):
        if site.kind not in (SiteKind.CALL, SiteKind.ITERATE):
            continue
        if not code.is_inside(site.region, region):
            if site.kind == SiteKind.CALL and not is_trivial(code, number):
                return None
            continue
        link = links.get(number)
        if slow is None and link is not None:
            effects = code.engine.site_effects(code.key, link, [])
            if any(
                (effect.kind is Kind.WAITS and effect.family not in _QUICK)
                or effect.kind in (Kind.COMPUTES_GIL, Kind.COMPUTES_NOGIL)
                for effect in effects
            ):
                slow = number
    return slow
