"""What the page shows, in the order and the words in which it shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from conclint import __version__
from conclint.model.concurrency_map import ConcurrencyMap
from conclint.model.execution import ExecutionModel
from conclint.model.finding import Finding, Step
from conclint.report.grouping import Entry, badness, grouped
from conclint.report.html.picture import (
    Area,
    Name,
    Placements,
    causes_of,
    draw_areas,
    placements_of,
    root_of,
)
from conclint.report.levels import level_of
from conclint.report.printable import printable
from conclint.report.source_lines import Missing, SourceLines
from conclint.report.text import notes_of, summary_line
from conclint.report.wording import MODEL_WORDS, qualities
from conclint.rules.registry import rules_by_code

_MOST_ROOTS = 10
_MOST_CAUSES = 2
_LONG = 12
"""With more cards than that, each is folded to its head and its line."""
_BEFORE, _AFTER = 80, 160
"""How much of a long line is shown before and from the place to look at."""


class Snippet(NamedTuple):
    """A source line with the part to look at; all empty where the line can't be had."""

    line: int
    before: str
    mark: str
    after: str


class ShownStep(NamedTuple):
    """One step of a chain."""

    symbol: str
    place: str
    snippet: Snippet


class Card(NamedTuple):
    """One entry: its head, what is to be said of all, and the places of the others."""

    anchor: str
    code: str
    name: str
    message: str
    path: str
    place: str
    symbol: str
    confidence: str
    severity: str
    qualities: str
    level: str
    notes: tuple[str, ...]
    others: tuple[str, ...]
    model: str
    snippet: Snippet
    note: str
    steps: tuple[ShownStep, ...]
    reasons: tuple[str, ...]
    advice_model: str
    advice: str
    example: str


class Count(NamedTuple):
    """A rule or a file with its number of findings."""

    key: str
    label: str
    number: int


class Tile(NamedTuple):
    """A number at the head of the page."""

    label: str
    number: int


class RootRow(NamedTuple):
    """A function to change: what it calls, how many findings that mends, and its card."""

    anchor: str
    severity: str
    label: str
    root: Name
    place: str
    causes: tuple[Name, ...]
    more_causes: int
    findings: int
    functions: int


class Page(NamedTuple):
    """The whole page. `is_long`: cards show their chains on a click only."""

    version: str
    summary: str
    tiles: tuple[Tile, ...]
    rules: tuple[Count, ...]
    files: tuple[Count, ...]
    roots: tuple[RootRow, ...]
    more_roots: tuple[RootRow, ...]
    areas: tuple[Area, ...]
    placements: Placements
    cards: tuple[Card, ...]
    is_long: bool


def make_page(
    findings: Sequence[Finding], files: int, sources: SourceLines, concurrency: ConcurrencyMap | None
) -> Page:
    """The page for the findings, put together to entries."""
    entries = grouped(findings)
    anchors = [f"finding-{number}" for number in range(1, len(entries) + 1)]
    cards = tuple(_card(entry, anchor, sources) for entry, anchor in zip(entries, anchors, strict=True))
    heads = [(entry, card.anchor, card.severity) for entry, card in zip(entries, cards, strict=True)]
    roots = [
        _root_row(entry, anchor, severity)
        for entry, anchor, severity in sorted(heads, key=lambda item: _worth(item[0]))
        if entry.head.symbol
    ]
    rules = tuple(_counts((card.code for card in cards), _rule_label))
    return Page(
        version=__version__,
        summary="".join(text for text, _ in summary_line(findings, files, len(entries))),
        tiles=tuple(_tiles(concurrency)),
        rules=rules,
        files=tuple(_counts((card.path for card in cards), str)),
        roots=tuple(roots[:_MOST_ROOTS]),
        more_roots=tuple(roots[_MOST_ROOTS:]),
        areas=draw_areas(heads, {rule.key: rule.label for rule in rules}),
        placements=placements_of(findings, concurrency),
        cards=cards,
        is_long=len(cards) > _LONG,
    )


def _worth(entry: Entry) -> tuple[object, ...]:
    """Least for what is worth being changed first: what mends most, as in `conclint plan`; then the worst."""
    return (-len(entry.findings), badness(entry.head))


