"""Numbers: what a value of a body comes to, given the numeric arguments of one call."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeAlias

from conclint.cost.lengths import BYTE, MOST, Lengths
from conclint.resolve.arguments import Arguments, Passed, bind
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import TOP, External, Function, Key, Literal, Value
from conclint.summary import body_graph as graph
from conclint.summary.records import Op

Numbers: TypeAlias = Mapping[int, float]
"""The numeric arguments of a call, by the position of their parameter."""

_SAME = frozenset({"builtins.int", "builtins.float", "builtins.abs", "builtins.round"})
_ROOTS = frozenset({"math.sqrt", "math.isqrt"})
_LOOKED_UP = (Op.GLOBAL, Op.FREE, Op.IMPORT, Op.ATTR, Op.ELEM, Op.ITEM, Op.CAST)
_MAX_DEPTH = 60


class Calculator:
    """Evaluates numeric values of bodies."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self.lengths = Lengths(evaluator, self.number)

    def number(self, key: Key, value: int, numbers: Numbers, depth: int = 0) -> float | None:
        """What the value comes to; None where that can't be told. The largest of several candidates."""
        if value < 0 or depth > _MAX_DEPTH:
            return None
        body = self._evaluator.body(key)
        node = body.values[value]
        if node[0] == Op.CONST:
            return as_number(Literal("", node[1]))
        if node[0] == Op.PARAM:
            return numbers.get(graph.number(node))
        if node[0] == Op.ARITH:
            first, second = graph.operands(node)
            right = self.number(key, second, numbers, depth + 1) if second >= 0 else 0.0
            if node[1] in ("%", "&") and right is not None and 0 <= right <= MOST:
                return right  # at most
            left = self.number(key, first, numbers, depth + 1)
            return None if left is None or right is None else _calculated(str(node[1]), left, right)
        if (site := graph.call(body, value)) is not None:
            callee = self._evaluator.evaluate(key, site.callee).values
            if len(callee) == 1 and isinstance(callee[0], External) and len(site.args) == 1:
                if callee[0].dotted == "builtins.len":
                    return self.lengths.of(key, site.args[0][1], numbers, depth + 1)
                inner = self.number(key, site.args[0][1], numbers, depth + 1)
                if callee[0].dotted in _SAME:
                    return inner
                if callee[0].dotted in _ROOTS:
                    return None if inner is None or inner < 0 else inner**0.5
            return None
        if node[0] in (Op.ELEM, Op.ITEM) and self._is_byte(key, node):
            return BYTE
        if node[0] == Op.ELEM:
            last = self._last_of_range(key, graph.operand(node), numbers, depth)
            if last is not None:
                return last
        if node[0] in _LOOKED_UP:
            found = [as_number(item) for item in self._evaluator.evaluate(key, value).values]
            numeric = [item for item in found if item is not None]
            return max(numeric) if numeric and len(numeric) == len(found) else None
        return None

    def _is_byte(self, key: Key, node: graph.Node) -> bool:
        """Whether an element of bytes is taken."""
        if (
            node[0] == Op.ITEM
            and graph.node(self._evaluator.body(key), graph.operand(node, 1))[0] == Op.SLICE
        ):
            return False
        return self.lengths.are_bytes(key, graph.operand(node))

    def _last_of_range(self, key: Key, value: int, numbers: Numbers, depth: int) -> float | None:
        """The largest element of a `range`; None for anything else."""
        site = graph.call(self._evaluator.body(key), value)
        if site is None:
            return None
        callee = self._evaluator.evaluate(key, site.callee).values
        if callee != (External("builtins.range"),) or not site.args:
            return None
        bounds = [self.number(key, item, numbers, depth + 1) for _, item in site.args[:2]]
        known = [bound for bound in bounds if bound is not None]
        return max(known) if len(known) == len(bounds) else None

    def arguments(
        self,
        function: Function,
        arguments: Arguments,
        *,
        each: bool = False,
        caller: tuple[Key, Numbers] | None = None,
    ) -> dict[int, float]:
        """The numeric arguments of a call of `function` (those of its items, with `each`). `caller` is the
        def that calls, with its own numeric arguments."""
        key = function.key
        definition = self._evaluator.definition(key)
        if function.receiver is not None:
            arguments = arguments.prepend(TOP)
        result: dict[int, float] = {}
        for position, param in enumerate(definition.params):
            passed = bind(definition, position, arguments)
            number = None
            if passed is not None:
                number = self._passed(passed, each, caller)
            elif param.default >= 0 and not arguments.spread:
                number = self.number(self._evaluator.scope(key), param.default, {})
            if number is not None:
                result[position] = number
        return result

    def _passed(self, passed: Passed, each: bool, caller: tuple[Key, Numbers] | None) -> float | None:
        known = self._evaluator.passed(passed)
        if each:
            known = self._evaluator.element(known)
        numbers = [as_number(value) for value in known.values]
        found = [number for number in numbers if number is not None]
        if found and len(found) == len(numbers):
            return max(found)
        if not each and isinstance(passed, tuple) and len(passed) == 2:
            key, value = passed
            if isinstance(value, int) and isinstance(key, tuple):
                own = caller[1] if caller is not None and caller[0] == key else {}
                return self.number(key, value, own)
        return None


def as_number(value: Value) -> float | None:
    """The number that a constant is; None for everything else, True included."""
    if isinstance(value, Literal) and isinstance(value.value, (int, float)) and value.value is not True:
        try:
            return float(value.value)
        except OverflowError:
            return None
    return None


def _calculated(operator: str, left: float, right: float) -> float | None:
    try:
        if operator == "+":
            return left + right
        if operator == "-":
            return left - right
        if operator == "*":
            return left * right
        if operator in ("/", "//"):
            return left / right
        if operator == "**":
            return math.pow(left, right) if 0 <= right < 64 and 0 <= left < 1e6 else None
        if operator == "<<":
            return left * math.pow(2.0, min(right, 100.0))
        if operator == "u-":
            return -left
    except (OverflowError, ZeroDivisionError, ValueError):
        return None
    return None
