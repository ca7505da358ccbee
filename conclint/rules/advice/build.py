"""Advice, put together: the change that fits the place if there is one, and what is to be said."""

from __future__ import annotations

import re

from conclint.model.execution import ExecutionModel, Weight
from conclint.model.file_handles import OPENING
from conclint.model.finding import Recommendation
from conclint.model.runtime import Gil, Runtime
from conclint.model.symbols import short_name
from conclint.rules.advice import words
from conclint.rules.advice.allowed import Bound, Subject
from conclint.rules.advice.blocks import is_in_loop, move_block
from conclint.rules.advice.busy import Shape
from conclint.rules.advice.change import Advice, Change, Edit, Outcome, Refusal
from conclint.rules.advice.clean_up import is_clean_up, may_run_at_exit
from conclint.rules.advice.counterparts import by_counterpart, by_twin
from conclint.rules.advice.expressions import arguments_of, move_expression, replaced
from conclint.rules.advice.forms import Form
from conclint.rules.advice.guards import added_to, changed_next, guard_of, registered_after
from conclint.rules.advice.handles import is_handed_on, left_behind, rewritten, written_always
from conclint.rules.advice.hazards import Hazard
from conclint.rules.advice.held_around import held_around, set_around
from conclint.rules.advice.imports import Imports
from conclint.rules.advice.kept import changed_in
from conclint.rules.advice.library import AsyncLibrary
from conclint.rules.advice.loops import move_loop
from conclint.rules.advice.safety import is_safe_pause
from conclint.rules.advice.scopes import free_name, names_in, names_of
from conclint.rules.advice.shown import shown
from conclint.rules.advice.site import Fragment, Node, Place
from conclint.rules.advice.structure import change_to
from conclint.rules.advice.turned import turned
from conclint.rules.advice.waiting import How, handed_over
from conclint.summary.records import Import
from conclint.syntax.nodes import cst

_THREAD = ExecutionModel.THREAD
_PROCESS = ExecutionModel.PROCESS
_MIXED = (
    "run it in a thread in the way of the library that runs this code: some of the program is for asyncio, "
    "some for trio."
)
_ADDED = (
    "run it in a thread in a line of its own, and add what it gives to `{what}` after that: with the `await` "
    "in this line, what other tasks add meanwhile would be lost."
)
_AT_EXIT = (
    "run {what} in a thread, but call it as it is where the interpreter is ending already (`atexit`): no "
    "thread can be started then."
)
_OWN_LOOP = (
    "leave it if nothing else is on the event loop of this thread: then it keeps nobody waiting. Otherwise "
    "run it in a thread of its own."
)
_GENERATOR = "iterate `{name}` by `async for` instead, which gives the same without blocking the event loop."
_ONCE = (
    "read `{name}` once in a thread where the program starts: what it gives is made when it is first read, "
    "and kept."
)
_ON_PURPOSE = (
    "leave it if it is to block: a comment here says that it does so on purpose. Then a `# noqa` with the "
    "code ends this finding."
)
_AWAITS_WITHIN = (
    "enter and leave it in a thread, in two calls: both wait, and what is done in between awaits, so that it "
    "can't be moved along."
)
_STREAMED = (
    "run it in a thread together with all that reads what it streams, as one function: it isn't enough to "
    "move the call that begins it."
)
_STREAMS = re.compile(r"_stream(?:_|$)|^stream_")
"""What is in the names of methods that give their answer piece by piece (`converse_stream`)."""
_LOOP_READS = "run the loop over the file in a thread, with what opens it, as one function."
_PER_ROW = "{what} in one call in a thread: a thread for each piece costs more."
_UNPICKLABLE = (
    "make it and use it in one function that returns only what is needed, and run that in {pool}: `{name}` "
    "itself can't well be sent to another process."
)
_INNER = (
    "put what `{name}` computes into a function at the top of a module that takes and returns plain data, "
    "and run that in {pool}: a method takes its whole object along, and an inner function can't be sent."
)
_TAKEN_OUT = (
    "put what `{name}` computes into a function at the top of a module that takes and returns plain data, "
    "and run that in {pool}: {why}."
)
_FIGURE = (
    "make the figure, draw and save it in one function at the top of a module that takes and returns plain "
    "data, and run that in {pool}: pyplot's current figure is another one there."
)
_STAYS = "What it changes in a process ({what}) stays there: have it return that."
_UNGUARDED = re.compile(r"^(?:\w+ = )?(?:\w+\.)?run\(")
"""The beginning of a program in a module's own code."""
_AS_ELSEWHERE = "run {what} in a thread, as other code here does."
_FIRST_NEEDED = (
    " Make the pool when it is first needed, not where the module is imported: its workers may import the "
    'program again, which then needs `if __name__ == "__main__":`.'
)
_LOOP = "give {others} a turn every so often{inside} (`{pause}`)"
_LOOP_APART = ", or put the loop into a function that takes and returns plain data, and run that in {pool}"
_LOOP_SHARED = (
    "put what the loop computes into a function that takes and returns plain data, and run that in {pool}. "
    "A turn for {others} inside the loop (`{pause}`) would let them change `{name}` meanwhile."
)
_IN_STATEMENT = ", in a `for` statement in place of this"
_PICKLED = (
    "What goes in and comes out is pickled: it costs least to have one function there make the data, do this "
    "and return only what is needed."
)


