"""The figures of the reference run in the documentation: a page of all pairs, a section for each rule."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from conclint.measure.pairs.figures import PairReport, from_object
from conclint.measure.pairs.shipped import Fault
from conclint.measure.pairs.table import (
    closing_words,
    format_range,
    format_ratio,
    render_section,
)

HEADING = "## Measured"


class Reference(NamedTuple):
    """The reference run: the reports by code, and for pairs that could not be run there the reason."""

    date: str
    machine: str
    reports: Mapping[str, PairReport]
    reasons: Mapping[str, str]


def read_reference(file: Path) -> Reference:
    """The reference run that the file holds, as JSON."""
    data = json.loads(file.read_text(encoding="utf-8"))
    reports = {row["code"]: from_object(row) for row in data["pairs"]}
    return Reference(data["date"], data["machine"], reports, data["reasons"])


def section_of(code: str, reference: Reference) -> str:
    """What the rule's page says below the heading *Measured*."""
    if code in reference.reports:
        return render_section(reference.reports[code])
    return (
        f"Not in the reference run, which {reference.reasons[code]}.\n"
        f"`conclint explain {code} --measure` runs a program with the mistake and one without on yours.\n"
    )


def with_section(page: str, text: str) -> str:
    """The page with this section *Measured*, in the place of the old one or before the references."""
    section = f"{HEADING}\n{text}\n"
    if HEADING in page:
        return re.sub(
            rf"^{HEADING}\n.*?(?=^## )", lambda _: section, page, count=1, flags=re.DOTALL | re.MULTILINE
        )
    return page.replace("## References\n", f"{section}## References\n", 1)


_HEAD = """# Before and after, measured

Made by `python scripts/measure_pairs.py`; `conclint explain CODE --measure` does the same on your machine.

{python}, {machine}, {cores} cores, {date}; medians of {runs} alternating runs of each program, with the
lowest and highest. The programs are in [fixtures/pairs](../fixtures/pairs): *before* is what the rule
reports, *after* is what it recommends. Look at the ratios: the machine had other work to do as well.
"""

_TABLES: Sequence[tuple[str, str, str, tuple[Fault, ...]]] = (
    ("The event loop stands still", "stall", "longest stall", (Fault.STALL,)),
    ("One core, however many threads", "cores", "cores kept busy", (Fault.ONE_CORE,)),
    ("More CPU time", "cpu", "CPU time", (Fault.COST,)),
    ("One after the other", "", "", (Fault.SERIAL,)),
)


def _pythons(reference: Reference) -> str:
    """The interpreter of the run, with those on which single pairs had to run."""
    usual = next(iter(reference.reports.values())).python
    others: dict[str, list[str]] = {}
    for code, report in reference.reports.items():
        if report.python != usual:
            others.setdefault(report.python, []).append(code)
    return ", ".join([usual, *(f"{python} for {' and '.join(codes)}" for python, codes in others.items())])


def render_page(reference: Reference) -> str:
    """The page of all pairs."""
    first = next(iter(reference.reports.values()))
    head = _HEAD.format(
        python=_pythons(reference),
        machine=reference.machine,
        cores=first.cores,
        date=reference.date,
        runs=first.runs,
    )
    lines = [head.rstrip("\n")]
    for title, figure, name, faults in _TABLES:
        chosen = [report for report in reference.reports.values() if report.fault in faults]
        lines += ["", f"## {title}", "", *_figures(chosen, figure, name)]
    ended = [report for report in reference.reports.values() if any(report.ended)]
    lines += ["", "## Wrong or broken", "", "| rule | seen |", "| --- | --- |"]
    lines += [f"| {report.code} | {closing_words(report)} |" for report in ended]
    if reference.reasons:
        lines += ["", "## Not measured", "", "| rule | reason |", "| --- | --- |"]
        lines += [f"| {code} | {reason} |" for code, reason in reference.reasons.items()]
    return "\n".join(lines) + "\n"


def _figures(reports: Sequence[PairReport], figure: str, name: str) -> list[str]:
    titles = ["rule", "what", "time before", "after", "ratio"]
    if figure:
        titles += [f"{name} before", "after", *(["ratio"] if figure != "cores" else [])]
    rows = []
    for report in reports:
        cells = [report.code, f"{report.amount:,} {report.about}"]
        for key in ("seconds", figure) if figure else ("seconds",):
            values = report.figures[key]
            cells += [format_range(key, values.before), format_range(key, values.after)]
            cells += [format_ratio(values.ratio)] if key != "cores" else []
        rows.append("| " + " | ".join(cells) + " |")
    return ["| " + " | ".join(titles) + " |", "| --- " * len(titles) + "|", *rows]
