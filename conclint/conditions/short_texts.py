"""Whether an argument is a text of a few thousand characters at most: written out, or cut to that."""

from __future__ import annotations

from typing import Final

from conclint.resolve.arguments import Passed, StarItem
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Key, Literal, ValueSet
from conclint.summary import body_graph as graph
from conclint.summary.records import Op

_SHORT: Final = 10_000
_DEPTH: Final = 4


def is_short(evaluator: Evaluator, passed: Passed) -> bool:
    """Whether a text, or each text of a few that an argument may be, is short for certain."""
    if isinstance(passed, ValueSet):
        return _are_short(passed)
    return not isinstance(passed, StarItem) and _is_short(evaluator, passed[0], passed[1], 0)


def _is_short(evaluator: Evaluator, key: Key, value: int, depth: int) -> bool:
    body = evaluator.body(key)
    node = graph.node(body, value)
    if depth < _DEPTH and node[0] == Op.ELEM:
        given = graph.node(body, graph.operand(node))
        # A list may be filled later.
        return given[0] == Op.TUPLE and all(
            _is_short(evaluator, key, item, depth + 1) for item in graph.operands(given)
        )
    if node[0] == Op.ITEM:
        index = graph.node(body, graph.operand(node, 1))
        end = graph.node(body, graph.operand(index, 1)) if index[0] == Op.SLICE else graph.UNKNOWN
        return end[0] == Op.CONST and isinstance(end[1], int) and 0 <= end[1] <= _SHORT
    return _are_short(evaluator.evaluate(key, value))


def _are_short(item: ValueSet) -> bool:
    return (
        bool(item.values)
        and not item.incomplete
        and all(
            isinstance(value, Literal)
            and isinstance(value.value, (str, bytes))
            and len(value.value) <= _SHORT
            for value in item.values
        )
    )
