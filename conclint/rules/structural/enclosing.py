"""What an inner function that a process runs changes of the function around it: a fork has copies of that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from conclint.resolve.values import Key
from conclint.rules.structural.code import Code
from conclint.rules.structural.module_variables import CHANGES, makes_collection
from conclint.summary import body_graph as graph
from conclint.summary.records import Op, SiteKind, StoreKind


class AroundChange(NamedTuple):
    """A variable of the def around that an inner function changes in place, with its value there, and the
    site at which it does; -1 for a store."""

    name: str
    value: int
    at: int


def changes_around(code: Code, worker: Key) -> Iterator[AroundChange]:
    """The plain collections of a def that one inner function of it changes, and no other one does."""
    for name, at in _changes(code, worker):
        values = [
            store.value
            for store in code.body.stores
            if store.kind == StoreKind.LOCAL and store.name == name and store.value >= 0
        ]
        if len(values) != 1 or not makes_collection(code, values[0]):
            continue
        others = (key for key in code.module.children(code.key) if key != worker)
        if not any(name == other for key in others for other, _ in _changes(code, key)):
            yield AroundChange(name, values[0], at)


def _changes(code: Code, inner: Key) -> Iterator[tuple[str, int]]:
    body = code.evaluator.body(inner)
    for store in body.stores:
        name = _name_around(code, inner, store.base) if store.kind == StoreKind.ITEM else None
        if name is not None:
            yield name, -1
    for number, site in enumerate(body.sites):
        callee = graph.node(body, site.callee)
        if site.kind == SiteKind.CALL and callee[0] == Op.ATTR and callee[2] in CHANGES:
            name = _name_around(code, inner, graph.base(callee))
            if name is not None:
                yield name, number


def _name_around(code: Code, inner: Key, value: int) -> str | None:
    """The name in the def of the code that a value of an inner function is, or is an item of."""
    body = code.evaluator.body(inner)
    node = graph.node(body, graph.without_items(body, value))
    is_of_code = node[0] == Op.FREE and code.module.at(graph.number(node)) == code.key
    return str(node[2]) if is_of_code else None
