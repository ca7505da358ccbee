"""All fixtures together, in every mode: each gives exactly the findings that its comments state."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from conclint.rules.registry import rules_by_code
from harness.longer import LONGER
from harness.matching import compare
from harness.programs import FIXTURES, PAIRS, ROOT, all_programs
from harness.reported import Reported
from harness.runs import EVERYTHING, run_command, run_flake8

PROGRAMS = all_programs()
OF_EACH_RULE = 3
"""Files with a finding of a rule that flake8 looks at."""

WholeRun = tuple[str, list[Reported]]
"""What a run on all fixtures prints, and the findings in it."""


def _with_cache(project: Path) -> WholeRun:
    return _run(project, "--jobs=1", f"--cache-dir={project.with_name('cache')}", "fixtures")


def _two_workers_shuffled(project: Path) -> WholeRun:
    files = [str(file.relative_to(ROOT)) for program in PROGRAMS for file in program.files]
    random.Random(7).shuffle(files)
    return _run(project, "--jobs=2", "--no-cache", *files)


def _run(project: Path, *options: str) -> WholeRun:
    return run_command([*EVERYTHING, *options], project, project / "fixtures")


WHOLE_RUNS: dict[str, Callable[[Path], WholeRun]] = {
    "cold": _with_cache,
    "cached": _with_cache,
    "two-workers-shuffled": _two_workers_shuffled,
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of the fixtures alone: what else lies in the repository, such as installed packages, is no
    part of them."""
    project = tmp_path_factory.mktemp("together") / "project"
    shutil.copytree(
        FIXTURES, project / "fixtures", symlinks=True, ignore=lambda *_: [PAIRS.name, "__pycache__"]
    )
    shutil.copy(ROOT / "pyproject.toml", project)
    return project


@pytest.fixture(scope="module")
def whole_run(project: Path) -> Callable[[str], WholeRun]:
    """All fixtures together in a mode, run once."""
    results: dict[str, WholeRun] = {}

    def run(mode: str) -> WholeRun:
        if mode == "cached":
            run("cold")  # fills the cache
        if mode not in results:
            results[mode] = WHOLE_RUNS[mode](project)
        return results[mode]

    return run


@pytest.mark.parametrize("mode", WHOLE_RUNS)
def test_among_all(mode: str, whole_run: Callable[[str], WholeRun]) -> None:
    """Each run with all other fixtures, from the project's folder."""
    found: dict[str, list[Reported]] = {program.name: [] for program in PROGRAMS}
    for finding in whole_run(mode)[1]:
        (name,) = found.keys() & {folder.as_posix() for folder in Path(finding.path).parents}
        found[name].append(finding)
    problems = [line for program in PROGRAMS for line in compare(program.expectations, found[program.name])]
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


@pytest.mark.parametrize("mode", [mode for mode in WHOLE_RUNS if mode != "cold"])
def test_modes_report_the_same(mode: str, whole_run: Callable[[str], WholeRun]) -> None:
    """Not only the expected parts: the reports are equal to the byte."""
    assert whole_run(mode)[1] == whole_run("cold")[1]
    assert whole_run(mode)[0] == whole_run("cold")[0]


def test_flake8_reports_the_same(whole_run: Callable[[str], WholeRun], project: Path) -> None:
    """One file at a time through flake8 gives what the whole run gives at default confidence: looked at for
    all files with a finding that leads through another file, for some with a finding of each rule, and for
    some of the others; or for all (CONCLINT_FUZZ=2).

    Files that can't be parsed are flake8's own business (E999, E902), as is `# noqa`, which it applies to
    physical lines. CON901 is reported on request only.
    """
    rules = rules_by_code()
    everything = whole_run("cold")[1]
    left_out = {found.path for found in everything if found.code == "CON900"} | {"control/noqa/legacy.py"}
    reported = [
        found
        for found in everything
        if rules[found.code].default
        and found.code != "CON901"
        and found.confidence != "low"
        and found.path not in left_out
    ]
    files = {file.relative_to(FIXTURES).as_posix() for program in PROGRAMS for file in program.files}
    judged = _some(files - left_out, reported)
    wanted = {
        (found.path, found.line, found.column, found.code) for found in reported if found.path in judged
    }
    found = run_flake8([Path("fixtures", file) for file in sorted(judged)], project, project / "fixtures")
    assert found - wanted == set()
    assert wanted - found == set()


def _some(files: set[str], reported: Sequence[Reported]) -> set[str]:
    """Files of each kind; all of them where tests may take longer."""
    if LONGER > 1:
        return files
    chosen = random.Random(7)
    some = {found.path for found in reported if any(step[1] != found.path for step in found.chain)}
    for code in sorted({found.code for found in reported}):
        of_rule = sorted({found.path for found in reported if found.code == code})
        some.update(chosen.sample(of_rule, min(OF_EACH_RULE, len(of_rule))))
    silent = sorted(files - {found.path for found in reported})
    some.update(chosen.sample(silent, len(silent) // 8))
    assert some <= files
    return some
