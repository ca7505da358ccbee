"""Coroutines that functions in a pool's workers run on loops of their own: nothing else is on these."""

from __future__ import annotations

from conclint.effects.solver import placed_functions
from conclint.resolve.values import External, Function, Key, unwrapped
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, DefKind, Site, SiteKind


def jobs_of_pools(view: ModuleView) -> dict[Key, list[tuple[int, Key]]]:
    """The plain functions that are handed to a pool and have coroutines run on loops that are theirs alone,
    with these: the call that makes each, and its function."""
    evaluator = view.engine.evaluator
    pooled = {
        key
        for items in view.placements.values()
        for placement in items
        if placement.style == "pool"
        for key in placed_functions(placement)
    }
    found: dict[Key, list[tuple[int, Key]]] = {}
    for key in pooled.intersection(view.keys):
        body = evaluator.body(key)
        for site in body.sites:
            if site.kind != SiteKind.CALL or not site.args or not _runs_own_loop(view, key, body, site):
                continue
            made = graph.called_site(graph.node(body, site.args[0][1]))
            for value in evaluator.evaluate(key, body.sites[made].callee).values if made >= 0 else ():
                function = unwrapped(value)
                if (
                    isinstance(function, Function)
                    and evaluator.definition(function.key).kind == DefKind.ASYNC_FUNCTION
                ):
                    found.setdefault(key, []).append((made, function.key))
    return found


def _runs_own_loop(view: ModuleView, key: Key, body: Body, site: Site) -> bool:
    """Whether a call runs a coroutine on a loop that is made for it, or by the same function before."""
    evaluator = view.engine.evaluator
    if External("asyncio.run") in evaluator.evaluate(key, site.callee).values:
        return True
    made = graph.call(body, graph.bare(body, graph.receiver(body, site)))
    return (
        made is not None
        and graph.node(body, site.callee)[2] == "run_until_complete"
        and External("asyncio.new_event_loop") in evaluator.evaluate(key, made.callee).values
    )
