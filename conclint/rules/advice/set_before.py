"""What is set on an object right before a call of it, for that call: with a wait there, another task may set
something else in between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from conclint.resolve.values import Function, Key
from conclint.rules.advice.shared_state import LOCK_NAMES, fresh_along, is_locked, is_shared, text_of
from conclint.rules.chains import Hop
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import Op, RegionKind, Site, SiteKind

_MOST_SITES: Final = 50
"""How far back it is looked for."""


class SetBefore(NamedTuple):
    """The method that sets it; `is_given`: the function is given the object, or may have made it itself."""

    method: str
    is_given: bool


def set_before(view: ModuleView, hops: Sequence[Hop]) -> SetBefore | None:
    """The method that a function calls on an object other than its own before it calls another of its
    methods, where the first keeps what it is given and the second reads that; None for none, where something
    waits in between already, under a lock, and for an object that nobody else has."""
    if len(hops) < 2 or hops[0].site < 0:
        return None
    key, number, _ = hops[0]
    evaluator = view.engine.evaluator
    body = evaluator.body(key)
    site = body.sites[number]
    owner = graph.receiver(body, site) if site.kind == SiteKind.CALL else -1
    has_self = evaluator.enclosing_class(key) is not None
    is_self = has_self and graph.node(body, owner) == (Op.PARAM, 0)
    if owner < 0 or is_self or _is_under_lock(view, key, site):
        return None
    for at in range(number - 1, max(0, number - _MOST_SITES) - 1, -1):
        earlier = body.sites[at]
        if graph.pauses(earlier):
            return None
        if earlier.kind != SiteKind.CALL or graph.receiver(body, earlier) != owner or not earlier.args:
            continue
        if graph.are_alternatives(body, at, number, graph.TESTS):
            continue
        if not is_shared(view, key, fresh_along(view, hops[:1])[0], owner):
            return None
        kept = set(_kept(view, key, earlier))
        if kept and not kept.isdisjoint(_read(view, hops[1].key)):
            is_given = graph.node(body, owner)[0] not in (Op.ATTR, Op.GLOBAL, Op.IMPORT)
            return SetBefore(str(graph.node(body, earlier.callee)[2]), is_given)
    return None


def _kept(view: ModuleView, key: Key, site: Site) -> Iterator[tuple[Key | None, str]]:
    """The attributes of its own object that a method sets to what a site gives it, each with the class."""
    evaluator = view.engine.evaluator
    for value in evaluator.evaluate(key, site.callee).values:
        if not isinstance(value, Function):
            continue
        body, owner = evaluator.body(value.key), evaluator.enclosing_class(value.key)
        for store in body.stores:
            given = graph.node(body, graph.bare(body, store.value)) if store.value >= 0 else ()
            is_own = isinstance(store.name, str) and graph.node(body, store.base) == (Op.PARAM, 0)
            if is_own and given and given[0] == Op.PARAM and given != (Op.PARAM, 0):
                yield (owner.key if owner is not None else None), str(store.name)


def _read(view: ModuleView, key: Key) -> Iterator[tuple[Key | None, str]]:
    """The attributes that a method reads of its own object, itself or by the functions that it calls."""
    evaluator = view.engine.evaluator
    called = (target.value for link in view.engine.links(key) for group in link.groups for target in group)
    for function in dict.fromkeys((key, *(value.key for value in called if isinstance(value, Function)))):
        owner = evaluator.enclosing_class(function)
        body = evaluator.body(function)
        for node in body.values if owner is not None else ():
            if node[0] == Op.ATTR and graph.node(body, graph.base(node)) == (Op.PARAM, 0):
                yield owner.key if owner is not None else None, str(node[2])


def _is_under_lock(view: ModuleView, key: Key, site: Site) -> bool:
    body = view.engine.evaluator.body(key)
    return is_locked(view, key, body, site.region) or any(
        body.regions[number].kind == RegionKind.WITH
        and LOCK_NAMES.search(text_of(view, key, body.regions[number].value)) is not None
        for number in graph.around(body, site.region)
    )
