"""By what an object is known in the functions of a module: enough to tell that two of them mean the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from conclint.rules.structural.code import Code
from conclint.summary import body_graph as graph
from conclint.summary.records import Op, StoreKind

Name: TypeAlias = tuple[object, ...]
"""What an object is known by: an attribute of a class, a module's variable, a name of a def."""


def names_of(code: Code, value: int) -> Iterator[Name]:
    """What the object that a value is is known by, in this def and in others."""
    node = graph.node(code.body, value)
    if node[0] in (Op.NARROW, Op.CAST):
        yield from names_of(code, graph.operand(node))
    elif node[0] == Op.ATTR:
        owner = graph.node(code.body, graph.base(node))
        cls = code.evaluator.enclosing_class(code.key)
        if owner[:2] == (Op.PARAM, 0) and cls is not None:
            yield "attribute", cls.key, node[2]
    elif node[0] == Op.GLOBAL:
        yield "global", code.key[0], node[1]
    elif node[0] == Op.FREE:
        yield "local", code.module.at(graph.number(node)), node[2]
    elif value >= 0:
        yield "value", code.key, value
        for store in code.body.stores:
            if store.value == value and store.kind == StoreKind.LOCAL:
                yield "local", code.key, store.name
            elif store.value == value and store.kind == StoreKind.ATTR:
                cls = code.evaluator.enclosing_class(code.key)
                if cls is not None:
                    yield "attribute", cls.key, store.name
            elif store.value == value and store.kind == StoreKind.GLOBAL:
                yield "global", code.key[0], store.name
