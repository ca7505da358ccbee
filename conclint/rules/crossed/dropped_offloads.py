"""CON708: an offload that never runs, because the coroutine that would begin it is dropped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.effects.effects import Placement
from conclint.model.execution import ExecutionModel
from conclint.model.symbols import short_name
from conclint.resolve.calls import callable_name
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import (
    External,
    ExternalInstance,
    ExternalMethod,
    Function,
    Key,
    Value,
    unwrapped,
)
from conclint.rules.advice.forms import Form
from conclint.rules.chains import Hop
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.code import Code
from conclint.rules.structural.reports import Advice, found
from conclint.summary import body_graph as graph
from conclint.summary.records import DefFlags, DefKind, SiteKind, Use

_OFFLOADS: Final = frozenset(
    {
        "asyncio.to_thread", "anyio.to_thread.run_sync", "anyio.to_process.run_sync",
        "anyio.to_interpreter.run_sync", "trio.to_thread.run_sync", "starlette.concurrency.run_in_threadpool",
        "fastapi.concurrency.run_in_threadpool", "asgiref.sync.SyncToAsync.__call__",
    }
)  # fmt: skip
"""Coroutine functions that hand their argument to a thread once they are awaited."""
_CALLBACKS: Final = "asyncio.AbstractEventLoop."
"""Beginning of what calls a plain function, and drops what that gives."""
_DEPTH: Final = 3


def dropped_offload(view: ModuleView, code: Code) -> Iterator[Draft]:
    """CON708: a coroutine that would move work to a thread is made, and neither awaited nor scheduled."""
    for link in code.engine.links(code.key):
        site = code.body.sites[link.site]
        if site.kind != SiteKind.CALL or site.use & (Use.AWAITED | Use.RETURNED | Use.YIELDED):
            continue
        if link.incomplete or link.reasons or not _is_dropped(code, link.site):
            continue
        ways = [_offloads(code.evaluator, target.value, 0) for target in link.groups[-1]]
        if ways and all(ways):
            yield _draft(
                view, code, link.site, callable_name(code.evaluator, link.groups[-1][0].value), ways[0]
            )
    for number, placements in code.placements.items():
        for placement in placements:
            if placement.symbol.startswith(_CALLBACKS) and placement.model is ExecutionModel.EVENT_LOOP:
                yield from _as_callback(view, code, number, placement)


def _as_callback(view: ModuleView, code: Code, number: int, placement: Placement) -> Iterator[Draft]:
    """`loop.call_soon(asyncio.to_thread, work)`: the loop calls it, and drops the coroutine."""
    values = placement.callables.values
    if placement.callables.incomplete or placement.callables.reasons:
        return
    ways = [_offloads(code.evaluator, value, 0) for value in values]
    if ways and all(ways):
        yield _draft(view, code, number, callable_name(code.evaluator, values[0]), ways[0])


def _draft(view: ModuleView, code: Code, number: int, name: str, way: tuple[Hop, ...]) -> Draft:
    cause = way[-1].symbol
    is_direct = len(way) == 1
    what = f"`{short_name(name)}`" if is_direct else f"`{short_name(name)}`, which awaits `{cause}`,"
    return found(
        view,
        code,
        number,
        "CON708",
        f"{what} makes a coroutine that is dropped here: nothing runs",
        Advice(
            ExecutionModel.THREAD,
            "await it, or begin it with `asyncio.create_task` and keep the task. (`loop.run_in_executor` "
            "needs neither: it begins at once.)",
            Form.AWAIT,
        ),
        cause=cause,
        model=ExecutionModel.EVENT_LOOP,
        chain=[Hop(code.key, number, cause if is_direct else name), *way[1:]],
    )


def _is_dropped(code: Code, number: int) -> bool:
    """Whether nothing is done with what a call gives: it is a statement, or a name that nobody reads."""
    site = code.body.sites[number]
    if site.use & Use.DROPPED:
        return True
    value = code.results.get(number, -1)
    if not site.use & Use.BOUND or value < 0 or code.users.get(value):
        return False
    return value not in code.used


def _offloads(evaluator: Evaluator, value: Value, depth: int) -> tuple[Hop, ...]:
    """The calls from here to the offload that awaiting what a call gives would begin; the first stands for
    the call itself. Empty where it would begin none."""
    target = unwrapped(value)
    nowhere: Key = ("", "")
    if isinstance(target, ExternalInstance):
        target = ExternalMethod(target.dotted, "__call__")
    if isinstance(target, (External, ExternalMethod)):
        name = _name(evaluator, target)
        return (Hop(nowhere, -1, name),) if name in _OFFLOADS else ()
    if not isinstance(target, Function) or depth >= _DEPTH:
        return ()
    definition = evaluator.definition(target.key)
    is_coroutine = definition.kind == DefKind.ASYNC_FUNCTION
    if definition.flags & (DefFlags.GENERATOR | DefFlags.STUB):
        return ()
    body = evaluator.body(target.key)
    returned = {graph.called_site(graph.node(body, item)) for item, _ in body.returns}
    if not is_coroutine and (len(returned) != 1 or -1 in returned):
        return ()
    for number, site in enumerate(body.sites):
        if site.kind != SiteKind.CALL:
            continue
        if not (site.use & Use.AWAITED and not site.region if is_coroutine else number in returned):
            continue
        called = evaluator.evaluate(target.key, site.callee)
        ways = [_offloads(evaluator, item, depth + 1) for item in called.values]
        if ways and all(ways) and not called.incomplete:
            return (
                Hop(nowhere, -1, callable_name(evaluator, target)),
                Hop(target.key, number, _next(ways[0])),
                *ways[0][1:],
            )
    return ()


def _next(way: tuple[Hop, ...]) -> str:
    return way[0].symbol


def _name(evaluator: Evaluator, value: External | ExternalMethod) -> str:
    if isinstance(value, External):
        return evaluator.catalog.canonical(value.dotted)
    fact = evaluator.catalog.method(value.dotted, value.name)
    return fact.name if fact is not None else ""
