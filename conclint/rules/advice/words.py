"""The sentences of advice."""

from __future__ import annotations

import re
from typing import Final

from conclint.catalog.facts import CallableFact
from conclint.model.execution import Family
from conclint.model.symbols import short_name
from conclint.rules.advice.allowed import PONY, Bound, Subject
from conclint.rules.advice.busy import Shape
from conclint.rules.advice.counterparts import is_own, lacking, stated
from conclint.rules.advice.hazards import Hazard
from conclint.rules.advice.library import AsyncLibrary
from conclint.rules.advice.shared_state import Changed, Use
from conclint.rules.advice.waiting import How, Waiting

_OFFLOADS: Final = {
    AsyncLibrary.ASYNCIO: "asyncio.to_thread(",
    AsyncLibrary.TRIO: "trio.to_thread.run_sync(",
    AsyncLibrary.ANYIO: "anyio.to_thread.run_sync(",
    AsyncLibrary.TWISTED: "deferToThread(",
}
_OWN_THREAD: Final = (
    "make the `{what}`, use it and close it in one function, and run that in a thread: it only works in the "
    "thread that made it."
)
_SHARED: Final = (
    "run the whole unit of work in one function, in a thread, with a session of its own: a session and its "
    "objects can't be split between threads."
)
_SHARED_TOO: Final = (
    "run `{name}` in a thread, with a session of its own where it uses one (`{call}`): a session and its "
    "objects can't be split between threads."
)
_TIMEOUT: Final = (
    " In a thread, give it a `timeout` in a loop: `asyncio.run` waits for its threads at the end, so one "
    "that waits for ever keeps the program."
)
_PONY: Final = (
    "put the whole `db_session` into one function that returns plain data, and run that in a thread: Pony's "
    "queries and entities only work in the thread of their session."
)
_MAKERS: Final = {"sqlite3.Cursor": "sqlite3.Connection"}
"""What is bound to a thread by what makes it."""
_SESSIONS: Final = ("sqlalchemy.orm.", "sqlmodel.")
_STATEMENTS: Final = (
    "put the statements that belong together (execute, fetch, commit) into one function, and run that in a "
    "thread"
)
_TOGETHER: Final = "put what belongs together into one function, and run that in a thread"
_KEPT: Final = ", holding {lock} meanwhile: other tasks may use the same {what}, and {why}."
_GIVEN: Final = ". Where other tasks use the same {what}, hold {lock} meanwhile: {why}."
_MIXED: Final = "in threads their statements would mix"
_AT_ONCE: Final = "two threads must not use it at once"
_SLEEP: Final = "time.sleep"
_SLEEPER: Final = "make an async version of it, with `await asyncio.sleep(…)` where that blocks ({where})."
_SPLIT: Final = (
    "take {what} out of it ({where}): do that in a thread, before or after the rest, which stays on the event"
    " loop."
)
_GUARDED: Final = (
    "{run}, with a `threading.Lock` around each use of {what}. Other code may be using that while `{name}` "
    "changes it{by}."
)
_GUARDED_ALL: Final = (
    "{run}, with a `threading.Lock` around each use of {what}. Other code may be using them while `{name}` "
    "changes them."
)
_WITH_LOCK: Final = (_GUARDED, _GUARDED_ALL)
_LOCK_FIRST: Final = ("{run}, with a", "{run}. Put a")
_FILE_TOO: Final = " Hold it while the file is written, too: each call writes the same one."
_OF_PROCESS: Final = " Also, don't let it change {what}: other code runs at the same time."
_FINALIZED: Final = (
    "{run}, but collect there what is to change in {what}{by}, and change it on the event loop. A lock would "
    "hang: `{finalizer}` uses that too, and may run in the thread that holds the lock."
)
_SET: Final = (
    "{run} if no other code uses meanwhile what `{name}` sets, {what} and others{by}; where that "
    "may be, with a lock held around both."
)
_UNNAMED: Final = (
    "{run} if no other code uses meanwhile what `{name}` changes: {what}{by}. Otherwise give it a "
    "copy, or have it return what is new."
)
_SHARED_STATE: Final = {
    Use.PROCESS: "{run} once `{name}` no longer changes {what}{by}: other code runs at the same time.",
    Use.ITERATED: (
        "{run} once `{name}` goes through a copy of {what}{by}: other code may change that meanwhile."
    ),
    Use.RELOADED: (
        "leave it on the event loop: {what}{by} executes modules again, and other tasks must not use them "
        "meanwhile."
    ),
    Use.CONTEXT: (
        "{run}, but set {what}{by} before or after, on the event loop: a thread has a copy "
        "of the context, and what is set there is lost."
    ),
}
_MEMORY: Final = (
    " If the database may be SQLite in memory, make its engine with `poolclass=StaticPool` and "
    '`connect_args={"check_same_thread": False}` first: otherwise each thread gets an empty one of its own.'
)
_MODELS: Final = (
    "run all that uses this database in one thread of its own (an executor with `max_workers=1`): "
    "`{what}.bind_ctx` binds the models for every thread at once."
)
_LOCKS: Final = {
    AsyncLibrary.ASYNCIO: "an `asyncio.Lock`",
    AsyncLibrary.TRIO: "a `trio.Lock`",
    AsyncLibrary.ANYIO: "an `anyio.Lock`",
    AsyncLibrary.TWISTED: "a `DeferredLock`",
}
_HAZARDS: Final = {
    Hazard.INTERRUPT: (
        "don't run it in a thread: Ctrl-C would no longer reach the `except KeyboardInterrupt` around it, "
        "and the program would wait for Enter."
    ),
    Hazard.PROMPT: (
        "or ask before the event loop starts. In a thread, Ctrl-C doesn't end the waiting: the program goes "
        "on until Enter is pressed."
    ),
    Hazard.QUESTION: (
        "in a thread, Ctrl-C doesn't end the waiting: the program goes on until Enter is pressed."
    ),
    Hazard.FORK: (
        "don't run it in a thread: `preexec_fn` may deadlock where there are several. Use what takes its "
        "place (`start_new_session`, `process_group`, `umask`)."
    ),
    Hazard.FILE_LOCK: (
        "run the whole block that holds the lock in one thread: with an `await` inside it, the next task "
        "would wait for the lock on the event loop, and stop it."
    ),
    Hazard.OTHER_LOOP: (
        "await the coroutine itself, and make the functions on the way coroutine functions: it is run on "
        "another event loop here, which this one waits for."
    ),
    Hazard.PROCESS: (
        "run it in a thread, with {lock} held: for a while it changes what the whole process shares, and "
        "two must not do so at once."
    ),
    Hazard.MODEL: (
        "run it in a thread, in a function that also sets what belongs to a thread alone (`inference_mode` "
        "or `no_grad`, the current device and stream): the GIL is free while the operators run."
    ),
    Hazard.ONE_THREAD: (
        "give `{library}` a thread of its own (an executor with `max_workers=1`), where its objects are made "
        "or loaded too, and {run} there: they work in one thread only{any}."
    ),
    Hazard.DEVICE: (
        "run `torch.cuda.synchronize` in a thread, with its device named (`synchronize(device)`): a thread "
        "has a current device of its own."
    ),
    Hazard.GIL: (
        "a thread doesn't help: Pillow's encoder of JPEG holds the GIL. Shrink the image first, or make and "
        "encode it in a process pool."
    ),
}
_PROMPT: Final = "use an async prompt (`await prompt_toolkit.PromptSession().prompt_async(…)`)"
_ASKED_FOR: Final = (Hazard.PROMPT, Hazard.QUESTION, Hazard.INTERRUPT)
"""What is asked at the console."""
_PIPE: Final = (
    "read it before the event loop starts. A pipe or terminal, but no file, can be read through "
    "`loop.connect_read_pipe`. In a thread, Ctrl-C doesn't end the waiting."
)
_CLEAN_UPS: Final = {
    AsyncLibrary.ASYNCIO: "await that in `asyncio.shield(…)`",
    AsyncLibrary.TRIO: "do so in `with trio.CancelScope(shield=True):`",
    AsyncLibrary.ANYIO: "do so in `with anyio.CancelScope(shield=True):`",
}
_CLEAN_UP: Final = (
    "leave it here if it is short: this is done when the task is cancelled too, and an `await` may then cut "
    "it off. If it takes long, run it in a thread, and {shielded}."
)
_DOCUMENT: Final = (
    "have it do only what is needed: for a small document a process costs more than it saves. Where they are "
    "large or many, keep {pool}, and run one function there that takes the text and returns plain data."
)
UNLESS_LONG: Final = (
    "leave it where it takes less than a few milliseconds: a process costs more than that. Otherwise "
)
IF_LONG: Final = " Leave it where it takes less than a few milliseconds: a process costs more than that."
_MODERATE: Final = (
    "leave it where there are few items, or small ones: a process costs more than it saves. Where there are "
    "very many, take them in groups, and give {others} a turn in between (`{pause}`)."
)
_PAUSES: Final = {
    AsyncLibrary.TRIO: "await trio.lowlevel.checkpoint()",
    AsyncLibrary.ANYIO: "await anyio.lowlevel.checkpoint()",
}
_LOCK: Final = (
    "take it, work and release it in one function, and run that in a thread: only the thread that took it "
    "can release it."
)
_KEY_BINDING: Final = "make this `async def`, which key bindings may be, and run it in a thread."
_TERMINAL: Final = (
    "if it uses the terminal (an editor, a question), run it by prompt_toolkit's `run_in_terminal`, which "
    "puts the prompt aside meanwhile. Otherwise "
)
_TWIN_OF_LOCK: Final = (
    "use `{twin}`, which waits without blocking the event loop, with {lock} held around each use of the two: "
    "other tasks run while it waits."
)
_MANAGER: Final = (
    "make {name} an async context manager that does its blocking part in a thread: entering or leaving it "
    "blocks, so it isn't enough to move the call that makes it."
)
_THEIR_MANAGER: Final = (
    "enter and leave it in a thread too, with what is done in between: it isn't enough to move the call that "
    "makes it."
)


