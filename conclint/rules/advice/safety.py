"""Which changes keep what a program does, so that they need nobody's eye."""

from __future__ import annotations

from typing import Final

from conclint.rules.advice.allowed import Subject
from conclint.rules.advice.library import AsyncLibrary
from conclint.rules.advice.site import Place
from conclint.rules.advice.waiting import How
from conclint.syntax.nodes import cst

_PAUSE: Final = "time.sleep"
_HARMLESS: Final = frozenset(
    {"suppress", "open", "closing", "nullcontext", "redirect_stdout", "redirect_stderr", "TemporaryDirectory"}
)
"""Managers of plain `with` statements in which others may run meanwhile."""
_OTHER_LOOPS: Final = frozenset({"curio", "gevent", "eventlet"})


def is_safe_pause(place: Place, subject: Subject) -> bool:
    """Whether a pause is made in a coroutine itself, on asyncio's loop, and no lock is held meanwhile.

    Any manager of a plain `with` that isn't known to be none may be a lock.
    """
    around, node, fragment = subject.around, place.node, place.fragment
    waiting = around.waiting
    if subject.cause != _PAUSE or waiting.how is not How.AWAIT or waiting.library is not AsyncLibrary.ASYNCIO:
        return False
    if around.busy.locks or node is None:
        return False
    if any(item.module.partition(".")[0] in _OTHER_LOOPS for item in around.imports):
        return False
    for item in fragment.above(node):
        if isinstance(item, cst.FunctionDef):
            return True
        if isinstance(item, cst.ClassDef | cst.Lambda):
            return False
        if isinstance(item, cst.With) and not _lets_others_in(item):
            return False
    return True


def _lets_others_in(block: object) -> bool:
    """Whether nothing is held in a `with` block that others may wait for."""
    assert isinstance(block, cst.With)
    return block.asynchronous is not None or all(_is_harmless(manager.item) for manager in block.items)


def _is_harmless(manager: object) -> bool:
    if not isinstance(manager, cst.Call):
        return False
    function = manager.func.attr if isinstance(manager.func, cst.Attribute) else manager.func
    return isinstance(function, cst.Name) and function.value in _HARMLESS
