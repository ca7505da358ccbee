"""How CON605 says that state is lost where a worker runs apart, and what to do instead."""

from __future__ import annotations

from typing import Final

from conclint.effects.effects import Placement
from conclint.model.execution import Confidence, ExecutionModel
from conclint.model.symbols import short_name
from conclint.resolve.calls import callable_name
from conclint.resolve.values import Function, Key
from conclint.rules.chains import Hop
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.code import Code
from conclint.rules.structural.reports import Advice, found

APART: Final = frozenset({ExecutionModel.PROCESS, ExecutionModel.INTERPRETER})
"""Where code has variables of its own: each process, and each interpreter, imports its modules anew."""


def lost_state(
    view: ModuleView,
    code: Code,
    site: int,
    placement: Placement,
    worker: Function,
    name: str,
    change: tuple[Key, int],
    most: Confidence = Confidence.HIGH,
) -> Draft:
    """What a worker that begins at a site changes, as code names it; `change` is the function that does it,
    and the site there, -1 for a store."""
    symbol = callable_name(code.evaluator, worker)
    chain = [Hop(code.key, site, symbol)]
    key, at = change
    if at >= 0:
        chain.append(Hop(key, at, name))
    where = "interpreter" if placement.model is ExecutionModel.INTERPRETER else "process"
    return found(
        view,
        code,
        site,
        "CON605",
        f"`{short_name(symbol)}` changes `{name}` in its own {where}, not here",
        _advice_for(placement.model),
        cause=name,
        chain=chain,
        model=placement.model,
        reasons=placement.callables.reasons,
        most=most,
    )


def _advice_for(model: ExecutionModel) -> Advice:
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
