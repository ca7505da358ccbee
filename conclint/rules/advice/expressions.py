"""Moving an expression to a thread: the call that blocks, or as much around it as must come along."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from conclint.rules.advice.allowed import Around, Subject
from conclint.rules.advice.busy import Shape
from conclint.rules.advice.change import Change, Edit, Outcome, Refusal
from conclint.rules.advice.imports import Imports
from conclint.rules.advice.library import AsyncLibrary
from conclint.rules.advice.scopes import names_in
from conclint.rules.advice.site import Fragment, Node
from conclint.rules.advice.waiting import How
from conclint.syntax.nodes import cst

_READ_TOO: Final = (
    "put it and what reads from it into one function, and run that in a thread: to read it waits too."
)
_LOOP_APART: Final = "run the loop in a thread of its own, and hand what it gets to the event loop."
_STREAM: Final = (
    "run the request and the loop over its body in a thread, as one function: a list of the parts would hold "
    "all of it in memory."
)
_CONSUMERS = frozenset(("all", "any", "dict", "list", "max", "min", "set", "sorted", "sum", "tuple"))
_MOST_BUSY = 20
"""Places of one expression that are compared."""
_ADDING = frozenset(("extend", "extendleft", "update"))
_LAZY: Final = "make a list of it in a thread: it does its work while it is iterated."
_TAKING_AWAITABLES = frozenset(
    {"add_task", "as_completed", "create_task", "gather", "run_until_complete", "shield", "spawn",
     "start_soon", "wait", "wait_for"}
)  # fmt: skip
_AWAITABLE = re.compile(r"(?i)await|deferred|coroutine|future")
_NEXT = (
    "run all that reads in one function, and that in a thread, or give `next` a default: `StopIteration` "
    "can't leave a thread."
)
_AWAITABLE_GIVEN: Final = (
    "have only the part of it that blocks run in a thread: what it gives is waited for here, and may be "
    "a {what}, which belongs to the event loop."
)
_NEEDS_LOOP = (
    "take the part that blocks out of this expression first: another part works on the event loop alone."
)
_CHANGES = (
    "take the part that blocks out of this expression first: another part changes what other code on the "
    "event loop may be using."
)


def statement_of(fragment: Fragment, node: Node) -> Node:
    """The innermost statement that a node is part of: a whole line, or a compound statement."""
    if isinstance(node, cst.BaseStatement):
        return node
    return next(item for item in fragment.above(node) if isinstance(item, cst.BaseStatement | cst.Module))


def move_expression(fragment: Fragment, node: Node, subject: Subject) -> Outcome:
    """The expression that blocks, evaluated in a thread."""
    around = subject.around
    if around.waiting.own_way:
        words = f"run it in a thread with `{around.waiting.own_way}`, as other code here does."
        return Refusal(words, True, moves=True)
    if subject.shape is Shape.ITERATE:
        return _move_iterable(fragment, node, subject)
    if subject.lazy:
        return _move_lazy(fragment, node, subject)
    target = _outermost(fragment, node, around)
    if subject.gives_handle and (reader := _reader(fragment, target)) is not None:
        if not any(busy.is_eager for busy in around.busy.at(fragment.place_of(reader))):
            return Refusal(_READ_TOO, True)
        target = reader
    either = _with_alternatives(fragment, target, around)
    if either is not target:
        imports = Imports(around.imports)
        text = in_thread(fragment, either, around, imports)
        if not isinstance(text, Refusal) and either is _comprehension(fragment, either):
            return replaced(fragment, either, text, imports, around)
    whole = _comprehension(fragment, target)
    if isinstance(whole, Refusal):
        return whole
    target = whole
    if _steps(target):
        return Refusal(_NEXT, True)
    if _may_be_awaited(fragment, target, around.waiting.how):
        what = "Deferred" if around.waiting.library is AsyncLibrary.TWISTED else "awaitable"
        return Refusal(_AWAITABLE_GIVEN.format(what=what), True)
    imports = Imports(around.imports)
    text = in_thread(fragment, target, around, imports)
    if isinstance(text, Refusal):
        return text
    return replaced(fragment, target, text, imports, around)


def replaced(fragment: Fragment, target: Node, text: str, imports: Imports, around: Around) -> Outcome:
    """A text that waits in the place of an expression, and of the same ones beside it, in parentheses where
    it needs them."""
    edits = []
    for node in (target, *_repeated(fragment, target, around)):
        own = f"({text})" if _needs_parentheses(fragment, node, around.waiting.how) else text
        edits.append(Edit(fragment.start(node), fragment.end(node), own))
    return Change(statement_of(fragment, target), tuple(edits), tuple(imports.needed))


def _repeated(fragment: Fragment, target: Node, around: Around) -> Iterator[Node]:
    """The calls in the same expression that read just like a target, and block as it does: `f() if f() else
    None`."""
    if not isinstance(target, cst.Call):
        return
    whole: Node = target
    for item in fragment.above(target):
        if isinstance(item, cst.BaseStatement | cst.BaseSmallStatement | cst.Lambda | cst.BaseComp):
            break
        if isinstance(item, cst.BaseExpression):
            whole = item
    if whole is target or not fragment.knows(whole):
        return
    code = fragment.code(target)
    for busy in islice(around.busy.inside(fragment.place_of(whole)), _MOST_BUSY):
        node = fragment.at(busy.position) if busy.is_eager else None
        if not isinstance(node, cst.Call) or node is target or not fragment.knows(node):
            continue
        if fragment.code(node) == code and _runs_with(fragment, node, whole):
            yield node


def _runs_with(fragment: Fragment, node: Node, whole: Node) -> bool:
    """Whether a part of an expression is evaluated where that is, and nothing waits for it yet."""
    if isinstance(fragment.parent(node), cst.Await):
        return False
    for item in fragment.above(node):
        if item is whole:
            return True
        if isinstance(item, cst.Lambda | cst.BaseComp):
            return False
    return False


def in_thread(
    fragment: Fragment, target: Node, around: Around, imports: Imports, *, whole: bool = False
) -> str | Refusal:
    """The code that waits for an expression in a thread; `whole`: with its arguments."""
    waiting = around.waiting
    if not whole and isinstance(target, cst.Call) and not _is_busy_within(fragment, target, around):
        keywords = any(arg.keyword is not None or arg.star == "**" for arg in target.args)
        if (not keywords or waiting.takes_keywords or waiting.django) and (
            not target.args or waiting.takes_arguments
        ):
            return waiting.in_thread(fragment.code(target.func), arguments_of(fragment, target), imports)
    names = names_in([target])
    if names.awaits or names.yields:
        return Refusal("take the part that blocks out of this expression first: the rest waits itself.", True)
    if names.frame or names.walrus:
        return Refusal("move the whole expression to a function, and run that in a thread.", True)
    if any(fragment.has(target, place) for place in (*around.tied, *around.threaded)):
        return Refusal(_NEEDS_LOOP, True)
    if any(fragment.has(target, place) for place in around.changing):
        return Refusal(_CHANGES, True)
    return waiting.in_thread(f"lambda: {fragment.inner(target)}", "", imports)


def arguments_of(fragment: Fragment, call: Node) -> str:
    """What stands in a call's brackets, fit to follow another argument."""
    assert isinstance(call, cst.Call)
    if not call.args:
        return ""
    start = fragment.end(call.func)
    for _ in getattr(call.func, "rpar", ()):
        start = fragment.text.index(")", start) + 1
    start = fragment.text.index("(", start) + 1
    text = fragment.text[start : fragment.end(call) - 1]
    only = call.args[0].value
    if len(call.args) == 1 and isinstance(only, cst.GeneratorExp) and not only.lpar:
        return f"({text.strip()})"
    if len(call.args) == 1 and isinstance(only, cst.GeneratorExp) and not text.lstrip().startswith("("):
        return f"({text.strip()})"
    return text if "\n" in text else text.strip()


