"""The report for people: each entry with its source line, its chain, who waits, and what to use instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from conclint.model.code_lines import folded_code
from conclint.model.finding import Finding
from conclint.model.severity import Severity
from conclint.model.symbols import readable, short_name
from conclint.report.excerpt import make_excerpt
from conclint.report.grouping import Entry, GroupBy
from conclint.report.printable import printable
from conclint.report.source_lines import Missing, SourceLines
from conclint.report.styled import Line, Style, plain, wrapped
from conclint.report.wording import ABOUT_THE_RUN, called, count, qualities, some

_NARROWEST = 40
_NAMED = 3
"""How many of several names are written out."""
_MANY = 10
"""Groups of findings in which one gets lost."""
_CONTINUED = "      "
"""What stands before an example, and before the rest of a sentence."""


def text_lines(
    entries: Iterable[Entry], sources: SourceLines, *, width: int, verbose: bool, wraps: bool = False
) -> Iterator[Line]:
    """The lines of the report, a blank one after each entry. `width` limits source lines, and sentences too
    if it `wraps`."""
    width = max(width, _NARROWEST)
    for entry in entries:
        for line in _entry_lines(entry, sources, width, verbose=verbose, wraps=wraps):
            if wraps and line and not _is_ready(line):
                yield from wrapped(line, width, _CONTINUED)
            else:
                yield line
        yield ()


def _is_ready(line: Line) -> bool:
    """Whether it is a line of source or of an example, the mark below one, or a step: these are broken where
    they are made, if at all."""
    styles = {style for _, style in line}
    return bool(styles & {Style.EXAMPLE, Style.CARET, Style.STEP}) or line[0][1] is Style.SOURCE


def overview_lines(entries: Iterable[Entry], by: GroupBy) -> Iterator[Line]:
    """The findings under a heading for each file or each rule, a line for each."""
    for entry in entries:
        head = entry.head
        title = head.path if by is GroupBy.FILE else f"{head.code} {head.name}"
        yield ((printable(title), Style.PATH), (f" ({count(len(entry.findings), 'finding')})", Style.NOTE))
        for finding in sorted(entry.findings, key=lambda each: each.sort_key):
            place = f"  {printable(finding.place)}:"
            words = f" {printable(finding.message)}"
            yield ((place, Style.PATH), plain(" "), (finding.code, _code_style(finding)), plain(words))
        yield ()


def summary_line(
    findings: Sequence[Finding],
    files: int,
    entries: int = 0,
    hidden: int = 0,
    unsure: int = 0,
    known: int = 0,
) -> Line:
    """How many findings there are, how bad, in how many of the analysed files; `entries` is in how many they
    are put together (0: they aren't), `hidden` how many are not bad enough to be shown,
    `unsure` how many not sure enough, `known` how many are in the baseline."""
    left_out = [
        f"{number} {what}"
        for number, what in (
            (known, "in the baseline"),
            (hidden, "below --min-severity"),
            (unsure, "below --min-confidence"),
        )
        if number
    ]
    less = f" (hidden: {', '.join(left_out)})" if left_out else ""
    if not findings:
        return (plain(f"No findings in {count(files, 'file')}{less}."),)
    by_severity = Counter(finding.severity for finding in findings)
    parts = [
        f"{by_severity[severity]} {severity.label}"
        for severity in sorted(Severity, reverse=True)
        if by_severity[severity]
    ]
    touched = len({finding.path for finding in findings})
    # A path that doesn't exist is no analysed file, and yet has its finding.
    total = max(files, touched)
    number = len(findings)
    groups = "" if entries in (0, number) else f", shown in {count(entries, 'group')}"
    found = f"{count(number, 'finding')} ({', '.join(parts)}) in {touched} of {count(total, 'file')}"
    return (plain(f"Found {found}{groups}{less}."),)


def hint_line(findings: Sequence[Finding], entries: int) -> Line | None:
    """How to see what matters among many, since they are in the order of the files; None for few."""
    if entries < _MANY:
        return None
    critical = sum(finding.severity is Severity.CRITICAL for finding in findings)
    some_are = 0 < critical < len(findings)
    only = f" Only the {critical} critical: `--min-severity critical`." if some_are else ""
    return (plain(f"What to change first: `conclint plan`.{only}"),)


_STYLES = {Severity.CRITICAL: Style.CRITICAL, Severity.WARNING: Style.CODE, Severity.INFO: Style.NOTE}


def _code_style(finding: Finding) -> Style:
    return _STYLES[finding.severity]


def _entry_lines(
    entry: Entry, sources: SourceLines, width: int, *, verbose: bool, wraps: bool
) -> Iterator[Line]:
    finding = entry.head
    head = [
        (f"{printable(finding.place)}:", Style.PATH),
        plain(" "),
        (finding.code, _code_style(finding)),
        plain(f" {printable(finding.message)}"),
    ]
    if not finding.code.startswith(ABOUT_THE_RUN):
        head.append((f" [{qualities(finding)}]", Style.NOTE))
    yield tuple(head)
    yield from _source_lines(finding, sources, width)
    yield from _chain_lines(finding, width if wraps else None)
    for label, words in notes_of(entry):
        yield ((f"  {label}: ", Style.LABEL), plain(printable(words)))
    if verbose:
        for reason in finding.reasons:
            yield (("  less sure because: ", Style.LABEL), plain(printable(reason)))
    recommendation = finding.recommendation
    if recommendation is not None:
        yield (("  fix: ", Style.LABEL), plain(printable(recommendation.text)))
        for line in (recommendation.example or "").splitlines():
            for row in folded_code(line, width - len(_CONTINUED)) if wraps else [line]:
                yield (plain(_CONTINUED), (printable(row), Style.EXAMPLE)) if row else ()


def notes_of(entry: Entry) -> Iterator[tuple[str, str]]:
    """Who waits, what else is behind the entry, and from where else it is reached, each with its label."""
    finding = entry.head
    if finding.entries:
        yield "who waits", some(finding.entries, finding.entry_count)
    others = entry.causes[1:]
    if others:
        yield "also", some([f"`{readable(cause)}`" for cause in others[:_NAMED]], len(others))
    root, callers = finding.root, entry.callers
    if len(callers) > 1 and entry.is_shared and root is not None:
        names = some([f"`{short_name(name)}`" for name in callers[:_NAMED]], len(callers))
        where = f"`{short_name(root.symbol)}` ({root.path}:{root.line})"
        yield "root", f"{where}, reached from {count(len(callers), 'function')}: {names}"


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
    yield ((f"  {number} | ", Style.SOURCE), plain(excerpt.text))
    yield (
        (f"{gutter} | ", Style.NOTE),
        plain(" " * excerpt.offset),
        ("^" * excerpt.length, Style.CARET),
    )


def _chain_lines(finding: Finding, width: int | None) -> Iterator[Line]:
    """The chain, unless it is only the reported call itself. A step that is wider goes on below its place,
    further in than the next one begins."""
    if len(finding.chain) < 2:
        return
    for depth, step in enumerate(finding.chain):
        indent = "  " * (depth + 1)
        place, calls = printable(step.place), f"calls {printable(called(finding, step))}"
        head = (plain(indent), (place, Style.STEP))
        if width is None or len(f"{indent}{place} {calls}") <= width:
            yield (*head, plain(f" {calls}"))
        else:
            yield head
            yield ((f"{indent}      ", Style.STEP), plain(calls))
