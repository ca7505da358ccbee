"""Whether numbers are known to be below a limit. One that is not known is taken to be as large as usual."""

from __future__ import annotations

from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Display, Literal, ValueSet
from conclint.summary import body_graph as graph
from conclint.summary.records import Op


def is_below(item: ValueSet, limit: float) -> bool:
    """Whether a value is a number below a limit."""
    numbers = [v.value for v in item.values if isinstance(v, Literal) and isinstance(v.value, (int, float))]
    return bool(item.values) and len(numbers) == len(item.values) and max(numbers) < limit


def are_below(evaluator: Evaluator, item: ValueSet, limit: float) -> bool:
    """Whether a value is a tuple or list whose numbers are all written out (`(32, 32)`) and below a limit."""
    return bool(item.values) and all(
        isinstance(value, Display) and _has_only(evaluator, value, limit) for value in item.values
    )


def _has_only(evaluator: Evaluator, display: Display, limit: float) -> bool:
    node = graph.node(evaluator.body(display.key), display.value)
    return node[0] in (Op.TUPLE, Op.LIST) and all(
        is_below(evaluator.evaluate(display.key, part), limit) for part in graph.operands(node)
    )
