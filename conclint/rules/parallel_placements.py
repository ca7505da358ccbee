"""Whether threads are started so that several things are done at the same time, or so that one is out of the
way of another: for the first, work that holds the GIL is wrong at any length."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from conclint.effects.effects import Placement
from conclint.resolve.values import ExternalInstance, Key
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, RegionKind, Site, SiteKind

_DEPTH: Final = 6
_SEVERAL: Final = ("pool", "thread")
_BY_ITEM: Final = ("joblib.Parallel", "dask.compute")
_WORKERS: Final = frozenset({"max_workers", "processes"})


def runs_in_parallel(
    view: ModuleView, key: Key, placement: Placement, computes_too: Callable[[Placement], bool]
) -> bool:
    """Whether a placement is one of several in threads that run together: each item of an iterable is given
    to a worker, it stands in a loop, there are more beside it that compute, or the pool is made for it."""
    if placement.style not in _SEVERAL:
        return False
    body = view.engine.evaluator.body(key)
    site = body.sites[placement.site]
    made = _made_for(body, site)
    if made is not None and _has_one_worker(body, made):
        return False
    if placement.each or placement.symbol in _BY_ITEM or _is_started_anew(body, site, placement.style):
        return True
    if placement.style == "pool" and (made is not None or _is_given_pool(view, key, body, site)):
        return True
    if _is_placed_in_loop(view, placement):
        return True
    return any(
        other.site != placement.site
        and not graph.are_alternatives(body, placement.site, other.site)
        and (other.model, other.style) == (placement.model, placement.style)
        and computes_too(other)
        for other in view.placements[key]
    )


def _is_given_pool(view: ModuleView, key: Key, body: Body, site: Site) -> bool:
    """Whether a wrapper is given a pool that the caller made for it."""
    catalog = view.engine.evaluator.catalog
    for _, value in site.args:
        node = graph.node(body, value)
        if graph.call(body, graph.operand(node) if node[0] == Op.ENTER else value) is None:
            continue
        for item in view.engine.evaluator.evaluate(key, value).values:
            if isinstance(item, ExternalInstance) and any(
                fact.executor is not None for fact in catalog.ancestry(item.dotted)
            ):
                return True
    return False


def _is_placed_in_loop(view: ModuleView, placement: Placement) -> bool:
    """Whether the wrapper that places it does so in a loop."""
    pointer = placement.via
    for _ in range(_DEPTH):
        if pointer is None:
            return False
        key, effect = pointer
        witness = view.engine.effects_of(key).get(effect)
        if witness is None or witness.site < 0:
            return False
        body = view.engine.evaluator.body(key)
        if graph.loop_of(body, body.sites[witness.site].region) >= 0:
            return True
        pointer = witness.next
    return False


def _is_started_anew(body: Body, site: Site, style: str) -> bool:
    """Whether a loop starts a worker for each item. A `while` that makes threads and keeps none is a server
    that gives each visitor one."""
    loop = graph.loop_of(body, site.region)
    if loop < 0:
        return False
    if style == "pool" or body.regions[loop].kind != RegionKind.WHILE:
        return True
    made = next((number for number in range(len(body.values)) if graph.call(body, number) is site), -1)
    return any(
        other.kind == SiteKind.CALL
        and graph.node(body, other.callee)[0] == Op.ATTR
        and graph.node(body, other.callee)[2] == "append"
        and any(value == made for _, value in other.args)
        for other in body.sites
    )


def _made_for(body: Body, site: Site) -> Site | None:
    """The call in the same function that made the pool."""
    receiver = graph.receiver(body, site)
    if receiver < 0:
        return None
    node = graph.node(body, receiver)
    return graph.call(body, graph.operand(node) if node[0] == Op.ENTER else receiver)


def _has_one_worker(body: Body, made: Site) -> bool:
    return any(
        (slot == 0 or slot in _WORKERS) and body.values[value] == (Op.CONST, 1) for slot, value in made.args
    )