def instead_of_waiting(place: Place, subject: Subject) -> Advice:
    """Instead of a call that waits on the loop, or computes there without the GIL."""
    return turned(_instead_of_waiting(place, subject), subject)


def _instead_of_waiting(place: Place, subject: Subject) -> Advice:
    if subject.generator:
        text = _GENERATOR.format(name=subject.generator)
        return Advice(Recommendation(ExecutionModel.EVENT_LOOP, text))
    outcome, kind = _outcome(place, subject)
    library = subject.around.waiting.library
    if subject.hazard is Hazard.GIL and isinstance(outcome, Refusal):
        return Advice(Recommendation(_PROCESS, outcome.words))
    names = words.counterparts(subject)
    change = outcome if isinstance(outcome, Change) else None
    if change is not None and place.node is not None and is_handed_on(place.fragment, place.node):
        names = ""  # who is given the file reads it as a plain one
    if subject.family == "locks":
        names = ""  # threads or processes may take part: the note says when another kind is right
    note = words.note(subject.fact, library) if subject.direct else ""
    if subject.hazard is Hazard.FILE_LOCK:
        note = ""
    subject = _guarded(place, subject, outcome, kind)
    added = added_to(place.fragment, place.node) if change is not None and place.node is not None else ""
    if added and change is not None and isinstance(change.shown, cst.SimpleStatementLine):
        return Advice(Recommendation(_THREAD, _ADDED.format(what=added)))
    moves = change is not None or (isinstance(outcome, Refusal) and outcome.moves)
    held = words.lock(subject, in_threads=kind in ("endpoint", "default")) if moves else ""
    if change is not None and kind == "" and not held and place.node is not None:
        held = words.between(subject, changed_next(place, place.node))
    is_moved = moves or (isinstance(outcome, Refusal) and outcome.instead)
    first = words.set_first(subject) if kind == "" and is_moved else ""
    note += f"{held}{first}"
    if first and subject.set_before is not None and not subject.set_before.is_given:
        held = held or first
    if kind == "endpoint":
        if not held and change is not None and isinstance(change.shown, cst.FunctionDef):
            held = words.same_file(written_always(place.fragment, change.shown))
        text = f"{words.endpoint(subject.around.waiting)}{held}"
        change = None if held else change
        done = f"Make `{subject.around.waiting.function}` a plain `def`"
        return _advice(place, _THREAD, text, change, done)
    if kind == "twin":
        text = f"await `{subject.twin}` instead, which does the same without blocking the event loop."
        return _advice(place, ExecutionModel.EVENT_LOOP, text, change, f"Await `{subject.twin}`")
    if kind == "counterpart":
        how = "iterate it with `async for`" if subject.shape is Shape.ITERATE else f"use {names}"
        done = "Iterate it with `async for`" if subject.shape is Shape.ITERATE else f"Use {names}"
        advice = _advice(place, ExecutionModel.EVENT_LOOP, f"{how}.{note}", change, done)
        return advice._replace(is_safe=is_safe_pause(place, subject))
    refusal = outcome.words if isinstance(outcome, Refusal) else ""
    is_shared = subject.bound in (Bound.SHARED, Bound.GIVEN)
    if change is not None or (isinstance(outcome, Refusal) and outcome.instead and not is_shared):
        note += words.memory(subject)
    if isinstance(outcome, Refusal) and refusal and subject.direct and names and not outcome.only:
        joined = f", or {refusal}" if outcome.instead else f". {words.as_sentence(refusal)}"
        return Advice(Recommendation(ExecutionModel.EVENT_LOOP, f"use {names}{joined}{note}"))
    if refusal:
        return Advice(Recommendation(_THREAD, f"{refusal}{note}"))
    what = (isinstance(outcome, Change) and outcome.what) or (
        "it" if subject.direct else f"`{subject.short}`"
    )
    done = f"Run {what} in a thread" if what != "it" else f"Run `{subject.short}` in a thread"
    note += words.timeout(subject)
    if held:
        change = None  # code that leaves out the lock would be pasted without it
    if subject.direct and names:
        return _advice(place, _THREAD, f"use {names}, or run {what} in a thread.{note}", change, done)
    if subject.direct or not names:
        text = f"run {what} in a thread, so the event loop isn't blocked.{note}"
        return _advice(place, _THREAD, text, change, done)
    first = words.coroutine_counterpart(subject)
    rest = f"or make the whole call chain async using {first}" if first else "so the event loop isn't blocked"
    text = f"run {what} in a thread, {rest}.{note}"
    return _advice(place, _THREAD, text, change, done)


