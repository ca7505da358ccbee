"""CON703: a lock of threads that a coroutine holds while it is suspended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from conclint.effects.deadlocks import suspends
from conclint.effects.with_blocks import block_of, sites_within
from conclint.model.execution import Confidence, EffectKind, ExecutionModel
from conclint.resolve.calls import callable_name
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import (
    ContextManager,
    ExternalInstance,
    ExternalMethod,
    Function,
    Instance,
    Key,
    Value,
)
from conclint.rules.alone_on_loop import only_begins_programs
from conclint.rules.chains import Hop
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.code import Code
from conclint.rules.structural.reports import Advice, found
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, DefKind, Op, Site, SiteKind, Use

_EXCLUDING: Final = frozenset(
    {
        "threading.Lock", "threading.Semaphore", "threading.BoundedSemaphore",
        "multiprocessing.synchronize.Lock", "multiprocessing.synchronize.RLock",
        "multiprocessing.synchronize.Semaphore", "multiprocessing.synchronize.BoundedSemaphore",
    }
)  # fmt: skip
_REENTRANT: Final = frozenset({"threading.RLock", "threading.Condition"})
"""Locks that the same thread can take again; so all tasks of a loop can, at the same time."""
_DEADLOCK: Final = (
    "`{lock}` is held across an `await`: the next task that wants it stops the event loop, and with it the "
    "task that holds it, a deadlock"
)
_EXCLUDES_NOBODY: Final = (
    "`{lock}` is held across an `await` and excludes nobody: all tasks of the event loop run in the thread "
    "that holds it, so each can take it"
)
_SAME_IN_ASYNCIO: Final = frozenset({"Semaphore", "BoundedSemaphore", "Condition"})
_FOR_THREADS: Final = "it may be there for other threads alone"
_DEPTH: Final = 2


class _Taken(NamedTuple):
    """A site that takes a lock, and the calls from there to where it is taken; the last names the method."""

    site: int
    lock: str
    way: tuple[Hop, ...]


def lock_held_across_await(view: ModuleView, code: Code) -> Iterator[Draft]:
    """CON703: an `await` (or `yield`) of a coroutine function while it holds a lock of threads."""
    if code.definition.kind != DefKind.ASYNC_FUNCTION:
        return
    for number, site in enumerate(code.body.sites):
        taken = _taken_at(code, number, site)
        if taken is None or _is_wanted_by_no_task(view, code, number, taken):
            continue
        reenters = taken.lock in _REENTRANT
        name = taken.lock.rpartition(".")[2]
        twin = name if name in _SAME_IN_ASYNCIO else "Lock"
        yield found(
            view,
            code,
            number,
            "CON703",
            (_EXCLUDES_NOBODY if reenters else _DEADLOCK).format(lock=taken.lock),
            Advice(
                ExecutionModel.EVENT_LOOP,
                f"use an `asyncio.{twin}` with `async with`. If threads take it too, "
                "release it before each `await`.",
            ),
            cause=taken.way[-1].symbol,
            model=ExecutionModel.EVENT_LOOP,
            effect=EffectKind.WAITS_FOR_ITSELF,
            family="lock",
            most=Confidence.MEDIUM if reenters else Confidence.HIGH,
            reasons=(*code.known(site.callee).reasons, *(_doubts(code, number, taken) if reenters else ())),
            chain=taken.way,
        )


def _is_wanted_by_no_task(view: ModuleView, code: Code, number: int, taken: _Taken) -> bool:
    """Whether only coroutines take the lock that have a loop each: it keeps threads apart."""
    name = _last_name(code.body, code.body.sites[number])
    if len(taken.way) > 1 or name is None or name in {item.bound for item in code.module.summary.imports}:
        return False
    return all(
        view.module.definition(key).kind == DefKind.ASYNC_FUNCTION and only_begins_programs(view, key)
        for key in view.keys
        if key == code.key or _takes(code.module.body(key), name)
    )


def _takes(body: Body, name: object) -> bool:
    """Whether a function enters or acquires a lock of a name, or hands it on."""
    return any(
        site.kind in (SiteKind.ENTER, SiteKind.CALL)
        and (
            _last_name(body, site) == name
            or any(_name_of(graph.node(body, value)) == name for _, value in site.args)
        )
        for site in body.sites
    )


def _doubts(code: Code, number: int, taken: _Taken) -> tuple[str, ...]:
    """Why a lock that excludes no task may be meant so: plain functions take it too, in other threads."""
    if len(taken.way) > 1:
        return (_FOR_THREADS,) * 2
    name = _last_name(code.body, code.body.sites[number])
    for key in code.module.keys:
        if code.evaluator.definition(key).kind == DefKind.FUNCTION:
            body = code.module.body(key)
            if _takes(body, name):
                return (_FOR_THREADS,) * 2
    return ()


def _last_name(body: Body, site: Site) -> object:
    """The name of the object that a site enters, or whose `acquire` it calls."""
    node = graph.node(body, site.callee)
    if site.kind == SiteKind.CALL:
        node = graph.node(body, graph.base(node)) if _method(node) == "acquire" else graph.UNKNOWN
    return _name_of(node)


def _name_of(node: graph.Node) -> object:
    return node[-1] if node[0] in (Op.ATTR, Op.GLOBAL, Op.FREE) else None


def _taken_at(code: Code, number: int, site: Site) -> _Taken | None:
    """The lock that a site takes and that is still held where the coroutine is suspended."""
    if site.kind == SiteKind.ENTER and not site.use & Use.ASYNC:
        return _entered(code, number, site)
    if site.kind != SiteKind.CALL or site.use & Use.AWAITED:
        return None
    callee = graph.node(code.body, site.callee)
    if callee[0] == Op.ATTR and callee[2] == "enter_context" and site.args:
        return _pushed(code, number, site)
    return _acquired(code, number, site)


def _entered(code: Code, number: int, site: Site) -> _Taken | None:
    block = block_of(code.body, site)
    if block < 0 or _is_made_here(code, site.callee) or not _suspends_in(code, block):
        return None
    return _first(code, number, _held_by(code.evaluator, code.key, number, code.known(site.callee).values, 0))


def _pushed(code: Code, number: int, site: Site) -> _Taken | None:
    """A lock that an exit stack enters: it is held to the end of the stack's block."""
    value = site.args[0][1]
    if _is_made_here(code, value) or not _is_suspended(code, number + 1, len(code.body.sites)):
        return None
    return _first(code, number, _held_by(code.evaluator, code.key, number, code.known(value).values, 0))


