"""CON501, CON502, CON503: work that is handed over and waited for one piece at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.effects.effects import Placement
from conclint.model.execution import Confidence, ExecutionModel
from conclint.rules.advice.forms import Form
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.code import Call, Code
from conclint.rules.structural.function_traits import Habit, Habits
from conclint.rules.structural.loops import Loop
from conclint.rules.structural.per_item import found_per_item
from conclint.rules.structural.reports import Advice, found
from conclint.rules.structural.waiting import (
    Pair,
    is_one_expression,
    joined_starts,
    runs_event_loop,
    waited_submits,
)

_WHILE: Final = "the next round may need what this one gives"
_REPEATED: Final = "it does the same in each round, which may be what is wanted"
_BOUNDED: Final = "the timeout may be why it runs elsewhere"
_ISOLATED: Final = "a process for each item may be there to isolate it"


def result_right_after_submit(view: ModuleView, code: Code, habits: Habits) -> Iterator[Draft]:
    """CON501: a submit whose result is waited for in the same expression or the same iteration."""
    for pair in waited_submits(code):
        loop = shared_loop(code, pair)
        model = _model(code.placements.get(pair.begin.site, []))
        if loop is None:
            if _is_lone(code, pair):
                message = "the result is waited for immediately after submitting: nothing runs meanwhile"
                yield found(
                    view,
                    code,
                    pair.begin.site,
                    "CON501",
                    message,
                    Advice(
                        model or ExecutionModel.THREAD,
                        "call it directly, or submit all the work before the first wait.",
                    ),
                    cause=_name(pair.begin),
                    model=model,
                    most=Confidence.LOW,
                )
            continue
        reasons = serial_doubts(code, pair, loop)
        if reasons is None:
            continue
        if runs_event_loop(code, pair.begin.site):
            reasons += ["it may be there to run a coroutine from synchronous code"]
        message = (
            "each iteration submits one piece of work and waits for its result: nothing runs concurrently"
        )
        advice = Advice(
            model or ExecutionModel.THREAD,
            "submit all of them first, then collect the results.",
            _form(code, pair.begin),
        )
        yield _in_each(view, code, pair.begin, loop, "CON501", message, advice, model, reasons)
    yield from found_per_item(
        view,
        code,
        habits,
        Habit.WAITS_FOR_SUBMIT,
        "CON501",
        "each iteration waits for the work that `{name}` submits: nothing runs concurrently",
        Advice(
            ExecutionModel.THREAD,
            "let `{name}` return its future; submit all of them first, then collect the results.",
        ),
    )


def join_right_after_start(view: ModuleView, code: Code, habits: Habits) -> Iterator[Draft]:
    """CON502: a thread or process that is joined in the iteration that starts it."""
    for pair in joined_starts(code):
        loop = shared_loop(code, pair)
        if loop is None or pair.bounded:
            continue
        reasons = serial_doubts(code, pair, loop)
        receiver = code.receiver(pair.begin.site)
        if reasons is None or not loop.is_over_item((receiver,)):
            continue
        process = code.is_all(receiver, "multiprocessing.Process")
        what, model = ("process", ExecutionModel.PROCESS) if process else ("thread", ExecutionModel.THREAD)
        if process:
            reasons.append(_ISOLATED)
        message = f"each iteration starts a {what} and joins it immediately: nothing runs concurrently"
        pool = "ProcessPoolExecutor" if process else "ThreadPoolExecutor"
        advice = Advice(
            model,
            f"start all of them first and join them afterwards, or let a {pool} run them.",
        )
        yield _in_each(view, code, pair.begin, loop, "CON502", message, advice, model, reasons)
    yield from found_per_item(
        view,
        code,
        habits,
        Habit.JOINS_START,
        "CON502",
        "each iteration waits for what `{name}` starts and joins: nothing runs concurrently",
        Advice(ExecutionModel.THREAD, "start all of them first, and join them afterwards."),
    )


def apply_in_loop(view: ModuleView, code: Code, habits: Habits) -> Iterator[Draft]:
    """CON503: `Pool.apply`, which waits, in a loop."""
    for call in code.calls_to({"multiprocessing.pool.Pool.apply"}):
        region = code.loop_of(code.body.sites[call.site].region)
        if region < 0:
            continue
        loop = Loop(code, region)
        reasons = serial_doubts(code, Pair(call, call, False), loop)
        if reasons is None:
            continue
        message = "`apply` waits for its result in each iteration: one worker is busy, the others are idle"
        model = _model(code.placements.get(call.site, []))
        advice = Advice(
            model or ExecutionModel.PROCESS,
            "`map` or `starmap`, or `apply_async` for all of them before the first `get()`.",
            Form.APPLY_ALL,
        )
        yield _in_each(view, code, call, loop, "CON503", message, advice, model, reasons)


def _in_each(
    view: ModuleView,
    code: Code,
    call: Call,
    loop: Loop,
    rule: str,
    message: str,
    advice: Advice,
    model: ExecutionModel | None,
    reasons: list[str],
) -> Draft:
    """A finding at a call that each iteration of the loop makes."""
    return found(
        view,
        code,
        call.site,
        rule,
        message,
        advice,
        cause=_name(call),
        model=model,
        reasons=reasons,
    )


def shared_loop(code: Code, pair: Pair) -> Loop | None:
    """The loop each iteration of which does both; None where the innermost loops differ."""
    sites = code.body.sites
    begin = code.loop_of(sites[pair.begin.site].region)
    if begin < 0 or begin != code.loop_of(sites[pair.wait.site].region):
        return None
    return Loop(code, begin)


def serial_doubts(code: Code, pair: Pair, loop: Loop) -> list[str] | None:
    """The assumptions behind saying that the iterations could run at the same time; None where they
    depend on each other, or where something useful is done between the two sites."""
    if loop.breaks or loop.is_async or code.is_lazy(loop.number):
        return None
    begin, wait = pair.begin.site, pair.wait.site
    results = code.results
    produced = [results[site] for site in (begin, wait) if site in results]
    consumed = [value for _, value in code.body.sites[begin].args]
    maker = code.call_of(code.receiver(begin)) if code.receiver(begin) >= 0 else -1
    if maker >= 0 and loop.holds(maker):
        consumed += [value for _, value in code.body.sites[maker].args]
    if loop.feeds_back(produced, consumed):
        return None
    if begin != wait and loop.works_between(begin, wait):
        return None
    reasons = list(pair.begin.doubts)
    if loop.is_while or loop.is_stream:
        reasons += [_WHILE, _WHILE]
    elif not loop.is_over_item([*consumed, code.body.sites[begin].callee]):
        reasons += [_REPEATED, _REPEATED]
    if pair.bounded:
        reasons += [_BOUNDED, _BOUNDED]
    return reasons


def detect_waited_submit(code: Code) -> Iterator[tuple[int, str]]:
    """For `Habits`: the submits that a def waits for at once, those apart that a caller decides on."""
    for pair in waited_submits(code):
        if _is_lone(code, pair):
            yield pair.begin.site, _name(pair.begin)


def detect_joined_start(code: Code) -> Iterator[tuple[int, str]]:
    """For `Habits`: the threads that a def starts and joins at once."""
    for pair in joined_starts(code):
        receiver = code.receiver(pair.begin.site)
        if not pair.bounded and code.is_all(receiver, "threading.Thread") and not _meanwhile(code, pair):
            yield pair.begin.site, _name(pair.begin)


def _is_lone(code: Code, pair: Pair) -> bool:
    """Whether a submit outside of loops is waited for at once, for no reason that the code shows."""
    if pair.bounded or not is_one_expression(code, pair) or runs_event_loop(code, pair.begin.site):
        return False
    return bool(code.placements.get(pair.begin.site))


def _meanwhile(code: Code, pair: Pair) -> bool:
    """Whether anything else is called between the two sites."""
    start, end = code.ends(pair.begin.site), code.starts(pair.wait.site)
    return any(start <= code.starts(site) < end for site in code.calls if site != pair.wait.site)


def _model(placements: list[Placement]) -> ExecutionModel | None:
    models = {placement.model for placement in placements}
    return models.pop() if len(models) == 1 else None


def _name(call: Call) -> str:
    return min(call.names) if call.names else "submit"


def _form(code: Code, call: Call) -> Form | None:
    if call.is_one_of({"asyncio.run_coroutine_threadsafe"}):
        return None
    if call.is_one_of({"multiprocessing.pool.Pool.apply_async"}):
        return Form.APPLY_ALL
    return Form.SUBMIT_ALL
