"""A collection that a function goes through while it waits: in a thread, other code may change it meanwhile,
and the loop fails."""

from __future__ import annotations

from collections.abc import Sequence

from conclint.model.symbols import short_name
from conclint.resolve.values import Key
from conclint.rules.advice.shared_state import MUTATORS, VIEWS, Changed, Use, is_locked, text_of
from conclint.rules.chains import Hop
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, RegionKind, SiteKind, StoreKind


def gone_through(view: ModuleView, hops: Sequence[Hop]) -> Changed | None:
    """What a function of a chain goes through around the next call of it, where that is kept in an object or
    under a module's name and other functions there change it; None for nothing."""
    evaluator = view.engine.evaluator
    for hop in hops[1:]:
        body = evaluator.body(hop.key)
        if hop.site < 0 or is_locked(view, hop.key, body, body.sites[hop.site].region):
            continue
        for number in graph.loops_around(body, body.sites[hop.site].region):
            value = _collection(body, number)
            if value >= 0 and _is_changed(view, hop.key, graph.node(body, value)):
                name = short_name(evaluator.symbol(hop.key))
                return Changed(text_of(view, hop.key, value), name, Use.ITERATED)
    return None


def _collection(body: Body, loop: int) -> int:
    """The attribute of the own object, or global name, that a loop goes through; -1 for anything else."""
    if body.regions[loop].kind not in (RegionKind.FOR, RegionKind.COMP):
        return -1
    value = graph.bare(body, body.regions[loop].value)
    made = graph.call(body, value)
    if made is not None and not made.args and graph.node(body, made.callee)[-1] in VIEWS:
        value = graph.bare(body, graph.receiver(body, made))
    node = graph.node(body, value)
    is_own = node[0] == Op.ATTR and graph.node(body, graph.base(node)) == (Op.PARAM, 0)
    return value if is_own or node[0] == Op.GLOBAL else -1


def _is_changed(view: ModuleView, key: Key, node: graph.Node) -> bool:
    """Whether another function of the class, or for a global name of the module, changes a collection."""
    evaluator = view.engine.evaluator
    module = evaluator.module(key[0])
    cls = evaluator.enclosing_class(key) if node[0] == Op.ATTR else None
    if node[0] == Op.ATTR and cls is None:
        return False
    for other in module.keys[1:]:
        if other == key or module.definition(other).name == "__init__":
            continue
        if node[0] == Op.ATTR and evaluator.enclosing_class(other) != cls:
            continue
        body = evaluator.body(other)
        owners = [store.base for store in body.stores if store.kind == StoreKind.ITEM]
        for site in body.sites:
            callee = graph.node(body, site.callee)
            if site.kind == SiteKind.DELETE:
                owners.append(site.callee if site.args else graph.base(callee))
            elif site.kind == SiteKind.CALL and callee[0] == Op.ATTR and callee[2] in MUTATORS:
                owners.append(graph.base(callee))
        if any(_is_same(body, owner, node) for owner in owners):
            return True
    return False


def _is_same(body: Body, owner: int, node: graph.Node) -> bool:
    found = graph.node(body, graph.bare(body, owner) if owner >= 0 else owner)
    if found[0] != node[0] or found[-1] != node[-1]:
        return False
    return found[0] == Op.GLOBAL or graph.node(body, graph.base(found)) == (Op.PARAM, 0)
