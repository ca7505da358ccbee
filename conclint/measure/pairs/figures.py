"""What came of a pair, in figures: medians and ranges of the runs, and whether they show the fault."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any, Final, NamedTuple

from conclint.measure.pairs.run import Comparison, Run
from conclint.measure.pairs.shipped import Fault
from conclint.measure.pairs.verdict import missing_proof


class Range(NamedTuple):
    """The median of some runs, the least and the most."""

    median: float
    low: float
    high: float


class Figure(NamedTuple):
    """One thing measured of both programs."""

    before: Range
    after: Range

    @property
    def ratio(self) -> float:
        """How many times the *after* the *before* is; 0 where the *after* is nothing."""
        return self.before.median / self.after.median if self.after.median else 0.0


class PairReport(NamedTuple):
    """A pair, measured. The figures by their names: seconds, then stall, cpu or cores as the fault wants.

    `ended` says how each of the two ended where that is the fault, else it is empty; `missing` says what
    the runs fail to show, None if they show the fault, and that it is gone afterwards.
    """

    code: str
    fault: Fault
    about: str
    amount: int
    runs: int
    python: str
    cores: int
    figures: Mapping[str, Figure]
    ended: tuple[str, str]
    missing: str | None


_VALUES: Final[dict[str, Callable[[Run], float | None]]] = {
    "seconds": lambda run: run.seconds,
    "stall": lambda run: run.stall,
    "cpu": lambda run: run.cpu,
    "cores": lambda run: run.cores,
}
_BESIDES: Final = {Fault.STALL: ("stall",), Fault.ONE_CORE: ("cores",), Fault.COST: ("cpu",)}


def report_pair(comparison: Comparison) -> PairReport:
    """The report of a pair that was run here."""
    pair = comparison.pair
    names = ("seconds", *_BESIDES.get(pair.fault, ()))
    return PairReport(
        code=pair.code,
        fault=pair.fault,
        about=pair.about,
        amount=comparison.amount,
        runs=len(comparison.before),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        cores=usable_cores(),
        figures={
            name: Figure(_range(comparison.before, _VALUES[name]), _range(comparison.after, _VALUES[name]))
            for name in names
        },
        ended=(_ending(comparison.before), _ending(comparison.after)) if _by_ending(pair.fault) else ("", ""),
        missing=missing_proof(comparison),
    )


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def as_object(report: PairReport) -> dict[str, Any]:
    """The report as JSON has it; the keys are an interface."""
    return {
        "code": report.code,
        "fault": report.fault.value,
        "about": report.about,
        "amount": report.amount,
        "runs": report.runs,
        "python": report.python,
        "cores": report.cores,
        "figures": {
            name: {
                "before": figure.before._asdict(),
                "after": figure.after._asdict(),
                "ratio": figure.ratio,
            }
            for name, figure in report.figures.items()
        },
        "ended": {"before": report.ended[0], "after": report.ended[1]},
        "shown": report.missing is None,
        "missing": report.missing,
    }


def from_object(row: Mapping[str, Any]) -> PairReport:
    """The report that `as_object` made this of."""
    return PairReport(
        code=row["code"],
        fault=Fault(row["fault"]),
        about=row["about"],
        amount=row["amount"],
        runs=row["runs"],
        python=row["python"],
        cores=row["cores"],
        figures={
            name: Figure(Range(**figure["before"]), Range(**figure["after"]))
            for name, figure in row["figures"].items()
        },
        ended=(row["ended"]["before"], row["ended"]["after"]),
        missing=row["missing"],
    )


def _by_ending(fault: Fault) -> bool:
    return fault in (Fault.ERROR, Fault.RESULT)


def _ending(runs: Sequence[Run]) -> str:
    return runs[0].error or runs[0].output


def _range(runs: Sequence[Run], value: Callable[[Run], float | None]) -> Range:
    """The range of a figure; zeros where no run has it."""
    values = [seen for run in runs if (seen := value(run)) is not None] or [0.0]
    return Range(median(values), min(values), max(values))