def counterparts(subject: Subject, most: int = 2) -> str:
    """The async counterparts, as people write them, each with what it needs; empty where there are none."""
    fact = subject.fact
    if fact is None:
        return ""
    instead, _ = stated(fact, subject.around.waiting.library)
    return " or ".join(_counterpart(fact, name, subject) for name in instead[:most])


def _counterpart(fact: CallableFact, name: str, subject: Subject) -> str:
    needs = lacking(fact, subject.around.imports) if is_own(fact, name) else ""
    shown = f"`{name.replace('asyncio.AbstractEventLoop.', 'loop.')}`"
    return f"{shown} (which needs {needs})" if needs else shown


def coroutine_counterpart(subject: Subject) -> str:
    """The first of them that is async itself, and not what gives the same without waiting (`read_string`)."""
    fact, library = subject.fact, subject.around.waiting.library
    if fact is None:
        return ""
    owner, _, name = fact.name.rpartition(".")
    for found in stated(fact, library)[0]:
        module, _, last = found.rpartition(".")
        if module != owner or "async" in last or last == f"a{name}":
            return _counterpart(fact, found, subject)
    return ""


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


def timeout(subject: Subject) -> str:
    """That a wait in a thread of asyncio's own pool keeps the program, where it may never end."""
    waiting = subject.around.waiting
    is_own = waiting.library is AsyncLibrary.ASYNCIO and waiting.helper is None
    return _TIMEOUT if subject.may_never_end and subject.direct and is_own else ""


