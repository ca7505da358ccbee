"""Moving a whole statement to a thread: a `with` whose manager blocks, a loop that reads or writes a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from conclint.model.finding import Position
from conclint.rules.advice.allowed import Around, Subject
from conclint.rules.advice.busy import Shape
from conclint.rules.advice.change import Change, Edit, Outcome, Refusal
from conclint.rules.advice.imports import Imports
from conclint.rules.advice.kept import changed_in
from conclint.rules.advice.scopes import Names, free_name, names_in, parameters_of
from conclint.rules.advice.site import Fragment, Node
from conclint.rules.advice.waiting import How
from conclint.syntax.nodes import cst

_NAME: Final = "work"
_INDENT: Final = "    "
_LONGEST: Final = 40
_CHANGES: Final = (
    "run a function with no more of it than what blocks in a thread, and leave what is done with {what} on "
    "the event loop: other code there may be using it."
)


def move_block(fragment: Fragment, node: Node, subject: Subject) -> Outcome | None:
    """The outermost statement around a place that has to be moved with it, and can be, as a function run in a
    thread; None where there is none."""
    if subject.around.waiting.own_way:
        return None
    changed = ""
    for block in reversed(list(_blocks(fragment, node, subject))):
        function = fragment.function_of(block)
        changes = changed_in(fragment, block, function, subject.around) if function is not None else ""
        changed = changes or changed
        change = None if changes else moved(fragment, block, subject.around)
        if change is not None:
            return change
    return Refusal(_CHANGES.format(what=_in_short(changed)), True) if changed else None


def _in_short(text: str) -> str:
    return f"`{text}`" if len(text) <= _LONGEST and "\n" not in text else "the rest"


def is_in_loop(fragment: Fragment, node: Node) -> bool:
    """Whether the statement of a place is run often within its function."""
    return any(isinstance(item, cst.For | cst.While) for item in statements_above(fragment, node))


def statements_above(fragment: Fragment, node: Node) -> Iterator[Node]:
    """What a place is part of within its own function, innermost first."""
    for item in fragment.above(node):
        if isinstance(item, cst.FunctionDef | cst.Lambda | cst.ClassDef):
            return
        yield item


def _withs(fragment: Fragment, node: Node, around: Around) -> Iterator[Node]:
    for item in statements_above(fragment, node):
        if isinstance(item, cst.With) and item.asynchronous is None:
            managers = [manager.item for manager in item.items]
            if any(True for item in managers for _ in around.busy.inside(fragment.place_of(item))):
                yield item


def _blocks(fragment: Fragment, node: Node, subject: Subject) -> Iterator[Node]:
    """The statements that may have to be moved as a whole, innermost first."""
    withs = list(_withs(fragment, node, subject.around))
    loops = subject.family == "files" and subject.shape in (Shape.CALL, Shape.ITERATE) and subject.direct
    for item in statements_above(fragment, node):
        if any(item is block for block in withs) or _makes_what_is_used(fragment, item, node, subject):
            loops = False  # what is opened in a loop around it is another file each time
            yield item
        elif isinstance(item, cst.For | cst.While) and getattr(item, "asynchronous", None) is None:
            is_own = (
                isinstance(item, cst.For)
                and item.iter is node
                and (subject.shape is Shape.ITERATE or subject.lazy)
            )
            if (loops and subject.cause.startswith("io.") and not is_own) or (
                is_own and (subject.walks or not subject.ends or _has_other_work(fragment, item, subject))
            ):
                yield item


def _makes_what_is_used(fragment: Fragment, item: Node, node: Node, subject: Subject) -> bool:
    """Whether a `with` makes the connection or cursor whose method is called at a place."""
    if (
        not (subject.in_turn and subject.direct and isinstance(item, cst.With))
        or item.asynchronous is not None
    ):
        return False
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
        return False
    owner = node.func.value
    return isinstance(owner, cst.Name) and owner.value in _bound_by(fragment, item)


def _has_other_work(fragment: Fragment, loop: Node, subject: Subject) -> bool:
    """Whether a loop blocks in its body too, or is left before its iterator ends."""
    assert isinstance(loop, cst.For)
    names = names_in([loop.body])
    busy = any(True for _ in subject.around.busy.inside(fragment.place_of(loop.body)))
    return busy or names.leaves or bool(names.returns)


def moved(fragment: Fragment, block: Node, around: Around) -> Change | None:
    """A statement as a function that is run in a thread; None where it can't be one as it stands."""
    own = names_in([block])
    if own.awaits or own.yields or own.frame or own.deletes or own.leaves or own.shared:
        return None
    if fragment.has_any(block, (*around.tied, *around.changing)) or has_long_strings(fragment, block):
        return None
    if not all(_is_made_in(fragment, block, own, place, around) for place in around.threaded):
        return None
    function = fragment.function_of(block)
    if function is None:
        return None
    elsewhere = _elsewhere(fragment, function, block, own)
    if elsewhere.shared:
        return None
    sure = _surely_bound(block)
    anew = {name for name in own.bound & sure if _is_bound_anew(fragment, function, block, name)}
    anew |= {name for name in elsewhere.bound if _is_always_bound(fragment, function, block, name)}
    outer = sorted(elsewhere.bound - anew)
    if _annotated(fragment, block).intersection(outer):
        return None  # such a name can't be `nonlocal`
    given = sorted(elsewhere.read - elsewhere.bound - anew)
    if own.returns and (given or not _always_returns(block)):
        return None
    if not set(given) <= sure:
        return None
    return _written(fragment, block, around, own, outer, given)


