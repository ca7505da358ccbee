"""The source again, read only for what a person sees, and only if it is still what was analysed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import Enum
from pathlib import Path

from conclint.files.bounded_file import read_source
from conclint.files.lines import LINE_END
from conclint.model.finding import Finding
from conclint.syntax.decoding import DecodingError, decode_source


class Missing(Enum):
    """Why there is no line to show."""

    UNREADABLE = "unreadable"
    CHANGED = "changed"


class SourceLines:
    """Lines of the files that findings point into; the lines of one file are kept at a time."""

    def __init__(self, cwd: Path, texts: Mapping[str, bytes] | None = None) -> None:
        self._cwd = cwd
        self._texts = texts or {}
        self._path: str | None = None
        self._hash = b""
        self._lines: list[str] | None = None
        self._first_lines: dict[int, int] = {}

    def line_of(self, finding: Finding) -> str | Missing:
        """The line that the finding begins in."""
        if finding.path != self._path:
            self._load(finding.path)
        if self._lines is None:
            return Missing.UNREADABLE
        if finding.source_hash and finding.source_hash != self._hash:
            return Missing.CHANGED
        number = finding.position.line
        if finding.cell is not None:
            number += self._first_lines.get(finding.cell, 0) - 1
        if not 1 <= number <= len(self._lines):
            return Missing.UNREADABLE
        return self._lines[number - 1]

    def line_at(self, path: str, number: int) -> str | Missing:
        """The line of that number as it is now, whatever it was."""
        if path != self._path:
            self._load(path)
        if self._lines is None or not 1 <= number <= len(self._lines):
            return Missing.UNREADABLE
        return self._lines[number - 1]

    def _load(self, path: str) -> None:
        self._path, self._hash, self._lines = path, b"", None
        data = self._texts.get(path)
        try:
            if data is None:
                file = self._cwd / path
                if not file.is_file():
                    return
                data = read_source(str(file))
            if path.endswith(".ipynb"):
                from conclint.source.notebook import read_notebook

                notebook = read_notebook(data)
                data = notebook.source
                self._first_lines = {cell.number: cell.first for cell in notebook.cells}
            self._hash = hashlib.blake2b(data, digest_size=16).digest()
            self._lines = LINE_END.split(decode_source(data))
        except (OSError, ValueError, DecodingError):
            return
