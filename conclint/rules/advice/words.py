"""The sentences of advice."""

from __future__ import annotations

import re
from typing import Final

from conclint.catalog.facts import CallableFact, Trait
from conclint.rules.advice.allowed import Bound, Shape, Subject
from conclint.rules.advice.counterparts import stated
from conclint.rules.advice.library import AsyncLibrary
from conclint.rules.advice.waiting import Waiting

_OFFLOADS: Final = {
    AsyncLibrary.ASYNCIO: "asyncio.to_thread(",
    AsyncLibrary.TRIO: "trio.to_thread.run_sync(",
    AsyncLibrary.ANYIO: "anyio.to_thread.run_sync(",
    AsyncLibrary.TWISTED: "deferToThread(",
}
_OWN_THREAD: Final = (
    "It may only be used in the thread that made it: make it, use it and close it in one function, and run "
    "that in a thread."
)
_LOCK: Final = (
    "The thread that takes this lock must release it: take it, work and release it in one function, and run "
    "that in a thread."
)
_MANAGER: Final = (
    "Entering or leaving {name} blocks, so moving the call that makes it changes nothing: {cure}."
)


def counterparts(fact: CallableFact | None, library: AsyncLibrary, most: int = 2) -> str:
    """The async counterparts, as people write them; empty where there are none."""
    if fact is None:
        return ""
    instead, _ = stated(fact, library)
    names = [name.replace("asyncio.AbstractEventLoop.", "loop.") for name in instead]
    return " or ".join(f"`{name}`" for name in names[:most])


def note(fact: CallableFact | None, library: AsyncLibrary) -> str:
    """The note in the async library's words; left out where it speaks of what only asyncio has."""
    if fact is None or not fact.note:
        return ""
    if library is AsyncLibrary.ASYNCIO:
        return f" {fact.note}"
    instead, _ = stated(fact, library)
    text = fact.note.replace("asyncio.to_thread(", _OFFLOADS[library])
    foreign = {name.split(".", 1)[0] for name in fact.instead or ()}
    foreign -= {name.split(".", 1)[0] for name in instead}
    named = {word.split(".", 1)[0] for word in re.findall(r"[\w.]+", text)}
    return "" if "asyncio" in text or foreign & named else f" {text}"


def cannot_wait(waiting: Waiting) -> str:
    """What a plain function that the loop calls can do instead of waiting."""
    what = "A lambda" if waiting.is_lambda else f"`{waiting.function}` is a plain function, so it"
    if waiting.library is AsyncLibrary.TWISTED:
        return f"{what} can't wait: start the work with `deferToThread`, and go on in a callback."
    if waiting.library is not AsyncLibrary.ASYNCIO:
        return f"{what} can't `await`: make it `async def`, and whatever calls it."
    return (
        f"{what} can't `await`: make it `async def` if what calls it takes a coroutine function; otherwise "
        "move the work to a coroutine and start that with `create_task`."
    )


def bound(subject: Subject) -> str:
    """Why what is called can't run in another thread, and what can; empty where nothing is in the way."""
    if subject.bound is Bound.THREAD:
        return _LOCK if subject.family == "locks" else _OWN_THREAD
    if subject.bound is Bound.LOOP:
        return (
            f"`{subject.short}` may need the event loop as well, so don't run it in a thread as a whole: the "
            f"call that blocks is in {subject.innermost}; run that one in a thread, before or after."
        )
    return ""


def manager(subject: Subject) -> str:
    """What to do about a `with` whose body waits, and so stays where it is."""
    if subject.family == "locks":
        return (
            "Coroutines that hold a thread's lock while they `await` can stop each other for good: release "
            "it before, or, if no other thread takes it, use an async lock."
        )
    name = f"`{subject.short}`" if subject.short.isidentifier() else "it"
    cure = "make it an async context manager that does its blocking part in a thread"
    return _MANAGER.format(name=name, cure=cure)


def endpoint(waiting: Waiting) -> str:
    """That a framework runs plain functions in threads."""
    framework = waiting.endpoint
    return f"`{waiting.function}` never awaits: make it a plain `def`, and {framework} runs it in a thread."


def is_unpicklable(traits: frozenset[Trait]) -> bool:
    """Whether an object can't be sent to a process."""
    return bool(traits & {Trait.UNPICKLABLE, Trait.PROCESS_GLOBAL})


def is_manager(subject: Subject) -> bool:
    """Whether the place enters and leaves something."""
    return subject.shape is Shape.ENTER
