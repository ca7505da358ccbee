"""Which items of a value tuple are values: for renumbering and for slices of the value graph."""

from __future__ import annotations

from typing import Any, Final

from conclint.model.summary import Op

FIRST_OPERAND: Final[dict[int, int]] = {
    Op.ATTR: 1,
    Op.ITEM: 1,
    Op.AWAIT: 1,
    Op.PHI: 1,
    Op.ELEM: 1,
    Op.ENTER: 1,
    Op.TUPLE: 1,
    Op.LIST: 1,
    Op.SET: 1,
    Op.DICT: 1,
    Op.COMP: 2,
    Op.BOOL: 2,
    Op.COMPARE: 2,
    Op.ARITH: 2,
    Op.NARROW: 1,
    Op.CAST: 1,
    Op.CAUGHT: 1,
    Op.STAR: 1,
    Op.YIELD: 1,
}
"""Where the V of an op begin; they go on to the end, but for ATTR (one) and NARROW (two)."""

_COUNT = {Op.ATTR: 1, Op.NARROW: 2}


def operands(value: tuple[Any, ...]) -> tuple[int, ...]:
    """The V in a value tuple, -1 among them where it stands for none. (CALL has a site instead.)"""
    op = value[0]
    first = FIRST_OPERAND.get(op)
    if first is None:
        return ()
    count = _COUNT.get(op)
    return value[first:] if count is None else value[first : first + count]


def with_operands(value: tuple[Any, ...], new: tuple[int, ...]) -> tuple[Any, ...]:
    """The same value with other V."""
    op = value[0]
    first = FIRST_OPERAND.get(op)
    if first is None:
        return value
    return (*value[:first], *new, *value[first + len(new) :])
