"""What a literal's text denotes."""

from __future__ import annotations

import ast
import warnings

from conclint.syntax.nodes import cst


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
