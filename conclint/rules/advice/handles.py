"""What else is done with an open file, or with a path, around a place: it belongs into the same thread."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import Final

from conclint.model.file_handles import OPENING
from conclint.rules.advice.allowed import Around, Subject
from conclint.rules.advice.busy import Shape
from conclint.rules.advice.change import Refusal
from conclint.rules.advice.scopes import names_in, names_of, parameters_of
from conclint.rules.advice.site import Fragment, Node
from conclint.syntax.nodes import cst

_FILES: Final = "files"
_IDLE: Final = frozenset({"fileno", "isatty", "readable", "seekable", "writable", "tell", "detach"})
"""Methods of files that go to no disk."""
_OPEN: Final = ("io.", "tempfile.", "zipfile.", "tarfile.", "gzip.", "bz2.", "lzma.", "codecs.", "mmap.")
"""The modules of files that are open."""
_OPENERS: Final = ("open", "fdopen", "TemporaryFile")
_RECEIVERS: Final = ("self", "cls")
_COLLECTING: Final = (
    cst.BaseComp, cst.List, cst.Tuple, cst.Set, cst.Dict, cst.Element, cst.DictElement,
)  # fmt: skip
"""What makes a collection of what it holds."""
_READS: Final = frozenset({"read_text", "read_bytes"})
_WRITES: Final = frozenset({"write_text", "write_bytes"})
_OPENS: Final = frozenset({"open"})
_REST: Final = (
    "open it, read or write it and close it in one function, in a thread, apart from what waits here: it "
    "isn't enough to move the call that opens it."
)
_WHOLE: Final = (
    "put all that is done with it into one function, and run that in a thread: it isn't enough to move the "
    "call that opens it."
)
_ALONE: Final = (
    "open it and do all that is done with it in one function, in a thread: opening it is the least of it."
)
_LEFT_OPEN: Final = (
    "open it in a thread, and do what is done with it later in a thread too, one at a time: it stays open "
    "from one call to the next, and opening it is the least of it."
)
_COMPRESSED: Final = ("gzip.open", "bz2.open", "lzma.open", "zstandard.open", "lz4.frame.open")
"""What opens a file whose reading computes, whoever does it."""
_GIVES_FILE: Final = re.compile(r"open|File|__init__$")
"""What is in the name of a call that gives an open file, and not what is in it."""
_TOGETHER: Final = "do all that is done with `{handle}` here in one function, and run that in a thread."
_BETWEEN: Final = (
    "read and write `{path}` in one function, and run that in a thread: if each waits by itself, another "
    "task may write it in between."
)
_LONGEST: Final = 40
_ROOT: Final = re.compile(r"[^\W\d]\w*(?=[.\[]|$)")
"""The name that a path's text begins with."""


def left_behind(fragment: Fragment, node: Node, subject: Subject) -> Refusal | None:
    """What is to be said where the call at a place is one of several on a file, and the others would still
    block."""
    if subject.in_turn and subject.direct and subject.shape is Shape.CALL:
        return _with_others(fragment, node, subject.around)
    if subject.family != _FILES or subject.shape is not Shape.CALL:
        return None
    if subject.direct and not _GIVES_FILE.search(subject.cause) and subject.cause not in OPENING:
        return _together(fragment, node, subject)
    handle, scope = _opened(fragment, node)
    if not subject.direct and not (isinstance(scope, cst.With) and subject.cause.endswith(_OPENERS)):
        return None
    given = isinstance(scope, cst.With)
    if _is_left_open(fragment, node, subject):
        return Refusal(_LEFT_OPEN, True, True)
    if scope is not None and (
        any(_uses(fragment, scope, node, handle, is_given=given, closes=False))
        or (not given and _is_entered_or_given(fragment, scope, node, handle, subject.around))
    ):
        names = names_in([scope])
        waits = names.awaits or names.yields
        return Refusal(_REST if waits else _WHOLE, True, is_handed_on(fragment, node))
    if subject.direct and (subject.cause in _COMPRESSED or _is_kept(fragment, node, subject)):
        return Refusal(_ALONE, True, True)
    return _together(fragment, node, subject)


def _together(fragment: Fragment, node: Node, subject: Subject) -> Refusal | None:
    """What is to be said of one of several calls of an open file."""
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
        return None
    if not isinstance(node.func.value, cst.Name | cst.Attribute):
        return None
    handle = _text(fragment, node.func.value)
    if not subject.direct or not subject.cause.startswith(_OPEN) or not handle:
        return None
    if any(
        any(_uses(fragment, line, node, handle, is_given=False, closes=True))
        for line in _neighbours(fragment, node)
    ):
        return Refusal(_TOGETHER.format(handle=handle), True)
    return None


