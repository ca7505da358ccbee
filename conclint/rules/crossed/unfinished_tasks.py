"""CON702, of tasks: a coroutine that asks a task of its own loop for what it can't have yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.effects.deadlocks import suspends
from conclint.model.execution import EffectKind, ExecutionModel
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.code import Code
from conclint.rules.structural.reports import Advice, found
from conclint.summary import body_graph as graph
from conclint.summary.records import DefKind, Op, RegionKind, SiteKind

_MADE: Final = frozenset(
    {"asyncio.create_task", "asyncio.ensure_future", "asyncio.AbstractEventLoop.create_task",
     "asyncio.TaskGroup.create_task"}
)  # fmt: skip
_DONE: Final = frozenset({"asyncio.Future.done"})
_ASKED: Final = frozenset({"asyncio.Future.done", "asyncio.Event.is_set", "asyncio.Queue.empty"})
_AWAIT: Final = Advice(ExecutionModel.EVENT_LOOP, "await it: the loop does nothing for it before.")


def task_never_awaited_for(view: ModuleView, code: Code) -> Iterator[Draft]:
    """CON702: `result()` of a task that has not begun yet; a loop that asks a task whether it is done, and
    lets it do nothing."""
    if code.definition.kind != DefKind.ASYNC_FUNCTION:
        return
    polled: set[int] = set()
    for number, site in enumerate(code.body.sites):
        callee = graph.node(code.body, site.callee)
        if site.kind != SiteKind.CALL or callee[0] != Op.ATTR:
            continue
        if graph.base(callee) in polled:
            continue
        if callee[2] in ("result", "exception") and _is_just_made(code, number, graph.base(callee)):
            message = "the task has not begun: nothing runs on the event loop before the next `await`"
            yield _draft(view, code, number, message, f"asyncio.Future.{callee[2]}")
        elif (call := code.calls.get(number)) is not None and call.is_one_of(_ASKED):
            if not _is_asked_in_vain(code, number):
                continue
            polled.add(graph.base(callee))
            message = "this never ends: only the event loop can change that, and it is stopped meanwhile"
            yield _draft(view, code, number, message, min(call.names))


def _draft(view: ModuleView, code: Code, number: int, message: str, cause: str) -> Draft:
    return found(
        view,
        code,
        number,
        "CON702",
        message,
        _AWAIT,
        cause=cause,
        model=ExecutionModel.EVENT_LOOP,
        effect=EffectKind.WAITS_FOR_ITSELF,
        family="loop",
    )


def _is_just_made(code: Code, number: int, task: int) -> bool:
    """Whether the def made the task, and has not been suspended since."""
    made = code.call_of(task)
    call = code.calls.get(made)
    if call is None or not call.is_one_of(_MADE):
        return False
    body = code.body
    if body.sites[made].region != body.sites[number].region:
        return False
    between = body.sites[min(made, number) : max(made, number) + 1]
    return not any(suspends(code.evaluator, code.key, site, 0) for site in between)


def _is_asked_in_vain(code: Code, number: int) -> bool:
    """Whether a question is the test of a `while` in which the coroutine is never suspended, and which does
    something: one that does nothing is busy waiting."""
    for loop in code.around(code.body.sites[number].region):
        region = code.body.regions[loop]
        if region.kind != RegionKind.WHILE:
            continue
        asked = code.results.get(number, -1)
        if asked not in code.made_from([region.value]) or not _waits_so(code, region.value, number):
            return False
        inside = [site for site in code.body.sites if code.is_inside(site.region, loop)]
        if any(site.kind == SiteKind.SPIN or suspends(code.evaluator, code.key, site, 0) for site in inside):
            return False
        leaves = any(code.is_inside(where, loop) for _, where in code.body.returns)
        return not leaves and not any(
            site.kind == SiteKind.CALL and _changes(code, site.callee, number) for site in inside
        )
    return False


def _waits_so(code: Code, test: int, number: int) -> bool:
    """Whether a loop with such a test goes on until the answer changes: what is done stays done, so a loop
    that goes on while it is (`while tasks[0].done(): tasks.popleft()`) waits for nothing."""
    if not code.calls[number].is_one_of(_DONE):
        return True
    return _is_denied(code, test, code.results.get(number, -1))


def _is_denied(code: Code, test: int, asked: int) -> bool:
    """Whether a value is negated where a test asks for it."""
    node = graph.node(code.body, test)
    if (inner := graph.negated(node)) >= 0:
        return asked in code.made_from([inner])
    if node[0] == Op.BOOL:
        return any(_is_denied(code, part, asked) for part in graph.parts(node))
    return False


def _changes(code: Code, callee: int, number: int) -> bool:
    """Whether a call works on the same object (`queue.get_nowait()`), or on the collection that it is taken
    of, and so may change the answer."""
    node = graph.node(code.body, callee)
    asked = code.body.values[code.body.sites[number].callee]
    if node[0] != Op.ATTR:
        return False
    item = graph.node(code.body, graph.base(asked))
    is_of_whole = item[0] == Op.ITEM and graph.operand(item) == node[1]
    return is_of_whole or (node[1] == asked[1] and node[2] != asked[2])
