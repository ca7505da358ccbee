"""Waits that can't end: a thread's lock held while a coroutine is suspended, and waiting for the own loop."""

from __future__ import annotations

from typing import Final

from conclint.catalog.facts import EffectKind
from conclint.effects.with_blocks import block_of, sites_within
from conclint.model.execution import Family
from conclint.resolve.arguments import arguments_of
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.external_facts import external_fact
from conclint.resolve.in_memory import Opened
from conclint.resolve.loop_origins import THIS_LOOP, loop_of
from conclint.resolve.values import External, Function, Key
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, DefFlags, DefKind, Op, Site, SiteKind, Use

_LOCKS: Final = frozenset(
    {
        "threading.Lock", "threading.Semaphore", "threading.BoundedSemaphore",
        "multiprocessing.synchronize.Lock", "multiprocessing.synchronize.RLock",
        "multiprocessing.synchronize.Semaphore", "multiprocessing.synchronize.BoundedSemaphore",
    }
)  # fmt: skip
"""Locks that the thread which holds them can't take again; threading.RLock it can."""
_HANDED_TO_A_LOOP: Final = frozenset({"asyncio.run_coroutine_threadsafe"})
_TASKS: Final = frozenset({"asyncio.create_task", "asyncio.ensure_future"})
_SCHEDULING: Final = frozenset({"call_soon", "call_soon_threadsafe", "call_later", "call_at", "create_task"})
THREAD_EVENTS: Final = frozenset(
    {
        "threading.Event.wait",
        "queue.Queue.get",
        "concurrent.futures.Future.result",
        "threading.Condition.wait",
    }
)
"""What waits until somebody sets, puts or notifies it."""
_MAX_DEPTH: Final = 4
_LONG: Final = (Family.HTTP, Family.DATABASE, Family.SOCKETS, Family.SLEEP, Family.SUBPROCESS)


def is_held_across_await(evaluator: Evaluator, key: Key, number: int, cause: str) -> bool:
    """Whether the site takes a lock (`cause` is the method that does) that its coroutine keeps while it is
    suspended: the next coroutine that wants it stops the loop, and with it the one that would release it."""
    lock, _, method = cause.rpartition(".")
    if lock not in _LOCKS or evaluator.definition(key).kind != DefKind.ASYNC_FUNCTION:
        return False
    body = evaluator.body(key)
    site = body.sites[number]
    if site.kind == SiteKind.ENTER and method == "__enter__":
        block = block_of(body, site)
        if block < 0 or graph.call(body, site.callee) is not None:  # made here: nobody else has it
            return False
        return any(suspends(evaluator, key, inner, 0) for _, inner in sites_within(body, block)) or any(
            graph.is_inside(body, region, block) for _, region in body.yields
        )
    if site.kind == SiteKind.CALL and method == "acquire":
        return _is_kept(evaluator, key, number)
    return False


def _is_kept(evaluator: Evaluator, key: Key, number: int) -> bool:
    """Whether the coroutine is suspended between `lock.acquire()` and the first `lock.release()` after it."""
    body = evaluator.body(key)
    lock = body.values[graph.receiver(body, body.sites[number])] if body.sites[number].callee >= 0 else None
    if lock is None or lock[0] == Op.CALL:
        return False
    suspended = False
    for site in body.sites[number + 1 :]:
        callee = graph.node(body, site.callee)
        if site.kind == SiteKind.CALL and callee[0] == Op.ATTR and callee[2] == "release":
            return suspended and body.values[graph.receiver(body, site)] == lock
        suspended = suspended or suspends(evaluator, key, site, 0)
    return False


def is_released_at_once(evaluator: Evaluator, key: Key, number: int) -> bool:
    """Whether the function releases the lock that a site acquires, and does not await before: as `with`."""
    body = evaluator.body(key)
    site = body.sites[number]
    if site.kind != SiteKind.CALL or site.args or (receiver := graph.receiver(body, site)) < 0:
        return False
    for later in body.sites[number + 1 :]:
        if suspends(evaluator, key, later, 0):
            return False
        callee = graph.node(body, later.callee)
        if later.kind == SiteKind.CALL and callee[0] == Op.ATTR and callee[2] == "release":
            return graph.node(body, graph.base(callee)) == graph.node(body, receiver)
    return False


def is_held_for_long(evaluator: Evaluator, key: Key, number: int) -> bool:
    """Whether the lock that a site takes, an attribute of its object or a variable of the module, is held by
    another function of the same while that waits for a request, a database or a nap."""
    body = evaluator.body(key)
    site = body.sites[number]
    lock = graph.node(body, site.callee if site.kind == SiteKind.ENTER else graph.receiver(body, site))
    module = evaluator.module(key[0])
    owner = evaluator.enclosing_class(key)
    if lock[0] == Op.ATTR and graph.node(body, graph.base(lock)) == (Op.PARAM, 0) and owner is not None:
        others = module.children(owner.key)
    elif lock[0] == Op.GLOBAL:
        others = [*module.keys]
    else:
        return False
    return any(_waits_with(evaluator, other, lock[0], lock[-1]) for other in others if other != key)


