"""A test before a change: while one task waits for the change, another one comes by the test too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.rules.advice.allowed import Subject
from conclint.rules.advice.scopes import names_in
from conclint.rules.advice.site import Fragment, Node
from conclint.syntax.nodes import cst

_CHANGES: Final = (
    "commit", "copy", "create", "delete", "download", "execute", "extract", "flush", "insert", "makedirs",
    "mkdir", "move", "open", "patch", "post", "put", "remove", "rename", "replace", "rmtree", "save", "send",
    "unlink", "unpack", "update", "upload", "upsert", "write",
)  # fmt: skip
"""How the names of calls begin that change what a test may ask for."""
_LONGEST: Final = 60


def guard_of(fragment: Fragment, node: Node, subject: Subject) -> str:
    """The call that a test before a place, or around it, asks so that the place is not run twice, as text;
    empty for none, and where others have their turn between the two already.

    The test finds that something is there already, and the function is left; or that it isn't, and the place
    is what makes it. It asks for what the place is given too.
    """
    if not subject.cause.rpartition(".")[2].startswith(_CHANGES):
        return ""
    function = next((item for item in fragment.above(node) if isinstance(item, cst.FunctionDef)), None)
    if function is None:
        return ""
    given = names_in([node]).read
    for test, is_found in _tests(fragment, node):
        asked = next((item for item in fragment.inside(test) if isinstance(item, cst.Call)), None)
        if asked is None or is_found != _is_positive(test) or not fragment.knows(asked):
            continue
        names = names_in([asked]).read - names_in([asked.func]).read | _owner(asked)
        names |= _made_from(function, names)
        text = fragment.code(asked)
        if names & given and len(text) <= _LONGEST and not _pauses(fragment, function, asked, node):
            return text
    return ""


def _tests(fragment: Fragment, node: Node) -> Iterator[tuple[Node, bool]]:
    """The tests that a place is run after, and whether it is so where they fail."""
    below = node
    for item in fragment.above(node):
        if isinstance(item, cst.FunctionDef | cst.Lambda):
            return
        if isinstance(item, cst.If) and below is item.body:
            yield item.test, False
        if isinstance(item, cst.IndentedBlock):
            for line in item.body:
                if line is below:
                    break
                if isinstance(line, cst.If) and line.orelse is None and _leaves(line.body):
                    yield line.test, True
        below = item


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