def _root_row(entry: Entry, anchor: str, severity: str) -> RootRow:
    root, place = root_of(entry)
    causes = causes_of(entry)
    return RootRow(
        anchor,
        severity,
        entry.head.severity.label,
        root,
        place,
        causes[:_MOST_CAUSES],
        len(causes) - len(causes[:_MOST_CAUSES]),
        len(entry.findings),
        len(entry.callers),
    )


def _tiles(concurrency: ConcurrencyMap | None) -> Iterable[Tile]:
    if concurrency is None:
        return
    counts = Counter(reached.model for function in concurrency.functions for reached in function.models)
    for model in ExecutionModel:
        if counts[model] or model is not ExecutionModel.INTERPRETER:
            yield Tile(f"run {_WHERE[model]}", counts[model])


_WHERE = {
    ExecutionModel.EVENT_LOOP: "on the event loop",
    ExecutionModel.THREAD: "in threads",
    ExecutionModel.PROCESS: "in processes",
    ExecutionModel.INTERPRETER: "in interpreters",
}


def _rule_label(code: str) -> str:
    rule = rules_by_code().get(code)
    return rule.summary if rule is not None else code


def _counts(keys: Iterable[str], label: object) -> Iterable[Count]:
    counts = Counter(keys)
    assert callable(label)
    for key in sorted(counts, key=lambda key: (-counts[key], key)):
        yield Count(key, label(key), counts[key])


def _card(entry: Entry, anchor: str, sources: SourceLines) -> Card:
    finding = entry.head
    line = sources.line_of(finding)
    at, advice = finding.position, finding.recommendation
    end = at.end_column if at.end_line == at.line else None
    return Card(
        anchor=anchor,
        code=finding.code,
        name=finding.name,
        message=printable(finding.message),
        path=printable(finding.path),
        place=f"{printable(finding.path)}:{at.line}:{at.column}",
        symbol=printable(finding.symbol),
        confidence=finding.confidence.label,
        severity=level_of(finding).value,
        qualities=qualities(finding),
        level=finding.severity.label,
        notes=tuple(f"{label}: {printable(words)}" for label, words in notes_of(entry)),
        others=tuple(
            f"{printable(other.place)} in {printable(other.symbol)}: {other.code}"
            for other in entry.findings[1:]
        ),
        model=MODEL_WORDS[finding.model] if finding.model else "",
        snippet=_snippet(line, at.line, at.column, end),
        note="The file has changed since it was analysed." if line is Missing.CHANGED else "",
        steps=tuple(_step(step, sources) for step in finding.chain) if len(finding.chain) > 1 else (),
        reasons=tuple(map(printable, finding.reasons)),
        advice_model=MODEL_WORDS[advice.model] if advice else "",
        advice=printable(advice.text) if advice else "",
        example="\n".join(map(printable, (advice.example or "").splitlines())) if advice else "",
    )


def _step(step: Step, sources: SourceLines) -> ShownStep:
    line = sources.line_at(step.path, step.line)
    name = step.symbol.rsplit(".", 1)[-1]
    column, end = step.column, step.column
    if isinstance(line, str):
        start = line.find(name, step.column - 1)
        if start >= 0:
            column, end = start + 1, start + 1 + len(name)
    return ShownStep(
        printable(step.symbol),
        f"{printable(step.path)}:{step.line}",
        _snippet(line, step.line, column, end),
    )


def _snippet(line: str | Missing, number: int, column: int, end_column: int | None) -> Snippet:
    if isinstance(line, Missing):
        return Snippet(number, "", "", "")
    line = line.rstrip().expandtabs(1)
    first = min(max(column - 1, 0), len(line))
    last = len(line) if end_column is None else min(max(end_column - 1, first), len(line))
    before = line[:first].lstrip()
    after = line[last:]
    if len(before) > _BEFORE:
        before = "…" + before[-_BEFORE:]
    if len(after) > _AFTER:
        after = after[:_AFTER] + "…"
    return Snippet(number, printable(before), printable(line[first:last]), printable(after))