def _move_lazy(fragment: Fragment, node: Node, subject: Subject) -> Outcome:
    """A call that gives an iterator, which does the work: made to a list in a thread."""
    parent = fragment.parent(node)
    consumer = _consumer(fragment, node)
    if consumer is not None:
        imports = Imports(subject.around.imports)
        made = in_thread(fragment, consumer, subject.around, imports, whole=True)
        if isinstance(made, Refusal):
            return made
        return replaced(fragment, consumer, made, imports, subject.around)
    if not isinstance(parent, cst.For | cst.CompFor) or parent.iter is not node:
        is_gone_through = subject.ends and _is_gone_through(fragment, node)
        return _listed(fragment, node, subject) if is_gone_through else Refusal(_LAZY, True)
    walks = subject.walks and isinstance(parent, cst.For)
    if _streams(parent, subject):
        return Refusal(_LOOP_APART if _hands_on(parent) else _STREAM, True)
    if not subject.ends or walks or _hands_on(parent):  # a loop over `os.walk` may say where it goes on
        return Refusal(_LOOP_APART, True)
    if isinstance(parent, cst.CompFor) and not _is_first(fragment, parent):
        return Refusal("make a list of it in a thread before.", True)
    return _listed(fragment, node, subject)


def _listed(fragment: Fragment, node: Node, subject: Subject) -> Outcome:
    """An iterator as a list, made in a thread."""
    around = subject.around
    names = names_in([node])
    tied = any(fragment.has(node, place) for place in around.tied)
    if names.awaits or names.yields or names.frame or names.walrus or tied:
        return Refusal(_NEEDS_LOOP, True)
    imports = Imports(around.imports)
    text = around.waiting.in_thread(f"lambda: list({fragment.code(node)})", "", imports)
    return replaced(fragment, node, text, imports, around)


