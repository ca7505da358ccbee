"""CON605: state of modules that workers change in their own process or interpreter, and the parent reads."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.effects.effects import Placement
from conclint.model.execution import Confidence
from conclint.resolve.values import Function, unwrapped
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.code import Code
from conclint.rules.structural.function_traits import Habits
from conclint.rules.structural.lost_state import APART, lost_state
from conclint.rules.structural.module_variables import Variable
from conclint.rules.structural.parent_reads import Filled, is_read_after
from conclint.rules.structural.worker_changes import Change, worker_changes


def shared_module_state(view: ModuleView, code: Code, habits: Habits) -> Iterator[Draft]:
    """CON605: a worker that runs apart changes state of a module that is read afterwards where it began."""
    filled: Filled = {}
    for site, placements in code.placements.items():
        for placement in placements:
            if placement.model not in APART or _is_initializer(code, site):
                continue
            for value in map(unwrapped, placement.callables.values):
                if not isinstance(value, Function):
                    continue
                read: dict[Variable, bool] = {}
                for change in worker_changes(code, value):
                    if change.variable not in read:
                        read[change.variable] = is_read_after(view, code, change.variable, site, filled)
                    if read[change.variable]:
                        yield _lost(view, code, placement, value, change)
                        break


def _lost(view: ModuleView, code: Code, placement: Placement, worker: Function, change: Change) -> Draft:
    return lost_state(
        view,
        code,
        placement.site,
        placement,
        worker,
        change.variable.words,
        (change.inner.key, change.at),
        Confidence.HIGH if len(placement.callables.values) == 1 else Confidence.MEDIUM,
    )


def _is_initializer(code: Code, site: int) -> bool:
    call = code.calls.get(site)
    return call is not None and code.argument(site, "initializer") is not None