def _guarded(place: Place, subject: Subject, outcome: Outcome, kind: str) -> Subject:
    """The subject with the test that a second task would come by, where there is one and something waits."""
    if place.node is None or subject.made_once:
        return subject
    guard = ""
    if isinstance(outcome, Change):
        if kind not in ("", "endpoint"):
            return subject
        guard = guard_of(place.fragment, place.node, subject)
    elif not outcome.moves:
        return subject
    guard = guard or registered_after(place.fragment, place.node)
    return subject._replace(made_once=guard, made_here=bool(guard))


def _outcome(place: Place, subject: Subject) -> tuple[Outcome, str]:
    """What can be done at the place, and what kind of thing it is."""
    fragment, node, around = place.fragment, place.node, subject.around
    if around.waiting.how is How.NOT:
        return Refusal(words.cannot_wait(subject)), ""
    if node is None or not isinstance(node, cst.BaseExpression):
        return Refusal(words.bound(subject), True), ""
    if around.waiting.is_mixed:
        return Refusal(_MIXED), ""
    if any(place.file.blocks_on_purpose(first, line) for first, line in subject.calls):
        return Refusal(_ON_PURPOSE, True, True), ""
    if around.waiting.in_own_thread:
        return Refusal(_OWN_LOOP, True, True), ""
    if subject.is_once:
        return Refusal(_ONCE.format(name=subject.short), True), ""
    if subject.hazard is not None:
        return Refusal(words.hazard(subject), only=subject.hazard is Hazard.FILE_LOCK), ""
    if subject.twin and subject.family == "locks":
        return Refusal(words.twin_of_lock(subject), True, True), ""
    if subject.twin:
        held = held_around(fragment, node, around)
        return (held, "") if held is not None else (by_twin(fragment, node, subject), "twin")
    if subject.bound is Bound.SHARED or (subject.changed is not None and subject.bound is Bound.NOTHING):
        return Refusal(words.bound(subject, plain=_plain_endpoint(place, subject) is not None), True), ""
    moved = set_around(fragment, node)
    if moved is not None:
        return moved, ""
    if may_run_at_exit(place.file, around.waiting.function):
        what = "it" if subject.direct else f"`{subject.short}`"
        return Refusal(_AT_EXIT.format(what=what), True, True), ""
    change: Outcome | None = as_endpoint(place, subject)
    if change is not None:
        return change, "endpoint"
    if subject.bound is Bound.GIVEN:
        return Refusal(words.bound(subject), True), ""
    if around.waiting.default is not None and subject.bound is Bound.NOTHING:
        return Refusal(f"{words.left_out(around.waiting)}.", True, True), "default"
    cleaning = words.clean_up(around.waiting) if is_clean_up(fragment, node) else ""
    change = move_block(fragment, node, subject) if subject.bound is not Bound.LOOP else None
    if change is None and subject.bound is not Bound.LOOP:
        change = move_loop(fragment, node, subject)
    if isinstance(change, Change) and _is_per_row(subject) and is_in_loop(fragment, change.shown):
        return Refusal(_PER_ROW.format(what=_gathered(subject)), True), ""
    held = held_around(fragment, change.shown if isinstance(change, Change) else node, around)
    if held is not None:
        return held, ""
    if cleaning and isinstance(change, Change) and is_clean_up(fragment, change.shown):
        return Refusal(cleaning, True), ""
    apart = rewritten(fragment, node, change.shown if isinstance(change, Change) else None)
    if apart is not None and subject.direct:
        return apart, ""
    if change is not None:
        return change, ""
    change = by_counterpart(fragment, node, subject)
    if isinstance(change, Change):
        return change, "counterpart"
    if subject.bound is not Bound.NOTHING:
        return Refusal(words.bound(subject), True), ""
    refusal = _refusal(fragment, node, subject)
    if refusal is not None:
        return refusal, ""
    if cleaning:
        return Refusal(cleaning, True), ""
    return move_expression(fragment, node, subject), ""