def _with_others(fragment: Fragment, node: Node, around: Around) -> Refusal | None:
    """What is to be said of one of several calls on a connection or cursor: what one asks for, the next one
    fetches."""
    handle = _handle_of(fragment, node)
    if not handle:
        return None
    others = (fragment.at(busy.position) for busy in around.busy)
    if any(other is not node and _handle_of(fragment, other) == handle for other in others if other):
        return Refusal(_TOGETHER.format(handle=handle), True)
    return None


def _handle_of(fragment: Fragment, node: Node) -> str:
    """The name of the object whose method is called, where it has one."""
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
        return ""
    owner = node.func.value
    return _text(fragment, owner) if isinstance(owner, cst.Name | cst.Attribute) else ""


def is_handed_on(fragment: Fragment, node: Node) -> bool:
    """Whether the file that a call opens is given to a plain function, or put into a collection for one,
    which reads or writes it."""
    if isinstance(fragment.parent(node), cst.Element | cst.DictElement):
        return True
    handle, scope = _opened(fragment, node)
    return scope is not None and any(
        isinstance(item, cst.Call) and not _is_others(fragment, item) and _is_given(fragment, item, handle)
        for item in fragment.inside(scope)
        if item is not node
    )


def rewritten(fragment: Fragment, node: Node, moved: Node | None) -> Refusal | None:
    """What is to be said where a path is read and then written with nothing in between that waits, unless
    what is moved as a whole holds both."""
    own = next((item for item in _near(fragment, node) if _access(fragment, item)), None)
    if own is None:
        return None
    path, writes = _access(fragment, own) or ("", False)
    function = fragment.function_of(node)
    if function is None or len(path) > _LONGEST or "\n" in path:
        return None
    for other, other_writes in accesses(fragment, function).get(path, ()):
        if other is own or other_writes == writes:
            continue
        if moved is not None and fragment.has(moved, fragment.place_of(other)):
            continue
        first, second = sorted((fragment.start(own), fragment.start(other)))
        is_read_first = writes == (fragment.start(own) == second)
        if is_read_first and not _waits_between(fragment, function, first, second):
            return Refusal(_BETWEEN.format(path=path), True, True)
    return None


def accesses(fragment: Fragment, function: cst.FunctionDef) -> dict[str, list[tuple[Node, bool]]]:
    """The calls of a function that open, read or write a path, by its text, each with whether it writes;
    found once."""
    held = fragment.found.get(("accesses", id(function)))
    if isinstance(held, dict):
        return held
    found: dict[str, list[tuple[Node, bool]]] = {}
    for node in fragment.inside(function.body):
        access = _access(fragment, node) if fragment.knows(node) else None
        if access is not None:
            found.setdefault(access[0], []).append((node, access[1]))
    fragment.found["accesses", id(function)] = found
    return found


def written_always(fragment: Fragment, function: cst.FunctionDef) -> str:
    """The path that a function writes each time it is run, as text; empty for none that is the same each
    time: where it begins with a name of the function's own."""
    own = names_of(fragment, function.body).bound | parameters_of(function)
    for path, places in accesses(fragment, function).items():
        root = _ROOT.match(path)
        is_same = path[:1] in "'\"" or (root is not None and (root[0] == "self" or root[0] not in own))
        if path and is_same and len(path) <= _LONGEST and any(writes for _, writes in places):
            return path
    return ""


def _opened(fragment: Fragment, node: Node) -> tuple[str, Node | None]:
    """The name of what a call gives, and where it is used: a `with` block, or the function; None for
    neither."""
    parent = fragment.parent(node)
    if isinstance(parent, cst.WithItem) and parent.asname is not None:
        block = fragment.parent(parent)
        return _text(fragment, parent.asname.name), block if isinstance(block, cst.With) else None
    if isinstance(parent, cst.Assign) and len(parent.targets) == 1:
        target = parent.targets[0].target
        function = fragment.function_of(node)
        if isinstance(target, cst.Name) and function is not None:
            return target.value, function.body
    return "", None


def _uses(
    fragment: Fragment, scope: Node, node: Node, handle: str, *, is_given: bool, closes: bool
) -> Iterator[Node]:
    """The calls and loops that use a file and don't wait themselves; `is_given`: calls that are given it
    too; `closes`: that which closes it too."""
    for item in fragment.inside(scope):
        if item is node:
            continue
        is_loop = isinstance(item, cst.For | cst.CompFor) and getattr(item, "asynchronous", None) is None
        if is_loop and _text(fragment, item.iter) == handle:  # type: ignore[attr-defined]
            yield item
        if not isinstance(item, cst.Call) or _is_others(fragment, item):
            continue
        function = item.func
        if isinstance(function, cst.Attribute) and _text(fragment, function.value) == handle:
            if function.attr.value not in _IDLE and (closes or function.attr.value != "close"):
                yield item
        elif is_given and _is_given(fragment, item, handle):
            yield item


