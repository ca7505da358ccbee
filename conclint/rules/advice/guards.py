"""A test before a change: while one task waits for the change, another one comes by the test too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, TypeGuard

from conclint.rules.advice.allowed import Subject
from conclint.rules.advice.scopes import names_in, names_of, parameters_of
from conclint.rules.advice.shared_state import MUTATORS
from conclint.rules.advice.site import Fragment, Node, Place
from conclint.syntax.nodes import cst

_CHANGES: Final = (
    "commit", "copy", "create", "delete", "download", "execute", "extract", "flush", "insert", "makedirs",
    "mkdir", "move", "open", "patch", "post", "put", "remove", "rename", "replace", "rmtree", "save", "send",
    "unlink", "unpack", "update", "upload", "upsert", "write",
)  # fmt: skip
"""How the names of calls begin that change what a test may ask for."""
_ASKING: Final = re.compile(
    r"(?i)_*(?:l?exists|is_?file|(?:\w+_)?(?:has|have|is|are|already)_\w+|\w+_exists?|(?:is_?)?(?:running|locked|active))"
)
"""Names of what asks whether something is there, or going on; not what kind of thing it is (`is_dir`)."""
_KINDS: Final = re.compile(r"(?i)is_?(?:dir|link|mount|instance|subclass|none|valid|enabled)\w*")
_LONGEST: Final = 60
_LOCKED: Final = re.compile(r"(?i)lock|mutex|sem(?:aphore)?\b")


def guard_of(fragment: Fragment, node: Node, subject: Subject) -> str:
    """The call that a test before a place, or around it, asks so that the place is not run twice, as text;
    empty for none, and where others have their turn between the two already.

    The test finds that something is there already, and the function is left; or that it isn't, and the place
    is what makes it. It asks for what the place is given too.
    """
    if not subject.cause.rpartition(".")[2].startswith(_CHANGES):
        return ""
    function = fragment.function_of(node)
    if function is None:
        return ""
    given = names_in([node]).read
    for branch, is_found in _tests(fragment, node):
        test = branch.test
        asked = next((item for item in fragment.inside(test) if _asks(item)), None)
        if asked is None or is_found != _is_positive(test) or not fragment.knows(asked):
            continue
        names = names_in([asked]).read - names_in([asked.func]).read | _owner(asked)
        names |= _made_from(function, names)
        text = fragment.code(asked)
        if names & given and len(text) <= _LONGEST and not _pauses(fragment, function, asked, node):
            return text
    return ""


def registered_after(fragment: Fragment, node: Node) -> str:
    """The kept collection that a place registers something in, where a test before it has found room for it,
    as text: with a wait there, a second task comes by the test before the first has registered. Empty for
    none, where others have their turn between the two already, and for what is merely remembered: twice the
    same is no harm.
    """
    function = fragment.function_of(node)
    if function is None or _is_locked(fragment, node):
        return ""
    own = names_of(fragment, function.body).bound | parameters_of(function)
    tested: dict[str, Node] = {}
    for branch, is_found in _tests(fragment, node):
        for item in fragment.inside(branch.test) if is_found and fragment.knows(branch.test) else ():
            looked = _looked_through(item)
            if looked is None or _begins_with(looked) in own or _gives_value(branch.body):
                continue
            tested.setdefault(fragment.code(looked), branch.test)
    line = next((item for item in fragment.above(node) if isinstance(item, cst.BaseStatement)), node)
    begin = fragment.start(line)
    found: dict[str, Node] = {}
    for item in fragment.inside(function.body) if tested else ():
        changed = _changed(fragment, item) if fragment.knows(item) else ""
        if changed in tested and fragment.start(item) > fragment.start(tested[changed]):
            if fragment.start(item) < begin:
                return ""  # it is registered before anything waits
            found.setdefault(changed, item)
    names = (name for name, item in found.items() if not _pauses(fragment, function, tested[name], item))
    return next(names, "")


def added_to(fragment: Fragment, node: Node) -> str:
    """What a place is a part of what is added to, other than a variable, as text: with an `await` there, it
    would be read before and written after; empty for nothing."""
    for item in fragment.above(node):
        if isinstance(item, cst.AugAssign):
            target = item.target
            return fragment.code(target) if isinstance(target, cst.Attribute | cst.Subscript) else ""
        if isinstance(item, cst.Assign) and isinstance(item.targets[0].target, cst.Attribute | cst.Subscript):
            own = fragment.code(item.targets[0].target)
            read = (
                part
                for part in fragment.inside(item.value)
                if isinstance(part, cst.Attribute | cst.Subscript) and fragment.knows(part)
            )
            if any(
                fragment.code(part) == own and fragment.end(part) <= fragment.start(node) for part in read
            ):
                return own
        if isinstance(item, cst.BaseStatement):
            break
    return ""


def changed_next(place: Place, node: Node) -> str:
    """The attribute of the own object that a place is given, and that the function changes right after it, as
    text: other tasks would change it in between. Where it is set to something else (`self.last = …`), only
    if other functions of the file use it too. Empty for none."""
    fragment = place.fragment
    function = fragment.function_of(node)
    if function is None or not isinstance(node, cst.Call):
        return ""
    given = {
        fragment.code(arg.value)
        for arg in node.args
        if isinstance(arg.value, cst.Attribute) and fragment.knows(arg.value) and _is_own(arg.value)
    }
    for item in fragment.inside(function.body) if given else ():
        if not fragment.knows(item) or fragment.start(item) < fragment.end(node):
            continue
        changed = _changed(fragment, item)
        if not changed and isinstance(item, cst.AssignTarget) and isinstance(item.target, cst.Attribute):
            name = item.target.attr.value
            changed = fragment.code(item.target) if place.file.uses(name, place.extent) > 1 else ""
        if changed in given and not _pauses(fragment, function, node, item):
            return changed
    return ""


def _is_own(node: Node) -> bool:
    while isinstance(node, cst.Attribute):
        node = node.value
    return isinstance(node, cst.Name) and node.value == "self"


def _changed(fragment: Fragment, node: Node) -> str:
    """What a call of a collection's method, or an assignment to an item, changes."""
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        return fragment.code(node.func.value) if node.func.attr.value in MUTATORS else ""
    if isinstance(node, cst.AssignTarget | cst.AugAssign | cst.Del) and isinstance(
        node.target, cst.Subscript
    ):
        return fragment.code(node.target.value)
    return fragment.code(node.target) if isinstance(node, cst.AugAssign) else ""