class _Elsewhere(NamedTuple):
    """Which of the names that a block binds the rest of its function binds, reads, or shares with others."""

    bound: set[str]
    read: set[str]
    shared: set[str]


def _elsewhere(fragment: Fragment, function: cst.FunctionDef, block: Node, own: Names) -> _Elsewhere:
    whole = _whole(fragment, function)
    is_in_class = any(
        isinstance(item, cst.ClassDef) and fragment.contains(function, item) for item in fragment.above(block)
    )
    if is_in_class:  # what a class binds is not its function's
        rest = names_in([function.params, function.body], skip=block)
        bound = rest.bound | parameters_of(function)
        return _Elsewhere(own.bound & bound, own.bound & rest.read, own.bound & rest.shared)
    return _Elsewhere(
        {name for name in own.bound if whole.bound.more_than(own.bound, name)},
        {name for name in own.bound if whole.read.more_than(own.read, name)},
        {name for name in own.bound if whole.shared.more_than(own.shared, name)},
    )


def _whole(fragment: Fragment, function: cst.FunctionDef) -> Names:
    """What all of a function does, its parameters bound; found out once."""
    found = fragment.found.get(("whole", id(function)))
    if not isinstance(found, Names):
        found = names_in([function.params, function.body])
        for name in parameters_of(function):
            found.bound.add(name)
        fragment.found["whole", id(function)] = found
    return found


def _is_bound_anew(fragment: Fragment, function: cst.FunctionDef, block: Node, name: str) -> bool:
    """Whether the name stands nowhere else in the function but under a `with` that binds it itself
    (`with open(…) as f:`, twice): what the block binds is nobody else's."""
    for node in fragment.names(function)[name]:
        if node is function.name or _is_within(fragment, node, block):
            continue
        above = fragment.above(node)
        if not any(isinstance(item, cst.With) and name in _bound_by(fragment, item) for item in above):
            return False
    return True


