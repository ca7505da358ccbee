"""The table of what was claimed and what was measured, and how it is written."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from conclint.catalog.facts import EffectKind
from conclint.measure.gil import Measurement, Spread, Verdict

_CLAIMS = {EffectKind.COMPUTES_GIL: Verdict.HOLDS, EffectKind.COMPUTES_NOGIL: Verdict.RELEASES}


class Row(NamedTuple):
    """One entry of the catalog: what it claims, and what was measured, or the `reason` why nothing was."""

    name: str
    library: str
    effect: EffectKind
    measured: Measurement | None
    reason: str
    version: str = ""

    @property
    def claim(self) -> Verdict:
        return _CLAIMS[self.effect]

    @property
    def contradicted(self) -> bool:
        """Whether the measurement is clear, and says the opposite."""
        if self.measured is None:
            return False
        return self.measured.verdict not in (Verdict.UNDECIDED, self.claim)


class Table(NamedTuple):
    """All rows in order of name, and where they were measured. Without a GIL no claim can be contradicted."""

    rows: tuple[Row, ...]
    python: str
    machine: str
    cores: int
    date: str
    gil: bool

    @property
    def measured(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.measured is not None)

    @property
    def contradicted(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.contradicted) if self.gil else ()

    @property
    def undecided(self) -> tuple[Row, ...]:
        return tuple(row for row in self.measured if _verdict(row) is Verdict.UNDECIDED)

    @property
    def skipped(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.measured is None)


def _verdict(row: Row) -> Verdict | None:
    return row.measured.verdict if row.measured is not None else None


def format_gain(gain: Spread) -> str:
    """`1.92 (1.85–1.97)`: the median, and the quartiles."""
    return f"{gain.median:.2f} ({gain.low:.2f}–{gain.high:.2f})"


def format_share(low: float, high: float) -> str:
    """`3–12%`, or `12%` where the ends are the same."""
    first, last = round(100 * low), round(100 * high)
    return f"{last}%" if first == last else f"{first}–{last}%"


def render_row(row: Row) -> str:
    """One line of text for a terminal."""
    if row.measured is None:
        return f"{row.name:44} skipped: {row.reason}"
    seen = row.measured
    waiting = format_share(seen.least.median, seen.most.median)
    mark = "  CONTRADICTS THE CATALOG" if row.contradicted else ""
    return (
        f"{row.name:44} {seen.verdict.value:9} {format_gain(seen.speed_up):17} "
        f"stop {round(100 * seen.stop.median):3}%  waiting {waiting:7}  "
        f"{1000 * seen.seconds:5.1f} ms{mark}"
    )


def render_summary(table: Table) -> str:
    """How many were measured, and what is wrong or open."""
    lines = [
        f"{len(table.measured)} measured, {len(table.contradicted)} contradict the catalog, "
        f"{len(table.undecided)} undecided, {len(table.skipped)} skipped "
        f"({table.python}, {table.cores} cores, {table.date})"
    ]
    if not table.gil:
        lines.append("This interpreter has no GIL: nothing holds it, and nothing is contradicted.")
    return "\n".join(lines)


def render_json(table: Table) -> str:
    """A JSON array with an object for each row; what was not measured has a reason instead of figures."""

    def entry(row: Row) -> dict[str, object]:
        said: dict[str, object] = {"name": row.name, "library": row.library, "catalog": row.claim.value}
        if row.measured is None:
            return {**said, "measured": None, "reason": row.reason}
        seen = row.measured
        figures = {
            "speed_up": seen.speed_up._asdict(),
            "longest_stop": seen.stop._asdict(),
            "kept_waiting": {"least": seen.least.median, "most": seen.most.median},
            "seconds": seen.seconds,
        }
        return {**said, "measured": seen.verdict.value, "release": row.version, **figures}

    return json.dumps([entry(row) for row in table.rows], indent=2) + "\n"


_HEAD = """# Who holds the GIL

Made by `python scripts/measure_gil.py --write docs/gil.md`; `conclint catalog --measure` measures again with
your interpreter and your releases of the libraries.

