"""`# noqa` comments for findings, each on a line on which it is heeded."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Final

from conclint.extract.directives import NOQA
from conclint.fix.edits import Replacement
from conclint.model.finding import Finding
from conclint.suppress.directives import lines_of
from conclint.syntax.positions import Lines
from conclint.syntax.tokens import COMMENT, Token, find_tokens

_LOOKS_LIKE_CODE: Final = re.compile(r"[A-Za-z]+[0-9]")
_BACKSLASH: Final = re.compile(r"\\[ \t]*\Z")


def noqa_edits(text: str, findings: Iterable[Finding], reason: str) -> list[Replacement]:
    """Comments that hide the findings; codes that belong on one line share a comment."""
    lines = _Commented(text)
    wanted: dict[int, set[str]] = {}
    for finding in findings:
        line = lines.line_for(finding)
        if line is not None:
            wanted.setdefault(line, set()).add(finding.code)
    return [lines.edit(line, sorted(codes), reason) for line, codes in sorted(wanted.items())]


class _Commented:
    """A text's physical lines, with the comments at their ends."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = find_tokens(text)
        self._starts = [start for start, _ in self._tokens]
        self._lines = Lines(text)
        self._comments: dict[int, tuple[int, int]] = {}
        before = 0
        for start, end in self._tokens:
            for comment in COMMENT.finditer(text, before, start):
                self._comments[self._lines.line(comment.start())] = comment.span()
            before = end

    def line_for(self, finding: Finding) -> int | None:
        """The line for a comment: one of the finding's logical line that has such a comment already, else the
        finding's own or the next that takes one."""
        first, last = lines_of(finding)
        first = max(first, 1)
        own: int = finding.position.line
        for line in range(first, last + 1):
            noqa = self._noqa(line)
            if noqa is not None and noqa.group("codes"):
                return line
        nearest = [*range(own, last + 1), *range(own - 1, first - 1, -1)]
        return next(filter(self._takes_comment, nearest), None)

    def edit(self, line: int, codes: Sequence[str], reason: str) -> Replacement:
        """The codes added to the line."""
        why = ("  " if not _LOOKS_LIKE_CODE.match(reason) else " - ") + reason if reason else ""
        noqa = self._noqa(line)
        if noqa is not None and noqa["codes"]:
            end = noqa.start("codes") + len(noqa["codes"].rstrip(", \t"))
            known = {code for code in re.split(r"[,\s]+", noqa["codes"].upper()) if code}
            new = [code for code in codes if code not in known]
            rest = self._text[end : self._comments[line][1]].strip()
            text = "".join(f", {code}" for code in new)
            return Replacement(end, end, 0, text if rest else text + why)
        end = self._end(line)
        start = len(self._text[:end].rstrip(" \t\f")) if end else 0
        start = max(start, self._lines.offset(line, 0))
        return Replacement(start, end, 0, f"  # noqa: {', '.join(codes)}{why}")

    def _noqa(self, line: int) -> re.Match[str] | None:
        comment = self._comments.get(line)
        return NOQA.search(self._text, *comment) if comment is not None else None

    def _end(self, line: int) -> int:
        """Where the line ends, its line end left out."""
        try:
            after = self._lines.offset(line + 1, 0)
        except IndexError:
            after = len(self._text)
        start = self._lines.offset(line, 0)
        return start + len(self._text[start:after].rstrip("\r\n"))

    def _takes_comment(self, line: int) -> bool:
        end = self._end(line)
        if line in self._comments:
            return True
        at = bisect_right(self._starts, end - 1) - 1
        token: Token = self._tokens[at] if at >= 0 else (0, 0)
        if token[0] < end < token[1]:
            return False  # in a string
        return _BACKSLASH.search(self._text[token[1] : end]) is None
