"""Steps of a chain that stand in a loop: what is done once for each of many things."""

from __future__ import annotations

from typing import Final

from conclint.effects.solver import EffectSolver
from conclint.resolve.values import Display, Key, Value
from conclint.rules.chains import Hop
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, LoopFlags, Op, Region, RegionKind, Site, SiteKind

_FEW: Final = 8
"""Things that a loop may go through as if it were none."""


def is_repeated(engine: EffectSolver, hop: Hop) -> bool:
    """Whether a step of a chain stands in a loop that never lets others have their turn, and is not known to
    go through a few things only."""
    body = engine.evaluator.body(hop.key)
    pauses = [site.region for site in body.sites if graph.pauses(site)]
    return any(
        not any(graph.is_inside(body, region, loop) for region in pauses)
        and not _is_short(engine, hop.key, body.regions[loop])
        for loop in graph.loops_around(body, body.sites[hop.site].region)
    )


def _is_short(engine: EffectSolver, key: Key, loop: Region) -> bool:
    """Whether a loop awaits each item, or goes through what the source writes out (`in ("a", "b")`)."""
    if loop.kind != RegionKind.WHILE and loop.extra & LoopFlags.ASYNC:
        return True
    if loop.kind == RegionKind.WHILE or loop.value < 0:
        return False
    known = engine.evaluator.evaluate(key, loop.value)
    return (
        bool(known.values)
        and not known.incomplete
        and all(_is_written_out(engine, value) for value in known.values)
    )


def _is_written_out(engine: EffectSolver, value: Value) -> bool:
    if not isinstance(value, Display):
        return False
    body = engine.evaluator.body(value.key)
    node = graph.node(body, value.value)
    if node[0] not in (Op.LIST, Op.TUPLE, Op.SET, Op.DICT):
        return False
    if node[0] != Op.TUPLE and any(_may_fill(body, site, value.value) for site in body.sites):
        return False
    parts = graph.parts(node)[::2] if node[0] == Op.DICT else graph.parts(node)
    return len(parts) <= _FEW and not any(graph.node(body, part)[0] == Op.STAR for part in parts)


def _may_fill(body: Body, site: Site, collection: int) -> bool:
    """Whether a site calls a method of a collection, stores to it or hands it on: it may hold more then."""
    if site.kind in (SiteKind.SET_ITEM, SiteKind.AUGMENT):
        return site.callee == collection
    if site.kind != SiteKind.CALL:
        return False
    return graph.receiver(body, site) == collection or any(value == collection for _, value in site.args)
