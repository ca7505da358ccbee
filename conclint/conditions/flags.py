"""Whether a flag is among those that an argument is made of."""

from __future__ import annotations

from typing import Final

from conclint.resolve.arguments import Passed, StarItem
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import External, Key, Literal, ValueSet
from conclint.summary import body_graph as graph
from conclint.summary.records import Op

_DEEPEST: Final = 8


def has_flag(evaluator: Evaluator, passed: Passed, flag: str) -> bool | None:
    """Whether a constant of that name is among those that `|` joins; of 0 and of other constants it is known
    that it is not. None where it is not known."""
    if isinstance(passed, StarItem):
        return None
    if isinstance(passed, ValueSet):
        return _is_flag(passed, flag)
    return _has_flag(evaluator, passed[0], passed[1], flag, 0)


def _has_flag(evaluator: Evaluator, key: Key, value: int, flag: str, depth: int) -> bool | None:
    node = graph.node(evaluator.body(key), value)
    if node[0] == Op.ARITH and node[1] == "|" and depth < _DEEPEST:
        answers = {_has_flag(evaluator, key, part, flag, depth + 1) for part in graph.parts(node)}
        return next((answer for answer in (True, None) if answer in answers), False)
    return _is_flag(evaluator.evaluate(key, value), flag)


def _is_flag(item: ValueSet, flag: str) -> bool | None:
    if item.values == (External(flag),):
        return True
    module = flag.rpartition(".")[0]
    others = all(
        (isinstance(value, Literal) and value.value == 0)
        or (
            isinstance(value, External) and value.dotted.rpartition(".")[0] == module and value.dotted != flag
        )
        for value in item.values
    )
    return False if item.values and others and not item.incomplete else None
