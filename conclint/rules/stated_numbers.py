"""Numbers that a call is given in the source: how long it sleeps, or waits at most."""

from __future__ import annotations

from conclint.resolve.arguments import Passed, StarItem
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import ValueSet, one_literal


def number_of(evaluator: Evaluator, given: Passed | None) -> float | None:
    """The one number that an argument is known to be, from 0 to 10**9; None for anything else."""
    if given is None or isinstance(given, StarItem):
        return None
    known = one_literal(given if isinstance(given, ValueSet) else evaluator.passed(given))
    value = known.value if known is not None else None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 10**9:
        return None
    return float(value)
