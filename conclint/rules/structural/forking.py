"""CON604: forks of a process that runs threads or an event loop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.model.execution import Confidence, ExecutionModel
from conclint.model.symbols import short_name
from conclint.resolve.calls import callable_name
from conclint.rules.advice.forms import Form
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.code import Call, Code
from conclint.rules.structural.escape import aliases
from conclint.rules.structural.forked_children import child_leaves
from conclint.rules.structural.function_traits import Habit, Habits
from conclint.rules.structural.reports import Advice, found
from conclint.rules.structural.start_methods import (
    CONTEXT_METHODS,
    StartMethod,
    made_processes,
    start_method,
)
from conclint.summary import body_graph as graph
from conclint.summary.records import DefKind, Op, RegionKind

_FORKS: Final = frozenset({"os.fork", "os.forkpty"})
_THREAD_POOLS: Final = frozenset({"concurrent.futures.ThreadPoolExecutor", "multiprocessing.pool.ThreadPool"})
_SPAWNING: Final = (
    "name a start method that does not fork: a fork copies the memory as it is, with the locks that other "
    "threads hold at that moment, and none of the threads that would release them."
)
_BY_HAND: Final = (
    "start the process anew (`subprocess`, or a `spawn` context of `multiprocessing`): a fork copies the "
    "memory as it is, with the locks that other threads hold at that moment, and none of the threads that "
    "would release them."
)
_USERS: Final = "whether the program that uses this runs threads is not known"
_ENDED: Final = ("join", "close", "terminate", "shutdown", "stop", "cancel")


def fork_after_threads(view: ModuleView, code: Code, habits: Habits) -> Iterator[Draft]:
    """CON604: a fork where threads or a loop are alive, or, at low confidence, where they may be."""
    for call in code.calls_to(_FORKS):
        if code.definition.kind == DefKind.ASYNC_FUNCTION and not child_leaves(code, call.site):
            yield _draft(view, code, call, "the process is forked while its event loop runs", Confidence.HIGH)
        elif _thread_before(code, call.site):
            yield _draft(
                view, code, call, "the process is forked after a thread was started", Confidence.HIGH
            )
        elif (starter := _starter_before(code, habits, call.site)) is not None:
            message = f"the process is forked after `{starter}` started a thread"
            yield _draft(view, code, call, message, Confidence.MEDIUM)
    for call in made_processes(code):
        method = start_method(code, call)
        forks = method is StartMethod.FORK
        if not forks and (method is not StartMethod.DEFAULT or view.runtime.version >= (3, 14)):
            continue
        how = "forks" if forks else "forks on Linux before 3.14"
        name = short_name(_public_name(call, method))
        if _thread_before(code, call.site):
            most = Confidence.HIGH if forks else Confidence.MEDIUM
            message = f"`{name}` {how}, after a thread was started"
            yield _draft(view, code, call, message, most)
        elif (starter := _starter_before(code, habits, call.site)) is not None:
            message = f"`{name}` {how}, after `{starter}` started a thread"
            most = Confidence.MEDIUM if forks else Confidence.LOW
            yield _draft(view, code, call, message, most)
        elif code.definition.kind == DefKind.ASYNC_FUNCTION and forks:
            yield _draft(view, code, call, f"`{name}` {how}, while the event loop runs", Confidence.MEDIUM)
        elif _offloads_before(code, call.site):
            message = f"`{name}` {how}, after work was moved to a thread, which stays"
            yield _draft(view, code, call, message, Confidence.LOW)
        elif not forks and _is_library(code):
            message = f"`{name}` {how}, and the program that uses this may run threads"
            yield _draft(view, code, call, message, Confidence.LOW, (_USERS,))


def _draft(
    view: ModuleView, code: Code, call: Call, message: str, most: Confidence, reasons: tuple[str, ...] = ()
) -> Draft:
    name = _public_name(call, start_method(code, call))
    is_by_hand = call.names <= _FORKS
    return found(
        view,
        code,
        call.site,
        "CON604",
        message,
        Advice(
            ExecutionModel.PROCESS, _BY_HAND if is_by_hand else _SPAWNING, None if is_by_hand else Form.SPAWN
        ),
        cause=name,
        model=ExecutionModel.PROCESS,
        reasons=reasons,
        most=most,
    )


def _public_name(call: Call, method: StartMethod) -> str:
    """What a call makes, by the class of the context that makes it: the catalog has one for all of them."""
    name = min(call.names)
    if name.startswith(CONTEXT_METHODS):
        context = "ForkContext" if method is StartMethod.FORK else "BaseContext"
        return f"multiprocessing.context.{context}.{name.removeprefix(CONTEXT_METHODS)}"
    return name


def _thread_before(code: Code, site: int) -> bool:
    """Whether a thread that the same def started is still running at a site: not joined, not daemonless pools
    that were left."""
    here = code.starts(site)
    for call in code.calls_to({"threading.Thread.start"}):
        ended = _ended_before(code, code.receiver(call.site), site)
        if (
            code.starts(call.site) < here
            and not ended
            and not graph.are_alternatives(code.body, call.site, site)
        ):
            return True
    for call in code.calls_to(_THREAD_POOLS):
        pool = code.results.get(call.site, -1)
        if pool < 0 or code.starts(call.site) >= here or graph.are_alternatives(code.body, call.site, site):
            continue
        same = aliases(code, pool)
        within = [
            number
            for number, region in enumerate(code.body.regions)
            if region.kind == RegionKind.WITH and region.value in same
        ]
        if within and not any(code.is_inside(code.body.sites[site].region, number) for number in within):
            continue
        used = any(
            code.receiver(other) in same and code.starts(other) < here
            for other in code.calls
            if other != call.site
        )
        if used and not _ended_before(code, pool, site):
            return True
    return False


def _starter_before(code: Code, habits: Habits, site: int) -> str | None:
    """The name of a function called before a site that starts a thread each time and leaves it running."""
    here = code.starts(site)
    for call in code.calls.values():
        if (
            not call.inside
            or code.starts(call.site) >= here
            or graph.are_alternatives(code.body, call.site, site)
        ):
            continue
        if not habits.chain(Habit.LEAVES_THREAD, call):
            continue
        receiver = code.receiver(call.site)
        if receiver < 0:
            receiver = code.results.get(call.site, -1)
        if receiver < 0 or not _ended_before(code, receiver, site):
            return short_name(callable_name(code.evaluator, call.inside[0]))
    return None


def detect_left_thread(code: Code) -> Iterator[tuple[int, str]]:
    """For `Habits`: the threads that a def starts and does not join itself."""
    for call in code.calls_to({"threading.Thread.start"}):
        receiver = code.receiver(call.site)
        same = aliases(code, receiver)
        joined = any(
            callee[0] == Op.ATTR and callee[2] in _ENDED and graph.base(callee) in same
            for callee in (code.body.values[site.callee] for site in code.body.sites)
        )
        if not joined:
            yield call.site, "threading.Thread.start"


def _offloads_before(code: Code, site: int) -> bool:
    """Whether a coroutine used the loop's own threads before: these go on living."""
    if code.definition.kind != DefKind.ASYNC_FUNCTION:
        return False
    here = code.starts(site)
    return any(
        placement.model is ExecutionModel.THREAD and placement.style == "offload"
        for earlier, placements in code.placements.items()
        if code.starts(earlier) < here and not graph.are_alternatives(code.body, earlier, site)
        for placement in placements
    )


def _ended_before(code: Code, value: int, site: int) -> bool:
    """Whether the object, or any that stands for it in a collection, is joined or closed before a site."""
    here = code.starts(site)
    same = aliases(code, value)
    for other in code.body.sites:
        callee = code.body.values[other.callee]
        if callee[0] == Op.ATTR and callee[2] in _ENDED:
            number = code.body.sites.index(other)
            ended = graph.base(callee)
            if code.starts(number) < here and (ended in same or graph.node(code.body, ended)[0] == Op.ELEM):
                return True
    return False


def _is_library(code: Code) -> bool:
    """Whether the def is a function of a package's module that is no script."""
    if code.definition.kind not in (DefKind.FUNCTION, DefKind.ASYNC_FUNCTION):
        return False
    package, _, last = code.module.name.rpartition(".")
    home = code.evaluator.program.find(package, code.key[0]) if package else None
    if home is None or not home.endswith("__init__.py") or last == "__main__":
        return False
    own = code.module.body(code.module.own).values
    return (Op.GLOBAL, "__name__") not in own or (Op.CONST, "__main__") not in own
