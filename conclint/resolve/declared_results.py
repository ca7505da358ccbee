"""What functions of libraries give by the stubs that are installed: where they were compiled, or their code
doesn't tell."""

from __future__ import annotations

from typing import Final

from conclint.resolve.annotations import annotation_type
from conclint.resolve.interpreter import Interpreter
from conclint.resolve.values import (
    TOP,
    Awaitable,
    Class,
    External,
    ExternalInstance,
    Instance,
    Value,
    ValueSet,
    known,
    without_none,
)
from conclint.summary.records import DefKind

_MOST_NAMES: Final = 4
"""So many modules may hand a name on to one another."""


def declared_result(evaluator: Interpreter, dotted: str, importer: str, names: int = _MOST_NAMES) -> ValueSet:
    """What a call gives, as far as a stub says: an instance of a class of an installed package. `importer` is
    the file that asks. Raises NeedModule."""
    parts = dotted.split(".")
    for end in range(len(parts) - 1, 0, -1):
        path = evaluator.program.find_stub(".".join(parts[:end]), importer)
        if path is not None:
            return _in_stub(evaluator, path, parts[end:], names)
    return TOP


def _in_stub(evaluator: Interpreter, path: str, parts: list[str], names: int) -> ValueSet:
    module = evaluator.program.module(path)
    if module is None:
        return TOP
    name = ".".join(parts)
    if module.has(name):
        definition = module.definition((path, name))
        if definition.kind == DefKind.CLASS:
            return known(ExternalInstance(f"{module.name}.{name}"))
        if module.has(f"{name}#2"):  # overloaded: which one it is, the arguments decide
            return TOP
        scope = evaluator.scope((path, name))
        stated = _outside(evaluator, without_none(annotation_type(evaluator, scope, definition.returns)))
        is_coroutine = definition.kind == DefKind.ASYNC_FUNCTION
        return known(Awaitable(stated.values)) if is_coroutine else stated
    if not names or not module.global_stores(parts[0]):
        return TOP
    values = evaluator.names.module_attribute(path, parts[0]).values
    if len(values) != 1 or not isinstance(values[0], External):
        return TOP
    return declared_result(evaluator, ".".join([values[0].dotted, *parts[1:]]), path, names - 1)


def _outside(evaluator: Interpreter, found: ValueSet) -> ValueSet:
    """Instances of classes in stubs as what they stand for."""
    values = (_real(evaluator, value) if isinstance(value, Instance) else value for value in found.values)
    return found._replace(values=tuple(dict.fromkeys(values)))


def _real(evaluator: Interpreter, declared: Instance) -> Value:
    """An instance of the class that one in a stub declares: its own code says more, where it is followed."""
    path, name = declared.cls.key
    module = evaluator.module(path).name
    real = evaluator.program.find(module, path)
    target = evaluator.program.module(real) if real is not None and real != path else None
    if target is not None and target.has(name):
        return Instance(Class((target.path, name)))
    return ExternalInstance(f"{module}.{name}")
