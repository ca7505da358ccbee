"""Waits without a timeout for what another thread may never send: in a thread, they keep the program."""

from __future__ import annotations

from typing import Final

from conclint.rules.chains import Hop
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import Op, SiteKind, Slot

_TIMEOUTS: Final = {
    "queue.Queue.get": 1,
    "queue.SimpleQueue.get": 1,
    "multiprocessing.queues.Queue.get": 1,
    "threading.Event.wait": 0,
    "multiprocessing.synchronize.Event.wait": 0,
}
"""Which argument is the timeout."""
_SPREAD: Final = (Slot.STAR, Slot.DOUBLE_STAR)


def may_never_end(view: ModuleView, hop: Hop, cause: str) -> bool:
    """Whether the call at a hop waits so."""
    at = _TIMEOUTS.get(cause)
    body = view.engine.evaluator.body(hop.key)
    if at is None or hop.site < 0 or body.sites[hop.site].kind != SiteKind.CALL:
        return False
    given = dict(body.sites[hop.site].args)
    if any(slot in given for slot in _SPREAD):
        return False
    timeout = given.get(at, given.get("timeout", -1))
    return timeout < 0 or graph.node(body, timeout) == (Op.CONST, None)
