"""Attributes of libraries' objects that the program sets itself, in the module that makes them
(`server.tool = own_tool`): what the library does under that name is no longer what happens."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.resolve.interpreter import Interpreter
from conclint.resolve.values import Key
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, StoreKind


def is_set_anew(evaluator: Interpreter, key: Key, value: int) -> bool:
    """Whether a value of a body reads such an attribute. (When the module sets it is not asked: what it
    decorates before that is rarely more than what it decorates afterwards.)"""
    body = evaluator.body(key)
    node = graph.node(body, value)
    if node[0] != Op.ATTR:
        return False
    name = str(node[2])
    if _is_stored(body, {graph.base(node)}, name):
        return True
    for path, variable in _variable(evaluator, key, graph.node(body, graph.base(node))):
        module = evaluator.program.module(path)
        if module is None:
            continue
        own = module.body(module.own)
        made = {store.value for owner, store in module.global_stores(variable) if owner == module.own}
        if _is_stored(own, made, name):
            return True
    return False


def _is_stored(body: Body, bases: set[int], name: str) -> bool:
    return any(
        store.kind == StoreKind.ATTR and store.name == name and store.base in bases for store in body.stores
    )


def _variable(evaluator: Interpreter, key: Key, node: graph.Node) -> Iterator[tuple[str, str]]:
    """The module of the program and the name there under which it has what a node reads."""
    if node[0] == Op.GLOBAL:
        yield key[0], str(node[1])
    elif node[0] == Op.IMPORT:
        item = evaluator.module(key[0]).summary.imports[graph.number(node)]
        dotted = evaluator.program.finder.resolve_relative(key[0], item.level, item.module)
        path = evaluator.program.find(dotted, key[0]) if item.name is not None else None
        if path is not None and item.name is not None:
            yield path, item.name
