"""CON707: a coroutine function handed to a thread, a pool or a process, which only calls it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.effects.effects import Placement, Pointer
from conclint.model.execution import ExecutionModel
from conclint.model.symbols import short_name
from conclint.resolve.calls import callable_name
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Class, External, Function, Instance, Key, Parameter, Value, unwrapped
from conclint.rules.advice.forms import Form
from conclint.rules.chains import Hop
from conclint.rules.crossed.told_kinds import is_told_apart
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.code import Code
from conclint.rules.structural.reports import Advice, found
from conclint.summary import body_graph as graph
from conclint.summary.records import DefFlags, DefKind, SiteKind, Use

_PLACES: Final = {
    ExecutionModel.THREAD: "thread",
    ExecutionModel.PROCESS: "process",
    ExecutionModel.INTERPRETER: "interpreter",
}
_PLAIN_LIBRARIES: Final = (
    "asyncio.", "concurrent.futures.", "threading.", "_thread.", "multiprocessing.", "anyio.to_",
    "trio.to_thread.", "starlette.concurrency.", "fastapi.concurrency.", "asgiref.sync.", "joblib.",
    "twisted.internet.threads.", "tornado.ioloop.", "apscheduler.schedulers.background.",
    "apscheduler.schedulers.blocking.",
)  # fmt: skip
"""What calls just what it is given; frameworks may await what that gives."""
_MOST_HOPS: Final = 8
_DECORATED: Final = "the decorator "


def coroutine_function_elsewhere(view: ModuleView, code: Code) -> Iterator[Draft]:
    """CON707: what a site hands over is a coroutine function, or gives a coroutine: nothing runs."""
    for site, placements in code.placements.items():
        for placement in placements:
            where = _PLACES.get(placement.model)
            if where is None or not placement.callables.values:
                continue
            values = placement.callables.values
            if not all(makes_coroutine(code.evaluator, value) for value in values):
                continue
            if is_told_apart(code.evaluator, code.key, site):
                continue
            way = _way(view, placement)
            if way is None or not _is_plain(code, placement, way[-1].symbol):
                continue
            yield _draft(view, code, site, placement, where, way)
            break


def _is_plain(code: Code, placement: Placement, symbol: str) -> bool:
    """Whether what gets the callable calls it, and nothing more: a library function, or the `run` of a class
    derived from `Thread` or `Process`."""
    if symbol.startswith(_PLAIN_LIBRARIES):
        return True
    call = code.calls.get(placement.site)
    return placement.style == "thread" and any(
        isinstance(made, Class)
        and any(
            isinstance(base, External) and base.dotted.startswith(_PLAIN_LIBRARIES)
            for base in code.evaluator.classes.ancestry(made).classes
        )
        for made in (call.inside if call is not None else ())
    )


def _draft(
    view: ModuleView, code: Code, site: int, placement: Placement, where: str, way: list[Hop]
) -> Draft:
    name = f"`{short_name(callable_name(code.evaluator, placement.callables.values[0]))}`"
    it, runs = name, name
    if "<lambda>" in name:
        name, it, runs = "the lambda", "it", "the coroutine"
    reasons = list(placement.callables.reasons)
    reasons += [reason for reason in reasons if reason.startswith(_DECORATED)]  # it may make it a function
    if placement.callables.incomplete:
        reasons.append("what is handed over may be something else too")
    is_offload = placement.style == "offload"
    awaited = bool(code.body.sites[site].use & Use.AWAITED)
    if is_offload:
        text = f"await {runs} on the event loop itself: waiting there does not block it."
    else:
        text = (
            f"make {it} a plain function, or hand over `asyncio.run` with the coroutine: then it "
            "runs in a loop of its own there."
        )
    return found(
        view,
        code,
        site,
        "CON707",
        f"{name} makes a coroutine: in a {where} nothing of it runs",
        Advice(ExecutionModel.EVENT_LOOP, text, Form.AWAIT_HANDED if is_offload and awaited else None),
        cause=way[-1].symbol,
        model=placement.model,
        reasons=reasons,
        chain=[Hop(code.key, site, way[0].symbol), *way[1:]],
    )


def makes_coroutine(evaluator: Evaluator, value: Value) -> bool:
    """Whether all that calling a value does is to make a coroutine."""
    target = unwrapped(value)
    if isinstance(target, External):
        fact = evaluator.catalog.function(target.dotted)
        return fact is not None and fact.coroutine
    if isinstance(target, Instance):
        methods = evaluator.classes.method(target.cls, "__call__", target).values
        return bool(methods) and all(
            isinstance(method, Function) and makes_coroutine(evaluator, method) for method in methods
        )
    if not isinstance(target, Function):
        return False
    definition = evaluator.definition(target.key)
    if definition.kind == DefKind.ASYNC_FUNCTION:
        return not definition.flags & DefFlags.STUB
    return _gives_coroutine(evaluator, target.key)


def _gives_coroutine(evaluator: Evaluator, key: Key) -> bool:
    """Whether a plain function or lambda does no more than call a coroutine function of the program, and
    returns what that makes."""
    body = evaluator.body(key)
    calls = [site for site in body.sites if site.kind == SiteKind.CALL]
    if len(body.returns) != 1 or len(calls) != 1 or body.returns[0][0] < 0:
        return False
    if graph.call(body, body.returns[0][0]) is not calls[0]:
        return False
    called = evaluator.evaluate(key, calls[0].callee)
    return (
        bool(called.values)
        and not called.incomplete
        and all(
            isinstance(item, Function) and evaluator.definition(item.key).kind == DefKind.ASYNC_FUNCTION
            for item in called.values
        )
    )


def _way(view: ModuleView, placement: Placement) -> list[Hop] | None:
    """The calls by which a callable gets to what hands it over, the library's last; None where a function on
    the way asks whether it is a coroutine function, or calls it itself (`lambda: asyncio.run(work())`)."""
    way = [Hop(("", ""), placement.site, placement.symbol)]
    pointer: Pointer | None = placement.via
    while pointer is not None and len(way) < _MOST_HOPS:
        key, effect = pointer
        witness = view.engine.effects_of(key).get(effect)
        evaluator = view.engine.evaluator
        if witness is None or not _hands_on(evaluator, key, witness.site):
            return None
        if is_told_apart(evaluator, key, witness.site):
            return None
        way.append(Hop(key, witness.site, witness.symbol))
        pointer = witness.next
    return way


def _hands_on(evaluator: Evaluator, key: Key, number: int) -> bool:
    """Whether a site is given a parameter as it is, with arguments bound at most."""
    site = evaluator.body(key).sites[number]
    return any(
        isinstance(unwrapped(item), Parameter)
        for _, value in site.args
        for item in evaluator.evaluate(key, value).values
    )
