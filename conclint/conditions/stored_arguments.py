"""Attributes that a method has just set to what it was given: after `self._api = api`, `if self._api is None`
asks of the argument."""

from __future__ import annotations

from typing import Final

from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, RegionKind, SiteKind, Store, StoreKind

_TESTED: Final = (*graph.TESTS, *graph.LOOPS, RegionKind.CASE)


def argument_of(body: Body, value: int) -> int | None:
    """The parameter that a value is which was read from an attribute of the first one (the receiver, mostly):
    all tests of it must come after that was stored, and before anything else may be."""
    node = graph.node(body, value)
    if node[0] != Op.ATTR or graph.node(body, graph.base(node)) != (Op.PARAM, 0):
        return None
    stores = [
        store
        for store in body.stores
        if store.kind == StoreKind.ATTR and store.name == node[2] and store.base == graph.base(node)
    ]
    if not stores or stores[0].region != 0:
        return None
    given = graph.node(body, graph.bare(body, stores[0].value))
    if given[0] != Op.PARAM or given == (Op.PARAM, 0) or not _is_asked_in_time(body, value, stores[1:]):
        return None
    return graph.number(given)


def _is_asked_in_time(body: Body, value: int, later: list[Store]) -> bool:
    """Whether all tests of an attribute come after its first store, with nothing between that may change it,
    and before the later ones."""
    places = [
        number
        for number, site in enumerate(body.sites)
        if site.kind == SiteKind.SET_ATTR and site.callee == value
    ]
    read = [n for n, site in enumerate(body.sites) if site.kind == SiteKind.ATTR and site.callee == value]
    if len(places) != len(later) + 1 or (read and read[0] < places[0]):
        return False
    testing = [
        number
        for number, region in enumerate(body.regions)
        if region.kind in _TESTED and region.value >= 0 and value in graph.made_from(body, [region.value])
    ]
    if later and any(graph.loop_of(body, number) >= 0 for number in testing):
        return False
    beginnings = [_first_site(body, number) for number in testing]
    last = max(beginnings, default=0)
    if any(_may_change(body, number) for number in range(places[0] + 1, last)):
        return False
    return not later or last <= places[1]


def _first_site(body: Body, region: int) -> int:
    """The number of the first site in a region; 0 where nothing happens in it."""
    return next((n for n, site in enumerate(body.sites) if graph.is_inside(body, site.region, region)), 0)


def _may_change(body: Body, number: int) -> bool:
    """Whether a site may run what stores to the receiver: a method of it or of its base, others' turn."""
    site = body.sites[number]
    if graph.pauses(site):
        return True
    if site.kind != SiteKind.CALL:
        return False
    whose = graph.bare(body, graph.receiver(body, site))
    called = graph.call(body, whose) if whose >= 0 else None
    is_own = whose >= 0 and body.values[whose] == (Op.PARAM, 0)
    is_of_base = called is not None and body.values[called.callee] == (Op.GLOBAL, "super")
    return is_own or is_of_base or any(graph.node(body, v) == (Op.PARAM, 0) for _, v in site.args)