def _tests(fragment: Fragment, node: Node) -> Iterator[tuple[cst.If, bool]]:
    """The tests that a place is run after, and whether it is so where they fail."""
    below = node
    for item in fragment.above(node):
        if isinstance(item, cst.FunctionDef | cst.Lambda):
            return
        if isinstance(item, cst.If) and below is item.body:
            yield item, False
        if isinstance(item, cst.IndentedBlock):
            for line in fragment.branches(item):
                if fragment.start(line) >= fragment.start(below):
                    break
                if line.orelse is None and _leaves(line.body):
                    yield line, True
        below = item


def _looked_through(node: Node) -> Node | None:
    """The collection that a part of a test looks into, or counts."""
    if isinstance(node, cst.Comparison) and isinstance(node.comparisons[0].operator, cst.In | cst.NotIn):
        found = node.comparisons[0].comparator
    elif isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == "len":
        found = node.args[0].value if node.args else node
    else:
        return None
    return found if isinstance(found, cst.Name | cst.Attribute) else None


def _gives_value(block: Node) -> bool:
    """Whether a block ends by returning more than that something is there: what it remembers, say."""
    last = block.body[-1] if isinstance(block, cst.IndentedBlock) and block.body else None
    line = last.body[-1] if isinstance(last, cst.SimpleStatementLine) else None
    value = line.value if isinstance(line, cst.Return) else None
    is_plain = isinstance(value, cst.SimpleString) or (
        isinstance(value, cst.Name) and value.value in ("None", "True", "False")
    )
    return value is not None and not is_plain


def _is_locked(fragment: Fragment, node: Node) -> bool:
    """Whether a place stands in a block that holds a lock, by its name."""
    return any(
        isinstance(item, cst.With)
        and any(fragment.knows(held.item) and _LOCKED.search(fragment.code(held.item)) for held in item.items)
        for item in fragment.above(node)
    )


def _begins_with(node: Node) -> str:
    """The name that a name or attribute begins with, unless it is the own object."""
    while isinstance(node, cst.Attribute):
        node = node.value
    name = node.value if isinstance(node, cst.Name) else ""
    return "" if name in ("self", "cls") else name


def _asks(node: Node) -> TypeGuard[cst.Call]:
    """Whether a call asks for what other code may have done."""
    if not isinstance(node, cst.Call):
        return False
    function = node.func.attr if isinstance(node.func, cst.Attribute) else node.func
    name = function.value if isinstance(function, cst.Name) else ""
    return _ASKING.fullmatch(name) is not None and _KINDS.fullmatch(name) is None


def _is_positive(test: Node) -> bool:
    return not (isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not))


def _leaves(block: Node) -> bool:
    """Whether a block ends by leaving what is around it."""
    last = block.body[-1] if isinstance(block, cst.IndentedBlock) and block.body else None
    if not isinstance(last, cst.SimpleStatementLine):
        return False
    return isinstance(last.body[-1], cst.Return | cst.Raise | cst.Continue)


def _owner(call: cst.Call) -> set[str]:
    """The name of the object whose method is called: `path` of `path.exists()`."""
    func = call.func
    return (
        {func.value.value} if isinstance(func, cst.Attribute) and isinstance(func.value, cst.Name) else set()
    )


def _made_from(function: cst.FunctionDef, names: set[str]) -> set[str]:
    """The names that values of others are made from, by one assignment."""
    found: set[str] = set()
    todo: list[Node] = [function.body]
    while todo:
        item = todo.pop()
        if isinstance(item, cst.IndentedBlock | cst.SimpleStatementLine):
            todo.extend(item.body)
        elif isinstance(item, cst.Try | cst.With | cst.If):
            todo.append(item.body)
        elif isinstance(item, cst.Assign) and names_in(item.targets).bound & names:
            found |= names_in([item.value]).read
    return found


def _pauses(fragment: Fragment, function: cst.FunctionDef, first: Node, last: Node) -> bool:
    start, end = fragment.start(first), fragment.start(last)
    return any(
        isinstance(item, cst.Await | cst.Yield)
        and fragment.knows(item)
        and start <= fragment.start(item) < end
        for item in fragment.inside(function.body)
    )
