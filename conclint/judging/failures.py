"""Findings about what could not be analysed."""

from __future__ import annotations

from conclint.model.execution import Confidence
from conclint.model.finding import UNREADABLE, Finding, Position
from conclint.model.severity import Severity
from conclint.process.failure import FAILED
from conclint.syntax.templates import TEMPLATE


def unreadable(path: str, line: int, column: int, message: str) -> Finding:
    """A file that can't be read or is no Python, and where; of a template nothing else is to be expected."""
    return Finding(
        code=UNREADABLE,
        name="unreadable-file",
        message=message,
        path=path,
        position=Position(line, column, line, column),
        symbol="",
        confidence=Confidence.HIGH,
        severity=Severity.INFO if message == TEMPLATE else Severity.CRITICAL,
        logical_line=(line, line),
    )


def is_failure(finding: Finding) -> bool:
    """Whether a finding tells of a file in which conclint itself failed."""
    return finding.code == UNREADABLE and FAILED in finding.message


def failure(path: str, message: str) -> Finding:
    """A file in which conclint itself failed."""
    return unreadable(path, 1, 1, message)
