"""What joblib and dask have in common: a function is wrapped (`delayed(f)`), the wrapper called with what the
function is to be given, and something else runs all such calls, as a `with` block around it may say."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from conclint.effects.effects import Placement
from conclint.model.execution import ExecutionModel
from conclint.resolve.arguments import arguments_of
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.external_facts import may_be_one_of
from conclint.resolve.values import External, Key
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, RegionKind, Site


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


def configured_around(
    evaluator: Evaluator, key: Key, body: Body, region: int, names: Collection[str]
) -> Iterator[Site]:
    """The calls of these functions whose `with` blocks are around a region, innermost first."""
    for number in graph.around(body, region):
        item = body.regions[number]
        call = graph.call(body, item.value) if item.kind == RegionKind.WITH else None
        if call is not None and may_be_one_of(evaluator, key, call.callee, names):
            yield call


def placement_of(
    evaluator: Evaluator, key: Key, number: int, call: Site, model: ExecutionModel, symbol: str
) -> Placement | None:
    """What a site places by running a delayed call; None where nothing is wrapped."""
    wrapper = graph.call(evaluator.body(key), call.callee)
    if wrapper is None or not wrapper.args:
        return None
    handed = evaluator.evaluate(key, wrapper.args[0][1])
    return Placement(number, handed, arguments_of(key, call.args), model, "pool", symbol)
