"""Moving the whole loop around a place that reads or writes a file for each item, or computes with the GIL
free: a thread for each costs more than most of them take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.catalog.facts import EffectKind
from conclint.model.execution import Weight
from conclint.rules.advice.allowed import Subject
from conclint.rules.advice.blocks import has_long_strings, moved, statements_above
from conclint.rules.advice.change import Outcome, Refusal
from conclint.rules.advice.kept import changed_in
from conclint.rules.advice.own_data import is_own_data
from conclint.rules.advice.scopes import names_in, names_of
from conclint.rules.advice.site import Fragment, Node
from conclint.syntax.nodes import cst

_FILES: Final = "files"
_MOST_LINES: Final = 20
"""Lines of a loop of which the call is not the best part."""
_WHOLE: Final = (
    "run the whole loop in a thread, as one function: to go to a thread for each item costs more than most "
    "items take."
)
_TOGETHER: Final = (
    "call `{name}` for all items in one function, run that in a thread, and go on with what it gives: to go "
    "to a thread for each item costs more than most items take."
)
_IN_STEPS: Final = (
    "put the whole loop into one function that works on data of its own and gives what it finds, and run "
    "that in a thread: each step hangs on the one before, and to go to a thread for each costs more than "
    "most take."
)
_LOGS: Final = frozenset(
    {"log", "logger", "logging", "LOG", "LOGGER", "_log", "_logger", "_LOGGER", "warnings"}
)
"""Names of what any thread may be told something by."""
_PLAIN: Final = frozenset({"print", "setattr"})


def move_loop(fragment: Fragment, node: Node, subject: Subject) -> Outcome | None:
    """The outermost loop around a place that awaits nothing, as a function run in a thread; None where there
    is none, and where something in it may belong to the event loop."""
    computes = subject.fact is not None and subject.fact.effect is EffectKind.COMPUTES_NOGIL
    if (subject.family != _FILES and not computes) or subject.around.waiting.own_way:
        return None
    is_small = computes and _is_small(fragment, node, subject)
    loops = [loop for loop in _loops(fragment, node) if _can_move(fragment, loop, subject, computes=computes)]
    for loop in reversed(loops):
        change = moved(fragment, loop, subject.around)
        if change is not None:
            return change
    if loops and (is_small or not computes):
        return Refusal(_WHOLE, True)
    if not is_small:
        return None
    words = _IN_STEPS if _hangs_on_last(fragment, node) else _TOGETHER.format(name=subject.short)
    return Refusal(words, True)


def _hangs_on_last(fragment: Fragment, node: Node) -> bool:
    """Whether the loop around a place is a `while` that waits for nothing and binds what the place reads: its
    items aren't known before it runs."""
    loop = next(
        (item for item in statements_above(fragment, node) if isinstance(item, cst.For | cst.While)), None
    )
    if not isinstance(loop, cst.While):
        return False
    names = names_in([loop.body])
    return not names.awaits and not names.yields and not names.bound.isdisjoint(names_in([node]).read)


def _is_small(fragment: Fragment, node: Node, subject: Subject) -> bool:
    """Whether a place computes for each item of a loop what takes long for many items only."""
    if subject.fact is None or subject.fact.weight not in (Weight.LIGHT, Weight.MODERATE):
        return False
    for item in statements_above(fragment, node):
        if isinstance(item, cst.BaseComp):
            return False  # is moved as a whole
        if isinstance(item, cst.While) or (
            isinstance(item, cst.For) and not _is_before(fragment, node, item)
        ):
            return True
    return False


def _is_before(fragment: Fragment, node: Node, loop: cst.For) -> bool:
    """Whether a place is what a loop goes through."""
    return node is loop.iter or any(item is loop.iter for item in fragment.above(node))


def _loops(fragment: Fragment, node: Node) -> Iterator[cst.For]:
    """The loops that run a place for each item, innermost first, as far as nothing in them waits."""
    inner = node
    for item in statements_above(fragment, node):
        if isinstance(item, cst.For) and inner is item.body:
            names = names_in([item])
            if names.awaits or names.yields or item.asynchronous is not None:
                return
            yield item
        inner = item


def _can_move(fragment: Fragment, loop: cst.For, subject: Subject, *, computes: bool) -> bool:
    around = subject.around
    place = fragment.place_of(loop)
    function = fragment.function_of(loop)
    if function is None or place.end_line - place.line >= _MOST_LINES or has_long_strings(fragment, loop):
        return False
    if any(fragment.has(loop, item) for item in (*around.tied, *around.changing, *around.threaded)):
        return False
    if changed_in(fragment, loop, function, around):
        return False
    if computes and not is_own_data(fragment, loop, function):
        return False
    return not any(_may_tell(fragment, item, function, subject) for item in fragment.inside(loop))


def _may_tell(fragment: Fragment, node: Node, function: cst.FunctionDef, subject: Subject) -> bool:
    """Whether a statement tells something to what the function was given or keeps, of which nobody knows what
    it does: it may be of the event loop."""
    call = node.value if isinstance(node, cst.Expr) else None
    if not isinstance(call, cst.Call) or not fragment.knows(call):
        return False
    if subject.around.busy.at(fragment.place_of(call)):
        return False
    root: Node = call.func
    steps = 0
    while isinstance(root, cst.Attribute | cst.Subscript | cst.Call):
        root = root.func if isinstance(root, cst.Call) else root.value
        steps += 1
    if not isinstance(root, cst.Name) or root.value in _LOGS or root.value in _PLAIN:
        return not isinstance(root, cst.Name)
    if root.value in ("self", "cls"):
        return steps > 1
    is_local = root.value in names_of(fragment, function.body).bound
    is_imported = any(item.bound == root.value for item in subject.around.imports)
    return not is_local and not is_imported
