"""Several things of which one is called: whether what one does is done by another too, if in its own way."""

from __future__ import annotations

from typing import Final

from conclint.effects.effects import Effect, Effects, Kind
from conclint.model.execution import Family

_LITTLE: Final = frozenset({Family.CHEAP_FILES.value})
"""Families of waits that are too short to stand for a longer one."""
_MOST: Final = 1
"""The assumptions with which an effect still counts as one that is there."""


def does_likewise(effect: Effect, other: Effects) -> bool:
    """Whether another thing that may be called instead does the same, or blocks too, whatever it waits
    for."""
    if any((found.kind, found.family) == (effect.kind, effect.family) for found in other):
        return True
    return effect.kind is Kind.WAITS and any(
        found.kind is Kind.WAITS
        and found.mask & effect.mask
        and (found.family not in _LITTLE or effect.family in _LITTLE)
        and witness.assumptions <= _MOST
        for found, witness in other.items()
    )


def does_so_otherwise(effect: Effect, other: Effects) -> bool:
    """Whether it blocks as well, but waits for something else."""
    return all((found.kind, found.family) != (effect.kind, effect.family) for found in other)
