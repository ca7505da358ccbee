"""Lengths: how many elements a value has at most, where its type, its making or what is written says so."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from conclint.cost.type_names import stated_name
from conclint.resolve.containers import DISPLAYS
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import (
    Class,
    Display,
    External,
    ExternalInstance,
    ExternalMethod,
    Instance,
    Key,
    Literal,
    Value,
)
from conclint.summary import body_graph as graph
from conclint.summary.records import Op, Site, StoreKind

BYTE: Final = 255.0
"""The largest element of bytes."""
_DIGEST: Final = 64.0
_WIDE: Final = 128
_SIZED: Final = re.compile(
    r"(?:sized_?|fixed_?|hex_?)?(?:bytes|bits|hash|digest|uint8_?x?)_?(\d{1,4})", re.IGNORECASE
)
_SHORT: Final = re.compile(
    r"(?:.*_)?(?:digest|sha\d*|md5|hash(?:es)?|checksum|crc\d*|nonce|salt|uuid\d?|guid|txid|mac|iv)",
    re.IGNORECASE,
)
"""Names of types and parameters of a few dozen bytes."""
_BYTES: Final = frozenset({"builtins.bytes", "builtins.bytearray", "builtins.memoryview"})
_SAME: Final = frozenset(
    {
        "builtins.enumerate", "builtins.reversed", "builtins.sorted", "builtins.list", "builtins.tuple",
        "builtins.set", "builtins.frozenset", "builtins.iter", "builtins.memoryview", "builtins.map",
        "builtins.filter", "builtins.zip",
    }
)  # fmt: skip
"""What gives as many elements as one of the collections that it is given, or fewer."""
_OF_SEVERAL: Final = frozenset({"builtins.zip", "builtins.map", "builtins.filter"})
_COPIES: Final = frozenset({"builtins.bytes", "builtins.bytearray"})
_MADE: Final = frozenset({"os.urandom", "secrets.token_bytes", "random.randbytes", "random.Random.randbytes"})
_TWICE: Final = frozenset({"secrets.token_hex"})
_UNPACKED: Final = frozenset({"struct.unpack", "struct.unpack_from"})
_FORMAT: Final = re.compile(r"(\d*)([a-zA-Z?])")
_VIEWS: Final = frozenset({"items", "keys", "values", "copy", "encode", "decode", "upper", "lower"})
_SIZES: Final = ("_size", "size", "SIZE", "_SIZE", "length", "LENGTH", "_length")
_DEPTH: Final = 12
MOST: Final = 4_096.0
"""The largest bound that is taken for a length: a larger one says little of what comes."""

Numbers = Callable[[Key, int, Mapping[int, float], int], "float | None"]
"""What a value of a body comes to, given the numeric arguments of its call."""


class Lengths:
    """Lengths of values of bodies; `number` gives what numbers come to."""

    def __init__(self, evaluator: Evaluator, number: Numbers) -> None:
        self._evaluator = evaluator
        self._number = number

    def of(self, key: Key, value: int, numbers: Mapping[int, float], depth: int = 0) -> float | None:
        """How many elements the value has at most; None where that can't be told."""
        if value < 0 or depth > _DEPTH:
            return None
        body = self._evaluator.body(key)
        node = body.values[value]
        if node[0] in DISPLAYS:
            return self._of_display(Display(key, value))
        if node[0] == Op.ITEM:
            index = graph.node(body, graph.operand(node, 1))
            if index[0] == Op.SLICE:
                return self._of_slice(key, graph.operand(node), index, numbers, depth)
        if node[0] == Op.ARITH and node[1] in ("+", "*"):
            return self._of_arithmetic(key, node, numbers, depth)
        if node[0] == Op.PHI:
            parts = [self.of(key, item, numbers, depth + 1) for item in graph.parts(node)]
            found = [part for part in parts if part is not None]
            return max(found) if found and len(found) == len(parts) else None
        if (site := graph.call(body, value)) is not None:
            made = self._of_call(key, site, numbers, depth)
            if made is not None:
                return made
        return self._of_values(key, value)

    def are_bytes(self, key: Key, value: int) -> bool:
        """Whether the elements of a value are bytes."""
        found = self._evaluator.evaluate(key, value)
        if found.values and all(_is_bytes(item) for item in found.values):
            return True
        return self._stated(key, value) is not None

    def _of_slice(
        self, key: Key, whole: int, index: graph.Node, numbers: Mapping[int, float], depth: int
    ) -> float | None:
        lower, upper = graph.operands(index)
        length = self.of(key, whole, numbers, depth + 1)
        if upper >= 0:
            end = self._number(key, upper, numbers, depth + 1)
            start = self._number(key, lower, numbers, depth + 1) if lower >= 0 else 0.0
            if end is not None and end >= 0 and start is not None and start >= 0:
                size = max(end - start, 0.0)
                return min(size, length) if length is not None else size if size <= MOST else None
            body = self._evaluator.body(key)
            node = graph.node(body, upper)
            if node[0] == Op.ARITH and node[1] == "+" and lower in graph.operands(node):  # data[at : at + 32]
                left, right = graph.operands(node)
                size_of = self._number(key, right if left == lower else left, numbers, depth + 1)
                if size_of is not None:
                    return size_of
        return length

    def _of_arithmetic(
        self, key: Key, node: graph.Node, numbers: Mapping[int, float], depth: int
    ) -> float | None:
        left, right = graph.operands(node)
        first = self.of(key, left, numbers, depth + 1)
        if node[1] == "*":
            times = self._number(key, right, numbers, depth + 1)
            return None if first is None or times is None else first * times
        second = self.of(key, right, numbers, depth + 1) if first is not None else None
        return None if first is None or second is None else first + second

    def _of_call(self, key: Key, site: Site, numbers: Mapping[int, float], depth: int) -> float | None:
        given = [value for slot, value in site.args if isinstance(slot, int) and slot >= 0]
        parts: list[float | None] = []
        for callee in self._evaluator.evaluate(key, site.callee).values:
            if isinstance(callee, External):
                parts.append(self._of_function(key, callee.dotted, given, numbers, depth))
            elif isinstance(callee, ExternalMethod):
                parts.append(self._of_method(key, callee, site, given, numbers, depth))
            else:
                return None
        found = [part for part in parts if part is not None]
        return max(found) if found and len(found) == len(parts) else None

    def _of_function(
        self, key: Key, name: str, given: list[int], numbers: Mapping[int, float], depth: int
    ) -> float | None:
        if name in _SAME:
            lengths = [self.of(key, item, numbers, depth + 1) for item in given]
            known = [length for length in lengths if length is not None]
            if name not in _OF_SEVERAL:
                return known[0] if known and lengths and lengths[0] is not None else None
            return min(known) if known else None
        if name in _COPIES and given:
            length = self.of(key, given[0], numbers, depth + 1)
            return length if length is not None else self._number(key, given[0], numbers, depth + 1)
        if name in _MADE or name in _TWICE:
            size = self._number(key, given[0], numbers, depth + 1) if given else 32.0
            return size if size is None or name in _MADE else 2 * size
        if name in _UNPACKED and given:
            return _fields(self._evaluator.evaluate(key, given[0]).values)
        return None

    def _of_method(
        self,
        key: Key,
        method: ExternalMethod,
        site: Site,
        given: list[int],
        numbers: Mapping[int, float],
        depth: int,
    ) -> float | None:
        if method.name in ("digest", "hexdigest") and not given:
            return _DIGEST if method.name == "digest" else 2 * _DIGEST
        if method.name == "to_bytes" and given:
            return self._number(key, given[0], numbers, depth + 1)
        if method.name in _VIEWS or method.name == "hex":
            whole = self.of(key, graph.receiver(self._evaluator.body(key), site), numbers, depth + 1)
            return whole if whole is None or method.name != "hex" else 2 * whole
        return None

    def _of_values(self, key: Key, value: int) -> float | None:
        """By what the value may be: a constant of a module or class, an enumeration, or of a type that has a
        size in its name."""
        stated = self._stated(key, value)
        if stated is not None:
            return stated
        found = self._evaluator.evaluate(key, value)
        if not found.values or found.incomplete:
            return None
        lengths = [self._of_value(item) for item in found.values]
        known = [length for length in lengths if length is not None]
        return max(known) if len(known) == len(lengths) else None

    def _of_value(self, item: Value) -> float | None:
        if isinstance(item, Literal):
            return float(len(item.value)) if isinstance(item.value, (str, bytes)) else None
        if isinstance(item, Display):
            return self._of_display(item)
        if isinstance(item, Class) and self._evaluator.classes.is_enum(item):
            stores = self._evaluator.body(item.key).stores
            return float(len({store.name for store in stores if store.kind == StoreKind.LOCAL}))
        if isinstance(item, Instance) and (size := self._size_of_class(item.cls)) is not None:
            return size
        if isinstance(item, (ExternalInstance, Instance)):
            name = item.dotted if isinstance(item, ExternalInstance) else self._evaluator.symbol(item.cls.key)
            return _size_named(name.rpartition(".")[2])
        return None

    def _of_display(self, item: Display) -> float | None:
        """How much is written in a display: of a collection that is empty at first, or put into, that says
        nothing."""
        body = self._evaluator.body(item.key)
        node = body.values[item.value]
        if any(graph.node(body, part)[0] == Op.STAR for part in graph.parts(node)):
            return None
        if node[0] == Op.TUPLE:
            return float(len(node) - 1)
        if len(node) == 1 or self._evaluator.containers.puts(item):
            return None
        return (len(node) - 1) / (2 if node[0] == Op.DICT else 1)

    def _size_of_class(self, cls: Class) -> float | None:
        """What a class of bytes says of its size (`class Address(SizedBytes): _size = 20`)."""
        members = self._evaluator.classes.own_members(cls)
        for name in _SIZES:
            sizes = [self._number(cls.key, value, {}, 0) for value in members.get(name, ())]
            known = [size for size in sizes if size is not None]
            if known and len(known) == len(sizes):
                return max(known) if max(known) <= MOST else None
        return None

    def _stated(self, key: Key, value: int) -> float | None:
        """By the name of the type that the parameter or variable is annotated with; of bytes without a size,
        by the parameter's own name."""
        body = self._evaluator.body(key)
        node = graph.node(body, value)
        if node[0] == Op.CAST:
            return _size_named(stated_name(self._evaluator, key, graph.operand(node, 1)))
        if node[0] != Op.PARAM:
            return None
        param = self._evaluator.definition(key).params[graph.number(node)]
        stated = stated_name(self._evaluator, self._evaluator.scope(key), param.annotation)
        size = _size_named(stated)
        if size is None and stated in ("bytes", "bytearray", "memoryview") and _SHORT.fullmatch(param.name):
            return _DIGEST
        return size


def _size_named(name: str) -> float | None:
    """The size that a type's name tells: `bytes32`, `Hash256` (in bits), `Digest`."""
    found = _SIZED.fullmatch(name)
    if found is not None:
        number = int(found[1])
        in_bits = "bits" in name.lower() or (number >= _WIDE and "bytes" not in name.lower())
        return number / 8 if in_bits else float(number)
    return _DIGEST if name[:1].isupper() and _SHORT.fullmatch(name) else None


def _is_bytes(item: Value) -> bool:
    if isinstance(item, Literal):
        return isinstance(item.value, bytes)
    return isinstance(item, ExternalInstance) and item.dotted in _BYTES


def _fields(formats: tuple[Value, ...]) -> float | None:
    """How many values a format of `struct` stands for."""
    if len(formats) != 1 or not isinstance(formats[0], Literal):
        return None
    text = formats[0].value
    if not isinstance(text, str):
        return None
    return sum(1.0 if kind in "sp" else float(count or 1) for count, kind in _FORMAT.findall(text))
