"""`--add-noqa`: files with comments for what was found in them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from conclint.fix.apply import FixedFile, open_file, texts_of, written
from conclint.fix.edits import applied
from conclint.fix.noqa import noqa_edits
from conclint.model.finding import Finding


def add_noqa(shown: str, findings: Sequence[Finding], cwd: Path, reason: str) -> FixedFile:
    """The file with the comments in it, not written yet. Raises UnfixableError."""
    path, before = open_file(shown, cwd)
    return FixedFile(shown, path, before, noqa_bytes(shown, before, findings, reason), tuple(findings), 0)


def noqa_bytes(shown: str, before: bytes, findings: Sequence[Finding], reason: str) -> bytes:
    """The bytes of a file with the comments in them. Raises UnfixableError."""
    texts = texts_of(shown, before, findings)
    after = {
        cell: applied(text, noqa_edits(text, (item for item in findings if item.cell == cell), reason))
        for cell, text in texts.items()
    }
    return written(shown, before, texts, after)
