"""Coroutines that are run together and never await: one runs to its end after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.cost.cost_model import CostModel
from conclint.effects.effects import Kind
from conclint.model.execution import Confidence, EffectKind, ExecutionModel
from conclint.model.finding import Recommendation
from conclint.model.runtime import Gil
from conclint.model.symbols import short_name
from conclint.resolve.arguments import EVERYTHING, Arguments, arguments_of
from conclint.resolve.calls import callable_name
from conclint.resolve.values import External, ExternalMethod, Function, Key
from conclint.rules.advice.change import Advice
from conclint.rules.chains import Hop
from conclint.rules.computing import doubts_of
from conclint.rules.drafts import Draft, ModuleView, draft_at
from conclint.rules.registry import rules_by_code
from conclint.summary import body_graph as graph
from conclint.summary.records import DefFlags, DefKind, Op, SiteKind

_CODE: Final = "CON304"
_TOGETHER: Final = frozenset(
    {
        "asyncio.gather", "asyncio.create_task", "asyncio.ensure_future", "asyncio.wait",
        "asyncio.as_completed", "asyncio.TaskGroup.create_task",
        "asyncio.AbstractEventLoop.create_task",
    }
)  # fmt: skip
_STARTED: Final = frozenset({"trio.Nursery.start_soon", "anyio.abc.TaskGroup.start_soon"})
"""These take the coroutine function, and call it themselves."""
_MAX_DEPTH = 4


def coroutines_that_never_await(view: ModuleView, costs: CostModel, key: Key) -> Iterator[Draft]:
    """The calls of a def that run coroutines together which compute and never let the loop run."""
    body = view.engine.evaluator.body(key)
    for number, site in enumerate(body.sites):
        if site.kind != SiteKind.CALL:
            continue
        how = _names(view, key, site.callee)
        if how & _STARTED and site.args:
            called = [(item, EVERYTHING) for item in _coroutines(view, key, site.args[0][1])]
        elif how & _TOGETHER:
            called = [item for _, value in site.args for item in _called_in(view, key, value, 0)]
        else:
            continue
        for function, arguments in dict.fromkeys(called):
            last = next(iter(how)).rsplit(".", 1)[-1]
            draft = _judged(view, costs, key, number, function, arguments, last)
            if draft is not None:
                yield draft
                break


def _judged(
    view: ModuleView,
    costs: CostModel,
    key: Key,
    site: int,
    function: Function,
    arguments: Arguments,
    how: str,
) -> Draft | None:
    engine = view.engine
    if costs.suspension.suspends(function.key):
        return None
    found = [
        _doubts(view, costs, inner, arguments if inner == function else EVERYTHING)
        for inner in _awaited(view, function, [])
    ]
    doubts = [item for item in found if item is not None]
    if not doubts:
        return None
    reasons = min(doubts, key=len)
    name = callable_name(engine.evaluator, function)
    advice = _advice(view, name)
    return draft_at(
        view,
        key,
        site,
        rules_by_code()[_CODE],
        f"`{short_name(name)}` computes and never awaits: `{how}` runs it to its end before anything else",
        advise=lambda place: Advice(advice),
        reasons=reasons,
        most=Confidence.HIGH,
        chain=[Hop(key, site, name)],
        model=ExecutionModel.EVENT_LOOP,
        effect=EffectKind.COMPUTES_GIL,
        family="never-awaits",
        cause=name,
    )


def _advice(view: ModuleView, name: str) -> Recommendation:
    """Plain functions, where they compute at the same time."""
    short = name.rsplit(".", 1)[-1]
    where, model = "in processes: under the GIL only they", ExecutionModel.PROCESS
    if view.runtime.gil is Gil.FREE_THREADED:
        where, model = "in threads: they", ExecutionModel.THREAD
    elif view.runtime.has_interpreters:
        where = "in processes or interpreters: under the GIL only they"
    text = f"make `{short}` a plain function and run it {where} compute at the same time."
    return Recommendation(model, text)


def _awaited(view: ModuleView, function: Function, seen: list[Function]) -> list[Function]:
    """The coroutine function, and all that it awaits in turn: it suspends nowhere, so these are known."""
    if function in seen:
        return seen
    seen.append(function)
    for link in view.engine.links(function.key):
        for group in link.groups if link.awaited else ():
            for target in group:
                if isinstance(target.value, Function):
                    _awaited(view, target.value, seen)
    return seen


def _doubts(view: ModuleView, costs: CostModel, function: Function, arguments: Arguments) -> list[str] | None:
    """What is assumed in saying that a coroutine's own code computes for long; None if it doesn't."""
    cost = costs.of_body(function, arguments)
    if (cost.is_sure and not cost.known) or (cost.counting and not cost.opaque):
        return doubts_of(cost)
    computing = [
        list(witness.reasons)
        for effect, witness in view.engine.effects_of(function.key).items()
        if effect.kind in (Kind.COMPUTES_GIL, Kind.COMPUTES_NOGIL)
    ]
    return min(computing, key=len) if computing else None


def _names(view: ModuleView, key: Key, value: int) -> set[str]:
    """The public dotted names of what may be called."""
    evaluator = view.engine.evaluator
    found: set[str] = set()
    for item in evaluator.evaluate(key, value).values:
        if isinstance(item, External):
            found.add(evaluator.catalog.canonical(item.dotted))
        elif isinstance(item, ExternalMethod):
            fact = evaluator.catalog.method(item.dotted, item.name)
            found.add(fact.name if fact is not None else f"{item.dotted}.{item.name}")
    return found


def _called_in(view: ModuleView, key: Key, value: int, depth: int) -> list[tuple[Function, Arguments]]:
    """The coroutine functions whose calls a value is, or collects, with what they are called with: `f(1)`,
    `[f(n) for n in …]`, a list that `append` fills."""
    if value < 0 or depth > _MAX_DEPTH:
        return []
    body = view.engine.evaluator.body(key)
    site = graph.call(body, value)
    if site is not None:
        return [(item, arguments_of(key, site.args)) for item in _coroutines(view, key, site.callee)]
    node = body.values[value]
    if node[0] in (Op.COMP, Op.STAR):
        return _called_in(view, key, graph.operand(node), depth + 1)
    if node[0] not in (Op.LIST, Op.TUPLE, Op.SET):
        return []
    found = [item for inner in graph.parts(node) for item in _called_in(view, key, inner, depth + 1)]
    for site in body.sites:
        callee = body.values[site.callee] if site.kind == SiteKind.CALL else graph.UNKNOWN
        if callee[0] == Op.ATTR and callee[1] == value and callee[2] in ("append", "add"):
            for _, passed in site.args:
                found += _called_in(view, key, passed, depth + 1)
    return found


def _coroutines(view: ModuleView, key: Key, callee: int) -> list[Function]:
    """The coroutine functions that a value may be, if it is nothing else."""
    evaluator = view.engine.evaluator
    known = evaluator.evaluate(key, callee)
    found: list[Function] = []
    for value in known.values:
        if not isinstance(value, Function):
            return []
        definition = evaluator.definition(value.key)
        if definition.kind != DefKind.ASYNC_FUNCTION or definition.flags & (
            DefFlags.GENERATOR | DefFlags.STUB
        ):
            return []
        found.append(value)
    return [] if known.incomplete else found
