"""Which items of a value tuple are values: for renumbering and for slices of the value graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from conclint.summary.kinds import OPS, OpCode, assert_never
from conclint.summary.records import Op


def _first_operand(op: OpCode) -> int | None:
    match op:
        case Op.UNKNOWN | Op.PARAM | Op.GLOBAL | Op.FREE | Op.IMPORT | Op.CONST | Op.TYPED | Op.CALL | Op.DEF:
            return None
        case Op.COMP | Op.BOOL | Op.COMPARE | Op.ARITH:
            return 2
        case (
            Op.ATTR
            | Op.ITEM
            | Op.AWAIT
            | Op.PHI
            | Op.ELEM
            | Op.ENTER
            | Op.TUPLE
            | Op.LIST
            | Op.SET
            | Op.DICT
            | Op.NARROW
            | Op.CAST
            | Op.CAUGHT
            | Op.STAR
            | Op.SLICE
            | Op.YIELD
        ):
            return 1
        case _:
            return assert_never(op)


FIRST_OPERAND: Final[dict[int, int]] = {op: first for op in OPS if (first := _first_operand(op)) is not None}
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


_NUMBERED_ELSEWHERE: Final = frozenset((Op.IMPORT, Op.DEF, Op.FREE))


def denoted(
    values: Iterable[tuple[Any, ...]], denote: Callable[[tuple[Any, ...]], tuple[Any, ...]]
) -> list[tuple[Any, ...]]:
    """The values, `denote` having said what those stand for that name an import or a def by its number."""
    return [denote(value) if value[0] in _NUMBERED_ELSEWHERE else value for value in values]


def sliced(
    roots: Iterable[int],
    values: Sequence[tuple[Any, ...]],
    sites: Sequence[tuple[Any, ...]],
    denote: Callable[[tuple[Any, ...]], tuple[Any, ...]],
) -> tuple[list[Any], list[int]]:
    """The part of a value graph that can be reached from the roots, numbered anew; and its values, in the
    order of their new numbers. `denote` says what a value stands for that names an import or a def."""
    number: dict[int, int] = {-1: -1}
    order: list[int] = []

    def visit(value: int) -> int:
        found = number.get(value)
        if found is None:
            found = number[value] = len(order)
            order.append(value)
        return found

    found: list[Any] = [[visit(root) for root in roots]]
    for at in order:  # which grows meanwhile
        value = values[at]
        op = value[0]
        if op == Op.CALL:
            _, callee, arguments, _, _ = sites[value[1]]
            found.append((op, visit(callee), [(slot, visit(given)) for slot, given in arguments]))
        elif op in _NUMBERED_ELSEWHERE:
            found.append(denote(value))
        else:
            found.append(with_operands(value, tuple([visit(operand) for operand in operands(value)])))
    return found, order


def header_values(
    decorators: Iterable[int],
    bases: Iterable[int],
    returned: int,
    keywords: Iterable[tuple[str, int]],
    params: Iterable[tuple[Any, ...]],
) -> list[int]:
    """The values of the enclosing scope that the header of a def is made from; the last two items of each
    of the parameters are such."""
    found = [*decorators, *bases, returned]
    found += [value for _, value in keywords]
    for param in params:
        found += param[2:]
    return found