def _acquired(code: Code, number: int, site: Site) -> _Taken | None:
    """A lock that a call acquires and that a later call releases."""
    way, word, lock = _acquires(code, number, site)
    if way is None or not _waits_for_lock(code, site):
        return None
    if code.definition.name == "__aenter__" and _is_released_by_exit(code, word):
        return _Taken(number, lock, way)
    for later in range(number + 1, len(code.body.sites)):
        other = code.body.sites[later]
        if other.kind == SiteKind.CALL and _releases(code, other, word):
            if _is_suspended(code, number + 1, later):
                return _Taken(number, lock, way)
            return None
    return None


def _acquires(code: Code, number: int, site: Site) -> tuple[tuple[Hop, ...] | None, object, str]:
    """The calls to `acquire`, by the site or the method that it calls; the lock's name and class."""
    for value in code.known(site.callee).values:
        lock = _lock_of_method(code.evaluator, value, "acquire")
        if lock:
            receiver = graph.receiver(code.body, site)
            if receiver < 0 or _is_made_here(code, receiver):
                return None, None, ""
            return (
                (Hop(code.key, number, _public(code.evaluator, lock, "acquire")),),
                graph.node(code.body, receiver)[-1],
                lock,
            )
        if isinstance(value, Function) and code.evaluator.definition(value.key).kind == DefKind.FUNCTION:
            body = code.evaluator.body(value.key)
            names = {_method(body.values[other.callee]) for other in body.sites if other.callee >= 0}
            if "acquire" not in names or "release" in names:
                continue
            for inner, other in enumerate(body.sites):
                for called in code.evaluator.evaluate(value.key, other.callee).values:
                    lock = _lock_of_method(code.evaluator, called, "acquire")
                    if lock and graph.loop_of(body, other.region) < 0:
                        name = callable_name(code.evaluator, value)
                        hops = (
                            Hop(code.key, number, name),
                            Hop(value.key, inner, _public(code.evaluator, lock, "acquire")),
                        )
                        return hops, graph.node(body, graph.receiver(body, other))[-1], lock
    return None, None, ""


