"""Effects as plain tuples, which `marshal` can write: for a later run that needs no more than them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import Enum
from typing import Any, Final

from conclint.conditions.stated_conditions import ArgumentCondition, Relation
from conclint.effects.effects import Effect, Effects, Kind, Witness
from conclint.model.execution import ExecutionModel
from conclint.resolve.values import (
    Above,
    Awaitable,
    Class,
    Container,
    ContextManager,
    Display,
    External,
    ExternalInstance,
    ExternalMethod,
    Function,
    Generator,
    Instance,
    Literal,
    MethodCaller,
    ModuleRef,
    Parameter,
    Partial,
    SuperOf,
)

_RECORDS: Final[tuple[type[Any], ...]] = (
    Effect,
    Witness,
    Parameter,
    ArgumentCondition,
    Literal,
    ModuleRef,
    External,
    Function,
    Class,
    Instance,
    ExternalInstance,
    ExternalMethod,
    SuperOf,
    Display,
    Container,
    Generator,
    ContextManager,
    Awaitable,
    Partial,
    MethodCaller,
    Above,
)
_ENUMS: Final[tuple[type[Enum], ...]] = (Kind, ExecutionModel, Relation)
_PLAIN: Final = -1
_NUMBERS: Final = {kind: number for number, kind in enumerate(_RECORDS)}
_OF_EFFECTS: Final = (Effect, Witness, Parameter, ArgumentCondition, Literal, Class, Above)
_PLACELESS: Final = frozenset((_PLAIN, *map(_RECORDS.index, _OF_EFFECTS)))
"""First items of tuples that name no value or site of another function than the one they are kept for."""
_ENUM_NUMBERS: Final = {kind: _PLAIN - 1 - number for number, kind in enumerate(_ENUMS)}


def to_rows(effects: Effects) -> tuple[Any, ...]:
    """The effects as data, in their order."""
    return tuple((_pack(effect), _pack(witness)) for effect, witness in effects.items())


def from_rows(rows: tuple[Any, ...]) -> Effects:
    """The effects that the data stands for. Raises IndexError, TypeError or ValueError for other data."""
    return {_unpack(effect): _unpack(witness) for effect, witness in rows}


def names_places(row: Any, defs: Mapping[str, Collection[str]]) -> bool:
    """Whether the data may name values or sites of one of these defs (keys, by path), by their numbers."""
    if not isinstance(row, tuple):
        return False
    is_record = bool(row) and isinstance(row[0], int) and row[0] not in _PLACELESS
    if is_record and names_any(row, defs):
        return True
    return any(names_places(item, defs) for item in row)


def names_any(row: Any, defs: Mapping[str, Collection[str]]) -> bool:
    """Whether the data names one of these defs (keys, by path)."""
    if not isinstance(row, tuple):
        return False
    if len(row) == 3 and row[0] == _PLAIN and row[1] in defs and row[2] in defs[row[1]]:
        return True
    return any(names_any(item, defs) for item in row)


def _pack(item: Any) -> Any:
    """Tuples get a first item that says what they are; what is no tuple stays as it is."""
    if isinstance(item, Enum):
        return (_ENUM_NUMBERS[type(item)], item.value)
    if isinstance(item, tuple):
        number = _NUMBERS.get(type(item), _PLAIN)
        return (number, *map(_pack, item))
    return item


def _unpack(item: Any) -> Any:
    if not isinstance(item, tuple):
        return item
    number = item[0]
    if number < _PLAIN:
        return _ENUMS[_PLAIN - 1 - number](item[1])
    parts = map(_unpack, item[1:])
    return tuple(parts) if number == _PLAIN else _RECORDS[number](*parts)
