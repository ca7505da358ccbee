"""Names that a module makes when they are asked for: its `__getattr__` (PEP 562), in plain cases."""

from __future__ import annotations

from conclint.resolve.interpreter import Interpreter
from conclint.resolve.program import Module
from conclint.resolve.values import (
    BOTTOM,
    Display,
    External,
    Key,
    Literal,
    Value,
    ValueSet,
    join,
    known,
    to_index,
)
from conclint.summary.records import Op, Site, Slot


def lazy_attribute(evaluator: Interpreter, module: Module, name: str) -> ValueSet:
    """What the module's `__getattr__` imports under a name, where it says so by a literal: a module, or a
    name of one; nothing where it does anything else."""
    stores = module.global_stores("__getattr__")
    node = module.body(module.own).values[stores[-1][1].value] if stores else (Op.UNKNOWN,)
    if node[0] != Op.DEF or len(module.definition(module.at(node[1])).params) != 1:
        return BOTTOM
    key = module.at(node[1])
    parts = [_imported(evaluator, key, value, name) for value, _ in evaluator.body(key).returns]
    found = [part for part in parts if part.values]
    return join(found) if found else BOTTOM


def _imported(evaluator: Interpreter, key: Key, value: int, name: str) -> ValueSet:
    """`importlib.import_module(…)`, or `getattr(importlib.import_module(…), …)`."""
    module = _module(evaluator, key, value, name)
    if module is not None:
        return known(module)
    site = _call_of(evaluator, key, value, "builtins.getattr")
    if site is None or len(site.args) < 2:
        return BOTTOM
    module = _module(evaluator, key, site.args[0][1], name)
    attribute = _literal(evaluator, key, site.args[1][1], name)
    if module is None or not isinstance(attribute, Literal):
        return BOTTOM
    return evaluator.attribute(known(module), str(attribute.value), key)


def _module(evaluator: Interpreter, key: Key, value: int, name: str) -> Value | None:
    site = _call_of(evaluator, key, value, "importlib.import_module")
    if site is None or any(slot in (Slot.STAR, Slot.DOUBLE_STAR) for slot, _ in site.args):
        return None
    dotted = _literal(evaluator, key, site.args[0][1], name)
    if not isinstance(dotted, Literal) or not isinstance(dotted.value, str):
        return None
    plain = dotted.value.lstrip(".")
    level = len(dotted.value) - len(plain)
    if level:
        if len(site.args) < 2 or evaluator.body(key).values[site.args[1][1]] not in _OWN_NAME:
            return None
        plain = evaluator.program.finder.resolve_relative(key[0], level, plain)
    return evaluator.names.module_value(plain, key[0])


_OWN_NAME = ((Op.GLOBAL, "__name__"), (Op.GLOBAL, "__package__"))


def _call_of(evaluator: Interpreter, key: Key, value: int, dotted: str) -> Site | None:
    node = evaluator.body(key).values[value]
    if node[0] != Op.CALL:
        return None
    site = evaluator.body(key).sites[to_index(node[1])]
    is_meant = evaluator.evaluate(key, site.callee).values == (External(dotted),)
    return site if is_meant and site.args else None


def _literal(evaluator: Interpreter, key: Key, value: int, name: str) -> Value | None:
    """A literal, or a collection of literals, that an expression is for the name that is asked for."""
    node = evaluator.body(key).values[value]
    if node == (Op.PARAM, 0):
        return Literal("str", name)
    if node[0] == Op.ITEM:
        base = _literal(evaluator, key, to_index(node[1]), name)
        index = _literal(evaluator, key, to_index(node[2]), name)
        return _item(evaluator, base, index) if base is not None and isinstance(index, Literal) else None
    if node[0] == Op.ARITH and node[1] == "+":
        texts = [_literal(evaluator, key, to_index(side), name) for side in node[2:]]
        strings = [text.value for text in texts if isinstance(text, Literal) and isinstance(text.value, str)]
        return Literal("str", "".join(strings)) if len(strings) == 2 else None
    found = evaluator.evaluate(key, value).values
    return found[0] if len(found) == 1 else None


def _item(evaluator: Interpreter, base: Value, index: Literal) -> Value | None:
    pairs = evaluator.containers.mapping(known(base))
    if pairs is not None:
        found = join([item for place, item in pairs if place == index] or [BOTTOM]).values
    elif isinstance(base, Display) and isinstance(index.value, int):
        found = evaluator.containers.item_of(base, index).values
    else:
        found = ()
    return found[0] if len(found) == 1 else None
