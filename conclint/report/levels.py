"""How bad a finding is, in the three words that other programs' formats share."""

from __future__ import annotations

from enum import Enum

from conclint.model.finding import Finding
from conclint.model.severity import Severity


class Level(Enum):
    """The values are SARIF's levels."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


_BY_SEVERITY = {
    Severity.CRITICAL: Level.ERROR,
    Severity.WARNING: Level.WARNING,
    Severity.INFO: Level.NOTE,
}


def level_of(finding: Finding) -> Level:
    """The level that the finding's severity is."""
    return _BY_SEVERITY[finding.severity]