def _releases(code: Code, site: Site, word: object) -> bool:
    """Whether a call releases the lock of a name, itself or by the method that it calls."""
    callee = graph.node(code.body, site.callee)
    if _method(callee) == "release" and graph.node(code.body, graph.receiver(code.body, site))[-1] == word:
        return True
    for value in code.known(site.callee).values:
        if isinstance(value, Function):
            body = code.evaluator.body(value.key)
            for other in body.sites:
                is_release = (
                    other.kind == SiteKind.CALL and _method(graph.node(body, other.callee)) == "release"
                )
                if is_release and graph.node(body, graph.receiver(body, other))[-1] == word:
                    return True
    return False


def _is_released_by_exit(code: Code, word: object) -> bool:
    """Whether the `__aexit__` of the same class releases the lock that its `__aenter__` takes."""
    cls = code.evaluator.enclosing_class(code.key)
    if cls is None or any(_releases(code, site, word) for site in code.body.sites if site.callee >= 0):
        return False
    for method in code.evaluator.classes.method(cls, "__aexit__", cls).values:
        if isinstance(method, Function):
            inner = Code(code.engine, method.key)
            calls = (site for site in inner.body.sites if site.kind == SiteKind.CALL)
            if any(_releases(inner, site, word) for site in calls):
                return True
    return False


def _waits_for_lock(code: Code, site: Site) -> bool:
    """Whether `acquire` waits as long as it takes: without arguments, or with `True` alone."""
    return (
        all(
            slot in (0, "blocking") and code.body.values[value] == (Op.CONST, True)
            for slot, value in site.args
        )
        or _method(graph.node(code.body, site.callee)) != "acquire"
    )


def _held_by(
    evaluator: Evaluator, key: Key, number: int, values: tuple[Value, ...], depth: int
) -> Iterator[_Taken | None]:
    """For each candidate of what is entered, the lock that is then held; None where none is."""
    for value in values:
        if isinstance(value, ExternalInstance):
            name = evaluator.catalog.canonical(value.dotted)
            known = name in _EXCLUDING or name in _REENTRANT
            hop = Hop(key, number, _public(evaluator, name, "__enter__"))
            yield _Taken(number, name, (hop,)) if known else None
        elif isinstance(value, ContextManager) and depth < _DEPTH:
            yield _held_at_yield(evaluator, key, number, value.function, depth)
        elif isinstance(value, Instance) and depth < _DEPTH:
            yield _held_after_enter(evaluator, key, number, value)


def _held_at_yield(
    evaluator: Evaluator, key: Key, number: int, function: Function, depth: int
) -> _Taken | None:
    """The lock that a function under `contextmanager` holds where it yields."""
    body = evaluator.body(function.key)
    for inner, site in enumerate(body.sites):
        if site.kind != SiteKind.ENTER or (block := block_of(body, site)) < 0:
            continue
        if not any(graph.is_inside(body, region, block) for _, region in body.yields):
            continue
        values = evaluator.evaluate(function.key, site.callee).values
        for taken in _held_by(evaluator, function.key, inner, values, depth + 1):
            if taken is not None:
                name = callable_name(evaluator, function)
                return taken._replace(way=(Hop(key, number, name), *taken.way))
    for inner, site in enumerate(body.sites):
        if site.kind != SiteKind.CALL or site.args or _method(graph.node(body, site.callee)) != "acquire":
            continue
        for called in evaluator.evaluate(function.key, site.callee).values:
            lock = _lock_of_method(evaluator, called, "acquire")
            if lock and _is_held_at_yield(body, inner):
                hops = (
                    Hop(key, number, callable_name(evaluator, function)),
                    Hop(function.key, inner, _public(evaluator, lock, "acquire")),
                )
                return _Taken(number, lock, hops)
    return None


