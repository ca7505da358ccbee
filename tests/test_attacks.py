"""No program, however odd, ends a check without a report: generated modules, and real ones changed at random.

The same examples in each run of the tests. To look for more, other ones each time:

    CONCLINT_FUZZ=100 python -m pytest tests/test_attacks.py

runs a hundred times as many.
"""

from __future__ import annotations

import asyncio
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from harness.attacks import BrokenError, attack, compiles
from harness.longer import LONGER
from harness.mutations import MUTATIONS, mutated
from harness.programs import FIXTURES, PAIRS

_LARGEST = 6_000
"""Bytes of a file that is changed: a check of it takes a moment."""


def bounded(examples: int) -> settings:
    """So many examples, the same each time unless more are asked for."""
    return settings(
        max_examples=examples * LONGER,
        derandomize=LONGER == 1,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@cache
def fixtures() -> tuple[str, ...]:
    """The fixture programs, file by file."""
    files = sorted(path for path in FIXTURES.rglob("*.py") if PAIRS not in path.parents)
    return tuple(text for path in files if (text := path.read_text("utf-8", "replace")).strip())


@cache
def standard_library() -> tuple[str, ...]:
    """Small modules of the running Python's standard library, those of asyncio first."""
    folder = Path(asyncio.__file__).parent.parent
    found = [*folder.glob("asyncio/*.py"), *folder.glob("*.py"), *folder.glob("*/*.py")]
    small = [path for path in dict.fromkeys(found) if 200 < path.stat().st_size < _LARGEST]
    return tuple(
        text
        for path in sorted(small, key=lambda path: (path.parent.name != "asyncio", str(path)))
        if "site-packages" not in path.parts
        and compiles((text := path.read_text("utf-8", "replace")).encode())
    )


@cache
def generators() -> Any:
    """Imported when the first text is generated: not in each process that looks what tests there are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it names classes of the syntax tree that are going away
        import hypothesmith
    return hypothesmith


def as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@bounded(30)
@given(st.deferred(lambda: mutated(fixtures())), st.deferred(lambda: mutated(fixtures())))
def test_changed_fixtures(one: str, two: str) -> None:
    note(one)
    note(two)
    attack({"one": as_bytes(one), "two": as_bytes(two)})


@bounded(15)
@given(st.deferred(lambda: mutated(standard_library(), most=12)))
def test_changed_files_of_the_standard_library(text: str) -> None:
    note(text)
    attack({"one": as_bytes(text)})


@bounded(5)
@given(st.deferred(lambda: generators().from_node()))
def test_generated_trees(text: str) -> None:
    note(text)
    attack({"one": as_bytes(text)})


@bounded(8)
@given(st.deferred(lambda: generators().from_grammar()))
def test_text_generated_by_the_grammar(text: str) -> None:
    note(text)
    attack({"one": as_bytes(text)})


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_each_change_changes_something(mutation: object) -> None:
    from harness.mutations import Choice

    assert callable(mutation)
    text = fixtures()[0]
    choices = (Choice(place / 10, 0.7, 2) for place in range(10))
    assert any(mutation(text, fixtures()[-1], choice) != text for choice in choices)


def test_a_module_that_could_not_be_analysed_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from conclint.judging.checker import ModuleJudge

    def fail(self: ModuleJudge, paths: list[str]) -> None:
        raise RecursionError

    monkeypatch.setattr(ModuleJudge, "judge_modules", fail)
    with pytest.raises((BrokenError, RecursionError)):
        attack({"one": b"import asyncio\n"})
