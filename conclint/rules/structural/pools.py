"""CON504, CON508, CON606: pools that are made too often, with one worker, or never closed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.model.execution import Confidence, ExecutionModel
from conclint.model.symbols import short_name
from conclint.rules.advice.forms import Form
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.allocation_sites import Origin, workers_of
from conclint.rules.structural.code import Call, Code
from conclint.rules.structural.escape import aliases, escapes
from conclint.rules.structural.function_traits import Habit, Habits
from conclint.rules.structural.loops import Loop
from conclint.rules.structural.per_item import found_per_item
from conclint.rules.structural.reports import Advice, found
from conclint.rules.structural.waiting import SUBMITS
from conclint.summary import body_graph as graph
from conclint.summary.records import DefKind, Op, RegionKind, SiteKind

_THREADS: Final = frozenset(
    {"concurrent.futures.ThreadPoolExecutor", "multiprocessing.pool.ThreadPool", "multiprocessing.dummy.Pool"}
)
PROCESS_POOLS: Final = frozenset(
    {
        "concurrent.futures.ProcessPoolExecutor",
        "concurrent.futures.InterpreterPoolExecutor",
        "multiprocessing.Pool",
        "multiprocessing.pool.Pool",
        "multiprocessing.context.SpawnContext.Pool",
    }
)
_MAPS: Final = frozenset({"concurrent.futures.Executor.map", "multiprocessing.pool.Pool.map"})
_CLOSES: Final = frozenset({"close", "terminate", "shutdown", "__exit__", "join"})
_EXECUTORS: Final = "concurrent.futures."
_DEDICATED: Final = ("thread_name_prefix", "max_tasks_per_child", "maxtasksperchild")
_WAITS_FOR_MANY: Final = frozenset({"concurrent.futures.wait", "concurrent.futures.as_completed"})
_COLLECTORS: Final = frozenset(
    {"builtins.list", "builtins.tuple", "builtins.set", "builtins.dict", "builtins.sum"}
)


def executor_per_item(view: ModuleView, code: Code, habits: Habits) -> Iterator[Draft]:
    """CON504: a pool that is made anew in each iteration."""
    for call in _made(code, _THREADS | PROCESS_POOLS):
        region = code.loop_of(code.body.sites[call.site].region)
        if region < 0 or code.results.get(call.site, -1) < 0:
            continue
        loop = Loop(code, region)
        arguments = [value for _, value in code.body.sites[call.site].args]
        pool = code.results[call.site]
        if loop.is_while or loop.breaks or loop.is_async or loop.is_over_item(arguments):
            continue
        if escapes(code, pool) or _is_abandoned(code, pool):
            continue
        process = call.names <= PROCESS_POOLS
        uses = [site for site in _uses(code, pool) if loop.holds(site)]
        lone = len(uses) == 1 and code.calls[uses[0]].is_one_of(SUBMITS)
        reasons = list(call.doubts)
        if not any(loop.is_over_item([value for _, value in code.body.sites[site].args]) for site in uses):
            reasons += ["it does the same in each round, which may be what is wanted"] * 2
        what = "processes" if process else "threads"
        message = f"each iteration creates its own pool and starts its {what} again"
        if lone:
            message = "each iteration creates a pool for one piece of work, and waits for it when leaving"
        yield found(
            view,
            code,
            call.site,
            "CON504",
            message,
            Advice(
                ExecutionModel.PROCESS if process else ExecutionModel.THREAD,
                f"create one pool of {what} before the loop and use it in all iterations.",
                Form.POOL_AROUND,
            ),
            cause=min(call.names),
            reasons=reasons,
            model=ExecutionModel.PROCESS if process else ExecutionModel.THREAD,
            most=Confidence.MEDIUM if process or lone else Confidence.LOW,
        )
    yield from found_per_item(
        view,
        code,
        habits,
        Habit.MAKES_POOL,
        "CON504",
        "each iteration creates its own pool: each call of `{name}` starts its processes again",
        Advice(ExecutionModel.PROCESS, "create the pool once, before the loop, and pass it to `{name}`."),
        model=ExecutionModel.PROCESS,
    )


def detect_made_pool(code: Code) -> Iterator[tuple[int, str]]:
    """For `Habits`: the pools of processes that a def makes for itself."""
    for call in _made(code, PROCESS_POOLS):
        pool = code.results.get(call.site, -1)
        if pool >= 0 and not escapes(code, pool):
            yield call.site, min(call.names)


def made_pools(code: Code) -> Iterator[Call]:
    """The pools that a def makes for itself."""
    for call in _made(code, _THREADS | PROCESS_POOLS):
        pool = code.results.get(call.site, -1)
        if pool >= 0 and not escapes(code, pool) and not _is_abandoned(code, pool):
            yield call


def detect_any_made_pool(code: Code) -> Iterator[tuple[int, str]]:
    """For `Habits`: the pools, of threads too, that a def makes for itself."""
    return ((call.site, min(call.names)) for call in made_pools(code))


def single_worker_pool(view: ModuleView, code: Code, habits: Habits) -> Iterator[Draft]:
    """CON508: a pool of one worker that is given many pieces of work, all of which are waited for."""
    if code.definition.kind == DefKind.ASYNC_FUNCTION:
        return
    for call in _made(code, _THREADS | PROCESS_POOLS):
        pool = code.results.get(call.site, -1)
        if pool < 0 or workers_of(Origin(code, call.site)) != 1 or escapes(code, pool):
            continue
        if any(slot in _DEDICATED for slot, _ in code.body.sites[call.site].args):
            continue
        reasons = _single_worker_doubts(code, pool)
        if reasons is None:
            continue
        process = call.names <= PROCESS_POOLS
        if process:
            reasons.append("the one process may be there to isolate the work")
        if any(slot == "initializer" for slot, _ in code.body.sites[call.site].args):
            reasons.append("the worker is set up for itself")
        model = ExecutionModel.PROCESS if process else ExecutionModel.THREAD
        yield found(
            view,
            code,
            call.site,
            "CON508",
            "a pool of one worker: nothing runs concurrently",
            Advice(model, "leave out the number of workers, or give it more than one.", Form.WORKERS),
            cause=min(call.names),
            model=model,
            reasons=[*call.doubts, *reasons],
            most=Confidence.MEDIUM,
        )


def _single_worker_doubts(code: Code, pool: int) -> list[str] | None:
    """The assumptions behind saying that the pool is there to be quick; None where it is not given several
    pieces of work, or where these are not waited for."""
    for site in _uses(code, pool):
        call = code.calls[site]
        result = code.results.get(site, -1)
        if call.is_one_of(_MAPS):
            if call.is_one_of({"multiprocessing.pool.Pool.map"}) or _is_collected(code, result):
                return []
        elif call.is_one_of(SUBMITS):
            loop = code.loop_of(code.body.sites[site].region)
            if (
                loop >= 0
                and code.body.regions[loop].kind != RegionKind.WHILE
                and _waits_for_all(code, result)
            ):
                return []
    return None


def _waits_for_all(code: Code, future: int) -> bool:
    """Whether the futures of a loop are kept in a list, and then waited for."""
    lists = {number for number in range(len(code.body.values)) if future in code.elements(number)}
    for number, site in enumerate(code.body.sites):
        callee = code.body.values[site.callee]
        if site.kind != SiteKind.CALL or not lists:
            continue
        if callee[0] == Op.ATTR and callee[2] in ("result", "get"):
            receiver = graph.node(code.body, graph.base(callee))
            if receiver[0] == Op.ELEM and receiver[1] in lists:
                return True
        call = code.calls.get(number)
        if call is not None and call.is_one_of(_WAITS_FOR_MANY):
            return any(value in lists for _, value in site.args)
    return False


def _is_collected(code: Code, value: int) -> bool:
    """Whether the results of a map are made into a collection at once."""
    return any(
        call.is_one_of(_COLLECTORS) and any(passed == value for _, passed in code.body.sites[call.site].args)
        for call in code.calls.values()
    )


def pool_never_closed(view: ModuleView, code: Code, habits: Habits) -> Iterator[Draft]:
    """CON606: a pool that the function which makes it neither closes nor hands on."""
    if code.definition.kind in (DefKind.MODULE, DefKind.CLASS):
        return
    for call in _made(code, _THREADS | PROCESS_POOLS):
        pool = code.results.get(call.site, -1)
        if pool < 0 or escapes(code, pool) or _is_closed(code, pool) or not _is_used(code, pool):
            continue
        name = min(call.names)
        executor = name.startswith(_EXECUTORS)
        process = call.names <= PROCESS_POOLS
        most = Confidence.HIGH
        if executor:
            most = Confidence.MEDIUM if process else Confidence.LOW
        model = ExecutionModel.PROCESS if process else ExecutionModel.THREAD
        message = f"`{short_name(name)}` is never closed, so when its workers end is left to chance"
        yield found(
            view,
            code,
            call.site,
            "CON606",
            message,
            Advice(model, "use it in a `with` statement.", Form.WITH),
            cause=name,
            model=model,
            reasons=call.doubts,
            most=most,
        )


def _made(code: Code, names: frozenset[str]) -> Iterator[Call]:
    return code.calls_to(names)


def _uses(code: Code, pool: int) -> list[int]:
    """The sites that call a method of the pool."""
    same = aliases(code, pool)
    return [
        site
        for site in code.calls
        if code.receiver(site) in same and code.body.values[code.body.sites[site].callee][2] not in _CLOSES
    ]


def _is_abandoned(code: Code, pool: int) -> bool:
    """Whether the pool is left without waiting for its work (`shutdown(wait=False)`): what hangs in it would
    hold up the next work in one that is kept."""
    same = aliases(code, pool)
    return any(
        site.kind == SiteKind.CALL
        and graph.receiver(code.body, site) in same
        and graph.node(code.body, site.callee)[-1] == "shutdown"
        and any(
            slot in (0, "wait") and graph.node(code.body, value) == (Op.CONST, False)
            for slot, value in site.args
        )
        for site in code.body.sites
    )


def _is_used(code: Code, pool: int) -> bool:
    """Whether the pool is given work, by its methods or by a loop that runs work in it."""
    same = aliases(code, pool)
    return bool(_uses(code, pool)) or any(
        passed in same for site in code.body.sites if site.kind == SiteKind.CALL for _, passed in site.args
    )


def _is_closed(code: Code, pool: int) -> bool:
    same = aliases(code, pool)
    for site in code.body.sites:
        if site.kind == SiteKind.ENTER and site.callee in same:
            return True
        if site.kind == SiteKind.CALL:
            callee = code.body.values[site.callee]
            if callee[0] == Op.ATTR and callee[1] in same and callee[2] in _CLOSES:
                return True
    # a bound method of it that is kept for later: atexit.register(pool.close)
    return any(node[0] == Op.ATTR and node[1] in same and node[2] in _CLOSES for node in code.body.values)