def _is_always_bound(fragment: Fragment, function: cst.FunctionDef, block: Node, name: str) -> bool:
    """Whether no value of a name goes from the block to the code around it or back: each use stands under a
    loop or a `with` that binds it itself, in the block or beside it, or comes before the block."""
    for node in fragment.names(function)[name]:
        binder = _binder(fragment, function, node)
        if binder is node or binder is block:
            continue
        is_inside = _is_within(fragment, node, block)
        is_beside = binder is not None and _is_within(fragment, binder, block) == is_inside
        if is_beside and (is_inside or (binder is not None and not _is_within(fragment, block, binder))):
            continue
        if is_inside or not _is_over_before(fragment, function, block, node):
            return False
    return True


def _is_within(fragment: Fragment, node: Node, outer: Node) -> bool:
    return node is not outer and fragment.contains(outer, node)


def _binder(fragment: Fragment, function: cst.FunctionDef, node: cst.Name) -> Node | None:
    """The innermost loop, comprehension or `with` around a name that binds it; the name itself where it is
    that of an attribute or keyword, and no variable. Found once."""
    place = ("binder", id(node))
    if place not in fragment.found:
        fragment.found[place] = _found_binder(fragment, function, node)
    found = fragment.found[place]
    return found if isinstance(found, cst.CSTNode) else None


def _found_binder(fragment: Fragment, function: cst.FunctionDef, node: cst.Name) -> Node | None:
    inner: Node = node
    for item in fragment.above(node):
        if (isinstance(item, cst.Attribute) and inner is item.attr) or (
            isinstance(item, cst.Arg) and inner is item.keyword
        ):
            return node
        if item is function:
            return node if inner is function.name else None
        if isinstance(item, cst.With) and node.value in _bound_by(fragment, item):
            return item
        if isinstance(item, cst.For) and inner is not item.iter:
            if node.value in names_in([item.target]).read:
                return item
        elif isinstance(item, cst.BaseComp) and node.value in _targets_of(item):
            return item
        inner = item
    return None


def _is_over_before(fragment: Fragment, function: cst.FunctionDef, block: Node, node: Node) -> bool:
    """Whether a use of a name comes before the block for good: no loop has both, and no function inside keeps
    it."""
    known = next((item for item in (node, *fragment.above(node)) if fragment.knows(item)), block)
    if fragment.start(known) > fragment.start(block):
        return False
    for item in fragment.above(node):
        if item is function:
            return True
        if isinstance(item, cst.FunctionDef | cst.Lambda):
            return False
        if isinstance(item, cst.For | cst.While) and _is_within(fragment, block, item):
            return False
    return False


def _targets_of(comprehension: cst.BaseComp) -> set[str]:
    """The names that a comprehension's own loops bind."""
    found: set[str] = set()
    loop: cst.CompFor | None = comprehension.for_in
    while loop is not None:
        found |= names_in([loop.target]).read
        loop = loop.inner_for_in
    return found


def _bound_by(fragment: Fragment, block: cst.With) -> set[str]:
    """The names that a `with` binds; found once."""
    found = fragment.found.get(("bound by", id(block)))
    if not isinstance(found, set):
        found = names_in([item.asname for item in block.items if item.asname is not None]).bound
        fragment.found["bound by", id(block)] = found
    return found


def _written(
    fragment: Fragment, block: Node, around: Around, own: Names, outer: list[str], given: list[str]
) -> Change:
    imports = Imports(around.imports)
    name = free_name(fragment, _NAME)
    start, end = fragment.start(block), fragment.end(block)
    text = fragment.text[start:end].rstrip()
    line = fragment.text.rfind("\n", 0, start) + 1
    indent = fragment.text[line:start]
    lines = re.split(r"\r\n|\r|\n", text)
    newline = "\r\n" if "\r\n" in fragment.text else "\n"
    unit = _unit(fragment, block, indent)
    inner = indent + unit
    made = [f"def {name}():"]
    if outer:
        made.append(f"{inner}nonlocal {', '.join(outer)}")
    made.append(f"{inner}{lines[0]}")
    for item in lines[1:]:
        deeper = inner + item[len(indent) :] if item.startswith(indent) else unit + item
        made.append(deeper if item.strip() else item)
    if given:
        made.append(f"{inner}return {', '.join(given)}")
    call = around.waiting.in_thread(name, "", imports)
    made.append("")
    if own.returns:
        made.append(f"{indent}return {_in_place(call, around)}")
    elif given:
        made.append(f"{indent}{', '.join(given)} = {call}")
    else:
        made.append(f"{indent}{call}")
    kind = "`with` block" if isinstance(block, cst.With) else "loop"
    edit = Edit(start, start + len(text), newline.join(made))
    return Change(block, (edit,), tuple(imports.needed), what=f"the whole {kind}")


