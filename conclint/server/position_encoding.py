"""From our places (from 1, code points) to an editor's (from 0, in the units that it counts in)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from conclint.files.bounded_file import read_source
from conclint.files.lines import LINE_END
from conclint.model.finding import Position
from conclint.server.jobs import Extent
from conclint.syntax.decoding import DecodingError, decode_source

_NAME: Final = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")


class Columns:
    """The lines of files, of buffers where they are open, else as they are on disk."""

    def __init__(self, texts: Mapping[str, bytes], units: str) -> None:
        self._texts = texts
        self._units = units
        self._lines: dict[str, list[str]] = {}

    def lines(self, path: str) -> list[str]:
        """The file's lines; none if it can't be read."""
        if path not in self._lines:
            try:
                data = self._texts.get(path)
                text = decode_source(read_source(path) if data is None else data)
                self._lines[path] = LINE_END.split(text)
            except (OSError, ValueError, DecodingError):
                self._lines[path] = []
        return self._lines[path]

    def extent(self, path: str, at: Position) -> Extent:
        """The range; up to the end of the line where the position is only a place."""
        lines = self.lines(path)
        if (at.end_line, at.end_column) > (at.line, at.column):
            end_line, end_column = at.end_line, at.end_column
        else:
            end_line, end_column = at.line, len(_line(lines, at.line)) + 1
        return Extent(
            at.line - 1,
            self._count(lines, at.line, at.column),
            end_line - 1,
            self._count(lines, end_line, end_column),
        )

    def name_at(self, path: str, line: int, column: int) -> Extent:
        """The range of the dotted name that begins there; empty if none does."""
        lines = self.lines(path)
        found = _NAME.match(_line(lines, line), column - 1)
        end = found.end() + 1 if found else column
        return Extent(line - 1, self._count(lines, line, column), line - 1, self._count(lines, line, end))

    def words_at(self, path: str, line: int, word: str) -> list[Extent]:
        """The ranges of the word in the line."""
        lines = self.lines(path)
        found = re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", _line(lines, line))
        places = [(match.start() + 1, match.end() + 1) for match in found]
        return [
            Extent(line - 1, self._count(lines, line, start), line - 1, self._count(lines, line, end))
            for start, end in places
        ]

    def _count(self, lines: list[str], line: int, column: int) -> int:
        return width(_line(lines, line)[: column - 1], self._units)


def width(text: str, units: str) -> int:
    """The length of the text in an editor's units: "utf-16", "utf-8" or "utf-32"."""
    if units == "utf-32" or text.isascii():
        return len(text)
    if units == "utf-8":
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _line(lines: list[str], number: int) -> str:
    return lines[number - 1] if 1 <= number <= len(lines) else ""