{python}, {machine}, {cores} cores, {date}. {counts}

Each call is made on one thread and on two, on data of some hundred kilobytes and more, some 20 to 200 ms a
call, {rounds} times or more. What contradicts the catalog is measured twice more, and the middle one counts.

- **speed-up**: how many times as much two threads get done as one; the median, and the quartiles. Time that
  a thread queued for a core is taken off as well as can be, so other work on the machine matters less.
- **longest stop**: of another Python thread that only wants to tick every half millisecond, as a share of one
  call; what the system's scheduler adds is in it.
- **kept waiting**: all the time that this thread was late, as a share of the calls' time: without and with
  the time that it queued for a core itself. Code in Python gives the GIL away every 5 ms, so its longest stop
  is short, and the other thread waits all the same.
- **verdict**: *holds* where the other thread waits for most of the time and two threads gain nothing;
  *releases* where it hardly waits, or waits little and two threads gain. *Undecided* where neither is clear:
  much of a call may be Python, or convert its arguments, around a core that releases the GIL.

Small arguments are another matter: hashes release the GIL from 2 KiB, and what takes microseconds gains
nothing from a thread whatever it does with the GIL.

| callable | release | catalog | measured | speed-up | longest stop | kept waiting | one call |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""


_NOT_MEASURED = ("", "## Not measured", "", "| callable | catalog | reason |", "| --- | --- | --- |")
_COUNTS = re.compile(r"Entries of the catalog measured: \d+, contradicted: \d+, undecided: \d+\.")


def _counts(measured: int, contradicted: int, undecided: int) -> str:
    return (
        f"Entries of the catalog measured: {measured}, contradicted: {contradicted}, undecided: {undecided}."
    )


def render_markdown(table: Table) -> str:
    """The page of the documentation."""
    rounds = min((row.measured.rounds for row in table.rows if row.measured), default=0)
    counts = _counts(len(table.measured), len(table.contradicted), len(table.undecided))
    lines = [
        _HEAD.format(
            python=table.python,
            machine=table.machine,
            cores=table.cores,
            date=table.date,
            counts=counts,
            rounds=rounds,
        ).rstrip("\n")
    ]
    for row in table.measured:
        seen = row.measured
        assert seen is not None
        verdict = f"**{seen.verdict.value}**" if row.contradicted else seen.verdict.value
        lines.append(
            f"| `{row.name}` | {row.version} | {row.claim.value} | {verdict} | {format_gain(seen.speed_up)} "
            f"| {round(100 * seen.stop.median)}% | {format_share(seen.least.median, seen.most.median)} "
            f"| {1000 * seen.seconds:.0f} ms |"
        )
    lines += _NOT_MEASURED
    lines += [f"| `{row.name}` | {row.claim.value} | {row.reason} |" for row in table.skipped]
    return "\n".join(lines) + "\n"


def merge_page(page: str, newer: str) -> str:
    """The page with the rows that `newer` has replaced, and the rest of `newer` around them."""
    measured, skipped = _rows(page, measured=True), _rows(page, measured=False)
    for name, line in _rows(newer, measured=True).items():
        measured[name] = line
        skipped.pop(name, None)
    for name, line in _rows(newer, measured=False).items():
        if name not in measured:
            skipped[name] = line
    verdicts = [line.split("|")[4].strip() for line in measured.values()]
    counts = _counts(
        len(measured), sum(word.startswith("**") for word in verdicts), verdicts.count("undecided")
    )
    head = _COUNTS.sub(counts, newer.partition("\n| `")[0].rstrip("\n"), count=1)
    lines = [head, *(measured[name] for name in sorted(measured)), *_NOT_MEASURED]
    return "\n".join([*lines, *(skipped[name] for name in sorted(skipped))]) + "\n"


def _rows(page: str, *, measured: bool) -> dict[str, str]:
    """The lines of the page's first or second table, by the callable's name."""
    part = page.partition("\n## Not measured")[0 if measured else 2]
    return {line.split("`")[1]: line for line in part.splitlines() if line.startswith("| `")}