def memory(subject: Subject) -> str:
    """That a database in memory has to be made for all threads first, where it may be one."""
    return _MEMORY if subject.in_memory else ""


def lock(subject: Subject, *, in_threads: bool = False) -> str:
    """What is needed where the work is to be done once, or writes a file that others use: while one task
    waits, or one thread works (`in_threads`), others come."""
    held = "a `threading.Lock`" if in_threads else _LOCKS[subject.around.waiting.library]
    if not subject.made_once:
        return _file(subject, held)
    where = "around the test and this" if subject.made_here else "around it"
    return (
        f" If two tasks may do this at once, hold {held} {where}: both may get past the test of "
        f"`{subject.made_once}`."
    )


def same_file(path: str) -> str:
    """What is needed where each run of a function in a thread writes the same file; empty for no path."""
    return (
        f" Hold a `threading.Lock` around what writes `{path}`: two requests may do so at once."
        if path
        else ""
    )


def _file(subject: Subject, held: str) -> str:
    """What is needed for a file that others use meanwhile."""
    if subject.written.always:
        file = subject.written.always
        named = f" (`{file}`)" if " " not in file else ""
        return f" Hold {held} around it where several may do it at once: each writes the same file{named}."
    if subject.is_rewritten:
        return (
            f" Hold {held} around it where two may do it to the same file at once: each writes back what it "
            "has read."
        )
    if subject.written.read:
        return (
            " Write the file under another name there and `os.replace` it at the end: other code reads such "
            f"files (`{subject.written.read}`), and would find half of one."
        )
    return ""


