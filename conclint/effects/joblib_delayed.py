"""joblib: `Parallel(n_jobs=4, prefer="threads")(delayed(f)(x) for x in items)` is a placement of `f`, written
as three calls, of which the first decides the execution model."""

from __future__ import annotations

from typing import Final

from conclint.effects.delayed_calls import configured_around, delayed_call, placement_of
from conclint.effects.effects import Placement
from conclint.model.execution import ExecutionModel
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import ExternalInstance, Key, Value
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, Site, Slot

_PARALLEL: Final = ExternalInstance("joblib.Parallel")
_DELAYED: Final = frozenset({"joblib.delayed"})
_CONFIGS: Final = frozenset({"joblib.parallel_config", "joblib.parallel_backend"})
_BACKENDS: Final = {
    "threading": ExecutionModel.THREAD,
    "loky": ExecutionModel.PROCESS,
    "multiprocessing": ExecutionModel.PROCESS,
}
_PREFERENCES: Final = {"threads": ExecutionModel.THREAD, "processes": ExecutionModel.PROCESS}


def runs_delayed(called: Value) -> bool:
    """Whether something that is called runs delayed calls, given one or a collection of them."""
    return called == _PARALLEL


def delayed_placement(evaluator: Evaluator, key: Key, number: int) -> Placement | None:
    """The placement that the call of a `Parallel` object at a site makes; None where the model or the
    callable can't be told."""
    body = evaluator.body(key)
    site = body.sites[number]
    made = _made_at(body, site.callee)
    if made is None or not site.args:
        return None
    configured = next(configured_around(evaluator, key, body, site.region, _CONFIGS), None)
    model = _model(body, made, configured)
    call = delayed_call(evaluator, key, body, site.args[0][1], _DELAYED)
    if model is None or call is None:
        return None
    return placement_of(evaluator, key, number, call, model, "joblib.Parallel")


def _made_at(body: Body, value: int) -> Site | None:
    """The call of `Parallel` that made an object, or that a `with` block has bound."""
    node = graph.node(body, value)
    return graph.call(body, graph.operand(node) if node[0] == Op.ENTER else value)


def _model(body: Body, made: Site, configured: Site | None) -> ExecutionModel | None:
    """What the arguments of `Parallel` say, as far as they are constants, else those of the configuration
    around it; processes if they say nothing."""
    words: dict[str, object] = {}
    for slot, value in configured.args if configured is not None else ():
        node = body.values[value]
        if slot in (0, "backend") and node[0] == Op.CONST:
            words["backend"] = node[1]
        elif slot in (0, "backend") or slot == Slot.DOUBLE_STAR:
            return None
    for slot, value in made.args:
        name = {0: "n_jobs", 1: "backend"}.get(slot, "") if isinstance(slot, int) else slot
        node = body.values[value]
        if name == "n_jobs":
            if node == (Op.CONST, 1):
                return None  # runs here
        elif name in ("backend", "prefer", "require"):
            if node[0] != Op.CONST:
                return None
            words[name] = node[1]
        elif not name or isinstance(slot, int):
            return None
    if words.get("require") == "sharedmem":
        return ExecutionModel.THREAD
    if words.get("backend") is not None:
        return _BACKENDS.get(str(words["backend"]))
    if words.get("prefer") is not None:
        return _PREFERENCES.get(str(words["prefer"]))
    return ExecutionModel.PROCESS
