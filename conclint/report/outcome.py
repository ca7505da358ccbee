"""A run's findings in the format that was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from conclint.model.finding import Finding
from conclint.report.grouping import GroupBy, grouped

if TYPE_CHECKING:
    from conclint.model.concurrency_map import ConcurrencyMap
    from conclint.model.unknown_calls import CallCounts


class OutputFormat(Enum):
    """The formats of `--output-format`."""

    TEXT = "text"
    CONCISE = "concise"
    JSON = "json"
    JSON_LINES = "json-lines"
    SARIF = "sarif"
    GITHUB = "github"
    GITLAB = "gitlab"
    JUNIT = "junit"
    HTML = "html"

    @property
    def has_statistics(self) -> bool:
        """Whether `--statistics` has a form in this format."""
        return self in (OutputFormat.TEXT, OutputFormat.CONCISE, OutputFormat.JSON)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is reported: findings in order, the number of files analysed, and what is needed to show them.

    `texts` are sources that are not on disk (standard input), by shown path. `concurrency` is there where a
    format draws it. `hidden` is how many findings are sure enough, but not bad enough,
    `unsure` how many are bad enough, but not sure enough, `known` how many the baseline has.
    `calls`: how many calls of libraries are known.
    """

    findings: Sequence[Finding]
    files: int
    cwd: Path
    texts: Mapping[str, bytes] = field(default_factory=dict)
    concurrency: ConcurrencyMap | None = None
    hidden: int = 0
    unsure: int = 0
    known: int = 0
    calls: CallCounts | None = None


@dataclass(frozen=True, slots=True)
class Presentation:
    """How it is reported. `quiet` leaves out the summary line, `statistics` replaces the findings by
    their number for each code, `by` says what makes findings one entry of a report for people, `wraps` that
    sentences are broken at the width and codes lead to their pages, as for a terminal."""

    format: OutputFormat = OutputFormat.TEXT
    colour: bool = False
    width: int = 100
    quiet: bool = False
    verbose: bool = False
    statistics: bool = False
    by: GroupBy = GroupBy.ROOT
    wraps: bool = False


def render_outcome(outcome: Outcome, how: Presentation) -> str:
    """The whole report in the wanted format; what makes it is imported when it is asked for."""
    if how.statistics and how.format.has_statistics:
        return _render_counts(outcome, how)
    if how.format is OutputFormat.TEXT:
        return _render_text(outcome, how)
    return _render_for_others(outcome, how.format)


def _render_counts(outcome: Outcome, how: Presentation) -> str:
    from conclint.report.statistics import count_by_code, render_statistics

    rows = count_by_code(outcome.findings)
    if how.format is OutputFormat.JSON:
        from conclint.report.json import dump_array

        counted: list[dict[str, object]] = [
            {"code": row.code, "name": row.name, "count": row.findings} for row in rows
        ]
        calls = outcome.calls
        if calls is not None:
            known = {"code": None, "name": "known-library-calls-on-loop"}
            counted.append({**known, "count": calls.known_on_loop, "of": calls.on_loop})
        return dump_array(counted)
    return render_statistics(rows) + _summary(outcome, how) + _known(outcome, how)


def _known(outcome: Outcome, how: Presentation) -> str:
    if outcome.calls is None or how.quiet or how.format is not OutputFormat.TEXT:
        return ""
    return f"{outcome.calls.in_words}.\n"


def _render_text(outcome: Outcome, how: Presentation) -> str:
    from conclint.report.source_lines import SourceLines
    from conclint.report.styled import render_lines
    from conclint.report.text import overview_lines, text_lines

    sources = SourceLines(outcome.cwd, outcome.texts)
    entries = grouped(outcome.findings, how.by)
    if how.by in (GroupBy.FILE, GroupBy.RULE):
        lines = overview_lines(entries, how.by)
    else:
        lines = text_lines(entries, sources, width=how.width, verbose=how.verbose, wraps=how.wraps)
    return render_lines(lines, colour=how.colour, links=how.wraps) + _summary(outcome, how, len(entries))


def _summary(outcome: Outcome, how: Presentation, entries: int = 0) -> str:
    if how.format is not OutputFormat.TEXT or how.quiet:
        return ""
    from conclint.report.styled import render_lines, wrapped
    from conclint.report.text import hint_line, summary_line

    entries = entries if how.by in (GroupBy.ROOT, GroupBy.CALL) else 0
    line = summary_line(
        outcome.findings, outcome.files, entries, outcome.hidden, outcome.unsure, outcome.known
    )
    hint = hint_line(outcome.findings, entries)
    lines = [line, *([hint] if hint is not None else [])]
    if how.wraps:
        lines = [row for line in lines for row in wrapped(line, how.width, "  ")]
    return render_lines(lines, colour=False)


def _render_for_others(outcome: Outcome, output_format: OutputFormat) -> str:
    """The formats for programs."""
    if output_format is OutputFormat.CONCISE:
        from conclint.report.concise import render_concise

        return render_concise(outcome.findings)
    if output_format is OutputFormat.JSON:
        from conclint.report.json import render_json

        return render_json(outcome.findings)
    if output_format is OutputFormat.JSON_LINES:
        from conclint.report.json import render_json_lines

        return render_json_lines(outcome.findings)
    if output_format is OutputFormat.SARIF:
        from conclint.report.sarif import render_sarif

        return render_sarif(outcome.findings, outcome.cwd)
    if output_format is OutputFormat.GITHUB:
        from conclint.report.github import render_github

        return render_github(outcome.findings, outcome.cwd)
    if output_format is OutputFormat.GITLAB:
        from conclint.report.gitlab import render_gitlab

        return render_gitlab(outcome.findings, outcome.cwd)
    if output_format is OutputFormat.HTML:
        from conclint.report.html import render_html
        from conclint.report.source_lines import SourceLines

        sources = SourceLines(outcome.cwd, outcome.texts)
        return render_html(outcome.findings, outcome.files, sources, outcome.concurrency)
    from conclint.report.junit import render_junit

    return render_junit(outcome.findings)
