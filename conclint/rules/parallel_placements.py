"""Whether threads are started so that several things are done at the same time, or so that one is out of the
way of another: for the first, work that holds the GIL is wrong at any length."""

from __future__ import annotations

from typing import Final

from conclint.effects.effects import Placement
from conclint.resolve.values import Key
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, Site

_SEVERAL: Final = ("pool", "thread")
_JOBLIB: Final = "joblib.Parallel"
_WORKERS: Final = frozenset({"max_workers", "processes"})


def runs_in_parallel(view: ModuleView, key: Key, placement: Placement) -> bool:
    """Whether a placement is one of several in threads that run together: each item of an iterable is given
    to a worker, it stands in a loop, there are more of its kind beside it, or the pool is made for it."""
    if placement.style not in _SEVERAL:
        return False
    body = view.engine.evaluator.body(key)
    site = body.sites[placement.site]
    made = _made_for(body, site)
    if made is not None and _has_one_worker(body, made):
        return False
    if placement.each or placement.symbol == _JOBLIB or graph.loop_of(body, site.region) >= 0:
        return True
    if placement.style == "pool" and made is not None:
        return True
    alike = {
        other.site
        for other in view.placements[key]
        if (other.model, other.style) == (placement.model, placement.style)
    }
    return len(alike) > 1


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
