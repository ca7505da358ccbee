"""dask: `dask.compute(*[dask.delayed(f)(x) for x in items], scheduler="threads")` is a placement of `f`, on
the model of the scheduler, where the call or a `dask.config.set` around it names that.

Without a name threads run it, unless a client of a cluster was made somewhere: nothing is said then
(https://docs.dask.org/en/stable/scheduling.html).
"""

from __future__ import annotations

from typing import Final

from conclint.effects.delayed_calls import configured_around, delayed_call, placement_of
from conclint.effects.effects import Placement
from conclint.model.execution import ExecutionModel
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import External, Key, Value
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, Site

_COMPUTES: Final = frozenset({"dask.compute", "dask.base.compute", "dask.persist", "dask.base.persist"})
_DELAYED: Final = frozenset({"dask.delayed", "dask.delayed.delayed"})
_SETS: Final = frozenset({"dask.config.set", "dask.set_options"})
_WORKERS: Final = "num_workers"
_SCHEDULERS: Final = {
    "threads": ExecutionModel.THREAD,
    "threading": ExecutionModel.THREAD,
    "processes": ExecutionModel.PROCESS,
    "multiprocessing": ExecutionModel.PROCESS,
}


def computes_delayed(called: Value) -> bool:
    """Whether something that is called runs delayed calls, given several."""
    return isinstance(called, External) and called.dotted in _COMPUTES


def dask_placement(evaluator: Evaluator, key: Key, number: int) -> Placement | None:
    """The placement that the call of `dask.compute` at a site makes; None where the model or the callable
    can't be told."""
    body = evaluator.body(key)
    site = body.sites[number]
    given = [value for slot, value in site.args if isinstance(slot, int)]
    calls = (delayed_call(evaluator, key, body, value, _DELAYED) for value in given)
    call = next((found for found in calls if found is not None), None)
    if len(given) == 1 and graph.call(body, given[0]) is not None:
        return None  # one by itself
    model = _model(evaluator, key, body, site) if call is not None else None
    if call is None or model is None:
        return None
    return placement_of(evaluator, key, number, call, model, "dask.compute")


def _model(evaluator: Evaluator, key: Key, body: Body, site: Site) -> ExecutionModel | None:
    stated = [value for slot, value in site.args if slot == "scheduler"]
    workers = [value for slot, value in site.args if slot == _WORKERS]
    for call in configured_around(evaluator, key, body, site.region, _SETS):
        if not stated:
            stated = [value for slot, value in call.args if slot == "scheduler"]
            workers += [value for slot, value in call.args if slot == _WORKERS]
    if any(body.values[value] == (Op.CONST, 1) for value in workers):
        return None
    node = graph.node(body, stated[0]) if stated else (Op.CONST, None)
    return _SCHEDULERS.get(str(node[1])) if node[0] == Op.CONST else None
