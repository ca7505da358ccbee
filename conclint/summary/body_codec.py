"""Bodies as bytes: numbers throughout, with names and literals by their place in the module's table.

Half the size of marshal, before compression and after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from conclint.summary.kinds import OPS, OpCode, assert_never
from conclint.summary.records import Body, EncodedBody, Op, Region, Site, Span, Store, StoreKind
from conclint.summary.varints import pack, unpack


def _form(op: OpCode) -> tuple[str, int | None]:
    """What follows an op: first a name or literal, or a number other than a value's, if anything; then so
    many operands, any number of them for None. (ATTR, NARROW and FREE are like no other.)"""
    match op:
        case Op.ATTR | Op.NARROW | Op.FREE:
            return "like no other", 0
        case Op.PARAM | Op.IMPORT | Op.CALL | Op.DEF:
            return "number", 0
        case Op.GLOBAL | Op.CONST | Op.TYPED:
            return "literal", 0
        case Op.COMP | Op.COMPARE | Op.ARITH:
            return "literal", 2
        case Op.BOOL:
            return "literal", None
        case Op.PHI | Op.TUPLE | Op.LIST | Op.SET | Op.DICT:
            return "", None
        case Op.UNKNOWN:
            return "", 0
        case Op.AWAIT | Op.ELEM | Op.ENTER | Op.CAUGHT | Op.STAR | Op.YIELD:
            return "", 1
        case Op.ITEM | Op.CAST | Op.SLICE:
            return "", 2
        case _:
            return assert_never(op)


_LITERAL_FIRST: Final = frozenset([op for op in OPS if _form(op)[0] == "literal"])
_NUMBERS: Final = frozenset([op for op in OPS if _form(op)[0] == "number"])
_COUNTED: Final = frozenset([op for op in OPS if _form(op)[1] is None])
_OPERANDS: Final[dict[int, int]] = {op: count for op in OPS if (count := _form(op)[1])}


class LiteralTable:
    """The names and literals of a module, numbered in order of appearance."""

    __slots__ = ("_others", "items", "strings")

    def __init__(self, items: Iterable[object] = ()) -> None:
        self.items: list[object] = []
        self.strings: dict[str, int] = {}
        self._others: dict[tuple[type, str], int] = {}
        for item in items:
            self.number(item)

    def number(self, item: Any) -> int:
        """The number of a name or literal, a new one if need be. (1, 1.0 and True are three.)"""
        if item.__class__ is str:
            found = self.strings.get(item)
            if found is None:
                found = self.strings[item] = len(self.items)
                self.items.append(item)
            return found
        key = (item.__class__, repr(item))
        found = self._others.get(key)
        if found is None:
            found = self._others[key] = len(self.items)
            self.items.append(item)
        return found


def encode_body(
    values: Sequence[tuple[Any, ...]],
    sites: Sequence[tuple[Any, ...]],
    regions: Sequence[Sequence[int]],
    returns: Sequence[tuple[int, int]],
    yields: Sequence[tuple[int, int]],
    stores: Sequence[tuple[Any, ...]],
    table: LiteralTable,
) -> bytes:
    """A body without its spans, given as what the fields of `Body` hold."""
    number = table.number
    numbered = table.strings
    out: list[int] = [len(values)]
    add = out.append
    for index, value in enumerate(values):
        op = value[0]
        add(op)
        if op == Op.ATTR:
            _, base, name = value
            add(index - base if 0 <= base < index else _distance(index, base))
            add(numbered[name] if name in numbered else number(name))
        elif op == Op.CONST or op == Op.GLOBAL:
            add(number(value[1]))
        elif op in _NUMBERS:
            add(value[1])
        elif op == Op.FREE:
            add(value[1])
            add(number(value[2]))
        elif op == Op.NARROW:
            add(_distance(index, value[1]))
            add(_distance(index, value[2]))
            add(value[3])
        else:
            at = 1
            if op in _LITERAL_FIRST:
                add(number(value[1]))
                at = 2
            if op in _COUNTED:
                add(len(value) - at)
            for operand in value[at:]:
                add(index - operand if 0 <= operand < index else _distance(index, operand))
    add(len(sites))
    for kind, callee, arguments, region, use in sites:
        add(kind)
        add(callee)
        add(region)
        add(use)
        add(len(arguments))
        for position, (slot, given) in enumerate(arguments):
            if slot == position:
                add(0)
            elif slot.__class__ is str:
                add(4 + number(slot))
            else:
                add(slot + 3 if slot < 0 else 3)
                if slot >= 0:
                    add(slot)
            add(given)
    add(len(regions))
    for index, (kind, parent, test, extra, arithmetic, container) in enumerate(regions):
        add(kind)
        add(index - parent)
        add(test + 1)
        add(extra + 1)
        add(arithmetic)
        add(container)
    for pairs in (returns, yields):
        add(len(pairs))
        for pair in pairs:
            out += pair
    add(len(stores))
    for kind, base, name, stored, region, *more in stores:
        add(kind)
        add(base + 1)
        add(number(name) if name.__class__ is str else name)
        add(stored)
        add(region)
        out += more
    return pack(out)


def _distance(index: int, operand: int) -> int:
    """An operand as its distance backwards, mostly small; 0 for none, negative for a later one."""
    if operand < 0:
        return 0
    distance = index - operand
    return distance if distance > 0 else distance - 1


def decode_body(encoded: EncodedBody) -> Body:
    """The body that was encoded; StopIteration, IndexError or TypeError where it was damaged."""
    literals = encoded.literals
    stream = iter(unpack(encoded.data))
    values = _decode_values(stream, literals)
    sites: list[Site] = []
    kind: Any
    for _ in range(next(stream)):
        kind, callee, region, use, count = islice(stream, 5)
        arguments = [_decode_argument(position, stream, literals) for position in range(count)]
        sites.append(Site(kind, callee, tuple(arguments), region, use))
    regions: list[Region] = []
    for index in range(next(stream)):
        kind, back, test, extra, arithmetic, container = islice(stream, 6)
        regions.append(Region(kind, index - back, test - 1, extra - 1, arithmetic, container))
    returns = tuple([(next(stream), next(stream)) for _ in range(next(stream))])
    yields = tuple([(next(stream), next(stream)) for _ in range(next(stream))])
    stores: list[Store] = []
    for _ in range(next(stream)):
        kind, base, name, stored, region = islice(stream, 5)
        named: Any = name if kind == StoreKind.ITEM else literals[name]
        at = next(stream) if kind == StoreKind.ITEM else 0
        stores.append(Store(kind, base - 1, named, stored, region, at))
    return Body(values, tuple(sites), tuple(regions), returns, yields, tuple(stores), encoded.spans)


def _decode_argument(position: int, stream: Iterator[int], literals: Sequence[Any]) -> tuple[int | str, int]:
    slot = next(stream)
    if slot == 0:
        return position, next(stream)
    if slot > 3:
        return literals[slot - 4], next(stream)
    return (next(stream) if slot == 3 else slot - 3), next(stream)


def _decode_values(stream: Iterator[int], literals: Sequence[Any]) -> tuple[tuple[Any, ...], ...]:
    values: list[tuple[Any, ...]] = []
    add = values.append
    for index in range(next(stream)):
        op = next(stream)
        if op == Op.ATTR:
            distance = next(stream)
            add((op, index - distance if distance > 0 else _operand(index, distance), literals[next(stream)]))
        elif op in _NUMBERS:
            add((op, next(stream)))
        elif op == Op.FREE:
            add((op, next(stream), literals[next(stream)]))
        elif op == Op.NARROW:
            base, kind, polarity = islice(stream, 3)
            add((op, _operand(index, base), _operand(index, kind), polarity))
        else:
            head = (op, literals[next(stream)]) if op in _LITERAL_FIRST else (op,)
            count = next(stream) if op in _COUNTED else _OPERANDS.get(op, 0)
            if count:
                add((*head, *[_operand(index, distance) for distance in islice(stream, count)]))
            else:
                add(head)
    return tuple(values)


def _operand(index: int, distance: int) -> int:
    if distance > 0:
        return index - distance
    return index - distance - 1 if distance else -1


def encode_spans(spans: Iterable[Sequence[int]]) -> bytes:
    """The spans of a body's sites, in their order."""
    numbers: list[int] = []
    before = 0
    for line, column, end_line, end_column, first, last in spans:
        numbers += (line - before, column, end_line - line, end_column, line - first, last - line)
        before = line
    return pack(numbers)


def decode_spans(body: Body) -> tuple[Span, ...]:
    """The spans of a body's sites, in their order."""
    return _decode_spans(body.spans)


@lru_cache(maxsize=64)  # asked for site by site
def _decode_spans(encoded: bytes) -> tuple[Span, ...]:
    numbers = unpack(encoded)
    spans: list[Span] = []
    line = 0
    for at in range(0, len(numbers) - 5, 6):
        down, column, height, end_column, above, below = numbers[at : at + 6]
        line += down
        spans.append(Span(line, column, line + height, end_column, line - above, line + below))
    return tuple(spans)
