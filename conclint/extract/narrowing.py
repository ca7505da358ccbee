"""What a test tells about the variables in it: NARROW values in its branches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conclint.extract.identifiers import identifier
from conclint.syntax.nodes import cst

if TYPE_CHECKING:
    from conclint.extract.scope import Scope

Change = tuple[str, int, int]
"""What `Scope.restore` takes back."""


def narrow(s: Scope, test: cst.BaseExpression, polarity: int, changes: list[Change] | None = None) -> None:
    """Narrows what `test` speaks of, given that it was true (1) or false (0).

    Known: `isinstance(x, C)`, `x is None`, `x == None`, their negations, `x` by itself, walrus targets,
    and what `not`, `and`, `or` make of them. `changes` collects what to `restore`, in order.
    """
    kind = type(test)
    if kind is cst.Name:
        if polarity:
            _narrow_name(s, test, s.constant(None), 0, changes)
    elif kind is cst.NamedExpr:
        if polarity:
            _narrow_name(s, test.target, s.constant(None), 0, changes)  # type: ignore[attr-defined]
    elif kind is cst.UnaryOperation:
        if type(test.operator) is cst.Not:  # type: ignore[attr-defined]
            narrow(s, test.expression, 1 - polarity, changes)  # type: ignore[attr-defined]
    elif kind is cst.BooleanOperation:
        _narrow_chain(s, test, polarity, changes)  # type: ignore[arg-type]
    elif kind is cst.Comparison:
        _narrow_comparison(s, test, polarity, changes)  # type: ignore[arg-type]
    elif kind is cst.Call:
        found = s.isinstance_arguments.get(id(test))
        if found is not None:
            _narrow_name(s, test.args[0].value, found[1], polarity, changes)  # type: ignore[attr-defined]


def _narrow_name(
    s: Scope, node: cst.BaseExpression, kind: int, polarity: int, changes: list[Change] | None
) -> None:
    if type(node) is cst.NamedExpr:
        node = node.target
    if type(node) is not cst.Name:
        return
    name = identifier(node.value)
    if s.is_bound(name):
        change = s.narrow(name, kind, polarity)
        if changes is not None:
            changes.append(change)


def _narrow_chain(s: Scope, test: cst.BooleanOperation, polarity: int, changes: list[Change] | None) -> None:
    kind = type(test.operator)
    if (kind is cst.And) != (polarity == 1):
        return
    operands = [test.right]
    left = test.left
    while type(left) is cst.BooleanOperation and type(left.operator) is kind:
        operands.append(left.right)
        left = left.left
    operands.append(left)
    for operand in reversed(operands):
        narrow(s, operand, polarity, changes)


def _narrow_comparison(s: Scope, test: cst.Comparison, polarity: int, changes: list[Change] | None) -> None:
    if len(test.comparisons) != 1:
        return
    target = test.comparisons[0]
    comparator = target.comparator
    if type(comparator) is not cst.Name or comparator.value != "None":
        return
    operator = type(target.operator)
    if operator is cst.Is or operator is cst.Equal:
        _narrow_name(s, test.left, s.constant(None), polarity, changes)
    elif operator is cst.IsNot or operator is cst.NotEqual:
        _narrow_name(s, test.left, s.constant(None), 1 - polarity, changes)