def between(subject: Subject, changed: str) -> str:
    """What is needed where something is handed over, and changed right after."""
    if not changed:
        return ""
    held = _LOCKS[subject.around.waiting.library]
    return f" Hold {held} around this and the change of `{changed}` after it: other tasks may change it too."


def set_first(subject: Subject) -> str:
    """What is needed where something is set on an object right before, for this call alone."""
    found = subject.set_before
    if found is None:
        return ""
    held = _LOCKS[subject.around.waiting.library]
    start = "If other tasks use the same object, hold" if found.is_given else "Hold"
    why = "another task may set something else in between"
    return f" {start} {held} around `{found.method}` and this: {why}."


def twin_of_lock(subject: Subject) -> str:
    """What to do instead of a wait for others that has kept other tasks out too."""
    return _TWIN_OF_LOCK.format(twin=subject.twin, lock=_LOCKS[subject.around.waiting.library])


def hazard(subject: Subject) -> str:
    """Why a thread won't do, and what will; empty where one will."""
    if subject.hazard is None:
        return ""
    is_asyncio = subject.around.waiting.library is AsyncLibrary.ASYNCIO
    text = _HAZARDS[subject.hazard].replace("{lock}", _LOCKS[subject.around.waiting.library])
    if subject.hazard is Hazard.ONE_THREAD:
        takes_any = ", and `asyncio.to_thread` may use any thread" if is_asyncio else ""
        return text.format(run=_running(subject), library=subject.one_thread, any=takes_any)
    if subject.hazard not in _ASKED_FOR:
        return text
    if not is_asyncio:
        return text.removeprefix("or ")
    if subject.hazard is not Hazard.INTERRUPT and subject.cause.startswith("sys.stdin"):
        return _PIPE
    return f"{_PROMPT}, {text}" if subject.hazard is Hazard.PROMPT else f"{_PROMPT}. {as_sentence(text)}"


def as_sentence(text: str) -> str:
    """The text with a capital at its beginning."""
    return f"{text[0].upper()}{text[1:]}"


def clean_up(waiting: Waiting) -> str:
    """What to do about clean-up that is done where a task is cancelled too; empty where nothing is known."""
    is_anyio = waiting.helper is not None and waiting.helper.code.startswith("anyio.")
    shielded = _CLEAN_UPS.get(AsyncLibrary.ANYIO if is_anyio else waiting.library)
    return _CLEAN_UP.format(shielded=shielded) if shielded else ""


def moderate(waiting: Waiting) -> str:
    """What to do about work that takes long for very many items only."""
    return _MODERATE.format(pause=pause(waiting), others=others(waiting))


