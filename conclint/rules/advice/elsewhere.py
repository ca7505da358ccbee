"""What other code of the module does with the same call already: its author has decided."""

from __future__ import annotations

from typing import Final

from conclint.model.execution import ExecutionModel
from conclint.resolve.values import Function, unwrapped
from conclint.rules.chains import Hop
from conclint.rules.drafts import ModuleView
from conclint.summary.records import SiteKind

_OFFLOADS: Final = "offload"


def runs_in_thread_elsewhere(view: ModuleView, hop: Hop) -> bool:
    """Whether the module has the function that a hop calls run in a thread and waits for it, at another
    place."""
    evaluator = view.engine.evaluator
    if hop.site < 0 or evaluator.body(hop.key).sites[hop.site].kind != SiteKind.CALL:
        return False
    called = evaluator.evaluate(hop.key, evaluator.body(hop.key).sites[hop.site].callee)
    functions = {value.key for value in called.values if isinstance(value, Function)}
    if not functions or called.incomplete:
        return False
    if view.memos.in_threads is None:
        view.memos.in_threads = {
            target.key
            for placements in view.placements.values()
            for placement in placements
            if placement.model is ExecutionModel.THREAD and placement.style == _OFFLOADS
            for target in map(unwrapped, placement.callables.values)
            if isinstance(target, Function)
        }
    return functions <= view.memos.in_threads
