"""The report for people: each finding with its source line, its chain, and what to use instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from conclint.model.execution import Confidence
from conclint.model.finding import Finding
from conclint.report.excerpt import make_excerpt
from conclint.report.printable import printable
from conclint.report.source_lines import Missing, SourceLines
from conclint.report.styled import Line, Style, plain
from conclint.report.wording import MODEL_WORDS

_NARROWEST = 40


def text_lines(
    findings: Sequence[Finding], sources: SourceLines, *, width: int, verbose: bool
) -> Iterator[Line]:
    """The lines of the report, a blank one after each finding. `width` limits source lines alone."""
    for finding in findings:
        yield from _finding_lines(finding, sources, max(width, _NARROWEST), verbose=verbose)
        yield ()


def summary_line(findings: Sequence[Finding], files: int) -> Line:
    """How many problems there are, how sure, in how many of the analysed files."""
    if not findings:
        return (plain(f"No problems found in {_count(files, 'file')}."),)
    by_confidence = Counter(finding.confidence for finding in findings)
    parts = [
        f"{by_confidence[confidence]} {confidence.label}"
        for confidence in sorted(Confidence, reverse=True)
        if by_confidence[confidence]
    ]
    touched = len({finding.path for finding in findings})
    # A path that doesn't exist is no analysed file, and yet has its finding.
    total = max(files, touched)
    return (
        plain(
            f"Found {_count(len(findings), 'problem')} ({', '.join(parts)})"
            f" in {touched} of {_count(total, 'file')}."
        ),
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _finding_lines(finding: Finding, sources: SourceLines, width: int, *, verbose: bool) -> Iterator[Line]:
    place = f"{printable(finding.place)}:"
    head = [
        (place, Style.PATH),
        plain(" "),
        (finding.code, Style.CODE),
        plain(f" {printable(finding.message)}"),
    ]
    if finding.confidence is not Confidence.HIGH:
        head.append((f" ({finding.confidence.label} confidence)", Style.NOTE))
    yield tuple(head)
    yield from _source_lines(finding, sources, width)
    yield from _chain_lines(finding)
    if verbose:
        for reason in finding.reasons:
            yield (("  assuming: ", Style.LABEL), plain(printable(reason)))
    recommendation = finding.recommendation
    if recommendation is not None:
        words = f"[{MODEL_WORDS[recommendation.model]}] {printable(recommendation.text)}"
        yield (("  use instead: ", Style.LABEL), plain(words))
        for line in (recommendation.example or "").splitlines():
            yield (plain("      "), (printable(line), Style.EXAMPLE))


def _source_lines(finding: Finding, sources: SourceLines, width: int) -> Iterator[Line]:
    line = sources.line_of(finding)
    if line is Missing.CHANGED:
        yield (("  (file changed since analysis)", Style.NOTE),)
    if isinstance(line, Missing) or not line.strip():
        return
    position = finding.position
    number = str(position.line)
    gutter = " " * (len(number) + 2)
    end = position.end_column if position.end_line == position.line else None
    excerpt = make_excerpt(line, position.column, end, width - len(gutter) - 3)
    yield ((f"  {number} | ", Style.NOTE), plain(excerpt.text))
    yield (
        (f"{gutter} | ", Style.NOTE),
        plain(" " * excerpt.offset),
        ("^" * excerpt.length, Style.CARET),
    )


def _chain_lines(finding: Finding) -> Iterator[Line]:
    """The chain, unless it is only the reported call itself."""
    if len(finding.chain) < 2:
        return
    for depth, step in enumerate(finding.chain):
        yield (
            plain("  " * (depth + 1)),
            plain(printable(step.symbol)),
            (f" ({printable(step.place)})", Style.NOTE),
        )