def _is_gone_through(fragment: Fragment, node: Node) -> bool:
    """Whether what an iterator gives is added to a collection here and now, all of it."""
    for item in fragment.above(node):
        if isinstance(item, cst.BaseComp | cst.Lambda):
            return False
        if isinstance(item, cst.BaseStatement | cst.BaseSmallStatement):
            break
    parent = fragment.parent(node)
    if isinstance(parent, cst.StarredElement):
        return True
    if isinstance(parent, cst.AugAssign):
        return isinstance(parent.operator, cst.AddAssign) and isinstance(parent.target, cst.Name)
    call = fragment.parent(parent) if isinstance(parent, cst.Arg) and not parent.star else None
    is_method = isinstance(call, cst.Call) and isinstance(call.func, cst.Attribute)
    return is_method and call.func.attr.value in _ADDING  # type: ignore[union-attr]


def _consumer(fragment: Fragment, node: Node) -> Node | None:
    """The call that goes through an iterator which it is given."""
    argument = fragment.parent(node)
    call = fragment.parent(argument) if isinstance(argument, cst.Arg) and not argument.star else None
    if not isinstance(call, cst.Call):
        return None
    if isinstance(call.func, cst.Attribute):
        return call if call.func.attr.value == "join" else None
    return call if isinstance(call.func, cst.Name) and call.func.value in _CONSUMERS else None


def _move_iterable(fragment: Fragment, node: Node, subject: Subject) -> Outcome:
    """An iterator whose steps block, made to a list in a thread."""
    around = subject.around
    parent = fragment.parent(node)
    if isinstance(parent, cst.CompFor) and parent.iter is node and _is_first(fragment, parent):
        pass
    elif isinstance(parent, cst.CompFor) and parent.iter is node:
        whole = _comprehension(fragment, node)
        if isinstance(whole, Refusal):
            return whole
        imports = Imports(around.imports)
        text = in_thread(fragment, whole, around, imports)
        return text if isinstance(text, Refusal) else replaced(fragment, whole, text, imports, around)
    elif isinstance(parent, cst.From):
        return Refusal("make a list of it in a thread, and yield from that.", True)
    if _streams(parent, subject):
        return Refusal(_LOOP_APART if _hands_on(parent) else _STREAM, True)
    if not subject.ends or (isinstance(parent, cst.For) and _hands_on(parent)):
        return Refusal(_LOOP_APART, True)
    imports = Imports(around.imports)
    inside = fragment.code(node)
    is_made_here = isinstance(node, cst.Call) and any(
        busy.shape is Shape.CALL for busy in around.busy.at(fragment.place_of(node))
    )
    if is_made_here or _is_busy_within(fragment, node, around):
        names = names_in([node])
        tied = any(fragment.has(node, place) for place in around.tied)
        if names.awaits or names.yields or names.frame or names.walrus or tied:
            return Refusal(_NEEDS_LOOP, True)
        text = around.waiting.in_thread(f"lambda: list({inside})", "", imports)
    else:
        given = ("list", inside) if around.waiting.takes_arguments else (f"lambda: list({inside})", "")
        text = around.waiting.in_thread(*given, imports)
    return replaced(fragment, node, text, imports, around)


def _streams(loop: Node | None, subject: Subject) -> bool:
    """Whether a loop goes through what comes over the network piece by piece: a list would hold all of it."""
    name = subject.cause.rsplit(".", 1)[-1]
    is_piece = name == "read" and not subject.direct  # by a generator of the program's
    is_stream = name.startswith("iter_") or name in ("stream", "read_chunked") or is_piece
    return is_stream and subject.family == "http" and isinstance(loop, cst.For)


def _hands_on(loop: Node | None) -> bool:
    """Whether a loop gives each item to who iterates: a list would keep all back until the last is there."""
    return isinstance(loop, cst.For) and names_in([loop.body]).yields


def _is_first(fragment: Fragment, loop: Node) -> bool:
    """Whether a `for` of a comprehension is its first, whose iterable is evaluated around it."""
    return not isinstance(fragment.parent(loop), cst.CompFor)


def _expressions_above(fragment: Fragment, node: Node) -> Iterator[Node]:
    """The expressions that a node is part of, as far as they run with it."""
    for item in fragment.above(node):
        if isinstance(item, cst.BaseStatement | cst.BaseSmallStatement | cst.Lambda | cst.Await | cst.Yield):
            return
        if isinstance(item, cst.Arg | cst.IfExp | cst.BooleanOperation):
            return  # what is given, or done in some cases alone, waits by itself
        if isinstance(item, cst.BaseExpression):
            yield item


