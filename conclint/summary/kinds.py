"""The kinds of values, sites and stores as types, so that mypy finds the place that forgets one.

A place that has to know all of them ends in `assert_never`. On a hot path it is a table that is made, once,
by a function which ends so.
"""

from __future__ import annotations

from typing import Final, Literal, NoReturn, TypeAlias, get_args

OpCode: TypeAlias = Literal[
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28
]
"""The constants of `records.Op`."""
SiteCode: TypeAlias = Literal[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
"""Those of `records.SiteKind`."""
StoreCode: TypeAlias = Literal[0, 1, 2, 3, 4]
"""Those of `records.StoreKind`."""

OPS: Final[tuple[OpCode, ...]] = get_args(OpCode)


def assert_never(value: NoReturn) -> NoReturn:
    """Where mypy finds that a value may come, a kind was forgotten. (Python 3.10 has none in `typing`.)"""
    raise AssertionError(f"unhandled: {value!r}")
