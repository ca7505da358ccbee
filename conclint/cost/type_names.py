"""The name of the type that an annotation states."""

from __future__ import annotations

from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Key
from conclint.summary import body_graph as graph
from conclint.summary.records import Op


def stated_name(evaluator: Evaluator, key: Key, annotation: int) -> str:
    """The last name of what an annotation, a value of the body of `key`, names (`io.TextIO`,
    `Iterator[str]`); empty where it names nothing."""
    body = evaluator.body(key)
    node = graph.node(body, annotation)
    if node[0] == Op.ITEM:
        node = graph.node(body, graph.operand(node))
    if node[0] == Op.GLOBAL:
        return str(node[1])
    if node[0] in (Op.ATTR, Op.FREE):
        return str(node[2])
    if node[0] == Op.IMPORT:
        item = evaluator.module(key[0]).summary.imports[graph.number(node)]
        return (item.name or item.module).rpartition(".")[2]
    return ""