def pause(waiting: Waiting) -> str:
    """The code that gives others a turn."""
    if waiting.library is AsyncLibrary.TWISTED:
        return f"{waiting.how.value or How.YIELD.value} task.deferLater(reactor, 0)"
    if waiting.how is How.YIELD:
        return "yield gen.moment"
    return _PAUSES.get(waiting.library, "await asyncio.sleep(0)")


def others(waiting: Waiting) -> str:
    """Who gets a turn then."""
    return "the reactor" if waiting.library is AsyncLibrary.TWISTED else "other coroutines"


def document(pool: str) -> str:
    """What to do about work on one document."""
    return _DOCUMENT.format(pool=pool)


def what_blocks(subject: Subject) -> str:
    """The part of a function that blocks, by its name where that can be called."""
    is_special = subject.cause.rpartition(".")[2].startswith("__")
    return "the part that blocks" if is_special else f"what blocks (`{subject.cause}`)"


def cannot_wait(subject: Subject, *, pool: bool = False) -> str:
    """What a plain function that the loop calls can do instead of waiting. `pool`: it is told already to have
    the whole call done by processes."""
    waiting = subject.around.waiting
    is_twisted = waiting.library is AsyncLibrary.TWISTED
    start = "with `deferToThread`" if is_twisted else "in a thread (`loop.run_in_executor(None, …)`)"
    blocks = what_blocks(subject)
    if subject.hazard is Hazard.ONE_THREAD and not is_twisted:
        start = f"in a thread of its own that does all that uses `{subject.one_thread}`"
    if pool:
        blocks, start = "it", "there"
    if subject.family == "sleep" and waiting.library in (AsyncLibrary.ASYNCIO, AsyncLibrary.TWISTED):
        task = "`loop.call_later`, or in a task (`create_task`) that awaits `asyncio.sleep`"
        who = "a lambda" if waiting.is_lambda else f"`{waiting.function}`"
        return f"{who} can't wait: go on later, by {'`reactor.callLater`' if is_twisted else task}."
    if waiting.is_lambda and waiting.library in (AsyncLibrary.ASYNCIO, AsyncLibrary.TWISTED):
        return f"a lambda can't wait: have it call a function that starts {blocks} {start}."
    if waiting.is_lambda:
        return "a lambda can't wait: move the work to a coroutine, and start that."
    if waiting.is_key_binding:
        return f"{_TERMINAL if subject.family in ('subprocess', 'console') else ''}{_KEY_BINDING}"
    what = f"`{waiting.function}` is a plain function, so it"
    too = f" `{waiting.also_called_by}` calls it too, and would go on before that has ended."
    too = too if waiting.also_called_by else ""
    if is_twisted:
        return f"{what} can't wait: start {blocks} {start}, and go on in a callback.{too}"
    if waiting.library is not AsyncLibrary.ASYNCIO:
        return f"{what} can't `await`: make it `async def`, and whatever calls it."
    either = "make it `async def` if what calls it takes a coroutine function; otherwise "
    either = "" if waiting.given_to_loop or waiting.also_called_by else either
    return (
        f"{what} can't `await`: {either}start {blocks} {start} and go on in a callback, or do both in a "
        f"coroutine and start that with `create_task`.{too}"
    )


def bound(subject: Subject, *, plain: bool = False) -> str:
    """Why what is called can't run in another thread, and what can; empty where nothing is in the way.
    `plain`: the function around can be made a plain endpoint."""
    if subject.bound is Bound.THREAD:
        return f"{_in_its_thread(subject)}{_not_as_a_whole(subject)}"
    if subject.bound in (Bound.SHARED, Bound.GIVEN):
        return f"{_one_at_a_time(subject)}{_not_as_a_whole(subject)}"
    if subject.bound is Bound.LOOP:
        return _as_a_whole(subject)
    if subject.changed is not None and subject.changed.how is Use.READ:
        return _copied(subject)
    if subject.changed is not None and subject.changed.how is Use.BOUND:
        return _MODELS.format(what=subject.changed.what)
    if subject.changed is not None:
        return _as_a_whole(subject, plain=plain)
    return ""