def _refusal(fragment: Fragment, node: Node, subject: Subject) -> Refusal | None:
    """Why the expression by itself is not what should be moved."""
    around = subject.around
    if (
        subject.shape is Shape.ENTER
        or subject.manager
        or _is_entered(node)
        or any(busy.shape is Shape.ENTER for busy in around.busy.at(fragment.place_of(node)))
    ):
        awaits = subject.direct and subject.family != "locks" and _block_awaits(fragment, node)
        return Refusal(_AWAITS_WITHIN if awaits else words.manager(subject), True)
    if subject.shape is Shape.OTHER:
        return Refusal("put the statement in a function, and run that in a thread.", True)
    halved = left_behind(fragment, node, subject)
    if halved is not None:
        return halved
    parent = fragment.parent(node)
    is_opened = subject.direct and subject.cause in OPENING
    if is_opened and isinstance(parent, cst.For) and parent.iter is node:
        return Refusal(_LOOP_READS, True)
    if _is_per_row(subject) and is_in_loop(fragment, node):
        return Refusal(_PER_ROW.format(what=_gathered(subject)), True)
    if subject.direct and subject.family == "http" and _asks_for_stream(node):
        return Refusal(_STREAMED, True)
    return None


def _is_per_row(subject: Subject) -> bool:
    """Whether it is one of many small pieces that a file is read or written by."""
    return (
        subject.direct
        and subject.family == "files"
        and subject.cause.startswith("io.")
        and subject.shape is Shape.CALL
    )


def _gathered(subject: Subject) -> str:
    """What to do with all the pieces at once."""
    reads = subject.cause.rsplit(".", 1)[-1].startswith(("read", "__next__"))
    return "read all of it" if reads else "collect what is written, and write it"


def _asks_for_stream(node: Node) -> bool:
    """Whether a call is to give its answer piece by piece."""
    if not isinstance(node, cst.Call):
        return False
    if isinstance(node.func, cst.Attribute) and _STREAMS.search(node.func.attr.value) is not None:
        return True
    return any(
        arg.keyword is not None
        and arg.keyword.value == "stream"
        and isinstance(arg.value, cst.Name)
        and arg.value.value == "True"
        for arg in node.args
    )


def _block_awaits(fragment: Fragment, node: Node) -> bool:
    """Whether the innermost `with` around a place awaits something in its body."""
    block = next((item for item in fragment.above(node) if isinstance(item, cst.With)), None)
    return block is not None and names_in([block.body]).awaits


