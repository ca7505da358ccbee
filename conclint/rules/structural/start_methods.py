"""How processes are started: the sites that start or make them, and the start method they use."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Final

from conclint.rules.structural.allocation_sites import origins
from conclint.rules.structural.code import Call, Code

POOLS: Final = frozenset(
    {"multiprocessing.Pool", "multiprocessing.pool.Pool", "multiprocessing.context.SpawnContext.Pool"}
)
EXECUTORS: Final = frozenset({"concurrent.futures.ProcessPoolExecutor"})
PROCESSES: Final = frozenset({"multiprocessing.Process", "multiprocessing.context.SpawnContext.Process"})
CONTEXT_METHODS: Final = "multiprocessing.context.SpawnContext."
_SETTERS: Final = frozenset(
    {"multiprocessing.set_start_method", "multiprocessing.context.SpawnContext.set_start_method"}
)


class StartMethod(Enum):
    """How a process comes to be."""

    FORK = "fork"
    SPAWN = "spawn"
    FORKSERVER = "forkserver"
    DEFAULT = "default"
    UNKNOWN = "unknown"


def made_processes(code: Code) -> Iterator[Call]:
    """The calls that make a process, or a pool of them."""
    return code.calls_to(POOLS | EXECUTORS | PROCESSES)


def start_method(code: Code, call: Call) -> StartMethod:
    """The start method of what a call makes."""
    if all(name.startswith(CONTEXT_METHODS) for name in call.names):
        return _of_context(code, code.receiver(call.site))
    if call.is_one_of(EXECUTORS):
        arguments = dict(code.body.sites[call.site].args)
        context = arguments.get("mp_context", arguments.get(1, -1))
        if -1 in arguments or -2 in arguments:
            return StartMethod.UNKNOWN
        if context >= 0:
            return _of_context(code, context)
    return stated_in_module(code)


def _of_context(code: Code, value: int) -> StartMethod:
    made = origins(code, value)
    if not made:
        return StartMethod.UNKNOWN
    found: set[StartMethod] = set()
    for origin in made:
        call = origin.code.calls.get(origin.site)
        if call is None or not call.is_one_of({"multiprocessing.get_context"}):
            return StartMethod.UNKNOWN
        args = origin.code.body.sites[origin.site].args
        if not args:
            found.add(stated_in_module(code))
            continue
        found.add(_named(origin.code.literal((origin.code.key, args[0][1]))))
    return found.pop() if len(found) == 1 else StartMethod.UNKNOWN


def _named(word: object) -> StartMethod:
    if word is None:
        return StartMethod.DEFAULT
    return next((method for method in StartMethod if method.value == word), StartMethod.UNKNOWN)


def stated_in_module(code: Code) -> StartMethod:
    """What the module of the code sets for the whole program, anywhere in it; the default if nothing."""
    found: set[StartMethod] = set()
    for key in code.module.keys:
        inner = code if key == code.key else Code(code.engine, key)
        if not any("set_start_method" in node for node in inner.body.values):
            continue
        for call in inner.calls_to(_SETTERS):
            args = inner.body.sites[call.site].args
            found.add(_named(inner.literal((key, args[0][1]))) if args else StartMethod.UNKNOWN)
    if not found:
        return StartMethod.DEFAULT
    return found.pop() if len(found) == 1 else StartMethod.UNKNOWN
