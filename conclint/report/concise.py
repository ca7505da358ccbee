"""One line for each finding: `path:line:column: CODE message [severity, confidence]`."""

from __future__ import annotations

from collections.abc import Sequence

from conclint.model.finding import Finding
from conclint.report.printable import printable
from conclint.report.wording import qualities


def render_concise(findings: Sequence[Finding]) -> str:
    """A line for each finding, in the order given; nothing for none."""
    return "".join(
        f"{printable(finding.place)}: {finding.code} {printable(finding.message)} [{qualities(finding)}]\n"
        for finding in findings
    )
