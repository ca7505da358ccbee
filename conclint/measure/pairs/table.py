"""A measured pair as a table: with bars for a terminal, in Markdown for the rule's page."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Final

from conclint.measure.pairs.figures import PairReport, Range
from conclint.measure.pairs.shipped import Fault

BAR_WIDTH: Final = 20

_TITLES: Final = {
    "seconds": "time",
    "stall": "longest stall",
    "cpu": "CPU time",
    "cores": "cores kept busy",
}


def render_report(report: PairReport, name: str, *, colour: bool, width: int) -> str:
    """The two times with bars, the ratio, and what the fault makes of it, for a terminal or plain."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("")
    for figure in report.figures:
        table.add_column(_TITLES[figure], justify="right", no_wrap=True)
        table.add_column("", no_wrap=True)
    for which, style in (("before", "red"), ("after", "green")):
        cells = [which]
        for figure, values in report.figures.items():
            median = getattr(values, which).median
            if figure == "cores":  # neither is better for being longer
                cells += [format_value(figure, median), ""]
                continue
            longest = max(values.before.median, values.after.median)
            cells += [format_value(figure, median), f"[{style}]{_bar(median, longest)}[/]"]
        table.add_row(*cells)
    ratios = ["ratio"]
    for figure, values in report.figures.items():
        ratios += ["" if figure == "cores" else format_ratio(values.ratio), ""]
    table.add_row(*ratios, style="bold")

    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=colour,
        no_color=not colour,
        legacy_windows=False,
        highlight=False,
    )
    runs = "one run each" if report.runs == 1 else f"medians of {report.runs} runs each"
    console.print(f"{report.code} {name}: {report.amount:,} {report.about}", markup=False, soft_wrap=True)
    console.print(f"{report.python}, {_cores(report.cores)}, {runs}\n", markup=False, soft_wrap=True)
    console.print(table)
    console.print(f"\n{closing_words(report)}", markup=False, soft_wrap=True)
    return "\n".join(line.rstrip() for line in out.getvalue().split("\n"))


def render_section(report: PairReport) -> str:
    """The text of the section *Measured* of the rule's page."""
    titles = [_TITLES[figure] for figure in report.figures]
    rows = [
        f"| {which} | "
        + " | ".join(
            format_range(figure, getattr(values, which)) for figure, values in report.figures.items()
        )
        + " |"
        for which in ("before", "after")
    ]
    ratios = " | ".join(
        "" if figure == "cores" else format_ratio(values.ratio) for figure, values in report.figures.items()
    )
    lines = [
        f"`conclint explain {report.code} --measure` runs two small programs on your machine, one with the",
        f"mistake and one without. Here: {report.amount:,} {report.about}. {report.python},",
        f"{_cores(report.cores)}; median of {report.runs} runs (lowest to highest).",
        "",
        f"| | {' | '.join(titles)} |",
        "| --- |" + " --- |" * len(titles),
        *rows,
        f"| ratio | {ratios} |",
    ]
    lines += ["", closing_words(report)]
    return "\n".join(lines) + "\n"


def closing_words(report: PairReport) -> str:
    """What the figures say, in one sentence; or that they don't show the fault."""
    if report.missing is not None:
        return f"Not shown by these runs: {report.missing}."
    return _WORDS[report.fault](report)


def format_value(figure: str, value: float) -> str:
    """A figure with its unit."""
    if figure == "cores":
        return f"{value:.2f}"
    return f"{value:.3f} s" if value < 0.1 else f"{value:.2f} s"


def format_range(figure: str, values: Range) -> str:
    """`0.52 s (0.51–0.60)`; the median alone where the others look the same."""
    digits = 3 if figure != "cores" and values.median < 0.1 else 2
    low, high = f"{values.low:.{digits}f}", f"{values.high:.{digits}f}"
    text = format_value(figure, values.median)
    return text if low == high else f"{text} ({low}–{high})"


def format_ratio(value: float) -> str:
    """`9.3 times`, or `120 times` where the digit after the point says nothing."""
    return f"{value:.0f} times" if value >= 20 else f"{value:.1f} times"


def _cores(number: int) -> str:
    return "one core" if number == 1 else f"{number} cores"


def _bar(value: float, longest: float) -> str:
    """A bar of eighths of a character; never empty, however small the value."""
    eighths = max(1, round(8 * BAR_WIDTH * value / longest)) if longest else 1
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def _stall(report: PairReport) -> str:
    stall = report.figures["stall"]
    before, after = (format_value("stall", value.median) for value in stall)
    return f"With the mistake, the event loop stood still for {before}; without it, for {after}."


def _one_core(report: PairReport) -> str:
    cores = report.figures["cores"]
    gain = format_ratio(report.figures["seconds"].ratio)
    return (
        f"With the mistake, it kept {cores.before.median:.1f} cores busy; without it, "
        f"{cores.after.median:.1f}, and was {gain} as fast."
    )


def _serial(report: PairReport) -> str:
    gain = format_ratio(report.figures["seconds"].ratio)
    return f"The same work, no longer done one after the other, was {gain} as fast."


def _cost(report: PairReport) -> str:
    return f"With the mistake, waiting took {format_ratio(report.figures['cpu'].ratio)} the CPU time."


def _ending(report: PairReport) -> str:
    before, after = report.ended
    if report.fault is Fault.ERROR:
        return f"With the mistake, it ended with `{before}`; without it, it printed `{after}`."
    return f"With the mistake, it printed `{before}`; without it, `{after}`."


_WORDS: Final[dict[Fault, Callable[[PairReport], str]]] = {
    Fault.STALL: _stall,
    Fault.ONE_CORE: _one_core,
    Fault.SERIAL: _serial,
    Fault.COST: _cost,
    Fault.ERROR: _ending,
    Fault.RESULT: _ending,
}