def _in_its_thread(subject: Subject) -> str:
    """What to do with what only works in the thread that made it."""
    if subject.besides is not None:
        return _own_thread(subject.besides.name.rpartition(".")[0])
    if subject.cause.startswith(PONY):
        return _PONY
    if subject.family == "locks":
        return _LOCK
    owner = subject.cause.rpartition(".")[0]
    what = subject.fact.returns if subject.fact is not None and "." not in owner else owner
    return _own_thread(what or subject.cause)


def _not_as_a_whole(subject: Subject) -> str:
    """That what belongs in one thread is only a part of what is called, where the rest needs the loop."""
    if not subject.needs:
        return ""
    return f" Leave the rest of `{subject.short}` on this event loop, which it may need ({subject.needs})."


def _own_thread(name: str) -> str:
    """That what only works in the thread that made it is made there."""
    return _OWN_THREAD.format(what=_MAKERS.get(name, name))


def _one_at_a_time(subject: Subject) -> str:
    """What to do with an object that other tasks use too, and that two threads must not use at once."""
    name = subject.fact.name if subject.fact is not None else subject.cause
    if subject.besides is not None:
        name = subject.besides.name
    if name.startswith(_SESSIONS):
        call = ".".join(name.rsplit(".", 2)[-2:])
        return _SHARED if subject.besides is None else _SHARED_TOO.format(name=subject.short, call=call)
    fact = subject.besides or subject.fact
    is_database = fact is not None and fact.family is Family.DATABASE
    what = f"`{name.partition('.')[0]}` connection" if is_database else f"`{name.rpartition('.')[0]}`"
    rest = (_GIVEN if subject.bound is Bound.GIVEN else _KEPT).format(
        lock=_LOCKS[subject.around.waiting.library], what=what, why=_MIXED if is_database else _AT_ONCE
    )
    return f"{_STATEMENTS if is_database else _TOGETHER}{rest}"


def _as_a_whole(subject: Subject, *, plain: bool = False) -> str:
    """What to see to before a function is run in a thread as a whole. The functions on the way to what blocks
    are plain ones, which others may call too: none of them can wait for a part of it."""
    writer, found = subject.writer, subject.changed
    if writer is not None and writer.twin:
        why = f"`{subject.short}` may need the event loop" if found is None else _changes(subject)
        return f"use `{writer.twin}`, the coroutine function beside `{writer.name}`: {why}."
    if subject.bound is Bound.LOOP:
        return _may_need_loop(subject)
    assert found is not None
    waiting = subject.around.waiting
    run = f"{_running(subject)} {'by `sync_to_async`' if waiting.django else 'in a thread'}"
    if waiting.default is not None:
        run = left_out(waiting)
    elif plain:
        run = f"make `{waiting.function}` a plain `def`, which {framework(waiting)} runs in a thread"
    words = (
        _SET
        if found.how is Use.SET
        else _SHARED_STATE.get(found.how, _UNNAMED if " " in found.what else _GUARDED)
    )
    if words is _GUARDED and subject.finalizer:
        words = _FINALIZED
    if found.more and words is _GUARDED:
        words = _GUARDED_ALL
    what, by = _changed(found, subject)
    form = words.replace(*_LOCK_FIRST) if waiting.default is not None else words
    text = form.format(name=subject.short, what=what, by=by, run=run, finalizer=subject.finalizer)
    if words in _WITH_LOCK and subject.written.always:
        text += _FILE_TOO
    if any(found.of_process):
        text += _OF_PROCESS.format(what="".join(_named(*found.of_process, subject)))
    return text


