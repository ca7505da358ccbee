"""Whether the runs of a pair show the fault of the *before*, and that the *after* does not have it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import median
from typing import Final

from conclint.measure.pairs.run import Comparison, Run
from conclint.measure.pairs.shipped import Fault

STALL_FROM: Final = 0.1
"""Seconds that a stall takes at least."""
STALL_RATIO: Final = 3.0
ONE_CORE_TO: Final = 1.3
"""Cores kept busy: one, and what the interpreter's own end and beginning add."""
SPEED_UP_FROM: Final = 1.25
SERIAL_RATIO: Final = 1.8
COST_RATIO: Final = 1.5


def middle(runs: Iterable[Run], figure: Callable[[Run], float | None]) -> float:
    """The median of a figure over the runs that have it; 0 without any."""
    return median([value for run in runs if (value := figure(run)) is not None] or [0.0])


def ratio(comparison: Comparison, figure: Callable[[Run], float | None]) -> float:
    """How many times the median of the *after* the median of the *before* is."""
    after = middle(comparison.after, figure)
    return middle(comparison.before, figure) / after if after else 0.0


def missing_proof(comparison: Comparison) -> str | None:
    """What the runs fail to show, in words; None if they show the fault, and that it is gone afterwards."""
    pair = comparison.pair
    ended = [run.error for run in comparison.after if run.error]
    if pair.fault is not Fault.ERROR:
        ended += [run.error for run in comparison.before if run.error]
    if ended:
        return f"a program ended with {ended[0]}"
    return _PROOFS[pair.fault](comparison)


def right_result(comparison: Comparison) -> str:
    """What a program prints whose result is right."""
    return comparison.pair.right.replace("{amount}", str(comparison.amount))


def _stall(comparison: Comparison) -> str | None:
    before = middle(comparison.before, lambda run: run.stall)
    after = middle(comparison.after, lambda run: run.stall)
    if before < STALL_FROM:
        return f"the loop stood still for only {before:.3f} s"
    if after * STALL_RATIO > before:
        return f"the loop still stood still: for {before:.3f} s before, for {after:.3f} s after"
    return None


def _one_core(comparison: Comparison) -> str | None:
    cores = middle(comparison.before, lambda run: run.cores)
    if cores > ONE_CORE_TO:
        return f"before kept {cores:.2f} cores busy"
    gain = ratio(comparison, lambda run: run.seconds)
    if gain < SPEED_UP_FROM:
        return f"after is {gain:.2f} times as fast"
    return None


def _serial(comparison: Comparison) -> str | None:
    gain = ratio(comparison, lambda run: run.seconds)
    return f"after is {gain:.2f} times as fast" if gain < SERIAL_RATIO else None


def _cost(comparison: Comparison) -> str | None:
    saved = ratio(comparison, lambda run: run.cpu)
    return f"before takes {saved:.2f} times the CPU time" if saved < COST_RATIO else None


def _error(comparison: Comparison) -> str | None:
    return None if all(run.error for run in comparison.before) else "before ended well"


def _result(comparison: Comparison) -> str | None:
    right = right_result(comparison)
    if any(run.output != right for run in comparison.after):
        return f"after printed {comparison.after[0].output!r}, not {right!r}"
    if any(run.output == right for run in comparison.before):
        return f"before printed {right!r} too"
    return None


_PROOFS: Final[dict[Fault, Callable[[Comparison], str | None]]] = {
    Fault.STALL: _stall,
    Fault.ONE_CORE: _one_core,
    Fault.SERIAL: _serial,
    Fault.COST: _cost,
    Fault.ERROR: _error,
    Fault.RESULT: _result,
}