def _outermost(fragment: Fragment, node: Node, around: Around) -> Node:
    """The outermost expression around a place that blocks too, and so is to be moved with it."""
    target = node
    for item in _expressions_above(fragment, node):
        is_busy = any(busy.is_eager for busy in around.busy.at(fragment.place_of(item)))
        if is_busy and not isinstance(item, cst.Arg):
            names = names_in([item])
            if not (names.awaits or names.yields):
                target = item
    return target


def _reader(fragment: Fragment, node: Node) -> cst.Call | None:
    """The plain call that is given what a call gives, to read it: `json.load(urlopen(url))`."""
    argument = fragment.parent(node)
    call = fragment.parent(argument) if isinstance(argument, cst.Arg) else None
    if not isinstance(call, cst.Call) or isinstance(fragment.parent(call), cst.Await | cst.Yield):
        return None
    return call


def _with_alternatives(fragment: Fragment, target: Node, around: Around) -> Node:
    """The whole `a or b` that a target is a part of, where the other part blocks too."""
    parent = fragment.parent(target)
    while isinstance(parent, cst.BooleanOperation):
        other = parent.right if parent.left is target else parent.left
        names = names_in([parent])
        is_busy = any(busy.is_eager for busy in around.busy.inside(fragment.place_of(other)))
        if names.awaits or names.yields or not is_busy:
            break
        target, parent = parent, fragment.parent(parent)
    return target


def _comprehension(fragment: Fragment, target: Node) -> Node | Refusal:
    """What runs a target once, where it stands in a comprehension that runs it for each item."""
    found, lazy = target, False
    below = target
    for item in fragment.above(target):
        if isinstance(item, cst.BaseStatement | cst.BaseSmallStatement | cst.Lambda | cst.Await | cst.Yield):
            break
        if isinstance(item, cst.BaseComp):
            first = item.for_in.iter
            if below is not item.for_in or not _is_inside(fragment, target, first):
                if names_in([item]).awaits and not isinstance(item, cst.GeneratorExp):
                    return target  # it waits for each item already
                found, lazy = item, isinstance(item, cst.GeneratorExp)
        elif lazy and isinstance(item, cst.Call):
            found, lazy = item, False
        below = item
    if lazy:
        return Refusal("make a list of it in a thread: a generator can't wait.", True)
    return found


def _is_inside(fragment: Fragment, node: Node, outer: Node) -> bool:
    return node is outer or any(item is outer for item in fragment.above(node))


def _is_busy_within(fragment: Fragment, target: Node, around: Around) -> bool:
    """Whether anything that a target is made of blocks too."""
    own = fragment.place_of(target)
    return any(busy.position != own for busy in around.busy.inside(own))


def _steps(target: Node) -> bool:
    """Whether it asks an iterator for its next item, and may end in StopIteration."""
    if not isinstance(target, cst.Call):
        return False
    function = target.func
    if isinstance(function, cst.Name):
        return function.value == "next" and len(target.args) == 1
    return isinstance(function, cst.Attribute) and function.attr.value == "__next__"


def _may_be_awaited(fragment: Fragment, target: Node, how: How) -> bool:
    """Whether what a call gives is awaited, or handed to something that takes awaitables (`gather`)."""
    below = target
    for item in fragment.above(target):
        if isinstance(item, cst.Await) or (how is How.YIELD and isinstance(item, cst.Yield)):
            return True
        if isinstance(item, cst.Call):
            name = item.func.attr if isinstance(item.func, cst.Attribute) else item.func
            return item.func is not below and isinstance(name, cst.Name) and _takes_awaitables(name.value)
        is_given = isinstance(item, cst.Arg | cst.BaseElement | cst.List | cst.Tuple | cst.Set)
        if not is_given and not (isinstance(item, cst.BaseSimpleComp) and item.elt is below):
            return False
        below = item
    return False


def _takes_awaitables(name: str) -> bool:
    return name in _TAKING_AWAITABLES or _AWAITABLE.search(name) is not None


def _needs_parentheses(fragment: Fragment, target: Node, how: How) -> bool:
    if getattr(target, "lpar", ()):
        return False
    parent = fragment.parent(target)
    if isinstance(parent, cst.Attribute | cst.Subscript):
        return parent.value is target
    if isinstance(parent, cst.Call):
        return parent.func is target
    if how is How.YIELD:
        if isinstance(parent, cst.Assign | cst.AnnAssign | cst.AugAssign):
            return parent.value is not target
        return not isinstance(parent, cst.Expr)
    return isinstance(parent, cst.Await)