def _is_entered(node: Node) -> bool:
    """Whether a call enters what it is given: leaving that comes later, and blocks too."""
    return (
        isinstance(node, cst.Call)
        and isinstance(node.func, cst.Attribute)
        and node.func.attr.value == "enter_context"
    )


def as_endpoint(place: Place, subject: Subject) -> Change | None:
    """A coroutine function that a framework could run in a thread, as a plain `def`."""
    function, fragment = _plain_endpoint(place, subject), place.fragment
    if function is None or any(fragment.has(function, item) for item in subject.around.changing):
        return None
    names = names_of(fragment, function.body)
    if names.shared or changed_in(fragment, function.body, function, subject.around):
        return None
    start = fragment.start(function)
    return Change(function, (Edit(start, fragment.text.index("def", start), ""),))


def _plain_endpoint(place: Place, subject: Subject) -> cst.FunctionDef | None:
    """The function around a place, where a framework would run it in a thread if it were a plain one, and
    nothing in it needs the event loop."""
    waiting, fragment = subject.around.waiting, place.fragment
    if not waiting.endpoint or place.file.has(f"await {waiting.function}("):
        return None
    node = place.node
    functions = [item for item in fragment.above(node) if isinstance(item, cst.FunctionDef)] if node else []
    if not functions or functions[0].asynchronous is None or functions[0].name.value != waiting.function:
        return None
    function = functions[0]
    names = names_of(fragment, function.body)
    is_tied = any(fragment.has(function, item) for item in subject.around.tied)
    return None if names.awaits or names.yields or is_tied else function


def instead_of_computing(place: Place, subject: Subject, runtime: Runtime, *, is_call: bool) -> Advice:
    """Instead of computing on the loop with the GIL held: a process; a thread, where threads compute."""
    return turned(_instead_of_computing(place, subject, runtime, is_call=is_call), subject)


def _instead_of_computing(place: Place, subject: Subject, runtime: Runtime, *, is_call: bool) -> Advice:
    waiting = subject.around.waiting
    library, short = waiting.library, subject.short
    what = f"`{short}`" if is_call else "this loop, as a function of its own,"
    note = words.note(subject.fact, library) if subject.direct else ""
    note += "" if subject.is_long else words.IF_LONG
    can = waiting.how is not How.NOT
    if runtime.gil is Gil.FREE_THREADED:
        outcome = _outcome(place, subject)[0] if is_call else Refusal()
        change = outcome if isinstance(outcome, Change) else None
        text = f"run {what} in a thread: without the GIL the event loop goes on at full speed.{note}"
        return _advice(place, _THREAD, text, change, f"Run {what} in a thread")
    if can and is_call and subject.fact is not None and subject.fact.weight is Weight.MODERATE:
        return Advice(Recommendation(ExecutionModel.EVENT_LOOP, f"{words.moderate(waiting)}{note}"))
    if can and subject.is_single:
        has_own = library in (AsyncLibrary.TRIO, AsyncLibrary.ANYIO)
        pool = _pool(runtime, library) if has_own else "a process pool"
        return Advice(Recommendation(_PROCESS, f"{words.document(pool)}{note}"))
    if can and is_call and subject.in_threads:
        outcome, kind = _outcome(place, subject)
        if isinstance(outcome, Change) and not kind:
            text, done = _AS_ELSEWHERE.format(what=what), f"Run {what} in a thread"
            return _advice(place, _THREAD, text, outcome, done)
    change = (
        in_process(place, subject, runtime)
        if is_call
        and can
        and subject.bound is Bound.NOTHING
        and not words.changes(subject)
        and not subject.needs_figure
        else None
    )
    if change is not None:
        text = f"run {what} in {_pool(runtime, library)}, so the event loop isn't blocked."
        if change.definitions and not _has_program(place, subject):
            return Advice(Recommendation(_PROCESS, f"{text}{_FIRST_NEEDED}{note}"))
        return _advice(place, _PROCESS, f"{text}{note}", change, f"Run {what} in a process")
    if can and not is_call:
        return _own_loop(place, subject, runtime)
    lead = ""
    if can and (subject.fact is not None or not subject.is_long):  # who knows how much it is given
        note, lead = note.removesuffix(words.IF_LONG), words.UNLESS_LONG
    stays = f" {_STAYS.format(what=words.changed(subject))}" if words.changes(subject) else ""
    if can and subject.is_inner:
        text = _INNER.format(name=short, pool=_pool(runtime, library))
        return Advice(Recommendation(_PROCESS, f"{lead}{text}{stays}{note}"))
    if can and is_call and subject.needs_figure:
        text = _FIGURE.format(pool=_pool(runtime, library))
        return Advice(Recommendation(_PROCESS, f"{lead}{text}{note}"))
    if can and is_call and subject.unsendable:
        text = _TAKEN_OUT.format(name=short, pool=_pool(runtime, library), why=subject.unsendable)
        return Advice(Recommendation(_PROCESS, f"{lead}{text}{stays}{note}"))
    if can and stays:
        return Advice(
            Recommendation(_PROCESS, f"{lead}run {what} in {_pool(runtime, library)}.{stays}{note}")
        )
    if can and subject.unpicklable:
        text = f"{lead}{_UNPICKLABLE.format(pool=_pool(runtime, library), name=short)}{note}"
        return Advice(Recommendation(_PROCESS, text))
    refusal = _PICKLED if can else words.cannot_wait(subject, pool=True)
    text = f"{lead}run {what} in {_pool(runtime, library)}, so the event loop isn't blocked. {refusal}{note}"
    return Advice(Recommendation(_PROCESS, text))


