"""Objects whose attributes or items are fetched when they are read: the worker that is given one waits in no
call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from conclint.effects.effects import Kind
from conclint.effects.solver import EffectSolver
from conclint.model.execution import ExecutionModel, Family
from conclint.resolve.values import Class, Instance, Key, Value

_READS: Final = ("__getitem__", "__getattr__", "__len__", "__contains__", "__iter__", "__next__")
_CHEAP: Final = frozenset({Family.CHEAP_FILES.value, Family.CONSOLE.value, Family.LOCKS.value})


def waiting_read(engine: EffectSolver, values: Iterable[Value]) -> str:
    """The name of a property or item access, of an object among these, that waits; empty if none does."""
    for value in values:
        if isinstance(value, Instance):
            for key in _reads(engine, value.cls):
                if any(
                    effect.kind is Kind.WAITS
                    and effect.mask & ExecutionModel.THREAD.bit
                    and effect.family not in _CHEAP
                    for effect in engine.effects_of(key)
                ):
                    return engine.evaluator.definition(key).name
    return ""


def _reads(engine: EffectSolver, cls: Class) -> Iterator[Key]:
    evaluator = engine.evaluator
    for owner in evaluator.classes.ancestry(cls).classes:
        if isinstance(owner, Class):
            for key in evaluator.module(owner.key[0]).children(owner.key):
                is_read = evaluator.definition(key).name in _READS
                if is_read or evaluator.decorations.of(key).is_property:
                    yield key
