"""How often each rule was broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from conclint.model.finding import Finding


class Statistic(NamedTuple):
    """One rule's count."""

    findings: int
    code: str
    name: str


def count_by_code(findings: Sequence[Finding]) -> list[Statistic]:
    """A count for each code that occurs, the most frequent first, then by code."""
    counts = Counter((finding.code, finding.name) for finding in findings)
    return sorted(
        (Statistic(count, code, name) for (code, name), count in counts.items()),
        key=lambda statistic: (-statistic.findings, statistic.code),
    )


def render_statistics(statistics: Sequence[Statistic]) -> str:
    """A table with a line for each code; nothing for none."""
    width = max((len(str(statistic.findings)) for statistic in statistics), default=0)
    return "".join(f"{number:>{width}}  {code}  {name}\n" for number, code, name in statistics)
