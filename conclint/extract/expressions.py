"""Expressions: each handler walks one kind of node and gives the index of its value."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import libcst as cst

from conclint.extract import literals
from conclint.extract.identifiers import identifier
from conclint.extract.narrowing import Change, narrow
from conclint.extract.pending import UNBOUND
from conclint.model.summary import DefFlags, Op, SiteKind, Slot, Use

if TYPE_CHECKING:
    from conclint.extract.scope import Scope

Handler = Callable[["Scope", Any], int]


def expression(s: Scope, node: cst.BaseExpression) -> int:
    """Walks any expression."""
    return EXPRESSIONS[type(node)](s, node)


def used_expression(s: Scope, node: cst.BaseExpression, use: int) -> int:
    """Walks an expression whose whole result is used as the bits of `use` say."""
    kind = type(node)
    if kind is cst.Call:
        return call(s, node, use)  # type: ignore[arg-type]
    if kind is cst.Await:
        return await_(s, node, use)  # type: ignore[arg-type]
    if kind is cst.Subscript:
        return subscript(s, node, use)  # type: ignore[arg-type]
    return EXPRESSIONS[kind](s, node)


def name(s: Scope, node: cst.Name) -> int:
    """A variable, or one of the constants that libcst takes for names."""
    word = node.value
    if not word.isascii():
        word = identifier(word)
    value = s.env.get(word, UNBOUND)
    if value >= 0:
        return value
    if value == UNBOUND:
        found = s.outer.get(word)
        if found is not None:
            return found
    return s.read(word)


def attribute(s: Scope, node: cst.Attribute) -> int:
    """The read of an attribute: one site for each distinct one, unless the base is an import.

    In a function, a module that the file imports by `import` is a global, and as good.
    """
    spine = [node]
    base = node.value
    while type(base) is cst.Attribute:
        spine.append(base)
        base = base.value
    value = EXPRESSIONS[type(base)](s, base)
    seen = s.attribute_sites
    new: list[tuple[cst.Attribute, int]] = []
    found = s.values[value]
    bare = found[0] == Op.IMPORT or (found[0] == Op.GLOBAL and found[1] in s.module.modules)
    for link in reversed(spine):
        value = s.pure((Op.ATTR, value, identifier(link.attr.value)))
        if bare:
            bare = False
        elif value not in seen:
            seen.add(value)
            new.append((link, value))
    for link, read in reversed(new):
        s.add_site(SiteKind.ATTR, link, read)
    return value


def call(s: Scope, node: cst.Call, use: int = 0) -> int:
    """A call."""
    site = s.reserve_site(node)
    function = node.func
    if type(function) is cst.Attribute:
        base = function.value
        owner = EXPRESSIONS[type(base)](s, base)
        callee = s.pure((Op.ATTR, owner, identifier(function.attr.value)))
    else:
        callee = EXPRESSIONS[type(function)](s, function)
    arguments: list[tuple[int | str, int]] = []
    position = 0
    starred = False
    for argument in node.args:
        inner = argument.value
        if type(inner) is cst.SimpleString and _names_a_type(function, argument, position):
            value = _stated_type(s, inner)
        else:
            value = EXPRESSIONS[type(inner)](s, inner)
        if argument.star:
            if argument.star == "*":
                starred = True
                arguments.append((Slot.STAR, value))
            else:
                arguments.append((Slot.DOUBLE_STAR, value))
        elif argument.keyword is not None:
            arguments.append((identifier(argument.keyword.value), value))
        elif starred:
            # its position isn't known: as if it were written *(value,)
            arguments.append((Slot.STAR, s.add((Op.TUPLE, value))))
        else:
            arguments.append((position, value))
            position += 1
    if position == 2 and type(function) is cst.Name and function.value == "isinstance":
        s.isinstance_arguments[id(node)] = (arguments[0][1], arguments[1][1])
    s.sites[site] = (SiteKind.CALL, callee, tuple(arguments), s.region, use)
    return s.add((Op.CALL, site))


def _names_a_type(function: cst.BaseExpression, argument: cst.Arg, position: int) -> bool:
    """Whether a string argument is an annotation: `cast("Client", x)`, `TypeVar("T", bound="Client")`."""
    last = function.attr if isinstance(function, cst.Attribute) else function
    if not isinstance(last, cst.Name):
        return False
    if last.value == "cast":
        return not position and not argument.star and argument.keyword is None
    return last.value == "TypeVar" and argument.keyword is not None and argument.keyword.value == "bound"


def _stated_type(s: Scope, node: cst.SimpleString) -> int:
    from conclint.extract.annotations import annotation  # which reads expressions itself

    return annotation(s, node)


def await_(s: Scope, node: cst.Await, use: int = 0) -> int:
    """`await`: a bit of the call it awaits, a site of its own for anything else."""
    inner = node.expression
    if type(inner) is cst.Call:
        return s.add((Op.AWAIT, call(s, inner, use | Use.AWAITED)))
    site = s.reserve_site(node)
    value = EXPRESSIONS[type(inner)](s, inner)
    s.sites[site] = (SiteKind.AWAIT, value, (), s.region, use)
    return s.add((Op.AWAIT, value))


def subscript(s: Scope, node: cst.Subscript, use: int = 0) -> int:
    """The read of an item."""
    site = s.reserve_site(node)
    base = node.value
    owner = EXPRESSIONS[type(base)](s, base)
    index = subscript_index(s, node)
    s.regions[s.region][5] += 1
    s.sites[site] = (SiteKind.ITEM, owner, ((0, index),), s.region, use)
    return s.add((Op.ITEM, owner, index))


def subscript_index(s: Scope, node: cst.Subscript) -> int:
    """What stands between the brackets: a tuple if there are several."""
    elements = node.slice
    first = elements[0]
    if len(elements) == 1 and type(first.comma) is not cst.Comma and not getattr(first.slice, "star", None):
        return _slice(s, first.slice)
    return s.add((Op.TUPLE, *[_slice(s, element.slice) for element in elements]))


def _slice(s: Scope, node: cst.BaseSlice) -> int:
    if isinstance(node, cst.Index):
        value = EXPRESSIONS[type(node.value)](s, node.value)
        return s.add((Op.STAR, value)) if node.star else value
    assert isinstance(node, cst.Slice)
    for part in (node.lower, node.upper, node.step):
        if part is not None:
            EXPRESSIONS[type(part)](s, part)
    return s.pure((Op.SLICE,))


def concatenated_string(s: Scope, node: cst.ConcatenatedString) -> int:
    """Adjacent string literals."""
    parts, text = literals.joined_strings(node)
    if text is not None:
        return literals.string_constant(s, text)
    for part in parts:
        EXPRESSIONS[type(part)](s, part)
    return s.pure((Op.TYPED, "str"))


def formatted_string(s: Scope, node: cst.FormattedString) -> int:
    """An f-string: its expressions are walked, its text is not kept."""
    _format_parts(s, node.parts)
    return s.pure((Op.TYPED, "str"))


def templated_string(s: Scope, node: Any) -> int:
    """A t-string."""
    _format_parts(s, node.parts)
    return s.unknown()


def _format_parts(s: Scope, parts: Any) -> None:
    for part in parts:
        inner = getattr(part, "expression", None)
        if inner is not None:
            EXPRESSIONS[type(inner)](s, inner)
            if part.format_spec:
                _format_parts(s, part.format_spec)


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
        value = s.add((Op.ARITH, BINARY[type(operation.operator)], value, right))
        s.regions[s.region][4] += 1
    return value


def unary_operation(s: Scope, node: cst.UnaryOperation) -> int:
    """`not`, `-`, `+` and `~`; a negative number is a constant."""
    operator = type(node.operator)
    value = EXPRESSIONS[type(node.expression)](s, node.expression)
    if operator is cst.Not:
        return s.add((Op.BOOL, "not", value))
    if operator is cst.Minus:
        found = s.values[value]
        if found[0] == Op.CONST and type(found[1]) in (int, float, complex):
            return s.constant(-found[1])
    s.regions[s.region][4] += 1
    return s.add((Op.ARITH, UNARY[operator], value, -1))


def comparison(s: Scope, node: cst.Comparison) -> int:
    """A comparison; a chained one is the `and` of its links."""
    left = EXPRESSIONS[type(node.left)](s, node.left)
    links: list[int] = []
    for target in node.comparisons:
        right = EXPRESSIONS[type(target.comparator)](s, target.comparator)
        links.append(s.add((Op.COMPARE, _comparison_operator(target.operator), left, right)))
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


def named_expression(s: Scope, node: cst.NamedExpr) -> int:
    """A walrus."""
    value = used_expression(s, node.value, Use.BOUND)
    if isinstance(node.target, cst.Name):
        s.bind(identifier(node.target.value), value)
    return value


def yield_(s: Scope, node: cst.Yield) -> int:
    """`yield` and `yield from`."""
    s.flags |= DefFlags.GENERATOR
    inner = node.value
    if inner is None:
        s.yields.append((s.constant(None), s.region))
        return s.add((Op.YIELD, -1))
    if isinstance(inner, cst.From):
        site = s.reserve_site(inner.item)
        value = EXPRESSIONS[type(inner.item)](s, inner.item)
        s.sites[site] = (SiteKind.ITERATE, value, (), s.region, Use.YIELDED)
        s.yields.append((s.pure((Op.ELEM, value)), s.region))
        return s.unknown()
    value = used_expression(s, inner, Use.YIELDED)
    s.yields.append((value, s.region))
    return s.add((Op.YIELD, value))


def _elements(s: Scope, op: int, elements: Any) -> int:
    s.regions[s.region][5] += 1
    return s.add((op, *[EXPRESSIONS[type(element)](s, element) for element in elements]))


def tuple_(s: Scope, node: cst.Tuple) -> int:
    """A tuple display."""
    return _elements(s, Op.TUPLE, node.elements)


def list_(s: Scope, node: cst.List) -> int:
    """A list display."""
    return _elements(s, Op.LIST, node.elements)


def set_(s: Scope, node: cst.Set) -> int:
    """A set display."""
    return _elements(s, Op.SET, node.elements)


def element(s: Scope, node: cst.Element) -> int:
    """An element of a display."""
    return EXPRESSIONS[type(node.value)](s, node.value)


def starred(s: Scope, node: cst.StarredElement) -> int:
    """`*x` in a display."""
    return s.add((Op.STAR, EXPRESSIONS[type(node.value)](s, node.value)))


def dict_(s: Scope, node: cst.Dict) -> int:
    """A dict display."""
    s.regions[s.region][5] += 1
    pairs: list[int] = []
    for entry in node.elements:
        if isinstance(entry, cst.DictElement):
            pairs.append(EXPRESSIONS[type(entry.key)](s, entry.key))
        else:
            pairs.append(-1)
        pairs.append(EXPRESSIONS[type(entry.value)](s, entry.value))
    return s.add((Op.DICT, *pairs))


def ellipsis_(s: Scope, node: cst.Ellipsis) -> int:
    """`...`"""
    return s.constant(...)


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

EXPRESSIONS: dict[type, Handler] = {
    cst.Name: name,
    cst.Attribute: attribute,
    cst.Call: call,
    cst.Await: await_,
    cst.Subscript: subscript,
    cst.Integer: literals.integer,
    cst.Float: literals.float_,
    cst.Imaginary: literals.imaginary,
    cst.SimpleString: literals.string,
    cst.ConcatenatedString: concatenated_string,
    cst.FormattedString: formatted_string,
    cst.Ellipsis: ellipsis_,
    cst.BinaryOperation: binary_operation,
    cst.UnaryOperation: unary_operation,
    cst.Comparison: comparison,
    cst.BooleanOperation: boolean_operation,
    cst.IfExp: conditional,
    cst.NamedExpr: named_expression,
    cst.Yield: yield_,
    cst.Tuple: tuple_,
    cst.List: list_,
    cst.Set: set_,
    cst.Dict: dict_,
    cst.Element: element,
    cst.StarredElement: starred,
}
"""By kind of node; comprehensions and lambdas are added by their modules."""

if hasattr(cst, "TemplatedString"):  # libcst 1.9
    EXPRESSIONS[cst.TemplatedString] = templated_string
