"""By what an object is known in the functions of a module: enough to tell that two of them mean the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from conclint.resolve.values import ModuleRef
from conclint.rules.structural.code import Code
from conclint.summary import body_graph as graph
from conclint.summary.records import Import, Op, StoreKind

Name: TypeAlias = tuple[object, ...]
"""What an object is known by: an attribute of a class, a module's variable, a name of a def."""
_HANDED_ON: Final = 3
"""How many modules may hand a name on, one to the next."""


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


def variable_of(code: Code, value: int) -> tuple[str, str] | None:
    """The module's variable that a value is, by path and name: its own module's, one that is imported, or one
    that is read from a module; None for anything else."""
    node = graph.node(code.body, graph.bare(code.body, value))
    bound: Name | None = None
    if node[0] == Op.ATTR:
        path = file_module(code, graph.base(node))
        return _where_made(code, path, str(node[2])) if path is not None else None
    if node[0] == Op.IMPORT:  # in a def
        bound = _imported(code, code.module.summary.imports[graph.number(node)])
    elif node[0] == Op.GLOBAL:
        bound = _global(code, str(node[1]))
    return _where_made(code, str(bound[1]), str(bound[2])) if bound is not None else None


def is_variable(code: Code, value: int, path: str, name: str) -> bool:
    """Whether a value is the variable of a module."""
    node = graph.node(code.body, graph.bare(code.body, value))
    if node[0] == Op.ATTR and node[2] != name:
        return False
    return variable_of(code, value) == (path, name)


def file_module(code: Code, value: int) -> str | None:
    """The file of the module of the program that a value is; None for anything else, or where that could not
    be analysed."""
    for held in code.known(value).values:
        if isinstance(held, ModuleRef) and code.evaluator.program.module(held.path) is not None:
            return held.path
    return None


def _where_made(code: Code, path: str, name: str) -> tuple[str, str] | None:
    """The module's variable that a name stands for, if the module only hands it on (as a package does); None
    where that could not be analysed."""
    for _ in range(_HANDED_ON):
        module = code.evaluator.program.module(path)
        if module is None:
            return None
        if path == code.key[0]:
            return path, name
        found = next((f for f in _bound(Code(code.engine, module.own), name) if f is not None), None)
        if found is None:
            return path, name
        path, name = str(found[1]), str(found[2])
    return None


def _bound(code: Code, name: str) -> Iterator[Name | None]:
    return (_imported(code, item) for item in code.module.summary.imports if item.bound == name)


def _global(code: Code, name: str) -> Name:
    """A module's variable; of an imported one, under the name in its own module."""
    return next((found for found in _bound(code, name) if found is not None), ("global", code.key[0], name))


def _imported(code: Code, item: Import) -> Name | None:
    """The variable that an import takes from a module of the program; None for any other import."""
    if item.name is None or item.name == "*":
        return None
    program = code.evaluator.program
    dotted = program.finder.resolve_relative(code.key[0], item.level, item.module)
    path = program.find(dotted, code.key[0])
    return ("global", path, item.name) if path is not None else None
