"""Recommendations: the model that fits, and a line of code in the reader's own names."""

from __future__ import annotations

import re
import textwrap
from enum import Enum

from conclint.catalog.facts import CallableFact
from conclint.model.execution import ExecutionModel
from conclint.model.finding import Recommendation
from conclint.model.runtime import Gil, Runtime
from conclint.resolve.program import Module
from conclint.rules.call_text import CallText


class AsyncLibrary(Enum):
    """The library whose words the recommendation uses."""

    ASYNCIO = "asyncio"
    TRIO = "trio"
    ANYIO = "anyio"
    TWISTED = "twisted"


def library_of(module: Module) -> AsyncLibrary:
    """The async library that a module speaks: what it imports, asyncio if in doubt."""
    tops = {item.module.split(".", 1)[0] for item in module.summary.imports if not item.level}
    if "asyncio" in tops:
        return AsyncLibrary.ASYNCIO
    if "twisted" in tops:
        return AsyncLibrary.TWISTED
    if "trio" in tops:
        return AsyncLibrary.TRIO
    return AsyncLibrary.ANYIO if "anyio" in tops else AsyncLibrary.ASYNCIO


def for_wait(fact: CallableFact, call: CallText, library: AsyncLibrary) -> Recommendation:
    """Instead of a call that waits on the loop: its async counterpart, else a thread."""
    name = fact.name.rsplit(".", 1)[-1]
    instead, example = fact.instead, fact.example
    if library is AsyncLibrary.TRIO:
        instead, example = fact.instead_trio, fact.example_trio
    elif library is AsyncLibrary.ANYIO:
        instead, example = fact.instead_anyio, fact.example_anyio
    elif library is AsyncLibrary.TWISTED:
        instead, example = None, None  # the counterparts run on asyncio's loop
    note = _note(fact, instead, library)
    if instead:
        words = " or ".join(f"`{_readable(item)}`" for item in instead[:2])
        filled = _fill(example, call, name) if example else None
        return Recommendation(
            ExecutionModel.EVENT_LOOP,
            f"{words}, else run it in a thread.{note}",
            filled or (to_thread(call, library) if call.function else None),
        )
    filled = _fill(example, call, name) if example and library is AsyncLibrary.ASYNCIO else None
    return Recommendation(
        ExecutionModel.THREAD,
        f"run it in a thread, so that the loop goes on.{note}",
        filled or (to_thread(call, library) if call.function else None),
    )


def _note(fact: CallableFact, instead: tuple[str, ...] | None, library: AsyncLibrary) -> str:
    """The note in the async library's words; left out where it speaks of what only asyncio has."""
    if not fact.note:
        return ""
    if library is AsyncLibrary.ASYNCIO:
        return f" {fact.note}"
    offload = "deferToThread(" if library is AsyncLibrary.TWISTED else f"{library.value}.to_thread.run_sync("
    text = fact.note.replace("asyncio.to_thread(", offload)
    foreign = {name.split(".", 1)[0] for name in fact.instead or ()}
    foreign -= {name.split(".", 1)[0] for name in instead or ()}
    named = {word.split(".", 1)[0] for word in re.findall(r"[\w.]+", text)}
    return "" if "asyncio" in text or foreign & named else f" {text}"


def for_chain_of_waits(
    fact: CallableFact | None, call: CallText, callable_name: str, library: AsyncLibrary
) -> Recommendation:
    """Instead of a call on the loop that leads to one that waits: the whole call in a thread."""
    short = callable_name.rsplit(".", 1)[-1]
    asynchronous = ""
    if fact is not None and fact.instead and library is AsyncLibrary.ASYNCIO:
        asynchronous = f", or make the chain async with `{fact.instead[0]}`"
    example = to_thread(call, library) if call.function and call.name else None
    return Recommendation(ExecutionModel.THREAD, f"run `{short}` in a thread{asynchronous}.", example)


def for_computing_on_loop(
    call: CallText,
    callable_name: str,
    library: AsyncLibrary,
    runtime: Runtime,
    fact: CallableFact | None = None,
) -> Recommendation:
    """Instead of computing that holds the GIL on the loop: a process pool behind the loop, or a thread
    where threads compute at the same time."""
    short = callable_name.rsplit(".", 1)[-1]
    note = f" {fact.note}" if fact is not None and fact.note else ""
    if runtime.gil is Gil.FREE_THREADED:
        example = to_thread(call, library) if call.name else None
        text = f"run `{short}` in a thread: without the GIL the loop goes on at full speed.{note}"
        return Recommendation(ExecutionModel.THREAD, text, example)
    if library is AsyncLibrary.TWISTED:
        text = f"run `{short}` in a process pool, so that the reactor goes on.{note}"
        return Recommendation(ExecutionModel.PROCESS, text, None)
    if library is not AsyncLibrary.ASYNCIO:
        example = f"await anyio.to_process.run_sync({_arguments(call)})" if call.name else None
        text = f"run `{short}` in a worker process, so that the loop goes on.{note}"
        return Recommendation(ExecutionModel.PROCESS, text, example)
    pool = (
        "an InterpreterPoolExecutor or a ProcessPoolExecutor"
        if runtime.has_interpreters
        else "a process pool"
    )
    text = f"run `{short}` in {pool} through `run_in_executor`, so that the loop goes on.{note}"
    example = (
        f"await asyncio.get_running_loop().run_in_executor(process_pool, {_arguments(call)})"
        if call.name
        else f"await asyncio.get_running_loop().run_in_executor(process_pool, {short})"
    )
    return Recommendation(ExecutionModel.PROCESS, text, example)


