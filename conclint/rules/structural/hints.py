"""CON801, CON802, CON803: opt-in hints where sequential code could run concurrently, or in fewer lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.cost.cost import HEAVY
from conclint.effects.effects import Effects, Kind, Witness
from conclint.model.execution import Confidence, ExecutionModel
from conclint.model.symbols import short_name
from conclint.resolve.calls import callable_name
from conclint.resolve.values import Function
from conclint.rules.advice.forms import Form
from conclint.rules.chains import hops
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.code import Call, Code
from conclint.rules.structural.function_traits import Habits
from conclint.rules.structural.loops import Loop
from conclint.rules.structural.reports import Advice, found
from conclint.summary import body_graph as graph
from conclint.summary.records import DefFlags, DefKind, Op, RegionKind

_NEAR: Final = 3
"""Calls to the request, beyond which a hint would be a guess."""
_PAUSES: Final = frozenset({"time.sleep"})


def sequential_http_calls(view: ModuleView, code: Code, habits: Habits) -> Iterator[Draft]:
    """CON801: blocking HTTP requests one after the other, in code that is no coroutine."""
    if code.definition.kind == DefKind.ASYNC_FUNCTION or code.definition.flags & DefFlags.GENERATOR:
        return
    links = {link.site: link for link in code.engine.links(code.key)}
    for call, loop in _independent(code):
        if any(code.calls[site].names & _PAUSES for site in loop.sites() if site in code.calls):
            continue
        witness = _http(code.engine.site_effects(code.key, links[call.site], []))
        if witness is None or witness.length > _NEAR or witness.conditions > 1:
            continue
        chain = hops(code.engine, code.key, witness)
        way = f": it calls `{witness.cause}`" if len(chain) > 1 else ""
        yield found(
            view,
            code,
            call.site,
            "CON801",
            f"each iteration waits for its own HTTP request{way}",
            Advice(
                ExecutionModel.THREAD,
                "let threads wait for them at the same time, or use asyncio with aiohttp or httpx.",
                Form.MAP_IN_THREADS,
            ),
            cause=witness.cause,
            chain=chain,
            reasons=witness.reasons,
            most=Confidence.MEDIUM,
        )


def sequential_cpu_map(view: ModuleView, code: Code, habits: Habits) -> Iterator[Draft]:
    """CON802: a function that computes for long, called for one item after the other."""
    for call, _ in _independent(code):
        if len(call.inside) != 1 or call.names:
            continue
        (target,) = call.inside
        if not isinstance(target, Function) or not _computes(code, target, call, habits):
            continue
        name = callable_name(code.evaluator, target)
        yield found(
            view,
            code,
            call.site,
            "CON802",
            f"`{short_name(name)}` runs CPU-bound Python code for one item after the other",
            Advice(
                ExecutionModel.PROCESS,
                "let processes compute several at the same time.",
                Form.MAP_IN_PROCESSES,
            ),
            cause=name,
            most=Confidence.MEDIUM,
        )


def hand_made_thread_list(view: ModuleView, code: Code, habits: Habits) -> Iterator[Draft]:
    """CON803: threads that are kept in a list, started and joined one by one."""
    started, joined = _receivers(code, "start"), _receivers(code, "join")
    for call in code.calls_to({"threading.Thread"}):
        thread = code.results.get(call.site, -1)
        region = code.loop_of(code.body.sites[call.site].region)
        if thread < 0 or region < 0 or Loop(code, region).is_while:
            continue
        lists = [number for number in range(len(code.body.values)) if thread in code.elements(number)]
        elements = {
            number for number, node in enumerate(code.body.values) if node[0] == Op.ELEM and node[1] in lists
        }
        if not lists or elements.isdisjoint(joined) or (elements | {thread}).isdisjoint(started):
            continue
        if _loops_of(code, elements | {thread}, "start") & _loops_of(code, elements | {thread}, "join"):
            continue  # CON502: not concurrent at all
        yield found(
            view,
            code,
            call.site,
            "CON803",
            "threads are created, started and joined by hand",
            Advice(
                ExecutionModel.THREAD,
                "a `ThreadPoolExecutor` does it in three lines, and raises what a worker raised.",
            ),
            cause="threading.Thread",
            model=ExecutionModel.THREAD,
            reasons=call.doubts,
        )


def _receivers(code: Code, method: str) -> set[int]:
    """The values a method of that name is called on, whatever they are."""
    return {graph.base(node) for node in code.body.values if node[0] == Op.ATTR and node[2] == method}


def _loops_of(code: Code, receivers: set[int], method: str) -> set[int]:
    """The innermost loops in which a method of that name is called on one of these."""
    return {
        code.loop_of(site.region)
        for site in code.body.sites
        for node in (code.body.values[site.callee],)
        if node[0] == Op.ATTR and node[1] in receivers and node[2] == method
    }


def _independent(code: Code) -> Iterator[tuple[Call, Loop]]:
    """The calls in a loop, made from its item, whose iterations do not depend on each other."""
    for call in code.calls.values():
        region = code.loop_of(code.body.sites[call.site].region)
        if region < 0 or code.body.regions[region].kind == RegionKind.WHILE:
            continue
        loop = Loop(code, region)
        consumed = [value for _, value in code.body.sites[call.site].args]
        if (
            loop.breaks
            or loop.is_async
            or loop.is_stream
            or code.is_lazy(region)
            or not loop.is_over_item(consumed)
        ):
            continue
        result = code.results.get(call.site, -1)
        if result >= 0 and loop.feeds_back([result], consumed):
            continue
        yield call, loop


def _http(effects: Effects) -> Witness | None:
    candidates = [
        witness
        for effect, witness in effects.items()
        if effect.kind is Kind.WAITS and effect.family == "http"
    ]
    return min(candidates, key=lambda witness: witness.rank) if candidates else None


def _computes(code: Code, target: Function, call: Call, habits: Habits) -> bool:
    for effect in code.engine.effects_of(target.key):
        if effect.kind in (Kind.WAITS, Kind.COMPUTES_NOGIL):
            return False
    cost = habits.costs.of_call(target, code.arguments(call.site), False)
    return not cost.opaque and not cost.native and cost.operations >= HEAVY
