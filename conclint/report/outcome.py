"""A run's findings in the format that was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from conclint.model.finding import Finding
from conclint.report.concise import render_concise
from conclint.report.json import dump_array, render_json
from conclint.report.source_lines import SourceLines
from conclint.report.statistics import count_by_code, render_statistics
from conclint.report.styled import render_lines
from conclint.report.text import summary_line, text_lines


class OutputFormat(Enum):
    """The formats of `--output-format`."""

    TEXT = "text"
    CONCISE = "concise"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is reported: findings in order, the number of files analysed, and what is needed to show them.

    `texts` are sources that are not on disk (standard input), by shown path.
    """

    findings: Sequence[Finding]
    files: int
    cwd: Path
    texts: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Presentation:
    """How it is reported. `quiet` leaves out the summary line, `statistics` replaces the findings by
    their number for each code."""

    format: OutputFormat = OutputFormat.TEXT
    colour: bool = False
    width: int = 100
    quiet: bool = False
    verbose: bool = False
    statistics: bool = False


def render_outcome(outcome: Outcome, how: Presentation) -> str:
    """The whole of standard output."""
    findings = outcome.findings
    if how.statistics:
        rows = count_by_code(findings)
        if how.format is OutputFormat.JSON:
            return dump_array({"code": row.code, "name": row.name, "count": row.findings} for row in rows)
        body = render_statistics(rows)
    elif how.format is OutputFormat.JSON:
        return render_json(findings)
    elif how.format is OutputFormat.CONCISE:
        body = render_concise(findings)
    else:
        sources = SourceLines(outcome.cwd, outcome.texts)
        body = render_lines(
            text_lines(findings, sources, width=how.width, verbose=how.verbose), colour=how.colour
        )
    if how.format is OutputFormat.TEXT and not how.quiet:
        body += render_lines([summary_line(findings, outcome.files)], colour=False)
    return body
