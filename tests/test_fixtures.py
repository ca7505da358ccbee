"""Every fixture gives exactly the findings that its comments state, in every mode."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from conclint.rules.registry import rules_by_code
from harness.matching import compare
from harness.programs import FIXTURES, ROOT, Program, all_programs
from harness.reported import Reported
from harness.runs import EVERYTHING, run_command, run_flake8, run_here

PROGRAMS = all_programs()
each_program = pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)


WholeRun = tuple[str, list[Reported]]
"""What a run on all fixtures prints, and the findings in it."""


ALL_FIXTURES = (*EVERYTHING, "--extend-exclude=/fixtures/pairs/", "fixtures")


def _with_cache(cache: Path) -> WholeRun:
    return run_command(["--jobs=1", f"--cache-dir={cache}", *ALL_FIXTURES], ROOT)


def _shuffled(cache: Path) -> WholeRun:
    files = [str(file.relative_to(ROOT)) for program in PROGRAMS for file in program.files]
    random.Random(7).shuffle(files)
    return run_command([*EVERYTHING, "--jobs=1", "--no-cache", *files], ROOT)


def _two_workers(cache: Path) -> WholeRun:
    return run_command(["--jobs=2", "--no-cache", *ALL_FIXTURES], ROOT)


WHOLE_RUNS: dict[str, Callable[[Path], WholeRun]] = {
    "cold": _with_cache,
    "cached": _with_cache,
    "shuffled": _shuffled,
    "two-workers": _two_workers,
}


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], WholeRun]:
    """All fixtures together in a mode, run once."""
    results: dict[str, WholeRun] = {}
    cache = tmp_path_factory.mktemp("cache")

    def run(mode: str) -> WholeRun:
        if mode == "cached":
            run("cold")  # fills the cache
        if mode not in results:
            results[mode] = WHOLE_RUNS[mode](cache)
        return results[mode]

    return run


def _of(program: Program, findings: list[Reported]) -> list[Reported]:
    return [found for found in findings if found.path.startswith(program.name + "/")]


def _demand(program: Program, findings: list[Reported]) -> None:
    problems = compare(program.expectations, findings)
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


@each_program
def test_alone(program: Program) -> None:
    """Run in the program's own folder, as its author would."""
    _demand(program, run_here([*EVERYTHING, "--jobs=1", "--no-cache", "."], program.folder))


@pytest.mark.parametrize("mode", WHOLE_RUNS)
@each_program
def test_among_all(program: Program, mode: str, whole_run: Callable[[str], WholeRun]) -> None:
    """Run with all other fixtures, from the repository's folder."""
    _demand(program, _of(program, whole_run(mode)[1]))


@pytest.mark.parametrize("mode", [mode for mode in WHOLE_RUNS if mode != "cold"])
def test_modes_report_the_same(mode: str, whole_run: Callable[[str], WholeRun]) -> None:
    """Not only the expected parts: the reports are equal to the byte."""
    assert whole_run(mode)[1] == whole_run("cold")[1]
    assert whole_run(mode)[0] == whole_run("cold")[0]


def test_flake8_reports_the_same(whole_run: Callable[[str], WholeRun]) -> None:
    """One file at a time through flake8 gives what the whole run gives at default confidence.

    Files that can't be parsed are flake8's own business (E999, E902), as is `# noqa`, which it applies to
    physical lines. CON901 is reported on request only.
    """
    rules = rules_by_code()
    everything = whole_run("cold")[1]
    left_out = {found.path for found in everything if found.code == "CON900"} | {"control/noqa/legacy.py"}
    wanted = {
        (found.path, found.line, found.column, found.code)
        for found in everything
        if rules[found.code].default
        and found.code != "CON901"
        and found.confidence != "low"
        and found.path not in left_out
    }
    files = [file for program in PROGRAMS for file in program.files]
    judged = [file for file in files if file.relative_to(FIXTURES).as_posix() not in left_out]
    found = run_flake8([file.relative_to(ROOT) for file in judged], ROOT)
    assert found - wanted == set()
    assert wanted - found == set()
