"""Literals as values of a def's graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conclint.extract.literal_texts import string_value
from conclint.summary.records import Op
from conclint.syntax.nodes import cst

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
