"""How bad a finding is, in the three words that other programs' formats share."""

from __future__ import annotations

from enum import Enum

from conclint.model.execution import Confidence
from conclint.model.finding import Finding


class Severity(Enum):
    """The surer a finding, the more severe it is; the values are SARIF's levels."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


_BY_CONFIDENCE = {
    Confidence.HIGH: Severity.ERROR,
    Confidence.MEDIUM: Severity.WARNING,
    Confidence.LOW: Severity.NOTE,
}


def severity_of(finding: Finding) -> Severity:
    """The severity that the finding's confidence gives it."""
    return _BY_CONFIDENCE[finding.confidence]
