"""Indentation that CPython takes and libcst refuses, written in blanks alone.

CPython counts columns, with a tab up to the next multiple of eight, a form feed back to nought, and of a
statement behind lines of blanks and a backslash those of the first such line.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple

from conclint.syntax.tokens import COMMENT, NEWLINE, Token, begins_line

_TAB: Final = 8
_UNWANTED: Final = re.compile(r"[\f\\]")


class Layout(NamedTuple):
    """A text that was laid out anew; `moves` are places in it from which on it goes on as the original does
    at the place beside: (new, old), in order."""

    text: str
    moves: tuple[tuple[int, int], ...]

    def original(self, offset: int) -> int:
        """The place in the original text."""
        new, old = self.moves[bisect_right(self.moves, (offset, len(self.text) << 8)) - 1]
        return old + offset - new


def lay_out(text: str, tokens: Sequence[Token]) -> Layout | None:
    """The text with its lines indented by blanks; None where that changes nothing, or where CPython would
    find tabs and blanks in conflict."""
    parts: list[str] = []
    moves = [(0, 0)]
    stack = [(0, 0)]
    length = before = depth = 0
    for start, end in tokens:
        gap = text[before:start]
        if not depth and begins_line(text, before, start):
            bare = COMMENT.sub(lambda found: " " * len(found.group()), gap)
            head = max((found.end() for found in NEWLINE.finditer(bare)), default=0)
            column = _columns(bare[head:])
            if start < len(text) and not _fits(stack, column):
                return None
            above = "".join(
                " " if _UNWANTED.match(shown) and shown == real else real
                for shown, real in zip(bare[:head], gap[:head], strict=True)
            )
            gap = above + " " * column[0]
            moves.append((length + len(gap), start))
        parts += (gap, text[start:end])
        length += len(gap) + end - start
        before = end
        word = text[start:end]
        if word in _BRACKETS:
            depth = max(depth + _BRACKETS[word], 0)
    found = "".join(parts)
    return Layout(found, tuple(moves)) if found != text else None


_BRACKETS: Final = {**dict.fromkeys("([{", 1), **dict.fromkeys(")]}", -1)}


def _columns(lead: str) -> tuple[int, int]:
    """The column that a line's blanks lead to, and the one if tabs were blanks."""
    column = other = continued = 0
    for character in lead:
        if character == " ":
            column, other = column + 1, other + 1
        elif character == "\t":
            column, other = (column // _TAB + 1) * _TAB, other + 1
        elif character == "\f":
            column = other = 0
        elif character == "\\":
            continued = continued or column
    return (continued, continued) if continued else (column, other)


def _fits(stack: list[tuple[int, int]], column: tuple[int, int]) -> bool:
    """Whether a line can stand at that column below those of the stack, which then ends with it."""
    while stack[-1][0] > column[0]:
        stack.pop()
    if stack[-1][0] == column[0]:
        return stack[-1][1] == column[1]
    fits = column[1] > stack[-1][1]
    stack.append(column)
    return fits