def for_coroutines_that_never_await(
    callable_name: str, library: AsyncLibrary, runtime: Runtime
) -> Recommendation:
    """Instead of running coroutines together that have nothing to wait for: plain functions in processes."""
    short = callable_name.rsplit(".", 1)[-1]
    if runtime.gil is Gil.FREE_THREADED:
        text = f"make `{short}` a plain function and run it in threads: they compute at the same time."
        return Recommendation(ExecutionModel.THREAD, text, f"await asyncio.to_thread({short}, ...)")
    text = f"make `{short}` a plain function and run it in processes: only they compute at the same time."
    if library is AsyncLibrary.TWISTED:
        return Recommendation(ExecutionModel.PROCESS, text, None)
    if library is not AsyncLibrary.ASYNCIO:
        return Recommendation(ExecutionModel.PROCESS, text, f"await anyio.to_process.run_sync({short}, ...)")
    pool = "interpreter_pool" if runtime.has_interpreters else "process_pool"
    call = f"loop.run_in_executor({pool}, {short}, item)"
    example = (
        f"loop = asyncio.get_running_loop()\nresults = await asyncio.gather(*({call} for item in items))"
    )
    return Recommendation(ExecutionModel.PROCESS, text, example)


def for_native_on_loop(
    call: CallText, callable_name: str, library: AsyncLibrary, fact: CallableFact | None
) -> Recommendation:
    """Instead of native computing on the loop: a thread, since the GIL is free meanwhile."""
    short = callable_name.rsplit(".", 1)[-1]
    text = f"run `{short}` in a thread: it releases the GIL, so the loop goes on meanwhile."
    return Recommendation(ExecutionModel.THREAD, text, to_thread(call, library) if call.name else None)


def for_waiting_in_processes(call: CallText, callable_name: str, style: str) -> Recommendation:
    """Instead of a process that waits: a thread."""
    short = callable_name.rsplit(".", 1)[-1]
    text = f"run `{short}` in threads: they wait as well, start faster and cost less memory; or use asyncio."
    if style == "thread":
        example = f"thread = threading.Thread({call.arguments or f'target={short}'})"
    else:
        example = _in_pool(call, short, "ThreadPoolExecutor", "multiprocessing.pool.ThreadPool")
    return Recommendation(ExecutionModel.THREAD, text, example)


_OF_POOLS = frozenset(
    {"apply", "apply_async", "imap", "imap_unordered", "map_async", "starmap", "starmap_async"}
)
"""Methods of multiprocessing's pools that executors have not."""


def _in_pool(call: CallText, short: str, executor: str, pool: str) -> str:
    """The call in a pool of the other kind, by the method that it has there; a wrapper's by `submit`."""
    if call.name in _OF_POOLS:
        return f"with {pool}() as pool:\n    pool.{call.name}({call.arguments or short})"
    name = "map" if call.name == "map" else "submit"
    return f"with {executor}() as pool:\n    pool.{name}({call.arguments or short})"


def _arguments(call: CallText) -> str:
    """A function and its arguments as `run_in_executor` takes them: keywords go through a partial."""
    if "=" in _outside_brackets(call.arguments):
        return f"functools.partial({call.function}, {call.arguments})"
    return f"{call.function}, {call.arguments}" if call.arguments else call.function


def for_computing_in_threads(
    call: CallText, callable_name: str, style: str, runtime: Runtime
) -> Recommendation:
    """Instead of threads that take turns: processes, or interpreters."""
    short = callable_name.rsplit(".", 1)[-1]
    later = " (or an InterpreterPoolExecutor)" if runtime.has_interpreters else ""
    text = f"run `{short}` in processes{later}: only they compute at the same time under the GIL."
    if style == "thread":
        example = (
            f"process = multiprocessing.Process({call.arguments})"
            if call.arguments
            else (f"process = multiprocessing.Process(target={short})")
        )
        if call.function and "target" not in call.arguments:
            example = f"with ProcessPoolExecutor() as pool:\n    future = pool.submit({short})"
    elif style == "framework":
        example = f"await asyncio.get_running_loop().run_in_executor(process_pool, {short})"
    elif style == "offload":
        rest = call.arguments.removeprefix("None, ")
        example = f"await asyncio.get_running_loop().run_in_executor(process_pool, {rest or short})"
    else:
        example = _in_pool(call, short, "ProcessPoolExecutor", "multiprocessing.Pool")
    return Recommendation(ExecutionModel.PROCESS, text, example)


def to_thread(call: CallText, library: AsyncLibrary) -> str:
    """The call moved to a thread and awaited."""
    rest = f", {call.arguments}" if call.arguments else ""
    if library is AsyncLibrary.ASYNCIO:
        return f"await asyncio.to_thread({call.function}{rest})"
    if library is AsyncLibrary.TWISTED:
        return f"deferred = deferToThread({call.function}{rest})"
    keywords = "=" in _outside_brackets(call.arguments)
    inner = f"lambda: {call.function}({call.arguments})" if keywords else f"{call.function}{rest}"
    return f"await {library.value}.to_thread.run_sync({inner})"


def _readable(name: str) -> str:
    """A dotted name as people write it: methods of the running loop on the loop itself."""
    return name.replace("asyncio.AbstractEventLoop.", "loop.")


def _fill(template: str, call: CallText, name: str) -> str | None:
    if "{args}" in template and not call.function:
        return None
    if "{receiver}" in template and not call.receiver:
        return None
    text = (
        template.replace("{name}", name)
        .replace("{args}", call.arguments)
        .replace("{receiver}", call.receiver)
    )
    return textwrap.dedent(text.replace("(, ", "(").replace(", )", ")"))


def _outside_brackets(text: str) -> str:
    depth, kept = 0, []
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if depth == 0:
            kept.append(character)
    return "".join(kept).replace("==", "").replace("!=", "").replace("<=", "").replace(">=", "")
