"""What another thread does instead of a call that only code on a loop may make."""

from __future__ import annotations

from typing import Final

from conclint.effects.loop_affinity import threadsafe_form
from conclint.resolve.values import Key
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import SiteKind, Use

_STARTING: Final = ("create_task", "call_soon")
"""Methods for which there is another one that gives as much."""
_CHANGING: Final = frozenset({"set", "clear", "cancel", "put_nowait", "get_nowait", "write", "close"})
"""Methods of which one undoes what another does, or adds to it."""
_WHOLE: Final = (
    "put all that is done with it there into one function, and hand that to the loop "
    "(`loop.call_soon_threadsafe(function)`)"
)
_RESULT: Final = (
    "hand a function to the loop (`loop.call_soon_threadsafe(function)`) that does this and keeps the "
    "result: the handle that a thread gets is another one"
)


def on_its_loop(view: ModuleView, key: Key, site: int, cause: str) -> str:
    """What a thread does instead: the call by the loop; one function for several calls, whose order counts,
    or where the result is used."""
    body = view.engine.evaluator.body(key)
    last = cause.rpartition(".")[2]
    plain = f"use {threadsafe_form(cause)}"
    if site < 0 or body.sites[site].kind != SiteKind.CALL:
        return plain
    if last not in _STARTING and body.sites[site].use & Use.BOUND:
        return _RESULT
    owner = graph.receiver(body, body.sites[site])
    others = [
        item
        for number, item in enumerate(body.sites)
        if number != site and item.kind == SiteKind.CALL and graph.receiver(body, item) == owner >= 0
    ]
    if last in _CHANGING and any(graph.node(body, item.callee)[2] in _CHANGING for item in others):
        return _WHOLE
    return plain