def _is_entered_or_given(fragment: Fragment, scope: Node, node: Node, handle: str, around: Around) -> bool:
    """Whether a file that was opened under a name is entered later, or given to a function of the module, of
    the own object or of a module that is imported."""
    modules = {item.bound for item in around.imports if item.name is None} | set(_RECEIVERS)
    for item in fragment.inside(scope):
        if isinstance(item, cst.WithItem) and _text(fragment, item.item) == handle:
            return True
        if not isinstance(item, cst.Call) or item is node or not _is_given(fragment, item, handle):
            continue
        if isinstance(item.func, cst.Name) and item.func.value[:1].islower():
            return True
        if isinstance(item.func, cst.Attribute) and item.func.attr.value[:1].islower():
            owner = item.func.value
            if isinstance(owner, cst.Name) and owner.value in modules:
                return True
    return False


def _is_kept(fragment: Fragment, node: Node, subject: Subject) -> bool:
    """Whether a call opens a file for somebody else: it is returned."""
    if subject.cause not in OPENING or not isinstance(node, cst.Call):
        return False
    return isinstance(fragment.parent(node), cst.Return)


def _is_left_open(fragment: Fragment, node: Node, subject: Subject) -> bool:
    """Whether a call opens a file that an object, a collection or a module has from then on."""
    if not subject.direct or subject.cause not in OPENING or not isinstance(node, cst.Call):
        return False
    parent = fragment.parent(node)
    while isinstance(parent, _COLLECTING):
        parent = fragment.parent(parent)
    if not isinstance(parent, cst.Assign):
        return False
    function = fragment.function_of(node)
    shared = names_of(fragment, function.body).shared if function is not None else set()
    target = parent.targets[0].target
    parts = [item.value for item in target.elements] if isinstance(target, cst.Tuple | cst.List) else [target]
    return any(not isinstance(item, cst.Name) or item.value in shared for item in parts)


def _is_given(fragment: Fragment, call: cst.Call, handle: str) -> bool:
    return any(_text(fragment, arg.value) == handle for arg in call.args)


def _text(fragment: Fragment, node: Node) -> str:
    """The text of a node; empty for one within an f-string."""
    return fragment.code(node) if fragment.knows(node) else ""


def _is_others(fragment: Fragment, call: cst.Call) -> bool:
    """Whether a call is awaited and no method of the program's own: a library knows how to read a file."""
    if not isinstance(fragment.parent(call), cst.Await | cst.Yield):
        return False
    root = call.func
    while isinstance(root, cst.Attribute):
        root = root.value
    return not (isinstance(root, cst.Name) and root.value in _RECEIVERS)


def _neighbours(fragment: Fragment, node: Node) -> Iterator[Node]:
    """The statements of the same block as that of a place."""
    line = next((item for item in fragment.above(node) if isinstance(item, cst.BaseStatement)), None)
    block = fragment.parent(line) if line is not None else None
    if isinstance(line, cst.SimpleStatementLine) and isinstance(block, cst.IndentedBlock):
        yield from (item for item in block.body if item is not line)


def _near(fragment: Fragment, node: Node) -> Iterator[Node]:
    """A place, and the managers of the `with` blocks around it."""
    yield node
    for item in fragment.above(node):
        if isinstance(item, cst.FunctionDef | cst.Lambda):
            return
        if isinstance(item, cst.With):
            yield from (manager.item for manager in item.items)


def _access(fragment: Fragment, node: Node) -> tuple[str, bool] | None:
    """The path that a call opens, reads or writes, as its text, and whether it writes; None for other
    calls."""
    if not isinstance(node, cst.Call):
        return None
    function, args = node.func, list(node.args)
    if isinstance(function, cst.Attribute) and function.attr.value in _READS | _WRITES:
        return _text(fragment, function.value), function.attr.value in _WRITES
    if isinstance(function, cst.Name) and function.value in _OPENS:
        if not args or args[0].keyword is not None or args[0].star:
            return None
        path, args = _text(fragment, args[0].value), args[1:]
    elif isinstance(function, cst.Attribute) and function.attr.value in _OPENS:
        path = _text(fragment, function.value)
    else:
        return None
    mode = next(
        (
            arg.value
            for at, arg in enumerate(args)
            if (arg.keyword.value == "mode" if arg.keyword else at == 0)
        ),
        None,
    )
    if mode is not None and not isinstance(mode, cst.SimpleString):
        return None
    text = _text(fragment, mode) if mode is not None else "r"
    return path, any(letter in text.strip("\"'") for letter in "wax+")


def _waits_between(fragment: Fragment, function: cst.FunctionDef, first: int, second: int) -> bool:
    waits = fragment.found.get(("waits", id(function)))
    if not isinstance(waits, list):
        waits = sorted(
            fragment.start(item)
            for item in fragment.inside(function.body)
            if isinstance(item, cst.Await | cst.Yield) and fragment.knows(item)
        )
        fragment.found["waits", id(function)] = waits
    return bisect_right(waits, first) < bisect_left(waits, second)
