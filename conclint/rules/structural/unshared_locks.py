"""CON607: a lock that keeps nobody out, since each process has one of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from conclint.effects.effects import Placement
from conclint.model.execution import ExecutionModel
from conclint.model.symbols import short_name
from conclint.resolve.calls import callable_name
from conclint.resolve.values import Function, Key, unwrapped
from conclint.rules.chains import Hop
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.allocation_sites import origins, workers_of
from conclint.rules.structural.code import Code
from conclint.rules.structural.function_traits import Habits
from conclint.rules.structural.reports import Advice, found
from conclint.rules.structural.start_methods import StartMethod, made_processes, start_method
from conclint.summary import body_graph as graph
from conclint.summary.records import Op, SiteKind

_OF_THREADS: Final = (
    "threading.Lock", "threading.RLock", "threading.BoundedSemaphore", "threading.Semaphore",
    "threading.Condition", "threading.Event", "threading.Barrier",
)  # fmt: skip
"""A class before the one that it is derived from."""
_OF_PROCESSES: Final = (
    "multiprocessing.synchronize.Lock", "multiprocessing.synchronize.RLock",
    "multiprocessing.synchronize.BoundedSemaphore", "multiprocessing.synchronize.Semaphore",
    "multiprocessing.synchronize.Condition", "multiprocessing.synchronize.Event",
)  # fmt: skip
_ANEW: Final = (StartMethod.SPAWN, StartMethod.FORKSERVER)
"""Ways to begin a process in which its modules are imported anew."""
_USES: Final = frozenset({"acquire", "wait", "wait_for", "set", "notify", "notify_all"})
_COUNTS: Final = (0, "value", "parties")
"""Where semaphores and barriers are given their number."""
_DEPTH: Final = 2
_DEFAULT: Final = (
    "processes are spawned on Windows and macOS, and from Python 3.14 on not forked on Linux",
) * 2
_DEEP: Final = ("it may be there for the worker's own threads",) * 2


class _Lock(NamedTuple):
    """A lock of a module that a worker uses: its name and class, and where; `size` is how many a semaphore
    lets in, or a barrier waits for, `...` where that is not known."""

    name: str
    kind: str
    key: Key
    site: int
    size: object


def lock_of_another_process(view: ModuleView, code: Code, habits: Habits) -> Iterator[Draft]:
    """CON607: a worker in a process takes a module's lock of threads, or one of processes that was made anew
    in it."""
    for site, placements in code.placements.items():
        for placement in placements:
            if placement.model is not ExecutionModel.PROCESS or placement.style == "initializer" or site < 0:
                continue
            for value in map(unwrapped, placement.callables.values):
                if not isinstance(value, Function) or placement.callables.incomplete:
                    continue
                draft = next(_used(view, code, site, placement, value), None)
                if draft is not None:
                    yield draft
                    break


def _used(
    view: ModuleView, code: Code, site: int, placement: Placement, function: Function
) -> Iterator[Draft]:
    for depth, lock in _locks(Code(view.engine, function.key), 0):
        of_threads = lock.kind in _OF_THREADS
        doubts: tuple[str, ...] = _DEEP if depth else ()
        if not of_threads:
            method = _method_of(code, site)
            if method not in _ANEW and method is not StartMethod.DEFAULT:
                continue
            doubts = _DEFAULT if method is StartMethod.DEFAULT else ()
        worker = callable_name(code.evaluator, function)
        why = "a lock of threads" if of_threads else "made anew in each process, which imports the module"
        yield found(
            view,
            code,
            site,
            "CON607",
            f"`{lock.name}` keeps no other process out of `{short_name(worker)}`: it is {why}",
            Advice(ExecutionModel.PROCESS, _instead(code, site, lock)),
            cause=lock.name,
            model=ExecutionModel.PROCESS,
            chain=[Hop(code.key, site, worker), Hop(lock.key, lock.site, lock.name)],
            reasons=(*placement.callables.reasons, *doubts),
        )


def _instead(code: Code, site: int, lock: _Lock) -> str:
    """What to do about a lock: one of the same kind for all processes, unless the pool has no more workers
    than the semaphore lets in."""
    kind = lock.kind.rpartition(".")[2]
    workers, count = _workers_at(code, site), ""
    if isinstance(lock.size, int):
        if kind.endswith("Semaphore") and isinstance(workers, int) and workers <= lock.size:
            return (
                f"leave `{lock.name}` out: the pool has {workers} workers, so no more than that do this "
                "at once."
            )
        count = f"({lock.size})"
    return (
        f"hand a `multiprocessing.{kind}{count}` to the workers: as an argument of `Process`, or by the "
        "`initializer` of a pool."
    )


def _workers_at(code: Code, site: int) -> object:
    """How many workers the pool has to which a site gives work, `...` where that is not known."""
    receiver = code.receiver(site)
    counts = {workers_of(origin) for origin in (origins(code, receiver) if receiver >= 0 else None) or ()}
    return counts.pop() if len(counts) == 1 else ...


def _size(code: Code, value: int) -> object:
    """The number that a lock is made with, `...` for none."""
    for origin in origins(code, value) or ():
        arguments = dict(origin.code.body.sites[origin.site].args)
        given = next((arguments[slot] for slot in _COUNTS if slot in arguments), -1)
        if given >= 0:
            return origin.code.literal((origin.code.key, given))
    return ...


def _locks(code: Code, depth: int) -> Iterator[tuple[int, _Lock]]:
    """The locks of modules that a function takes, and those that functions of its module take for it."""
    for number, site in enumerate(code.body.sites):
        value = -1
        if site.kind == SiteKind.ENTER:
            value = site.callee
        elif site.kind == SiteKind.CALL:
            callee = graph.node(code.body, site.callee)
            value = graph.base(callee) if callee[0] == Op.ATTR and callee[2] in _USES else -1
        node = graph.node(code.body, value)
        if node[0] == Op.GLOBAL and not _is_set_by_initializer(code, str(node[1])):
            for kind in (*_OF_THREADS, *_OF_PROCESSES):
                if code.is_all(value, kind):
                    yield depth, _Lock(str(node[1]), kind, code.key, number, _size(code, value))
                    break
        if depth < _DEPTH and number in code.calls:
            for target in code.calls[number].inside:
                if isinstance(target, Function) and target.key[0] == code.key[0] and target.key != code.key:
                    yield from _locks(Code(code.engine, target.key), depth + 1)


def _is_set_by_initializer(code: Code, name: str) -> bool:
    """Whether a function of the module sets the variable: an initializer does so with what it is handed."""
    return any(key != code.module.own for key, _ in code.module.global_stores(name)) or bool(
        code.module.late_global_stores(name)
    )


def _method_of(code: Code, site: int) -> StartMethod:
    """How the process begins in which a site has its work done."""
    for call in made_processes(code):
        if call.site == site:
            return start_method(code, call)
    made = origins(code, code.receiver(site)) if code.receiver(site) >= 0 else None
    methods: set[StartMethod] = set()
    for origin in made or ():
        for call in made_processes(origin.code):
            if call.site == origin.site:
                methods.add(start_method(origin.code, call))
    return methods.pop() if len(methods) == 1 else StartMethod.UNKNOWN
