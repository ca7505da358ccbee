"""Work handed over and waited for at once: `submit(…).result()`, `start(); join()`, in one place or one
iteration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from conclint.resolve.values import Function, unwrapped
from conclint.rules.structural.allocation_sites import is_single_worker
from conclint.rules.structural.code import Call, Code
from conclint.summary.records import Op, SiteKind

SUBMITS: Final = frozenset(
    {
        "concurrent.futures.Executor.submit",
        "multiprocessing.pool.Pool.apply_async",
        "asyncio.run_coroutine_threadsafe",
    }
)
WAITS: Final = frozenset(
    {
        "concurrent.futures.Future.result",
        "concurrent.futures.Future.exception",
        "multiprocessing.pool.AsyncResult.get",
        "multiprocessing.pool.AsyncResult.wait",
    }
)
JOINS: Final = frozenset({"threading.Thread.join", "multiprocessing.Process.join"})
_STARTS: Final = frozenset({"threading.Thread.start", "multiprocessing.Process.start"})
_LOOP_RUNNERS: Final = frozenset(
    {"asyncio.run", "asyncio.new_event_loop", "asyncio.Runner", "anyio.run", "trio.run",
     "asyncio.get_event_loop",
     "asyncio.AbstractEventLoop.run_until_complete", "asyncio.AbstractEventLoop.run_forever"}
)  # fmt: skip
_DEPTH: Final = 2


class Pair(NamedTuple):
    """Two sites of one def: where work begins to run elsewhere, and where that is waited for."""

    begin: Call
    wait: Call
    bounded: bool


def waited_submits(code: Code) -> Iterator[Pair]:
    """The submits whose result is waited for, each with its first wait."""
    seen: set[int] = set()
    for wait in code.calls_to(WAITS):
        receiver = code.receiver(wait.site)
        begin = code.calls.get(code.call_of(receiver)) if receiver >= 0 else None
        if begin is None or begin.site in seen or not gives_fresh_future(code, begin):
            continue
        seen.add(begin.site)
        if not is_single_worker(code, code.receiver(begin.site)):
            yield Pair(begin, wait, has_timeout(code, wait.site))


def gives_fresh_future(code: Code, call: Call, depth: int = 0) -> bool:
    """Whether a call submits work and gives the future of it, by itself or by the function it calls."""
    if call.is_one_of(SUBMITS):
        return True
    if call.names or len(call.inside) != 1 or depth >= _DEPTH:
        return False
    (target,) = call.inside
    if not isinstance(target, Function) or target.key == code.key:
        return False
    inner = Code(code.engine, target.key)
    returned = [inner.calls.get(inner.call_of(value)) for value, _ in inner.body.returns]
    return bool(returned) and all(
        item is not None and gives_fresh_future(inner, item, depth + 1) for item in returned
    )


def joined_starts(code: Code) -> Iterator[Pair]:
    """The threads and processes that are started and then joined, by the same value."""
    starts = {code.receiver(call.site): call for call in code.calls_to(_STARTS)}
    for wait in code.calls_to(JOINS):
        begin = starts.get(code.receiver(wait.site))
        if begin is not None and code.ends(begin.site) <= code.starts(wait.site):
            yield Pair(begin, wait, has_timeout(code, wait.site))


def has_timeout(code: Code, site: int) -> bool:
    """Whether a wait is given a timeout other than None."""
    args = [(slot, value) for slot, value in code.body.sites[site].args if slot in (0, "timeout", -1, -2)]
    return any(code.body.values[value] != (Op.CONST, None) for _, value in args)


def runs_event_loop(code: Code, site: int) -> bool:
    """Whether what a site hands over runs an event loop of its own: a coroutine is run from synchronous
    code, in a thread because the caller's thread has a loop already."""
    for placement in code.placements.get(site, ()):
        for value in map(unwrapped, placement.callables.values):
            name = code.public_name(value)
            if name in _LOOP_RUNNERS:
                return True
            if isinstance(value, Function) and _calls_runner(Code(code.engine, value.key), 0):
                return True
    return any(
        call.is_one_of({"asyncio.run_coroutine_threadsafe"}) for call in (code.calls.get(site),) if call
    )


def _calls_runner(code: Code, depth: int) -> bool:
    for call in code.calls.values():
        if call.names & _LOOP_RUNNERS:
            return True
        for target in call.inside:
            if not isinstance(target, Function) or target.key == code.key or depth >= _DEPTH:
                continue
            if _calls_runner(Code(code.engine, target.key), depth + 1):
                return True
    return False


def is_one_expression(code: Code, pair: Pair) -> bool:
    """Whether the wait is called on the result of the submit itself."""
    begin = code.body.sites[pair.begin.site]
    is_unbound = begin.kind == SiteKind.CALL and not begin.use
    return is_unbound and code.starts(pair.begin.site) == code.starts(pair.wait.site)  # no part of a tuple
