"""CON506: a coroutine for each item, each run to its end by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.model.execution import ExecutionModel
from conclint.resolve.values import Function
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.code import Call, Code
from conclint.rules.structural.function_traits import Habit, Habits
from conclint.rules.structural.loops import Loop
from conclint.rules.structural.per_item import found_per_item
from conclint.rules.structural.reports import Advice, found
from conclint.summary.records import DefKind

_NEW_LOOP: Final = frozenset({"asyncio.run", "anyio.run", "trio.run"})
_RUNS: Final = _NEW_LOOP | {"asyncio.AbstractEventLoop.run_until_complete"}
_CONCURRENT: Final = frozenset(
    {"asyncio.gather", "asyncio.wait", "asyncio.as_completed", "asyncio.TaskGroup"}
)
_LOOP: Final = ExecutionModel.EVENT_LOOP.bit
_PAUSES: Final = frozenset({"time.sleep"})


def asyncio_run_per_item(view: ModuleView, code: Code, habits: Habits) -> Iterator[Draft]:
    """CON506: `asyncio.run` (or `run_until_complete`) of a new coroutine in each iteration."""
    for call in code.calls_to(_RUNS):
        region = code.loop_of(code.body.sites[call.site].region)
        if region < 0:
            continue
        loop = Loop(code, region)
        coroutine = _coroutine(code, call)
        if coroutine is None or not loop.holds(coroutine) or _paces(code, loop):
            continue
        consumed = [value for _, value in code.body.sites[coroutine].args]
        consumed.append(code.body.sites[coroutine].callee)
        if loop.is_while or loop.breaks or not loop.is_over_item(consumed):
            continue
        result = code.results.get(call.site, -1)
        if result >= 0 and loop.feeds_back([result], consumed):
            continue
        reasons = list(call.doubts)
        if not call.names <= _NEW_LOOP:
            reasons.append("the loop itself is made once")
        if _is_concurrent_itself(code, coroutine):
            reasons += ["the coroutine does several things at the same time itself"] * 2
        message = "each iteration runs one coroutine to its end: nothing runs concurrently"
        if call.names <= _NEW_LOOP:
            message = "each iteration creates an event loop to run one coroutine: nothing runs concurrently"
        yield found(
            view,
            code,
            call.site,
            "CON506",
            message,
            Advice(
                ExecutionModel.EVENT_LOOP,
                "run one coroutine that gathers them all (within a semaphore, if they are many).",
            ),
            cause=min(call.names),
            model=ExecutionModel.EVENT_LOOP,
            reasons=reasons,
        )
    yield from found_per_item(
        view,
        code,
        habits,
        Habit.RUNS_LOOP,
        "CON506",
        "each iteration creates an event loop: each call of `{name}` runs one coroutine to its end",
        Advice(ExecutionModel.EVENT_LOOP, "make `{name}` a coroutine, and run one that gathers all of them."),
        model=ExecutionModel.EVENT_LOOP,
        unless=lambda loop: _paces(code, loop),
    )


def detect_run_loop(code: Code) -> Iterator[tuple[int, str]]:
    """For `Habits`: the coroutines that a def makes and runs in an event loop of their own, whoever calls it:
    not where it asks whether a loop runs, and goes another way then."""
    for call in code.calls_to(_NEW_LOOP):
        if not code.engine.guards.mask(code.key, code.body.sites[call.site].region) & _LOOP:
            continue
        coroutine = _coroutine(code, call)
        if coroutine is not None and not _is_concurrent_itself(code, coroutine):
            yield call.site, min(call.names)


def _coroutine(code: Code, call: Call) -> int | None:
    """The call of a coroutine function whose result is run; None where it is something else."""
    args = code.body.sites[call.site].args
    if not args or args[0][0] != 0:
        return None
    made = code.call_of(args[0][1])
    inner = code.calls.get(made)
    if inner is None or inner.names or not inner.inside:
        return None
    for target in inner.inside:
        if not isinstance(target, Function):
            return None
        definition = code.evaluator.definition(target.key)
        if definition.kind != DefKind.ASYNC_FUNCTION:
            return None
    return made


def _is_concurrent_itself(code: Code, coroutine: int) -> bool:
    for target in code.calls[coroutine].inside:
        if isinstance(target, Function):
            inner = Code(code.engine, target.key)
            if any(call.names & _CONCURRENT for call in inner.calls.values()):
                return True
    return False


def _paces(code: Code, loop: Loop) -> bool:
    """Whether the loop pauses between its iterations."""
    return any(code.calls[site].names & _PAUSES for site in loop.sites() if site in code.calls)
