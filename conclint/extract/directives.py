"""Comments that speak to conclint (and flake8's `noqa`), and the logical lines they hold for."""

from __future__ import annotations

import re
from bisect import bisect_right
from difflib import get_close_matches
from typing import TYPE_CHECKING

from conclint.summary.records import DIRECTIVE_WORDS, Assertion, Directive, DirectiveKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conclint.syntax.positions import Lines

NOQA = re.compile(r"# noqa(?::\s?(?P<codes>(?:[A-Z]+[0-9]+(?:[,\s]+)?)+))?", re.IGNORECASE)
"""As flake8 has it: what follows a colon and is no code makes it a blanket one."""
CONCLINT = re.compile(
    r"#\s*conclint[ \t]*:[ \t]*(?P<word>[a-z-]+)(?:[ \t]*\[(?P<codes>[^\]]{0,1000})\])?", re.IGNORECASE
)
_SEPARATOR = re.compile(r"[,\s]+")
_ASSERTIONS = {"blocks": Assertion.BLOCKS, "nonblocking": Assertion.NONBLOCKING}


def read_directives(
    comments: Sequence[tuple[int, str]], lines: Lines, logical: Sequence[tuple[int, int]]
) -> tuple[tuple[Directive, ...], dict[int, int]]:
    """The directives among the comments, in order of place, and the assertions by line.

    `logical` holds the first and last physical line of every statement and header.
    """
    found: list[Directive] = []
    assertions: dict[int, int] = {}
    extents = _Extents(logical)
    for offset, text in comments:
        line, column = lines.place(offset)
        noqa = NOQA.search(text)
        if noqa is not None:
            first, last = extents.around(line)
            codes = _codes(noqa.group("codes"))
            place = column + 1 + noqa.start()
            found.append(Directive(DirectiveKind.NOQA, codes, first, last, line, place))
        for spoken in CONCLINT.finditer(text):
            word = spoken.group("word").lower()
            place = column + 1 + spoken.start()
            if word == "ignore":
                first, last = extents.around(line)
                codes = _codes(spoken.group("codes"))
                found.append(Directive(DirectiveKind.IGNORE, codes, first, last, line, place))
            elif word == "skip-file":
                found.append(Directive(DirectiveKind.SKIP_FILE, (), line, line, line, place))
            elif word in _ASSERTIONS:
                assertions[line] = _ASSERTIONS[word]
            elif _is_meant(word, text[spoken.end() :], has_codes=spoken.group("codes") is not None):
                found.append(Directive(DirectiveKind.UNKNOWN, (word,), line, line, line, place))
    return tuple(found), assertions


def _is_meant(word: str, rest: str, *, has_codes: bool) -> bool:
    """Whether a word that we don't know was meant for us, and is no prose about us."""
    near = get_close_matches(word, DIRECTIVE_WORDS, cutoff=0.75)
    return has_codes or rest.startswith("=") or bool(near)


def _codes(text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    return tuple(code.upper() for code in _SEPARATOR.split(text) if code)


class _Extents:
    """Logical lines by physical line; those that share a physical line are one."""

    def __init__(self, logical: Sequence[tuple[int, int]]) -> None:
        merged: list[list[int]] = []
        for first, last in sorted(logical):
            if merged and first <= merged[-1][1]:
                merged[-1][1] = max(last, merged[-1][1])
            else:
                merged.append([first, last])
        self._merged = merged
        self._firsts = [first for first, _ in merged]

    def around(self, line: int) -> tuple[int, int]:
        """First and last line of the logical line that `line` is part of."""
        at = bisect_right(self._firsts, line) - 1
        if at >= 0 and line <= self._merged[at][1]:
            return self._merged[at][0], self._merged[at][1]
        return line, line
