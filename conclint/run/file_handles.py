"""The methods of a file beside its `open`: one decision of the user's, not several.

Where a function opens a file and then reads or writes it, what is to be changed is how it opens it; the calls
of the handle follow from that. They go on being findings, of severity info.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from conclint.model.execution import Confidence
from conclint.model.file_handles import is_of_handle, opens_file
from conclint.model.finding import Finding
from conclint.model.severity import Severity


def under_their_open(findings: Iterable[Finding]) -> list[Finding]:
    """The findings; calls of a file are info where the same function opens one, as surely."""
    findings = list(findings)
    opened: dict[tuple[str, str], Confidence] = {}
    for finding in findings:
        if opens_file(finding):
            place = (finding.path, finding.symbol)
            opened[place] = max(finding.confidence, opened.get(place, Confidence.LOW))

    def is_under(finding: Finding) -> bool:
        surely = opened.get((finding.path, finding.symbol))
        return surely is not None and surely >= finding.confidence and is_of_handle(finding)

    return [replace(item, severity=Severity.INFO) if is_under(item) else item for item in findings]
