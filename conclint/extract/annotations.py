"""Annotations and base classes: values without sites, except for the calls in them.

Reading them is no work of the program's own (under `from __future__ import annotations` they are not
even evaluated), so their attributes and subscripts are no sites, and equal annotations share a value.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conclint.extract import literal_texts, literals
from conclint.extract.expressions import ANNOTATIONS, expression
from conclint.extract.identifiers import identifier
from conclint.summary.records import Op
from conclint.syntax.nodes import cst, parse_expression
from conclint.syntax.parsing import SourceError, check_brackets

if TYPE_CHECKING:
    from conclint.extract.scope import Scope

_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_UNPARSED = ("Literal",)


def annotation(s: Scope, node: cst.BaseExpression, quoted: bool = False) -> int:
    """The value of an annotation; strings in it are parsed (`quoted` is within one)."""
    kind = type(node)
    if kind is cst.Name:
        return s.read(identifier(node.value))  # type: ignore[attr-defined]
    if isinstance(node, cst.Attribute):
        owner = annotation(s, node.value, quoted)
        return s.pure((Op.ATTR, owner, identifier(node.attr.value)))
    if isinstance(node, cst.Subscript):
        return _subscript(s, node, quoted)
    if isinstance(node, cst.SimpleString):
        return _string(s, literal_texts.string_value(node))
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.BitOr):
        left = annotation(s, node.left, quoted)
        return s.pure((Op.ARITH, "|", left, annotation(s, node.right, quoted)))
    if isinstance(node, (cst.List, cst.Tuple)):
        items = [annotation(s, element.value, quoted) for element in node.elements]
        return s.pure((Op.LIST if isinstance(node, cst.List) else Op.TUPLE, *items))
    if isinstance(node, cst.ConcatenatedString):
        return _string(s, literal_texts.joined_strings(node)[1])
    if quoted and not isinstance(node, (cst.Ellipsis, cst.Integer)):
        return s.unknown()
    return expression(s, node)


def _subscript(s: Scope, node: cst.Subscript, quoted: bool) -> int:
    owner = annotation(s, node.value, quoted)
    last = node.value.attr if isinstance(node.value, cst.Attribute) else node.value
    word = last.value if isinstance(last, cst.Name) else ""
    items: list[int] = []
    for position, element in enumerate(node.slice):
        inner = element.slice
        if not isinstance(inner, cst.Index):
            items.append(s.pure((Op.SLICE, -1, -1)))
        elif word in _UNPARSED or (word == "Annotated" and position):
            is_plain = not quoted or isinstance(inner.value, (cst.SimpleString, cst.BaseNumber, cst.Name))
            items.append(expression(s, inner.value) if is_plain else s.unknown())
        else:
            value = annotation(s, inner.value, quoted)
            items.append(s.pure((Op.STAR, value)) if inner.star else value)
    return s.pure((Op.ITEM, owner, items[0] if len(items) == 1 else s.pure((Op.TUPLE, *items))))


def _string(s: Scope, text: str | bytes | None) -> int:
    if not isinstance(text, str):
        return s.unknown()
    text = text.strip()
    if _DOTTED.fullmatch(text):
        first, *rest = text.split(".")
        value = s.read(identifier(first))
        for name in rest:
            value = s.pure((Op.ATTR, value, identifier(name)))
        return value
    try:
        check_brackets(text)
        node = parse_expression(text)
    except (SourceError, cst.ParserSyntaxError):
        return literals.string_constant(s, text)
    return annotation(s, node, quoted=True)


ANNOTATIONS[cst.SimpleString] = annotation
