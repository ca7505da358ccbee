"""How CON605 says that state is lost where a worker runs apart, and what to do instead."""

from __future__ import annotations

from typing import Final

from conclint.model.execution import ExecutionModel
from conclint.rules.structural.reports import Advice

APART: Final = frozenset({ExecutionModel.PROCESS, ExecutionModel.INTERPRETER})
"""Where code has variables of its own: each process, and each interpreter, imports its modules anew."""


def lost_there(worker: str, name: str, model: ExecutionModel) -> str:
    """The message: what a worker changes, and where."""
    where = "interpreter" if model is ExecutionModel.INTERPRETER else "process"
    return f"`{worker}` changes `{name}` in its own {where}, not here"


def advice_for(model: ExecutionModel) -> Advice:
    """What to do instead."""
    if model is ExecutionModel.INTERPRETER:
        return Advice(
            model,
            "let the worker return what it found, or put it into a queue that "
            "`concurrent.interpreters.create_queue()` made.",
        )
    return Advice(
        model,
        "let the worker return what it found, or share it through `multiprocessing.Value`, a `Queue` or a "
        "`Manager`.",
    )
