"""Compares expectations with findings, both ways."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from harness.expectations import Expectation, Kind
from harness.reported import Reported


def accepts(expectation: Expectation, found: Reported) -> bool:
    """Whether the finding is the one that the expectation speaks of."""
    return (
        (expectation.path, expectation.line, expectation.code) == (found.path, found.line, found.code)
        and expectation.column in (None, found.column)
        and expectation.cause in (None, found.cause)
        and expectation.confidence in (None, found.confidence)
        and (expectation.via is None or _same_steps(expectation.via, found.between))
    )


def _same_steps(wanted: Sequence[str], symbols: Sequence[str]) -> bool:
    return len(wanted) == len(symbols) and all(
        symbol == name or symbol.endswith("." + name) for name, symbol in zip(wanted, symbols, strict=True)
    )


def demand(expectations: Iterable[Expectation], findings: Iterable[Reported]) -> None:
    """Fails the test, with all differences, unless the findings are exactly those expected."""
    problems = compare(expectations, findings)
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


def compare(expectations: Iterable[Expectation], findings: Iterable[Reported]) -> list[str]:
    """One line for each difference; none if the findings are exactly those expected.

    The narrowest expectation of a line takes its finding first, so that a wide one beside it can't.
    """
    problems = []
    unmatched = sorted(findings)
    stated = sorted(expectations, key=_narrowness, reverse=True)
    for expectation in stated:
        if expectation.kind is Kind.TODO_EXPECT:
            continue
        for found in unmatched:
            if accepts(expectation, found):
                unmatched.remove(found)
                break
        else:
            word = "missed" if expectation.kind is Kind.EXPECT else "no longer reported; remove"
            problems.append(f"{word}  {expectation}")
    for expectation in stated:
        if expectation.kind is Kind.TODO_EXPECT:
            for found in [one for one in unmatched if accepts(expectation, one)]:
                unmatched.remove(found)
                problems.append(f"now found; make it an expect  {expectation}")
    return sorted(problems) + [f"unexpected  {found}" for found in unmatched]


def _narrowness(expectation: Expectation) -> int:
    narrowing = (expectation.column, expectation.cause, expectation.via, expectation.confidence)
    return sum(part is not None for part in narrowing)
