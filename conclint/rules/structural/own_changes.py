"""What a method changes of its own object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from conclint.resolve.values import Container, Display, ExternalInstance, Function, Key
from conclint.rules.structural.code import Code
from conclint.rules.structural.module_variables import CHANGES
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, SiteKind, StoreKind

_PLAIN: Final = ("builtins.", "collections.")
_DEPTH: Final = 2
_CHOOSING: Final = ((Op.GLOBAL, "max"), (Op.GLOBAL, "min"))


class OwnChange(NamedTuple):
    """An attribute that a method sets or changes in place, and the site at which it does; -1 for a store.
    `adds`: the new value is made from the old one, or the object that it holds is changed."""

    name: str
    key: Key
    at: int
    adds: bool = True


def changes_of_self(code: Code, key: Key, depth: int = 0) -> Iterator[OwnChange]:
    """The attributes of its object that a method, or one that it calls on it, sets or changes in place."""
    body = code.evaluator.body(key)
    for store in body.stores:
        if store.kind == StoreKind.ATTR and body.values[store.base][:2] == (Op.PARAM, 0):
            yield OwnChange(str(store.name), key, -1, _is_made_from(body, store.value, str(store.name)))
        elif store.kind == StoreKind.ITEM and is_plain(code, key, store.base):
            name = own_attribute(body, store.base)
            if name is not None:
                yield OwnChange(name, key, -1)
    for number, site in enumerate(body.sites):
        callee = graph.node(body, site.callee)
        if site.kind != SiteKind.CALL or callee[0] != Op.ATTR:
            continue
        base = graph.base(callee)
        name = own_attribute(body, base)
        if callee[2] in CHANGES and name is not None:
            if is_plain(code, key, base):
                yield OwnChange(name, key, number)
        elif depth < _DEPTH and body.values[base][:2] == (Op.PARAM, 0):
            for value in code.evaluator.evaluate(key, site.callee).values:
                if isinstance(value, Function) and value.key != key:
                    yield from changes_of_self(code, value.key, depth + 1)


def own_attribute(body: Body, value: int) -> str | None:
    """The attribute of its object that a value of a method is, or is an item of."""
    node = graph.node(body, graph.without_items(body, value))
    if node[0] == Op.ATTR and body.values[graph.base(node)][:2] == (Op.PARAM, 0):
        return str(node[2])
    return None


def fills_own(code: Code, method: Key, name: str) -> bool:
    """Whether a method, but the constructor, puts something into an attribute of its object."""
    if code.evaluator.definition(method).name == "__init__":
        return False
    for changed, key, at, _ in changes_of_self(code, method):
        body = code.evaluator.body(key)
        if changed == name and not (_empties(body, name) if at < 0 else _is_clearing(body, at)):
            return True
    return False


def _empties(body: Body, name: str) -> bool:
    """Whether all that a method stores under an attribute of its object is an empty collection."""
    return all(
        store.kind == StoreKind.ATTR and body.values[store.value] in ((Op.LIST,), (Op.DICT,), (Op.SET,))
        for store in body.stores
        if store.name == name or own_attribute(body, store.base) == name
    )


def _is_clearing(body: Body, number: int) -> bool:
    return graph.node(body, body.sites[number].callee)[-1] == "clear"


def reads_own(body: Body, name: str) -> bool:
    """Whether a method reads an attribute of its object, and sets none of that name."""
    reads = any(
        node[0] == Op.ATTR and node[2] == name and body.values[graph.base(node)][:2] == (Op.PARAM, 0)
        for node in body.values
    )
    return reads and not any(store.kind == StoreKind.ATTR and store.name == name for store in body.stores)


def is_plain(code: Code, key: Key, value: int) -> bool:
    """Whether a value is a builtin collection, and nothing that processes share."""
    values = code.evaluator.evaluate(key, graph.without_items(code.evaluator.body(key), value)).values
    return bool(values) and all(
        isinstance(item, (Display, Container))
        or (isinstance(item, ExternalInstance) and item.dotted.startswith(_PLAIN))
        for item in values
    )


def _is_made_from(body: Body, value: int, name: str) -> bool:
    """Whether what is stored under an attribute is worked out from what was there (`self.total += 1`)."""
    return is_worked_out(body, value) and any(
        own_attribute(body, inner) == name for inner in graph.made_from(body, [value])
    )


def is_worked_out(body: Body, value: int) -> bool:
    """Whether a value is the result of arithmetic, or the larger or smaller of some: not `kept or make()`,
    which sets it once, or `wrap(kept)`, which prepares it."""
    node = graph.node(body, graph.bare(body, value))
    site = graph.call(body, graph.bare(body, value))
    is_chosen = site is not None and graph.node(body, site.callee) in _CHOOSING
    return node[0] == Op.ARITH or is_chosen
