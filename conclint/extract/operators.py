"""Operators: arithmetic, comparisons, `and` and `or`, and the ternary."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from conclint.extract.expressions import BUILTIN, EXPRESSIONS
from conclint.extract.narrowing import Change, narrow
from conclint.extract.operations import operation as operate
from conclint.summary.records import Op, SiteKind
from conclint.syntax.nodes import cst

if TYPE_CHECKING:
    from conclint.extract.scope import Scope


BINARY: dict[type, str] = {
    cst.Add: "+",
    cst.Subtract: "-",
    cst.Multiply: "*",
    cst.Divide: "/",
    cst.FloorDivide: "//",
    cst.Modulo: "%",
    cst.Power: "**",
    cst.MatrixMultiply: "@",
    cst.LeftShift: "<<",
    cst.RightShift: ">>",
    cst.BitAnd: "&",
    cst.BitOr: "|",
    cst.BitXor: "^",
    cst.AddAssign: "+",
    cst.SubtractAssign: "-",
    cst.MultiplyAssign: "*",
    cst.DivideAssign: "/",
    cst.FloorDivideAssign: "//",
    cst.ModuloAssign: "%",
    cst.PowerAssign: "**",
    cst.MatrixMultiplyAssign: "@",
    cst.LeftShiftAssign: "<<",
    cst.RightShiftAssign: ">>",
    cst.BitAndAssign: "&",
    cst.BitOrAssign: "|",
    cst.BitXorAssign: "^",
}
UNARY: dict[type, str] = {cst.Minus: "u-", cst.Plus: "u+", cst.BitInvert: "u~"}
COMPARISONS: dict[type, str] = {
    cst.LessThan: "<",
    cst.GreaterThan: ">",
    cst.Equal: "==",
    cst.LessThanEqual: "<=",
    cst.GreaterThanEqual: ">=",
    cst.NotEqual: "!=",
    cst.In: "in",
    cst.NotIn: "not in",
    cst.Is: "is",
    cst.IsNot: "is not",
}


def binary_operation(s: Scope, node: cst.BinaryOperation) -> int:
    """Arithmetic. (The left side of a long sum is a spine thousands of nodes deep.)"""
    spine = [node]
    left = node.left
    while type(left) is cst.BinaryOperation:
        spine.append(left)
        left = left.left
    value = EXPRESSIONS[type(left)](s, left)
    for operation in reversed(spine):
        right = EXPRESSIONS[type(operation.right)](s, operation.right)
        word = BINARY[type(operation.operator)]
        operate(s, operation, word, value, right)
        value = s.add((Op.ARITH, word, value, right))
        s.regions[s.region][4] += 1
    return value


def unary_operation(s: Scope, node: cst.UnaryOperation) -> int:
    """`not`, `-`, `+` and `~`; a negative number is a constant."""
    operator = type(node.operator)
    value = EXPRESSIONS[type(node.expression)](s, node.expression)
    if operator is cst.Not:
        operate(s, node, "bool", value)
        return s.add((Op.BOOL, "not", value))
    if operator is cst.Minus:
        found = s.values[value]
        if found[0] == Op.CONST and type(found[1]) in (int, float, complex):
            return s.constant(-found[1])
    s.regions[s.region][4] += 1
    operate(s, node, UNARY[operator], value)
    return s.add((Op.ARITH, UNARY[operator], value, -1))


def comparison(s: Scope, node: cst.Comparison) -> int:
    """A comparison; a chained one is the `and` of its links."""
    left = EXPRESSIONS[type(node.left)](s, node.left)
    links: list[int] = []
    for target in node.comparisons:
        right = EXPRESSIONS[type(target.comparator)](s, target.comparator)
        operator = _comparison_operator(target.operator)
        links.append(s.add((Op.COMPARE, operator, left, right)))
        operate(s, node, operator, left, right)
        if operator.endswith("in") and s.values[right][0] not in BUILTIN:
            s.add_site(SiteKind.CONTAINS, node, right, 0, ((0, left),))
        left = right
    s.regions[s.region][4] += len(links)
    return links[0] if len(links) == 1 else s.add((Op.BOOL, "and", *links))


def _comparison_operator(node: cst.BaseCompOp) -> str:
    found = COMPARISONS.get(type(node))
    return found if found is not None else "!="


def boolean_operation(s: Scope, node: cst.BooleanOperation) -> int:
    """`and`, `or`: each operand but the first runs under what the ones before it say."""
    kind = type(node.operator)
    word, polarity = ("and", 1) if kind is cst.And else ("or", 0)
    operands = [node.right]
    left = node.left
    while type(left) is cst.BooleanOperation and type(left.operator) is kind:
        operands.append(left.right)
        left = left.left
    operands.append(left)
    operands.reverse()
    outer = s.region
    changes: list[Change] = []
    entered: list[int] = []
    value = EXPRESSIONS[type(left)](s, left)
    values = [value]
    for before, operand in pairwise(operands):
        operate(s, before, "bool", value)
        narrow(s, before, polarity, changes)
        s.enter_operand(value, polarity, entered)
        value = EXPRESSIONS[type(operand)](s, operand)
        values.append(value)
    s.leave_operands(outer, entered)
    if changes:
        s.restore(reversed(changes))
    return s.add((Op.BOOL, word, *values))


def conditional(s: Scope, node: cst.IfExp) -> int:
    """A ternary: one of its two values."""
    test = EXPRESSIONS[type(node.test)](s, node.test)
    operate(s, node.test, "bool", test)
    body = guarded(s, node.test, test, 1, node.body)
    orelse = guarded(s, node.test, test, 0, node.orelse)
    return body if body == orelse else s.pure((Op.PHI, body, orelse))


def guarded(s: Scope, test: cst.BaseExpression, value: int, polarity: int, node: cst.BaseExpression) -> int:
    """An expression evaluated only if `test`, whose value is given, was true (1) or false (0)."""
    outer = s.region
    changes: list[Change] = []
    entered: list[int] = []
    narrow(s, test, polarity, changes)
    s.enter_operand(value, polarity, entered)
    found = EXPRESSIONS[type(node)](s, node)
    s.leave_operands(outer, entered)
    s.restore(reversed(changes))
    return found


EXPRESSIONS.update(
    {
        cst.BinaryOperation: binary_operation,
        cst.UnaryOperation: unary_operation,
        cst.Comparison: comparison,
        cst.BooleanOperation: boolean_operation,
        cst.IfExp: conditional,
    }
)