def _has_program(place: Place, subject: Subject) -> bool:
    """Whether it is known that a program runs the code, and so what its worker processes import: not so in a
    library, whose users may start without a guard, nor where the module itself does."""
    if place.file.has("__main__") or subject.around.waiting.endpoint:
        return True
    return subject.is_program and not place.file.matches(_UNGUARDED)


def _own_loop(place: Place, subject: Subject, runtime: Runtime) -> Advice:
    """Instead of a loop of the function's own that computes."""
    waiting, fragment = subject.around.waiting, place.fragment
    above = [place.node, *fragment.above(place.node)] if place.node is not None else []
    loop = next((item for item in above if isinstance(item, cst.For | cst.While | cst.BaseComp)), None)
    text = _LOOP.format(
        inside=_IN_STATEMENT if isinstance(loop, cst.BaseComp) else "",
        pause=words.pause(waiting),
        others=words.others(waiting),
    )
    is_tied = loop is not None and any(fragment.has(loop, item) for item in subject.around.tied)
    if is_tied or (loop is not None and names_in([loop]).awaits):
        return Advice(Recommendation(ExecutionModel.EVENT_LOOP, f"{text}."))
    function = fragment.function_of(loop) if loop is not None else None
    if loop is not None and function is not None:
        shared = changed_in(fragment, loop, function, subject.around)
        if shared:
            apart = _LOOP_SHARED.format(
                pool=_pool(runtime, waiting.library),
                others=words.others(waiting),
                pause=words.pause(waiting),
                name=shared,
            )
            return Advice(Recommendation(_PROCESS, apart))
    text += _LOOP_APART.format(pool=_pool(runtime, waiting.library))
    return Advice(Recommendation(_PROCESS, f"{text}."))


def _pool(runtime: Runtime, library: AsyncLibrary) -> str:
    if library is AsyncLibrary.TRIO:
        return "worker processes (of trio-parallel, say: trio has none of its own)"
    if library is AsyncLibrary.ANYIO:
        return "worker processes (`anyio.to_process`)"
    if library is AsyncLibrary.TWISTED:
        return "a process pool"
    if runtime.has_interpreters:
        return "an InterpreterPoolExecutor or a ProcessPoolExecutor through `run_in_executor`"
    return "a process pool through `run_in_executor`"