def _unit(fragment: Fragment, block: Node, indent: str) -> str:
    """By how much the body of a block is indented more than the block."""
    body = getattr(block, "body", None)
    if isinstance(body, cst.IndentedBlock) and body.body:
        first = fragment.start(body.body[0])
        own = fragment.text[max(fragment.text.rfind(end, 0, first) for end in "\r\n") + 1 : first]
        if not own.strip() and own.startswith(indent) and own != indent:
            return own[len(indent) :]
    return "\t" if "\t" in indent else _INDENT


def _in_place(call: str, around: Around) -> str:
    return f"({call})" if around.waiting.how is How.YIELD else call


def _is_made_in(fragment: Fragment, block: Node, own: Names, place: Position, around: Around) -> bool:
    """Whether an object that is bound to a thread is made in the block that uses it, or, if it is a lock,
    held by the block alone."""
    if not fragment.has(block, place):
        return True
    node = fragment.at(place)
    if node is None:
        return False
    receiver = (
        node.func.value if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) else node
    )
    entered = [
        item.item for inner in fragment.inside(block) if isinstance(inner, cst.With) for item in inner.items
    ]
    if any(fragment.code(item) == fragment.code(receiver) for item in entered) and receiver is not node:
        return True
    if any(item is node for item in entered) and not isinstance(node, cst.Call):
        return place in around.busy.locks
    while isinstance(node, cst.Call | cst.Attribute | cst.Subscript):
        node = node.func if isinstance(node, cst.Call) else node.value
    if not isinstance(node, cst.Name):
        return False
    modules = {item.bound for item in around.imports if not item.level}
    return node.value in own.bound or node.value in modules


def _annotated(fragment: Fragment, block: Node) -> set[str]:
    """The names that a block declares with a type."""
    return {
        item.target.value
        for item in fragment.inside(block)
        if isinstance(item, cst.AnnAssign) and isinstance(item.target, cst.Name)
    }


def has_long_strings(fragment: Fragment, block: Node) -> bool:
    """Whether a string goes over several lines: its text would change with its indentation."""
    return any(
        (isinstance(item, cst.SimpleString) and "\n" in item.value)
        or (isinstance(item, cst.FormattedString) and "\n" in fragment.inner(item))
        for item in fragment.inside(block)
    )


def _always_returns(block: Node) -> bool:
    """Whether a `with` ends in a `return`."""
    if (
        not isinstance(block, cst.With)
        or not isinstance(block.body, cst.IndentedBlock)
        or not block.body.body
    ):
        return False
    last = block.body.body[-1]
    return isinstance(last, cst.SimpleStatementLine) and isinstance(last.body[-1], cst.Return)


def _surely_bound(block: Node) -> set[str]:
    """The names that a block binds whenever it is run to its end."""
    if not isinstance(block, cst.With):
        return set()
    if not isinstance(block.body, cst.IndentedBlock):
        return set()
    found: set[str] = set()
    for item in block.items:
        if item.asname is not None:
            found |= names_in([item.asname]).bound
    for line in block.body.body:
        if isinstance(line, cst.SimpleStatementLine):
            found |= names_in([line]).bound
        elif isinstance(line, cst.With):
            found |= _surely_bound(line)
    return found
