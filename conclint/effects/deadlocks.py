"""Locks of threads that a coroutine holds while it is suspended, or while something waits for long."""

from __future__ import annotations

from typing import Final

from conclint.catalog.facts import EffectKind
from conclint.effects.with_blocks import block_of, sites_within
from conclint.model.execution import Family
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.external_facts import external_fact
from conclint.resolve.values import Function, Key
from conclint.summary import body_graph as graph
from conclint.summary.records import DefFlags, DefKind, Op, Site, SiteKind, Use

_LOCKS: Final = frozenset(
    {
        "threading.Lock", "threading.Semaphore", "threading.BoundedSemaphore",
        "multiprocessing.synchronize.Lock", "multiprocessing.synchronize.RLock",
        "multiprocessing.synchronize.Semaphore", "multiprocessing.synchronize.BoundedSemaphore",
    }
)  # fmt: skip
"""Locks that the thread which holds them can't take again; threading.RLock it can."""
_MAX_DEPTH: Final = 4
_LONG: Final = (Family.HTTP, Family.DATABASE, Family.SOCKETS, Family.SLEEP, Family.SUBPROCESS)
_BRIEF: Final = "sqlite3."
"""What asks a file takes milliseconds: that is what its own finding is about, not the lock around it."""


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
        fact is not None
        and fact.effect is EffectKind.WAITS
        and fact.family in _LONG
        and not fact.name.startswith(_BRIEF)
        for fact in facts
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
