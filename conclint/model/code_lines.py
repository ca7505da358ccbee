"""A line of Python that is too wide, on several lines that mean the same."""

from __future__ import annotations

from typing import Final

_FURTHER: Final = 4
_FEWEST: Final = 20
"""Columns of which nothing can be made."""


def folded_code(line: str, width: int) -> list[str]:
    """A line of Python on several, broken only within brackets, so that it means the same. One that can't be
    is kept whole."""
    rows = []
    indent = " " * (len(line) - len(line.lstrip(" ")) + _FURTHER)
    depth = 0
    while len(line) > width >= _FEWEST:
        cut, inside = _last_break(line, width, depth)
        if cut <= len(indent):
            break
        rows.append(line[:cut].rstrip())
        line, depth = f"{indent}{line[cut:].lstrip()}", inside
    return [*rows, line]


def _last_break(line: str, width: int, depth: int) -> tuple[int, int]:
    """Behind the last opening bracket, or comma within brackets, that stands in the width, and how many are
    open there; 0 if there is none. `depth` are open before."""
    cut, inside, quote = 0, 0, ""
    for at, letter in enumerate(line[:width]):
        if quote:
            quote = "" if letter == quote and line[at - 1] != "\\" else quote
        elif letter in "\"'":
            quote = letter
        elif letter == "#":
            break
        else:
            depth += (letter in "([{") - (letter in ")]}")
            opens = letter in "([{" and line[at + 1 : at + 2] not in ")]}"
            if opens or (letter == "," and depth > 0 and line[at + 1 : at + 2] == " "):
                cut, inside = at + 1, depth
    return cut, inside
