"""Literals: what a constant's text denotes."""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING, Final

from conclint.model.summary import Op
from conclint.source.nodes import cst

if TYPE_CHECKING:
    from conclint.extract.scope import Scope

MAX_LENGTH: Final = 200
"""Longer strings and bytes are kept as their type alone; so are integers of more digits."""


def integer(s: Scope, node: cst.Integer) -> int:
    """The value of an integer literal."""
    text = node.value
    if len(text) > MAX_LENGTH:
        return s.pure((Op.TYPED, "int"))
    return s.constant(int(text) if text.isdecimal() else int(text, 0))


def float_(s: Scope, node: cst.Float) -> int:
    """The value of a float literal."""
    return s.constant(float(node.value))


def imaginary(s: Scope, node: cst.Imaginary) -> int:
    """The value of an imaginary literal."""
    return s.constant(complex(0, float(node.value[:-1])))


def string_value(node: cst.SimpleString) -> str | bytes | None:
    """What a plain string literal denotes; None if that can't be told."""
    text = node.value
    quote = text[0]
    if quote in "'\"":
        raw = False
    elif quote in "rR" and text[1] in "'\"":
        raw = True
        text = text[1:]
        quote = text[0]
    else:
        return _evaluate(text)
    if not raw and "\\" in text:
        return _evaluate(text)
    if len(text) >= 6 and text[1] == quote and text[2] == quote:
        text = text[3:-3]
        return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    if raw and "\r" in text:
        return text[1:-1].replace("\r\n", "\n").replace("\r", "\n")
    return text[1:-1]


def _evaluate(text: str) -> str | bytes | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return found if isinstance(found, (str, bytes)) else None


def string(s: Scope, node: cst.SimpleString) -> int:
    """The value of a plain string literal."""
    return string_constant(s, string_value(node))


def string_constant(s: Scope, found: str | bytes | None) -> int:
    """The value of a known string; TYPED where it is long."""
    if found is None:
        return s.unknown()
    if len(found) > MAX_LENGTH:
        return s.pure((Op.TYPED, type(found).__name__))
    return s.constant(found)


def joined_strings(node: cst.ConcatenatedString) -> tuple[list[cst.BaseString], str | bytes | None]:
    """The parts of adjacent string literals, and what they denote together, if all are plain."""
    parts: list[cst.BaseString] = []
    stack: list[cst.BaseString] = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, cst.ConcatenatedString):
            stack.append(part.right)
            stack.append(part.left)
        else:
            parts.append(part)
    texts: list[str] = []
    blobs: list[bytes] = []
    for part in parts:
        found = string_value(part) if isinstance(part, cst.SimpleString) else None
        if isinstance(found, str):
            texts.append(found)
        elif isinstance(found, bytes):
            blobs.append(found)
    if len(texts) == len(parts):
        return parts, "".join(texts)
    if len(blobs) == len(parts):
        return parts, b"".join(blobs)
    return parts, None


def literal_strings(node: cst.BaseExpression) -> tuple[str, ...] | None:
    """The strings of a literal list, tuple or sum of such; None for anything else."""
    if isinstance(node, (cst.List, cst.Tuple)):
        found: list[str] = []
        for element in node.elements:
            value = element.value
            if not isinstance(element, cst.Element) or not isinstance(value, cst.SimpleString):
                return None
            text = string_value(value)
            if not isinstance(text, str):
                return None
            found.append(text)
        return tuple(found)
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add):
        left = literal_strings(node.left)
        right = literal_strings(node.right)
        return None if left is None or right is None else left + right
    return None
