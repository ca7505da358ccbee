"""Text that libcst takes too long for, or refuses, parsed in pieces that are then put together.

libcst copies the left side of a chain with each link (`a.b().c()…`, `1 + 2 + …`), recurses over adjacent
literals, tries nested patterns of `case` several times on each level, and knows no parentheses around an
annotated name. A piece is a whole expression or pattern within the text: it is parsed by itself, the text
with a name in its place, and then the piece's tree takes the place of that name. So the tree is the one
that libcst would make of the whole text, with every token in it.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from enum import Enum
from typing import Final, NamedTuple

from conclint.syntax.tokens import Token, begins_line, is_string

_CHAIN: Final = 64
"""Links or operators in a piece."""
_LITERALS: Final = 200
"""Adjacent literals in a piece."""
_PATTERN_LEVELS: Final = 3
"""Levels of brackets in a piece of a pattern."""

_PRECEDENCE: Final = {
    "|": 1, "^": 2, "&": 3, "<<": 4, ">>": 4, "+": 5, "-": 5, "*": 6, "/": 6, "//": 6, "%": 6, "@": 6
}  # fmt: skip
_KEYWORDS: Final = frozenset(keyword.kwlist) - {"None", "True", "False", "await"}
_SOFT_KEYWORDS: Final = {
    "case": re.compile(r"[ \t\f\\]*(?:\r?\n[ \t\f\\]*)*[\w\"'({\[*-]"),
    "match": (_AFTER_BLANK := re.compile(r"[ \t\f\\]+(?:\r?\n[ \t\f\\]*)*[\w\"'({\[*-]")),
    "type": _AFTER_BLANK,
}
"""What follows at the start of a line where they are keywords, and not names."""


class Kind(Enum):
    """What a piece stands for."""

    EXPRESSION = "expression"
    TARGET = "target"
    """The target of an annotation: a name, attribute or item."""
    PATTERN = "pattern"


class Piece(NamedTuple):
    """What is parsed by itself; `name` stands for it in the text around."""

    name: str
    text: str
    kind: Kind


class Cut(NamedTuple):
    """A text with names in place of its pieces. Pieces come before those that they are part of."""

    text: str
    pieces: tuple[Piece, ...]


def cut(text: str, tokens: Sequence[Token]) -> Cut:
    """The text in pieces; none where nothing in it is long, nested or unusual enough."""
    return _Cutter(text).cut(tokens)


class _Level:
    """An expression under way, within one pair of brackets or outside of all."""

    __slots__ = ("dotted", "expects", "links", "literals", "operand", "pattern", "primary", "spines")

    def __init__(self, pattern: bool = False) -> None:
        self.pattern = pattern
        self.dotted = False  # an attribute's name comes next
        self.literals: list[int] = []  # where the adjacent literals begin that were seen last
        self.spines: list[list[int]] = []  # of the operators to the left: precedence, start, how many
        self.restart()

    def restart(self) -> None:
        """A new operand comes, behind nothing that arithmetic could belong to."""
        self.expects = True
        self.operand = self.primary = -1  # where the operand of arithmetic begins, where its chain of links
        self.links = 0
        self.spines.clear()

    def begin(self, start: int) -> None:
        """An operand begins, or goes on behind its sign."""
        if not self.expects:
            self.restart()
        if self.operand < 0:
            self.operand = start
        self.primary = start
        self.links = 0
        self.expects = False


class _Cutter:
    def __init__(self, text: str) -> None:
        self._text = text
        self._cuts: list[tuple[int, int, str]] = []  # those that are no part of another
        self._pieces: list[Piece] = []
        self._stem = "_piece"
        while self._stem in text:
            self._stem += "_"
        self._levels = [_Level()]
        self._before = 0  # the end of the token before
        self._at_line = self._at_statement = False
        self._group = self._group_end = -1  # the brackets that a statement begins with

    def cut(self, tokens: Sequence[Token]) -> Cut:
        text = self._text
        for start, end in tokens:
            word = text[start:end]
            level = self._levels[-1]
            if level.literals and not is_string(word):
                self._end_literals(level)
            if len(self._levels) == 1 and begins_line(text, self._before, start):
                level.restart()
                level.pattern = False
                self._at_line = self._at_statement = True
            self._take(level, word, start, end)
            self._at_line = False
            self._before = end
        return Cut(self._assembled(0, len(text), self._cuts), tuple(self._pieces))

    def _take(self, level: _Level, word: str, start: int, end: int) -> None:
        at_statement, self._at_statement = self._at_statement, False
        if not word:
            return
        if word in "([{":
            if len(self._levels) == 1:
                self._group = start if at_statement and word == "(" else -1
            if level.expects:
                level.begin(start)
            else:
                self._link(level)
            self._levels.append(_Level(level.pattern))
        elif word in ")]}":
            self._close(end)
        elif word == ".":
            if not level.expects:
                self._link(level)
                level.dotted = True
        elif level.dotted:
            level.dotted = False
        elif is_string(word):
            if not level.literals:
                level.begin(start)
            level.literals.append(start)
        elif word[0].isidentifier():
            self._take_word(level, word, start, end)
        elif word[0].isdigit() or word[0] == ".":
            level.begin(start)
        else:
            self._take_operator(level, word, start)

    def _take_word(self, level: _Level, word: str, start: int, end: int) -> None:
        if word == "await" and level.expects:
            level.operand = start if level.operand < 0 else level.operand
        elif self._at_line and word in _SOFT_KEYWORDS and _SOFT_KEYWORDS[word].match(self._text, end):
            level.restart()
            level.pattern = word == "case"
        elif word in _KEYWORDS:
            level.restart()
            level.pattern = level.pattern and (word != "if" or len(self._levels) > 1)
        else:
            level.begin(start)

    def _take_operator(self, level: _Level, word: str, start: int) -> None:
        precedence = _PRECEDENCE.get(word)
        if level.expects and word in "+-~":
            level.operand = start if level.operand < 0 else level.operand
        elif level.expects or (precedence is None and word != "**"):
            if word in ":;" and len(self._levels) == 1:
                level.pattern = False
                self._at_statement = True
                if word == ":" and self._group >= 0 and self._group_end == self._before:
                    self._add(self._group, self._before, Kind.TARGET)
            level.restart()
        else:
            if precedence is not None:
                self._grow_spine(level, precedence)
                level.operand = -1
            level.expects = True

    def _grow_spine(self, level: _Level, precedence: int) -> None:
        start, spines = level.operand, level.spines
        while spines and spines[-1][0] > precedence:
            start = spines.pop()[1]
        if not spines or spines[-1][0] < precedence:
            spines.append([precedence, start, 1])
        elif spines[-1][2] < _CHAIN or level.pattern:
            spines[-1][2] += 1
        else:
            self._add(spines[-1][1], self._before, Kind.EXPRESSION)
            spines[-1][2] = 1

    def _link(self, level: _Level) -> None:
        if level.links >= _CHAIN:
            self._add(level.primary, self._before, Kind.EXPRESSION)
            level.links = 0
        level.links += 1

    def _close(self, end: int) -> None:
        if len(self._levels) == 1:
            return
        self._levels.pop()
        level = self._levels[-1]
        depth = len(self._levels)
        if depth == 1:
            self._group_end = end
        if level.pattern and depth % _PATTERN_LEVELS == 0:
            self._add(level.primary, end, Kind.PATTERN)

    def _end_literals(self, level: _Level) -> None:
        starts = level.literals
        level.literals = []
        for first in range((len(starts) - 1) // _LITERALS * _LITERALS, 0, -_LITERALS):
            self._add(starts[first], self._before, Kind.EXPRESSION, literal=True)

    # Pieces -------------------------------------------------------------------------------------------------

    def _add(self, start: int, end: int, kind: Kind, literal: bool = False) -> None:
        inner: list[tuple[int, int, str]] = []
        while self._cuts and self._cuts[-1][0] >= start:
            inner.append(self._cuts.pop())
        name = f"{self._stem}{len(self._pieces)}_"
        if literal:
            quote = self._text.find('"', start, end), self._text.find("'", start, end)
            opening = min(at for at in quote if at >= 0)
            name = f'b"{name}"' if "b" in self._text[start:opening].lower() else f'"{name}"'
        self._pieces.append(Piece(name, self._assembled(start, end, inner[::-1]), kind))
        self._cuts.append((start, end, name))

    def _assembled(self, start: int, end: int, cuts: Sequence[tuple[int, int, str]]) -> str:
        """The text from start to end, with names in place of the pieces."""
        parts: list[str] = []
        for first, after, name in cuts:
            parts += (self._text[start:first], name)
            start = after
        return "".join((*parts, self._text[start:end]))
