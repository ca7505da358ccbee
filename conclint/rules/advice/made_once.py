"""What a function makes once: where a test finds none yet, it is made and kept."""

from __future__ import annotations

from typing import Final

from conclint.resolve.values import Key
from conclint.rules.advice.shared_state import Fresh, is_locked, is_shared, is_tested, tests, text_of
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, RegionKind, Site, StoreKind

_ASKING: Final = frozenset({"exists", "is_file", "is_dir", "isfile", "isdir", "lexists"})
"""Methods and functions that ask whether something is there."""
_EXISTS: Final = frozenset({"exists", "lexists"})
_NOTHING: Final = ((Op.CONST, None), (Op.CONST, False))


def keeps_what_it_makes(view: ModuleView, key: Key) -> bool:
    """Whether a function sets an attribute that it tests before: it makes something once."""
    body = view.engine.evaluator.body(key)
    return any(
        store.kind == StoreKind.ATTR and is_tested(body, store.region, (Op.ATTR, store.base, store.name))
        for store in body.stores
    )


def made_once_at(view: ModuleView, key: Key, site: int, fresh: Fresh) -> str:
    """What a function tests and then sets where a site stands, so that it is made once: as text, empty for
    nothing. While one task waits there another one comes by the test too, unless a lock is held, or nobody
    else has the object (`fresh`)."""
    body = view.engine.evaluator.body(key)
    if site < 0:
        return ""
    around = tuple(graph.around(body, body.sites[site].region))
    if any(body.regions[number].kind == RegionKind.WITH for number in around):
        return ""
    tested_around = {number for number in around if body.regions[number].kind in graph.TESTS}
    if not tested_around:
        return ""
    for store in body.stores:
        if graph.node(body, store.value) in _NOTHING:
            continue  # it is put away, not made
        if store.kind == StoreKind.GLOBAL:
            own: graph.Node = (Op.GLOBAL, str(store.name))
        elif store.kind == StoreKind.ATTR and is_shared(view, key, fresh, store.base):
            own = (Op.ATTR, store.base, store.name)
        else:
            continue
        shared = tested_around.intersection(graph.around(body, store.region))
        if any(tests(body, number, own) and not _is_left(body, number) for number in shared):
            kept = store.kind == StoreKind.ATTR
            return f"{text_of(view, key, store.base)}.{store.name}" if kept else str(store.name)
    return ""


def asked_first(view: ModuleView, key: Key, site: int) -> str:
    """What a function asks before a site, which it reaches only where something isn't there yet (`if not
    path.exists():`), as text; empty for nothing, and where a thread's lock is held."""
    if site < 0:
        return ""
    body = view.engine.evaluator.body(key)
    region = body.sites[site].region
    if is_locked(view, key, body, region):
        return ""
    for number in graph.around(body, region):
        if body.regions[number].kind not in graph.TESTS:
            continue
        value, holds = body.regions[number].value, bool(body.regions[number].extra)
        is_other_branch = body.regions[number].kind == RegionKind.IF and not holds
        while (inner := graph.negated(graph.node(body, value))) >= 0:
            value, holds, is_other_branch = inner, not holds, False
        asked = graph.call(body, value)
        name = graph.node(body, asked.callee)[-1] if asked is not None else ""
        if name not in _EXISTS and (is_other_branch or _is_of_listed(body, asked)):
            continue  # it is what kind of thing it is that decides
        if asked is not None and not holds and name in _ASKING and not _is_left(body, number):
            text = text_of(view, key, asked.callee)
            return f"{name if ' ' in text else text}(…)"  # what has no name is told by its method alone
    return ""


def _is_of_listed(body: Body, asked: Site | None) -> bool:
    """Whether a call asks something of an item that a loop goes through: it is there."""
    if asked is None:
        return False
    about = [graph.receiver(body, asked), *(passed for _, passed in asked.args)]
    return any(graph.node(body, graph.bare(body, value))[0] == Op.ELEM for value in about if value >= 0)


def _is_left(body: Body, region: int) -> bool:
    """Whether others have their turn within a region already."""
    return any(
        graph.pauses(site) and graph.is_inside(body, site.region, region) for site in body.sites
    ) or any(graph.is_inside(body, at, region) for _, at in body.yields)
