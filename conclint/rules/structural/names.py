"""By what an object is known in the functions of a module: enough to tell that two of them mean the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from conclint.resolve.values import ModuleRef
from conclint.rules.structural.code import Code
from conclint.summary import body_graph as graph
from conclint.summary.records import Import, Op, StoreKind

Name: TypeAlias = tuple[object, ...]
"""What an object is known by: an attribute of a class, a module's variable, a name of a def."""


def names_of(code: Code, value: int) -> Iterator[Name]:
    """What the object that a value is is known by, in this def and in others."""
    node = graph.node(code.body, value)
    if node[0] in (Op.NARROW, Op.CAST):
        yield from names_of(code, graph.operand(node))
    elif node[0] == Op.ATTR:
        yield from _names_of_attribute(code, graph.base(node), node[2])
    elif node[0] == Op.GLOBAL:
        yield _global(code, str(node[1]))
    elif node[0] == Op.FREE:
        yield "local", code.module.at(graph.number(node)), node[2]
    elif node[0] != Op.CONST and value >= 0:
        yield "value", code.key, value
        for store in code.body.stores:
            if store.value != value:
                continue
            if store.kind == StoreKind.LOCAL:
                yield "local", code.key, store.name
            elif store.kind == StoreKind.GLOBAL:
                yield "global", code.key[0], store.name
            elif store.kind == StoreKind.ATTR:
                yield from _names_of_attribute(code, store.base, store.name)


def _names_of_attribute(code: Code, base: int, name: object) -> Iterator[Name]:
    owner = graph.node(code.body, base)
    holder = code.key
    if owner[0] == Op.FREE:  # the receiver of the method around
        holder = code.module.at(graph.number(owner))
        params = code.evaluator.definition(holder).params
        owner = (Op.PARAM, 0) if params and params[0].name == owner[2] else owner
    cls = code.evaluator.enclosing_class(holder)
    if owner[:2] == (Op.PARAM, 0) and cls is not None:
        yield "attribute", cls.key, name
        return
    for held in code.known(base).values:
        if isinstance(held, ModuleRef):
            yield "global", held.path, name


def is_variable(code: Code, value: int, path: str, name: str) -> bool:
    """Whether a value is the variable of a module: its own, one that is imported, or one that is read from
    the module."""
    node = graph.node(code.body, value)
    if node[0] == Op.ATTR:
        return node[2] == name and is_file_module(code, graph.base(node), path)
    if node[0] == Op.IMPORT:  # in a def
        return _imported(code, code.module.summary.imports[graph.number(node)]) == ("global", path, name)
    return node[0] == Op.GLOBAL and _global(code, str(node[1])) == ("global", path, name)


def is_file_module(code: Code, value: int, path: str) -> bool:
    """Whether a value is a module of the program, by its file."""
    return any(held == ModuleRef(path) for held in code.known(value).values)


def _global(code: Code, name: str) -> Name:
    """A module's variable; of an imported one, under the name in its own module."""
    bound = (_imported(code, item) for item in code.module.summary.imports if item.bound == name)
    return next((found for found in bound if found is not None), ("global", code.key[0], name))


def _imported(code: Code, item: Import) -> Name | None:
    """The variable that an import takes from a module of the program; None for any other import."""
    if item.name is None or item.name == "*":
        return None
    program = code.evaluator.program
    dotted = program.finder.resolve_relative(code.key[0], item.level, item.module)
    path = program.find(dotted, code.key[0])
    return ("global", path, item.name) if path is not None else None