def _may_need_loop(subject: Subject) -> str:
    """What to do with a function that may work on the event loop alone."""
    needs = f" ({subject.needs})" if subject.needs else ""
    text = f"{_running(subject)} in a thread if nothing in it needs this event loop{needs}."
    writer = subject.writer
    if writer is None or writer.is_locked:
        return text
    call, where = writer.call.removeprefix("builtins."), f"`{writer.name}`, {writer.place}"
    if writer.call == _SLEEP and subject.around.waiting.library is AsyncLibrary.ASYNCIO:
        return f"{text} If it does, {_SLEEPER.format(where=where)}"
    what = f"the loop over `{call}`" if writer.is_lazy else f"`{call}`"
    return f"{text} If it does, {_SPLIT.format(what=what, where=where)}"


def _running(subject: Subject) -> str:
    """What is to be done in a thread: calling a generator there would only make it."""
    if subject.hazard is Hazard.ONE_THREAD and (subject.shape is Shape.ITERATE or subject.lazy):
        return f"run the loop over what `{subject.short}` gives"
    iterated = subject.shape is Shape.ITERATE
    return f"make a list of what `{subject.short}` gives" if iterated else f"run `{subject.short}`"


def _changes(subject: Subject) -> str:
    """That a function changes what the event loop uses too."""
    return f"`{subject.short}` changes {changed(subject)}, which other code on the event loop may be using"


def _copied(subject: Subject) -> str:
    """What to do about a function that goes through what the event loop may change meanwhile."""
    return (
        f"make a copy of {changed(subject)}, or its text, on the event loop, and write that in a thread: in "
        f"a thread `{subject.short}` would go through it while other code may change it."
    )


def changes(subject: Subject) -> bool:
    """Whether it changes what is used elsewhere too."""
    return subject.changed is not None and subject.changed.how not in (Use.READ, Use.ITERATED)


def changed(subject: Subject) -> str:
    """What a function changes that is used elsewhere too, and which function that it calls does."""
    assert subject.changed is not None
    return "".join(_changed(subject.changed, subject))


def _changed(found: Changed, subject: Subject) -> tuple[str, str]:
    if found.more and " " not in found.what:
        owner = short_name(subject.called).rpartition(".")[0]
        every = [
            f"`{_of_class(what, function, owner)}`"
            for what, function in ((found.what, found.function), *found.more)
        ]
        return f"{', '.join(every[:-1])} and {every[-1]}", ""
    return _named(found.what, found.function, subject)


def _named(what: str, function: str, subject: Subject) -> tuple[str, str]:
    by = "" if function.rsplit(".", 1)[-1] == subject.short else f" (in `{function}`)"
    return what if " " in what else f"`{what}`", by


def _of_class(what: str, function: str, owner: str) -> str:
    """An attribute of `self` by its class's name, where that is not the class of what is called."""
    cls = function.rpartition(".")[0]
    return (
        f"{cls}.{what.removeprefix('self.')}" if what.startswith("self.") and cls and cls != owner else what
    )


def manager(subject: Subject) -> str:
    """What to do about a `with` whose body waits, and so stays where it is."""
    if subject.family == "locks":
        return (
            "release it before the `await`: coroutines that hold such a lock meanwhile can stop each "
            "other for good."
        )
    if subject.direct:
        return _THEIR_MANAGER
    return _MANAGER.format(name=f"`{subject.short}`" if subject.short.isidentifier() else "it")


def left_out(waiting: Waiting) -> str:
    """That a library's class does better what a method does."""
    assert waiting.default is not None
    owner, method = waiting.default
    only = f"delete `{waiting.function}`, which only calls `{method}`"
    return f"{only}: without it, `{owner}` runs that in a thread"


def endpoint(waiting: Waiting) -> str:
    """That a framework runs plain functions in threads."""
    by = framework(waiting)
    return f"`{waiting.function}` never awaits: make it a plain `def`, and {by} runs it in a thread."


def framework(waiting: Waiting) -> str:
    """The framework that runs plain functions in threads, with the release that does so first."""
    return f"{waiting.endpoint} (from {waiting.since} on)" if waiting.since else waiting.endpoint
