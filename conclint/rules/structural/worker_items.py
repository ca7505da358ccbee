"""What a worker does in its own process to the items of a list that a pool maps it over: they are copies."""

from __future__ import annotations

from typing import Final, NamedTuple

from conclint.effects.effects import WAITING, Placement
from conclint.resolve.values import Container, Display, ExternalInstance, Function, Instance, Key
from conclint.rules.structural.code import Code
from conclint.rules.structural.shared_state import CHANGES
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, SiteKind, StoreKind, Use

_PLAIN: Final = ("builtins.dict", "builtins.list", "builtins.set", "collections.defaultdict")


class ChangedItem(NamedTuple):
    """The parameter that a worker changes, and the site at which it does; -1 for a store."""

    name: str
    at: int


def changed_item(code: Code, site: int, placement: Placement, function: Function) -> ChangedItem | None:
    """The item that a worker changes and that is read afterwards here: if nothing is taken from the worker,
    and it does nothing else that can be seen."""
    if not placement.each or not code.body.sites[site].use & Use.DROPPED:
        return None
    body = code.evaluator.body(function.key)
    if any(body.values[value] != (Op.CONST, None) for value, _ in body.returns):
        return None
    shift = 1 if function.receiver is not None else 0
    params = code.evaluator.definition(function.key).params
    for place, passed in enumerate(placement.arguments.positional[: len(params) - shift]):
        if not isinstance(passed, tuple) or len(passed) != 2 or not isinstance(passed[1], int):
            continue
        at = changes_parameter(body, place + shift)
        if at is None or passed[0] != code.key or not _is_read_after(code, passed[1], site):
            continue
        if not _is_copied(code, function.key, place + shift) or _is_felt_elsewhere(code, function.key):
            return None
        return ChangedItem(params[place + shift].name, at)
    return None


def changes_parameter(body: Body, place: int) -> int | None:
    """The site at which a function changes a parameter in place, -1 for a store to it; None for none."""
    for number, site in enumerate(body.sites):
        callee = graph.node(body, site.callee)
        changes = site.kind == SiteKind.CALL and callee[0] == Op.ATTR and callee[2] in CHANGES
        if changes and body.values[graph.base(callee)][:2] == (Op.PARAM, place):
            return number
    stored = any(
        store.kind in (StoreKind.ITEM, StoreKind.ATTR) and body.values[store.base][:2] == (Op.PARAM, place)
        for store in body.stores
    )
    return -1 if stored else None


def _is_copied(code: Code, key: Key, place: int) -> bool:
    """Whether a parameter is a plain collection, or an object of the program: nothing shared."""
    body = code.evaluator.body(key)
    value = next((n for n, node in enumerate(body.values) if node[:2] == (Op.PARAM, place)), -1)
    values = code.evaluator.evaluate(key, value).values if value >= 0 else ()
    return bool(values) and all(
        isinstance(item, (Display, Container, Instance))
        or (isinstance(item, ExternalInstance) and item.dotted in _PLAIN)
        for item in values
    )


def _is_felt_elsewhere(code: Code, key: Key) -> bool:
    """Whether a worker also writes or sends something, so that its work is not lost."""
    return any(effect.kind in WAITING for effect in code.engine.effects_of(key))


def _is_read_after(code: Code, value: int, site: int) -> bool:
    """Whether the list is read after the site."""
    node = graph.node(code.body, value)
    same = {value}
    if node[0] == Op.ATTR:
        same |= {number for number, other in enumerate(code.body.values) if other == node}
        if any(
            store.kind == StoreKind.ATTR and store.name == node[2] and store.base == graph.base(node)
            for store in code.body.stores
        ):
            return False
    here = code.ends(site)
    for number, other in enumerate(code.body.sites):
        later = code.starts(number) >= here and number not in code.placements
        if later and (other.callee in same or any(item in same for _, item in other.args)):
            return True
    return any(item in same for item, _ in code.body.returns)