def _waits_with(evaluator: Evaluator, key: Key, op: object, name: object) -> bool:
    """Whether a function waits, by its own calls, in a block of the lock of a name."""
    body = evaluator.body(key)
    for site in body.sites:
        taken = graph.node(body, site.callee)
        if site.kind != SiteKind.ENTER or (taken[0], taken[-1]) != (op, name):
            continue
        block = block_of(body, site)
        if block >= 0 and any(_waits(evaluator, key, inner) for _, inner in sites_within(body, block)):
            return True
    return False


def _waits(evaluator: Evaluator, key: Key, site: Site) -> bool:
    if site.kind != SiteKind.CALL or site.use & Use.AWAITED:
        return False
    facts = (external_fact(evaluator, value) for value in evaluator.evaluate(key, site.callee).values)
    return any(
        fact is not None and fact.effect is EffectKind.WAITS and fact.family in _LONG for fact in facts
    )


def suspends(evaluator: Evaluator, key: Key, site: Site, depth: int) -> bool:
    """Whether the coroutine may be suspended at a site: it awaits there, and not just a coroutine of the
    program that never does."""
    if site.use & Use.ASYNC or site.kind == SiteKind.AWAIT:
        return True
    if not site.use & Use.AWAITED:
        return False
    called = evaluator.evaluate(key, site.callee)
    if depth > _MAX_DEPTH or called.incomplete or not called.values:
        return True
    return any(_may_suspend(evaluator, value, depth) for value in called.values)


def _may_suspend(evaluator: Evaluator, value: object, depth: int) -> bool:
    if not isinstance(value, Function):
        return True
    definition = evaluator.definition(value.key)
    if definition.kind != DefKind.ASYNC_FUNCTION or definition.flags & (DefFlags.GENERATOR | DefFlags.STUB):
        return True
    return any(suspends(evaluator, value.key, inner, depth + 1) for inner in evaluator.body(value.key).sites)


def loop_that_sets(evaluator: Evaluator, key: Key, number: int) -> Opened | None:
    """The loop that is to set an event, as the def that waits for it has just told it; None where nobody, or
    somebody else too, may set it."""
    body = evaluator.body(key)
    site = body.sites[number]
    event = graph.receiver(body, site) if site.kind == SiteKind.CALL else -1
    if event < 0:
        return None
    found: Opened | None = None
    for other in body.sites[:number]:
        if other.kind != SiteKind.CALL or graph.receiver(body, other) == event:
            continue
        if not any(_speaks_of(evaluator, key, body, value, event, 0) for _, value in other.args):
            continue
        callee = graph.node(body, other.callee)
        if _calls(evaluator, key, other, _TASKS):
            found = THIS_LOOP
        elif callee[0] == Op.ATTR and callee[2] in _SCHEDULING:
            found = loop_of(evaluator.evaluate(key, graph.base(callee)))
        elif _calls(evaluator, key, other, _HANDED_TO_A_LOOP):
            found = evaluator.results.opened(
                External("asyncio.run_coroutine_threadsafe"), arguments_of(key, other.args)
            )
        elif not _makes_coroutine(evaluator, key, other):
            return None
    return found


def _speaks_of(evaluator: Evaluator, key: Key, body: Body, value: int, event: int, depth: int) -> bool:
    """Whether an argument is an event, a method of it, or a function made here that uses it."""
    node = graph.node(body, value)
    if value == event or (node[0] == Op.ATTR and node[1] == event):
        return True
    if node[0] == Op.DEF:
        inner = evaluator.module(key[0]).at(graph.number(node))
        return _uses_free(evaluator.body(inner), _names_of(body, event))
    if node[0] == Op.ATTR and graph.node(body, event)[0] == Op.ATTR:
        names = _names_of(body, event)
        methods = [item for item in evaluator.evaluate(key, value).values if isinstance(item, Function)]
        return any(_uses_free(evaluator.body(method.key), names) for method in methods)
    made = graph.call(body, value)
    if made is None or depth > 1:
        return False
    parts = (made.callee, *(passed for _, passed in made.args))
    return any(_speaks_of(evaluator, key, body, part, event, depth + 1) for part in parts)


def _names_of(body: Body, value: int) -> set[object]:
    """The names by which functions inside a def know a value; of an attribute, its name."""
    node = graph.node(body, value)
    names: set[object] = {store.name for store in body.stores if store.value == value}
    return names | ({node[2]} if node[0] == Op.ATTR else set())


def _uses_free(body: Body, names: set[object]) -> bool:
    return any(node[0] in (Op.FREE, Op.ATTR) and node[2] in names for node in body.values)


def _makes_coroutine(evaluator: Evaluator, key: Key, site: Site) -> bool:
    """Whether a call makes a coroutine, which does nothing by itself."""
    values = evaluator.evaluate(key, site.callee).values
    return bool(values) and all(
        isinstance(value, Function) and evaluator.definition(value.key).kind == DefKind.ASYNC_FUNCTION
        for value in values
    )


def _calls(evaluator: Evaluator, key: Key, site: Site, names: frozenset[str]) -> bool:
    values = evaluator.evaluate(key, site.callee).values
    return any(
        isinstance(value, External) and evaluator.catalog.canonical(value.dotted) in names for value in values
    )
