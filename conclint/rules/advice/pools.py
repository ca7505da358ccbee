"""Advice about where a pool's work runs: threads that compute, processes that wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conclint.effects.effects import Placement
from conclint.model.execution import ExecutionModel
from conclint.model.finding import Position, Recommendation
from conclint.resolve.values import External, Function, Key, unwrapped
from conclint.rules.advice.change import Advice
from conclint.rules.advice.forms import Form
from conclint.rules.advice.imports import visible_imports
from conclint.rules.advice.unsendable import unsendable_to
from conclint.rules.chains import position_of
from conclint.rules.drafts import Advise, ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import DefKind, Op

if TYPE_CHECKING:
    from conclint.rules.advice.site import Place

_TAKEN_OUT: Final = (
    "put what `{name}` computes into a function at the top of a module that takes and returns plain data, "
    "and run that in {where}: under the GIL threads take turns, and {why}."
)


def instead_of_threads(view: ModuleView, key: Key, placement: Placement, short: str) -> Advise:
    """Instead of threads that take turns: processes, or interpreters."""
    later = " (or an `InterpreterPoolExecutor`)" if view.runtime.has_interpreters else ""
    where = {
        "thread": "processes, which hand their results back through a pool or a queue",
        "offload": f"a process pool{later} through `run_in_executor`",
        "framework": f"a process pool{later}",
    }.get(placement.style, f"processes{later}")
    text = (
        f"run `{short}` in {where}: under the GIL threads take turns. What goes in and comes out is pickled."
    )
    form = Form.PROCESS_POOL if placement.style == "pool" and _is_top(view, placement) else None
    if why := unsendable_to(view, placement):
        text = _TAKEN_OUT.format(name=short, where=where, why=why)
        form = None
    return _at_maker(view, key, placement, Recommendation(ExecutionModel.PROCESS, text), form)


def instead_of_processes(view: ModuleView, key: Key, placement: Placement, short: str) -> Advise:
    """Instead of processes that only wait: threads."""
    how = ' (`backend="threading"` in `Parallel`)' if placement.symbol == "joblib.Parallel" else ""
    text = f"run `{short}` in threads{how}, which start faster and take less memory, or use asyncio."
    form = Form.THREAD_POOL if placement.style == "pool" else None
    return _at_maker(view, key, placement, Recommendation(ExecutionModel.THREAD, text), form)


def _at_maker(
    view: ModuleView, key: Key, placement: Placement, plain: Recommendation, form: Form | None
) -> Advise:
    """The recommendation, with the line that makes the pool as it should be, where the function makes it."""
    maker = _maker(view, key, placement)
    imports = visible_imports(view.module, key)

    def advise(place: Place) -> Advice:
        if form is None or maker is None:
            return Advice(plain)
        from conclint.rules.advice.build import in_form

        return in_form(place._replace(position=maker), plain, form, imports)

    return advise


def _maker(view: ModuleView, key: Key, placement: Placement) -> Position | None:
    """Where the same function makes the pool that a site hands work to."""
    body = view.engine.evaluator.body(key)
    value = graph.receiver(body, body.sites[placement.site])
    while graph.node(body, value)[0] in (Op.ENTER, Op.NARROW, Op.CAST):
        value = graph.operand(graph.node(body, value))
    made = graph.called_site(graph.node(body, value))
    return position_of(view.module, key, made)[0] if made >= 0 else None


def _is_top(view: ModuleView, placement: Placement) -> bool:
    """Whether all that may be handed over is found by its name in a module, as a process must."""
    evaluator = view.engine.evaluator
    for value in placement.callables.values:
        target = unwrapped(value)
        if isinstance(target, External):
            continue
        if not isinstance(target, Function):
            return False
        module = evaluator.module(target.key[0])
        if module.definition(target.key).kind != DefKind.FUNCTION or module.scope(target.key) != module.own:
            return False
    return bool(placement.callables.values)
