"""Waits that can't end: a thread's lock held while a coroutine is suspended, and waiting for the own loop."""

from __future__ import annotations

from typing import Final

from conclint.effects.with_blocks import block_of, sites_within
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import External, Function, Key
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
_LOOP_OF_THIS_THREAD: Final = frozenset({"asyncio.get_running_loop", "asyncio.get_event_loop"})
_HANDED_TO_A_LOOP: Final = frozenset({"asyncio.run_coroutine_threadsafe"})
_RESULTS: Final = frozenset({"result", "exception"})
_MAX_DEPTH: Final = 4


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
        return any(_suspends(evaluator, key, inner, 0) for _, inner in sites_within(body, block)) or any(
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
        suspended = suspended or _suspends(evaluator, key, site, 0)
    return False


def _suspends(evaluator: Evaluator, key: Key, site: Site, depth: int) -> bool:
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
    return any(_suspends(evaluator, value.key, inner, depth + 1) for inner in evaluator.body(value.key).sites)


def waits_for_own_loop(evaluator: Evaluator, key: Key, number: int) -> bool:
    """Whether the site waits, without a limit, for a coroutine that was handed to the loop of its own thread:
    on that loop it never returns."""
    body = evaluator.body(key)
    site = body.sites[number] if number >= 0 else None
    if site is None or site.kind != SiteKind.CALL or site.args:
        return False
    callee = body.values[site.callee]
    if callee[0] != Op.ATTR or callee[2] not in _RESULTS:
        return False
    handed = graph.call(body, graph.base(callee))
    if handed is None or not _calls(evaluator, key, handed, _HANDED_TO_A_LOOP):
        return False
    loops = [value for slot, value in handed.args if slot in (1, "loop")]
    return any(_is_loop_of_this_thread(evaluator, key, value) for value in loops)


def _is_loop_of_this_thread(evaluator: Evaluator, key: Key, value: int) -> bool:
    """Whether a value is what `get_running_loop()` gives, or that where nothing else is given."""
    body = evaluator.body(key)
    node = graph.node(body, value)
    if node[0] in (Op.PHI, Op.BOOL, *graph.WRAPPERS):
        return any(
            graph.node(body, item)[0] not in (Op.PHI, Op.BOOL)
            and _is_loop_of_this_thread(evaluator, key, item)
            for item in graph.parts(node)
        )
    asked = graph.call(body, value)
    return asked is not None and _calls(evaluator, key, asked, _LOOP_OF_THIS_THREAD)


def _calls(evaluator: Evaluator, key: Key, site: Site, names: frozenset[str]) -> bool:
    values = evaluator.evaluate(key, site.callee).values
    return any(
        isinstance(value, External) and evaluator.catalog.canonical(value.dotted) in names for value in values
    )
