"""Code that is there for the end of a task, which may come by cancellation, or for that of the program."""

from __future__ import annotations

import re
from typing import Final

from conclint.rules.advice.scopes import names_in
from conclint.rules.advice.site import Fragment, Node, SourceFile
from conclint.syntax.nodes import cst

_AT_EXIT: Final = re.compile(r"\batexit\b|\bweakref\.finalize\b|\binterpreter(?:'s)? (?:shut ?down|exit|end)")
_ENDS: Final = re.compile(
    r"_*(?:\w+_)?(?:a?close|stop|shut_?down|clean_?up|terminate|kill|join|disconnect|tear_?down|aexit)(?:_\w+)?"
)

_CANCELLED = frozenset(
    {"BaseException", "CancelledError", "Cancelled", "GeneratorExit", "get_cancelled_exc_class"}
)


def is_clean_up(fragment: Fragment, node: Node) -> bool:
    """Whether code is run when the task is cancelled too: in the `finally` of a `try`, or the handler of a
    cancellation, where something is waited for in the `try` before."""
    below = node
    for item in fragment.above(node):
        if isinstance(item, cst.FunctionDef | cst.Lambda):
            return False
        if isinstance(item, cst.Try) and (below is item.finalbody or _is_of_cancelled(item, below)):
            before = [item.body, *item.handlers, *([item.orelse] if item.orelse is not None else [])]
            names = names_in([part for part in before if part is not below])
            if names.awaits or names.yields:
                return True
        below = item
    return False


def may_run_at_exit(file: SourceFile, function: str) -> bool:
    """Whether a function, by its name, ends something, in a file that speaks of the interpreter's end: no
    thread can be started then."""
    return _ENDS.fullmatch(function) is not None and file.matches(_AT_EXIT)


def _is_of_cancelled(block: cst.Try, handler: Node) -> bool:
    if not isinstance(handler, cst.ExceptHandler) or not any(handler is item for item in block.handlers):
        return False
    return handler.type is None or bool(_names_of(handler.type) & _CANCELLED)


def _names_of(kind: Node) -> set[str]:
    """The last names of the classes that a handler is for."""
    if isinstance(kind, cst.Tuple):
        return set().union(*(_names_of(element.value) for element in kind.elements))
    if isinstance(kind, cst.Call):
        kind = kind.func
    name = kind.attr if isinstance(kind, cst.Attribute) else kind
    return {name.value} if isinstance(name, cst.Name) else set()