def _is_held_at_yield(body: Body, number: int) -> bool:
    """Whether a generator yields between `lock.acquire()`, at a site, and the release of the same lock."""
    lock = graph.node(body, graph.receiver(body, body.sites[number]))
    is_taken = has_yielded = False
    for node in body.values:  # in the order of the source
        if node[0] == Op.YIELD:
            has_yielded = is_taken
        elif node == (Op.CALL, number):
            is_taken = True
        elif is_taken and (site := graph.called_site(node)) >= 0:
            callee = graph.node(body, body.sites[site].callee)
            if _method(callee) == "release" and graph.node(body, graph.base(callee)) == lock:
                return has_yielded
    return False


def _held_after_enter(evaluator: Evaluator, key: Key, number: int, instance: Instance) -> _Taken | None:
    """The lock that the `__enter__` of a class of the program acquires, and its `__exit__` releases."""
    for method in evaluator.classes.method(instance.cls, "__enter__", instance).values:
        if not isinstance(method, Function):
            continue
        body = evaluator.body(method.key)
        names = [_method(graph.node(body, site.callee)) for site in body.sites if site.kind == SiteKind.CALL]
        if "release" in names or not names:
            continue
        for inner, site in enumerate(body.sites):
            callee = graph.node(body, site.callee)
            if site.kind != SiteKind.CALL or _method(callee) not in ("acquire", "__enter__") or site.args:
                continue
            for called in evaluator.evaluate(method.key, site.callee).values:
                lock = _lock_of_method(evaluator, called, _method(callee))
                if lock:
                    name = callable_name(evaluator, method)
                    hops = (
                        Hop(key, number, name),
                        Hop(method.key, inner, _public(evaluator, lock, _method(callee))),
                    )
                    return _Taken(number, lock, hops)
    return None


def _lock_of_method(evaluator: Evaluator, value: Value, method: str) -> str:
    """The lock's class, where a value is this method of a lock of threads."""
    if not isinstance(value, ExternalMethod) or value.name != method:
        return ""
    name = evaluator.catalog.canonical(value.dotted)
    return name if name in _EXCLUDING or name in _REENTRANT else ""


def _public(evaluator: Evaluator, lock: str, method: str) -> str:
    """The name under which the catalog knows the method of a lock."""
    fact = evaluator.catalog.method(lock, method)
    return fact.name if fact is not None else f"{lock}.{method}"


def _first(code: Code, number: int, candidates: Iterator[_Taken | None]) -> _Taken | None:
    """The lock, where every candidate of what is entered holds one."""
    taken = list(candidates)
    if not taken or any(item is None for item in taken):
        return None
    return taken[0]


def _is_made_here(code: Code, value: int) -> bool:
    """Whether an object is made in the coroutine itself, and so is nobody else's."""
    if code.call_of(value) < 0:
        return False
    made = code.call_of(value)
    if all(isinstance(item, ExternalInstance) for item in code.known(value).values):
        kept = any(store.value == value for store in code.body.stores)
        handed = any(value == passed for site in code.body.sites for _, passed in site.args)
        call = code.calls.get(made)
        return not kept and not handed and call is not None and not call.inside
    return False


def _suspends_in(code: Code, block: int) -> bool:
    inside = any(suspends(code.evaluator, code.key, inner, 0) for _, inner in sites_within(code.body, block))
    return inside or any(graph.is_inside(code.body, region, block) for _, region in code.body.yields)


def _is_suspended(code: Code, first: int, end: int) -> bool:
    return any(suspends(code.evaluator, code.key, site, 0) for site in code.body.sites[first:end])


def _method(node: tuple[object, ...]) -> str:
    return str(node[2]) if node[0] == Op.ATTR else ""
