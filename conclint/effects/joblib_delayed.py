"""joblib: `Parallel(n_jobs=4, prefer="threads")(delayed(f)(x) for x in items)` is a placement of `f`, written
as three calls, of which the first decides the execution model."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from conclint.effects.effects import Placement
from conclint.model.execution import ExecutionModel
from conclint.resolve.arguments import arguments_of
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import External, ExternalInstance, Key
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, RegionKind, Site, Slot

PARALLEL: Final = ExternalInstance("joblib.Parallel")
_DELAYED: Final = frozenset({"joblib.delayed"})
_CONFIGS: Final = frozenset({"joblib.parallel_config", "joblib.parallel_backend"})
_BACKENDS: Final = {
    "threading": ExecutionModel.THREAD,
    "loky": ExecutionModel.PROCESS,
    "multiprocessing": ExecutionModel.PROCESS,
}
_PREFERENCES: Final = {"threads": ExecutionModel.THREAD, "processes": ExecutionModel.PROCESS}


def delayed_placement(evaluator: Evaluator, key: Key, number: int) -> Placement | None:
    """The placement that the call of a `Parallel` object at a site makes; None where the model or the
    callable can't be told."""
    body = evaluator.body(key)
    site = body.sites[number]
    made = _made_at(body, site.callee)
    if made is None or not site.args:
        return None
    model = _model(body, made, _configured(evaluator, key, body, site.region))
    call = delayed_call(evaluator, key, body, site.args[0][1], _DELAYED)
    if model is None or call is None:
        return None
    wrapper = graph.call(body, call.callee)
    if wrapper is None or not wrapper.args:
        return None
    handed = evaluator.evaluate(key, wrapper.args[0][1])
    return Placement(number, handed, arguments_of(key, call.args), model, "pool", "joblib.Parallel")


def _made_at(body: Body, value: int) -> Site | None:
    """The call of `Parallel` that made an object, or that a `with` block has bound."""
    node = graph.node(body, value)
    return graph.call(body, graph.operand(node) if node[0] == Op.ENTER else value)


def _configured(evaluator: Evaluator, key: Key, body: Body, region: int) -> Site | None:
    """The call of `parallel_config` or `parallel_backend` whose `with` block is around a region."""
    for number in graph.around(body, region):
        item = body.regions[number]
        call = graph.call(body, item.value) if item.kind == RegionKind.WITH else None
        if call is not None:
            called = evaluator.evaluate(key, call.callee).values
            if {evaluator.catalog.canonical(v.dotted) for v in called if isinstance(v, External)} & _CONFIGS:
                return call
    return None


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


def delayed_call(
    evaluator: Evaluator, key: Key, body: Body, value: int, wrappers: Collection[str]
) -> Site | None:
    """The call `delayed(f)(x)` that a comprehension, or a list, is made of; `wrappers` are the full names of
    what `delayed` may be."""
    node = graph.node(body, value)
    if node[0] in (Op.COMP, Op.LIST, Op.TUPLE):
        kept = graph.kept_elements(body, value)  # also what is appended
        return delayed_call(evaluator, key, body, kept[0], wrappers) if kept else None
    call = graph.call(body, value)
    inner = graph.call(body, call.callee) if call is not None else None
    if inner is None:
        return None
    names = {
        evaluator.catalog.canonical(item.dotted)
        for item in evaluator.evaluate(key, inner.callee).values
        if isinstance(item, External)
    }
    return call if names and names <= set(wrappers) else None
