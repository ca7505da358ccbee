"""One line for each finding: `path:line:column: CODE message [severity, confidence]`."""

from __future__ import annotations

from collections.abc import Sequence

from conclint.model.finding import Finding
from conclint.report.printable import printable
from conclint.report.wording import ABOUT_THE_RUN, qualities


def render_concise(findings: Sequence[Finding]) -> str:
    """A line for each finding, in the order given; nothing for none."""
    return "".join(map(_line, findings))


def _line(finding: Finding) -> str:
    rating = "" if finding.code.startswith(ABOUT_THE_RUN) else f" [{qualities(finding)}]"
    return f"{printable(finding.place)}: {finding.code} {printable(finding.message)}{rating}\n"