def in_process(place: Place, subject: Subject, runtime: Runtime) -> Change | None:
    """The call in a process, where a process can be given it and the result is waited for."""
    node, fragment, around = place.node, place.fragment, subject.around
    if (
        not subject.sendable
        or not isinstance(node, cst.Call)
        or around.waiting.library is AsyncLibrary.TWISTED
        or around.waiting.is_mixed
    ):
        return None
    if any(isinstance(item, cst.BaseComp | cst.Lambda) for item in fragment.above(node)):
        return None
    if held_around(fragment, node, around) is not None or set_around(fragment, node) is not None:
        return None
    if any(busy.position != place.position for busy in around.busy.inside(fragment.place_of(node))):
        return None
    imports = Imports(around.imports)
    function, arguments = fragment.code(node.func), arguments_of(fragment, node)
    definitions: tuple[str, ...] = ()
    inside = handed_over(function, arguments)
    if any(arg.keyword is not None for arg in node.args):
        inside = f"{imports.module('functools')}.partial({inside})"
    if around.waiting.library is AsyncLibrary.ASYNCIO:
        loop = f"{imports.module('asyncio')}.{around.waiting.loop_getter}()"
        kind = "InterpreterPoolExecutor" if runtime.has_interpreters else "ProcessPoolExecutor"
        name = free_name(fragment, "interpreter_pool" if runtime.has_interpreters else "process_pool")
        definitions = (f"{name} = {imports.name('concurrent.futures', kind)}()",)
        text = f"{loop}.run_in_executor({name}, {inside.strip()})"
    else:
        text = f"{imports.module('anyio', 'anyio.to_process')}.to_process.run_sync({inside})"
    outcome = replaced(fragment, node, f"{around.waiting.how.value} {text}", imports, around)
    return outcome._replace(definitions=definitions) if isinstance(outcome, Change) else None


def instead_of_registering(subject: Subject, *, by_loop: bool) -> Advice:
    """Instead of giving the loop a function that blocks, where it is handed over; `by_loop`: to the loop
    itself, which takes plain functions alone."""
    first = words.coroutine_counterpart(subject)
    rest = f" using {first}" if first else ""
    if subject.direct and subject.around.waiting.library is AsyncLibrary.ASYNCIO:
        text = (
            f"the event loop itself calls `{subject.short}` here: give it a function that starts the work in "
            "a thread (`loop.run_in_executor(None, …)`)"
        )
        return Advice(Recommendation(_THREAD, text + (f", or a task that awaits {first}." if first else ".")))
    if by_loop and subject.around.waiting.library is AsyncLibrary.ASYNCIO:
        if subject.family == "sleep":
            text = f"the event loop calls `{subject.short}`: have it go on later, by `loop.call_later`"
            rest = f", or a task that awaits {first}." if first else "."
            return Advice(Recommendation(ExecutionModel.EVENT_LOOP, f"{text}{rest}"))
        text = (
            f"the event loop calls `{subject.short}`, and takes no coroutine function: have it start "
            f"{words.what_blocks(subject)} in a thread (`loop.run_in_executor(None, …)`)"
        )
        return Advice(Recommendation(_THREAD, text + (f", or a task that awaits {first}." if first else ".")))
    text = f"have `{subject.short}` run in a thread where it is called, or make it a coroutine{rest}."
    return Advice(Recommendation(_THREAD, text))


def instead_of_waiting_within(subject: Subject, awaited: str, called: str) -> Advice:
    """Instead of a call in a coroutine function that is awaited, which knows what it calls by what it is
    given."""
    first = words.coroutine_counterpart(subject)
    rest = f", or make it a coroutine using {first}" if first else ""
    text = f"in `{short_name(awaited)}`, which is awaited here, run `{short_name(called)}` in a thread{rest}."
    return Advice(Recommendation(_THREAD, text))


def in_form(place: Place, plain: Recommendation, form: Form, imports: tuple[Import, ...]) -> Advice:
    """The advice with the code at a place in another form, where it is simple enough."""
    return _advice(place, plain.model, plain.text, change_to(place, form, imports), form.done)


def _advice(place: Place, model: ExecutionModel, text: str, change: Change | None, done: str) -> Advice:
    if change is None:
        return Advice(Recommendation(model, text))
    fragment = place.fragment
    return Advice(Recommendation(model, text, shown(fragment, change)), change, fragment, done)
