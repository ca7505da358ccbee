"""What a worker does in its own process to the items of a list that a pool maps it over: they are copies."""

from __future__ import annotations

from typing import Final, NamedTuple

from conclint.effects.effects import WAITING, Placement
from conclint.resolve.arguments import Passed
from conclint.resolve.values import (
    TOP,
    Container,
    Display,
    ExternalInstance,
    Function,
    Instance,
    Key,
    Parameter,
)
from conclint.rules.structural.code import Code
from conclint.rules.structural.module_variables import CHANGES
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, SiteKind, StoreKind, Use

_PLAIN: Final = (
    "builtins.dict",
    "builtins.list",
    "builtins.set",
    "collections.defaultdict",
    "collections.Counter",
    "collections.deque",
)


class ChangedItem(NamedTuple):
    """The parameter that a worker changes, and the site at which it does; -1 for a store."""

    name: str
    at: int


def changed_item(code: Code, site: int, placement: Placement, function: Function) -> ChangedItem | None:
    """The item that a worker changes and that is read afterwards here: if nothing is taken from the worker,
    and it does nothing else that can be seen."""
    if not does_nothing_else(code, site, function):
        return None
    body = code.evaluator.body(function.key)
    shift = 1 if function.receiver is not None else 0
    params = code.evaluator.definition(function.key).params
    for place, passed in enumerate(placement.arguments.positional[: len(params) - shift]):
        held = _list_of(code, passed, each=placement.each)
        change = _change(body, place + shift) if held >= 0 else None
        if change is None or not _is_read_after(code, held, site):
            continue
        if not _is_copied(code, held, function.key, place + shift, change[1]):
            return None
        return ChangedItem(params[place + shift].name, change[0])
    return None


def does_nothing_else(code: Code, site: int, function: Function) -> bool:
    """Whether nothing is taken from a worker, which gives nothing, and neither writes nor sends."""
    body = code.evaluator.body(function.key)
    return bool(
        code.body.sites[site].use & Use.DROPPED
        and all(body.values[value] == (Op.CONST, None) for value, _ in body.returns)
        and not _is_felt_elsewhere(code, function.key)
    )


def _list_of(code: Code, passed: Passed, *, each: bool) -> int:
    """The list of this def whose items a worker is given, one by each call; -1 for none."""
    if not isinstance(passed, tuple) or len(passed) != 2 or passed[0] != code.key:
        return -1
    value = passed[1]
    if each or not isinstance(value, int):
        return value if isinstance(value, int) else -1
    node = graph.node(code.body, value)  # `for item in items: pool.submit(work, item)`
    return graph.operand(node) if node[0] == Op.ELEM else -1


def changes_parameter(body: Body, place: int) -> int | None:
    """The site at which a function changes a parameter in place, -1 for a store to it; None for none."""
    change = _change(body, place)
    return change[0] if change is not None and not change[1] else None


def _change(body: Body, place: int) -> tuple[int, tuple[str, ...]] | None:
    """Where a function changes a parameter in place, or what is kept under these of its attributes."""
    for number, site in enumerate(body.sites):
        callee = graph.node(body, site.callee)
        if site.kind == SiteKind.CALL and callee[0] == Op.ATTR and callee[2] in CHANGES:
            path = _path(body, graph.base(callee), place)
            if path is not None:
                return number, path
    for store in body.stores:
        if store.kind in (StoreKind.ITEM, StoreKind.ATTR):
            path = _path(body, store.base, place)
            if path is not None:
                return -1, path
    return None


def _path(body: Body, value: int, place: int) -> tuple[str, ...] | None:
    """The attributes by which one comes from a parameter to a value, up to the first item; None of others."""
    path: tuple[str, ...] = ()
    node = graph.node(body, value)
    while node[0] in (Op.ATTR, Op.ITEM):
        path = (str(node[2]), *path) if node[0] == Op.ATTR else ()
        node = graph.node(body, graph.operand(node))
    return path if node[:2] == (Op.PARAM, place) else None


def _is_copied(code: Code, held: int, key: Key, place: int, path: tuple[str, ...]) -> bool:
    """Whether an item of a list, as the worker's parameter or the list tells, or what that keeps under its
    attributes, is a plain collection or an object of the program: nothing shared."""
    body = code.evaluator.body(key)
    value = next((n for n, node in enumerate(body.values) if node[:2] == (Op.PARAM, place)), -1)
    item = code.evaluator.evaluate(key, value) if value >= 0 else TOP
    if all(isinstance(found, Parameter) for found in item.values):
        item = code.evaluator.element(code.known(held))
    for name in path:
        item = code.evaluator.attribute(item, name, key)
    return bool(item.values) and all(
        isinstance(found, (Display, Container))
        or (isinstance(found, Instance) and not path)
        or (isinstance(found, ExternalInstance) and found.dotted in _PLAIN)
        for found in item.values
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
