"""CON505, CON509: awaits in a loop whose iterations do not depend on each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.catalog.facts import Trait
from conclint.effects.effects import Kind, Placement
from conclint.model.execution import Confidence, ExecutionModel
from conclint.resolve.values import External, Function, Value, unwrapped
from conclint.rules.advice.forms import Form
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.code import Call, Code
from conclint.rules.structural.function_traits import Habits
from conclint.rules.structural.loops import Loop
from conclint.rules.structural.reports import Advice, found
from conclint.summary import body_graph as graph
from conclint.summary.records import DefFlags, DefKind, Op, RegionKind, SiteKind, StoreKind, Use

_PACING: Final = (
    "asyncio.sleep", "anyio.sleep", "trio.sleep", "asyncio.wait", "asyncio.gather", "time.sleep",
    "asyncio.Queue.", "asyncio.Lock.", "asyncio.Event.", "asyncio.Semaphore.", "asyncio.Condition.",
)  # fmt: skip
"""What paces a loop, or makes it concurrent already."""
_TASKS: Final = frozenset(
    {
        "asyncio.create_task", "asyncio.ensure_future", "asyncio.AbstractEventLoop.create_task",
        "asyncio.TaskGroup.create_task", "asyncio.gather",
    }
)  # fmt: skip
"""What runs a coroutine beside its caller; with one argument, `gather` too."""
_OF_TASK: Final = ("name", "context", "eager_start", "return_exceptions")
"""Keyword arguments that say nothing of what runs beside it."""
_CLIENTS: Final = ("httpx.AsyncClient", "aiohttp.ClientSession", "aiohttp.client.ClientSession")
_REQUESTS: Final = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "request"})
_ADDS: Final = frozenset(
    {
        f"builtins.{name}"
        for name in ("list.append", "list.extend", "set.add", "set.update", "dict.update", "list.insert")
    }
)
_SAFE: Final = (
    "if they are independent, gather them, within a semaphore if they are many; from Python 3.11 a "
    "`TaskGroup` does it too."
)


def await_in_loop(view: ModuleView, code: Code, habits: Habits) -> Iterator[Draft]:
    """CON505: coroutines that are awaited one after the other, and whose results are collected."""
    for call, loop in _awaited(code):
        if call.site in code.placements and _offloads(code, call.site):
            continue
        if not _suspends(code, call) or not is_collected(code, loop, code.results.get(call.site, -1)):
            continue
        yield found(
            view,
            code,
            call.site,
            "CON505",
            "each iteration waits for its own await, though it needs nothing from earlier ones",
            Advice(ExecutionModel.EVENT_LOOP, _SAFE, Form.GATHER),
            cause=_name(code, call),
            model=ExecutionModel.EVENT_LOOP,
            most=Confidence.LOW,
        )


def task_awaited_at_once(view: ModuleView, code: Code, habits: Habits) -> Iterator[Draft]:
    """CON505: a task that is made in each iteration and awaited at once: it never runs beside others."""
    if code.definition.kind != DefKind.ASYNC_FUNCTION:
        return
    for call in code.calls_to(_TASKS):
        site = code.body.sites[call.site]
        region = code.loop_of(site.region)
        if region < 0 or [slot for slot, _ in site.args if slot not in _OF_TASK] != [0]:
            continue
        loop = Loop(code, region)
        result = code.results.get(call.site, -1)
        if loop.is_while or loop.is_async or not loop.is_over_item([value for _, value in site.args]):
            continue
        awaited = _awaited_at(code, call.site, result)
        if awaited < 0 or code.loop_of(code.body.sites[awaited].region) != region:
            continue
        if loop.breaks or _is_kept(code, result) or _pauses_between(code, call.site, awaited):
            continue
        if loop.feeds_back(_outcome(code, result), [value for _, value in site.args]):
            continue
        yield found(
            view,
            code,
            call.site,
            "CON505",
            "each iteration creates a task and awaits it immediately: nothing runs concurrently",
            Advice(ExecutionModel.EVENT_LOOP, _SAFE),
            cause=_name(code, call),
            model=ExecutionModel.EVENT_LOOP,
            reasons=call.doubts,
            most=Confidence.MEDIUM,
        )


def _is_kept(code: Code, task: int) -> bool:
    """Whether a task is used for more than to be awaited: kept so that it can be cancelled, say."""
    if any(store.value == task for store in code.body.stores if store.kind != StoreKind.LOCAL):
        return True
    same = {task} | {item for item in code.users.get(task, ()) if code.body.values[item][0] == Op.PHI}
    if any(
        code.body.values[item][0] not in (Op.AWAIT, Op.PHI)
        for one in same
        for item in code.users.get(one, ())
    ):
        return True
    return any(value in same for site in code.body.sites for _, value in site.args)


def _pauses_between(code: Code, first: int, last: int) -> bool:
    return any(graph.pauses(site) for site in code.body.sites[first + 1 : last])


def _awaited_at(code: Code, site: int, result: int) -> int:
    """The site where the result of a call is awaited; -1 if nowhere in the def."""
    if code.body.sites[site].use & Use.AWAITED:
        return site
    return next(
        (
            number
            for number, item in enumerate(code.body.sites)
            if item.kind == SiteKind.AWAIT and item.callee == result
        ),
        -1,
    )


def to_thread_one_by_one(view: ModuleView, code: Code, habits: Habits) -> Iterator[Draft]:
    """CON509: work that is moved off the loop in each iteration, one piece at a time."""
    for call, loop in _awaited(code):
        placements = _offloads(code, call.site)
        if not placements:
            continue
        holds_gil = any(_holds_gil(view, item) for item in placements)
        if (
            holds_gil
            and placements[0].model is ExecutionModel.THREAD
            and _waits_besides(code, loop, call.site)
        ):
            continue  # neither threads side by side nor one for all of it would be of use
        reasons = list(call.doubts)
        if not is_collected(code, loop, code.results.get(call.site, -1)):
            reasons += ["the results are not collected: the order may matter"] * 2
        if not all(_is_free(value) for placement in placements for value in placement.callables.values):
            reasons += ["it is a method: the calls may share what they work on"] * 2
        model = placements[0].model
        what = "process" if model is ExecutionModel.PROCESS else "thread"
        yield found(
            view,
            code,
            call.site,
            "CON509",
            f"each iteration waits for its own {what}, though it needs nothing from earlier ones",
            _advice(placements[0].model, holds_gil=holds_gil),
            cause=_name(code, call),
            model=model,
            reasons=reasons,
            most=Confidence.MEDIUM,
        )


def _waits_besides(code: Code, loop: Loop, site: int) -> bool:
    """Whether a loop waits for something else than what a site awaits."""
    return any(
        number != site and graph.pauses(item) and graph.is_inside(code.body, item.region, loop.number)
        for number, item in enumerate(code.body.sites)
        if item.kind != SiteKind.AWAIT or item.callee != code.results.get(site, -1)
    )


def _advice(model: ExecutionModel, *, holds_gil: bool) -> Advice:
    """No speed-up is promised for what computes under the GIL in threads: that takes turns."""
    if model is ExecutionModel.THREAD and holds_gil:
        return Advice(
            ExecutionModel.PROCESS,
            "hand all of it to one thread, which is enough to keep the event loop free; under the GIL only "
            "processes make it faster.",
        )
    return Advice(model, "gather them: then they don't wait for each other.", Form.GATHER)


def _holds_gil(view: ModuleView, placement: Placement) -> bool:
    catalog = view.engine.evaluator.catalog
    for value in placement.callables.values:
        target = unwrapped(value)
        if isinstance(target, Function):
            kinds = {effect.kind for effect in view.engine.effects_of(target.key)}
            if Kind.COMPUTES_GIL in kinds or not kinds & {Kind.WAITS, Kind.COMPUTES_NOGIL}:
                return True
        elif isinstance(target, External):
            fact = catalog.function(target.dotted)
            if fact is None or fact.effect.value == "computes_gil":
                return True
    return False


def _awaited(code: Code) -> Iterator[tuple[Call, Loop]]:
    """The awaited calls in a loop, made from its item, whose iterations do not depend on each other."""
    if code.definition.kind != DefKind.ASYNC_FUNCTION or code.definition.flags & DefFlags.GENERATOR:
        return
    for site, item in enumerate(code.body.sites):
        if item.kind != SiteKind.CALL or not item.use & Use.AWAITED or site not in code.calls:
            continue
        region = code.loop_of(item.region)
        if region < 0:
            continue
        loop = Loop(code, region)
        result = code.results.get(site, -1)
        consumed = [value for _, value in item.args]
        if loop.is_while or loop.breaks or code.is_lazy(region) or not _is_plain(code, loop):
            continue
        if not loop.is_over_item([*consumed, item.callee]):
            continue
        if _exclusive(code, loop, item.region) or loop.feeds_back(
            _outcome(code, result), [*consumed, item.callee]
        ):
            continue
        yield code.calls[site], loop


def _outcome(code: Code, result: int) -> set[int]:
    """The value of the call and that of awaiting it."""
    return {result} | {
        number for number, node in enumerate(code.body.values) if node[:2] == (Op.AWAIT, result)
    }


def _is_plain(code: Code, loop: Loop) -> bool:
    """Whether the loop is over something that is there, and is not paced: an `async for` counts only over a
    generator that never awaits, a way to cut a collection into pieces."""
    if loop.is_async and not _is_chunking(code, loop):
        return False
    for number in loop.sites():
        call = code.calls.get(number)
        if call is not None and any(name.startswith(_PACING) for name in call.names):
            return False
    return True


def _is_chunking(code: Code, loop: Loop) -> bool:
    source = code.calls.get(code.call_of(loop.region.value))
    if source is None or source.names or len(source.inside) != 1:
        return False
    (target,) = source.inside
    if not isinstance(target, Function):
        return False
    inner = Code(code.engine, target.key)
    return bool(inner.definition.flags & DefFlags.GENERATOR) and not _awaits(inner)


def _exclusive(code: Code, loop: Loop, region: int) -> bool:
    """Whether the await stands in an `async with` of its own, or the loop in one that is no HTTP client's:
    a lock, a transaction, a connection that takes one request at a time."""
    for number in code.around(region):
        item = code.body.regions[number]
        if item.kind == RegionKind.WITH and item.extra and not code.is_all(item.value, *_CLIENTS):
            return True
    return False


def _awaits(code: Code) -> bool:
    return any(graph.pauses(site) for site in code.body.sites)


def _suspends(code: Code, call: Call) -> bool:
    """Whether what is awaited is a coroutine of the program that awaits something itself, or a request."""
    if call.names:
        return not call.inside and all(_is_request(name) or _is_pooled(code, name) for name in call.names)
    for target in call.inside:
        if not isinstance(target, Function):
            return False
        inner = Code(code.engine, target.key)
        if inner.definition.kind != DefKind.ASYNC_FUNCTION or not _awaits(inner):
            return False
    return not call.incomplete


def _is_request(name: str) -> bool:
    owner, _, method = name.rpartition(".")
    return owner in _CLIENTS and method in _REQUESTS


def _is_pooled(code: Code, name: str) -> bool:
    """Whether it is a method of a client that has a pool of connections."""
    owners = code.evaluator.catalog.ancestry(name.rpartition(".")[0])
    return any(Trait.POOLED in owner.traits for owner in owners)


def _offloads(code: Code, site: int) -> list[Placement]:
    """The placements of a site that moves work off the loop."""
    return [
        placement
        for placement in code.placements.get(site, ())
        if placement.model in (ExecutionModel.THREAD, ExecutionModel.PROCESS) and placement.style == "offload"
    ]


def _is_free(value: Value) -> bool:
    """Whether a callable is a function, not a method of something that all calls would share."""
    value = unwrapped(value)
    return type(value).__name__ == "External" or (isinstance(value, Function) and value.receiver is None)


def is_collected(code: Code, loop: Loop, result: int) -> bool:
    """Whether what an iteration gets is put into a collection or the item, or is in a comprehension."""
    if result < 0:
        return False
    tainted = loop.made_with({result})
    if code.body.regions[loop.number].kind == RegionKind.COMP:
        return any(
            node[0] == Op.COMP and not tainted.isdisjoint(code.operands(number))
            for number, node in enumerate(code.body.values)
        )
    items = loop.items()
    if any(
        store.kind == StoreKind.ITEM or (store.kind == StoreKind.ATTR and store.base in items)
        for store in code.body.stores
        if store.value in tainted
    ):
        return True
    return any(
        call.is_one_of(_ADDS) and any(value in tainted for _, value in code.body.sites[call.site].args)
        for call in code.calls.values()
    )


def _name(code: Code, call: Call) -> str:
    from conclint.resolve.calls import callable_name

    return min(call.names) if call.names else callable_name(code.evaluator, call.inside[0])
