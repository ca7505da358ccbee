"""The source of a reported call, taken apart for an example in the reader's own words."""

from __future__ import annotations

import ast
import warnings
from typing import NamedTuple

from conclint.model.finding import Position


class CallText(NamedTuple):
    """The source of a call, taken apart: `requests.get(url)` is function, receiver, name, arguments.

    `quotes` are the other places that the draft asked for, empty where they can't be had any more.
    """

    function: str
    receiver: str
    name: str
    arguments: str
    quotes: tuple[str, ...] = ()


NO_TEXT = CallText("", "", "", "")


def text_of(lines: list[str], position: Position) -> str | None:
    """The source between two places, lines and columns from 1; None if the lines are not there."""
    if position.end_line > len(lines):
        return None
    picked = lines[position.line - 1 : position.end_line]
    picked[-1] = picked[-1][: position.end_column - 1]
    picked[0] = picked[0][position.column - 1 :]
    return "".join(picked)


def take_apart(source: str) -> CallText:
    """The parts of a call's source; only `function` where it is no call that Python's parser can read."""
    flat = " ".join(line.strip() for line in source.splitlines())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            node = ast.parse(flat, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return NO_TEXT
    if not isinstance(node, ast.Call):
        return CallText(flat, flat, "", "")
    function = ast.get_source_segment(flat, node.func) or ""
    raw = flat.encode()
    end = node.func.end_col_offset
    inner = raw[end:].decode() if end is not None else ""
    start = inner.find("(")
    arguments = inner[start + 1 : inner.rfind(")")].strip().rstrip(",") if start >= 0 else ""
    if isinstance(node.func, ast.Attribute):
        return CallText(
            function, ast.get_source_segment(flat, node.func.value) or "", node.func.attr, arguments
        )
    return CallText(function, function, function, arguments)
