"""Every rule from 1xx to 7xx is proven: by two programs, one with the fault that it reports and one that does
what it recommends. They are run, and conclint's own verdict on them is held against what running shows."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import pytest
from click.testing import CliRunner

from conclint.cli.main import cli
from conclint.measure.gil import has_gil
from conclint.measure.pairs.figures import usable_cores
from conclint.measure.pairs.pages import HEADING, read_reference, render_page, section_of, with_section
from conclint.measure.pairs.run import PairError, compare_pair, run_program
from conclint.measure.pairs.shipped import Fault, Pair, Size, missing_need, programs_folder, shipped_pairs
from conclint.measure.pairs.sizes import measure_sizes, render_sizes
from conclint.measure.pairs.verdict import missing_proof
from conclint.rules.registry import rule_page, rules_by_code
from harness.expectations import Kind, read_expectations
from harness.programs import PAIRS, ROOT
from harness.runs import run_here

ATTEMPTS = 3
ALL_PAIRS = tuple(shipped_pairs().values())
each_pair = pytest.mark.parametrize("pair", ALL_PAIRS, ids=lambda pair: pair.code)


def is_measurable(code: str) -> bool:
    """1xx to 7xx are about how code runs; hints and the rules about files and comments are not."""
    return re.fullmatch(r"CON[1-7]\d\d", code) is not None


def test_every_rule_about_code_has_a_pair() -> None:
    assert {code for code in rules_by_code() if is_measurable(code)} <= set(shipped_pairs())


def test_every_pair_belongs_to_a_rule() -> None:
    assert set(shipped_pairs()) <= {code for code in rules_by_code() if is_measurable(code)}


def test_every_folder_of_programs_is_listed() -> None:
    assert programs_folder() == PAIRS
    assert {folder.name for folder in PAIRS.glob("CON*")} == set(shipped_pairs())


REFERENCE = read_reference(ROOT / "docs" / "measured.json")


def test_every_pair_was_measured_and_showed_its_fault() -> None:
    assert set(REFERENCE.reports) | set(REFERENCE.reasons) == set(shipped_pairs())
    for code, report in REFERENCE.reports.items():
        pair = shipped_pairs()[code]
        assert (report.fault, report.about, report.amount) == (pair.fault, pair.about, pair.reference)
        assert report.missing is None
        assert report.runs >= 3


def test_the_page_of_all_pairs_shows_the_reference_run() -> None:
    page = (ROOT / "docs" / "measured.md").read_text(encoding="utf-8")
    assert page == render_page(REFERENCE)


@pytest.mark.parametrize("code", sorted(shipped_pairs()))
def test_the_rules_page_shows_the_reference_run(code: str) -> None:
    """`python scripts/measure_pairs.py --render` writes it."""
    page = rule_page(code)
    assert HEADING in page
    assert with_section(page, section_of(code, REFERENCE)) == page


BURN = "total = 0\nfor number in range(4_000_000): total += number"


def second_core_gain() -> float:
    """How many times as much two processes get done as one, on this machine at this moment."""

    def seconds(count: int) -> float:
        start = time.perf_counter()
        burning = [subprocess.Popen([sys.executable, "-I", "-c", BURN]) for _ in range(count)]
        for process in burning:
            process.wait()
        return time.perf_counter() - start

    return 2 * seconds(1) / seconds(2)


def is_timed(pair: Pair) -> bool:
    """Whether it shows in how long things take, and not in how a program ends or in its CPU time."""
    return pair.fault in (Fault.STALL, Fault.ONE_CORE, Fault.SERIAL)


@pytest.mark.timed
@pytest.mark.parametrize("pair", [*filter(is_timed, ALL_PAIRS)], ids=lambda pair: pair.code)
def test_before_takes_longer_than_after(pair: Pair) -> None:
    show(pair)


@pytest.mark.parametrize("pair", [*itertools.filterfalse(is_timed, ALL_PAIRS)], ids=lambda pair: pair.code)
def test_before_shows_the_fault_and_after_does_not(pair: Pair) -> None:
    show(pair)


def show(pair: Pair) -> None:
    """A machine that others use too may hide it once: one clear run of three is asked for."""
    if (need := missing_need(pair)) is not None:
        pytest.skip(f"there is no {need} here")
    if pair.gil and not has_gil():
        pytest.skip("this interpreter has no GIL")
    if usable_cores() < pair.cores:
        pytest.skip(f"it takes {pair.cores} cores, and one is all there is")
    seen: list[str] = []
    gains: list[float] = []
    for _ in range(ATTEMPTS):
        problem = missing_proof(compare_pair(pair, Size.SMALL))
        if problem is None:
            return
        seen.append(problem)
        if pair.cores > 1:
            gains.append(second_core_gain())
    if gains and (gain := median(gains)) < 1.5:
        pytest.skip(f"it takes {pair.cores} cores, and others use them: two processes gain {gain:.2f}")
    pytest.fail(f"{seen} (two processes gain {gains})" if gains else str(seen), pytrace=False)


@each_pair
def test_conclint_reports_before_and_not_after(pair: Pair, tmp_path: Path) -> None:
    """At default confidence, unless the expectation says that the rule is less sure; in a folder of their
    own, no project in which other files could call them."""
    shutil.copytree(PAIRS / pair.code, tmp_path, dirs_exist_ok=True)
    options = ["--output-format=json", "--no-cache", "--jobs=1", f"--extend-select={pair.code}"]
    options.append("--min-severity=info")  # some programs do it once
    expected = read_expectations(pair.before, "before")
    assert {item.kind for item in expected} == {Kind.EXPECT}
    assert {item.code for item in expected} == {pair.code}
    least = "low" if any(item.confidence == "low" for item in expected) else "medium"
    before = run_here([*options, f"--min-confidence={least}", "before.py"], tmp_path, tmp_path)
    assert {(item.line, item.code) for item in expected} <= {(found.line, found.code) for found in before}
    assert read_expectations(pair.after, "after") == []
    after = run_here([*options, "after.py"], tmp_path, tmp_path)
    assert [f"{found.line}: {found.code} {found.message}" for found in after] == []


def run_cli(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(cli, ["explain", *arguments])
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.timed
def test_explain_measures_a_rule_of_the_loop() -> None:
    status, out, _ = run_cli("CON102", "--measure", "--size", "small")
    assert status == 0
    assert out.startswith("CON102 sleep-on-event-loop: 4 pauses of 0.1 s\n")
    assert re.search(r"^before +0\.\d+ s +█+", out, re.MULTILINE)
    assert re.search(r"^after +0\.\d+ s +\S", out, re.MULTILINE)
    assert re.search(r"^ratio +\d\S* times", out, re.MULTILINE)
    assert "With the mistake, the event loop stood still for " in out
    assert "\x1b" not in out


@pytest.mark.timed
def test_explain_measures_as_json() -> None:
    status, out, _ = run_cli("sleep-on-event-loop", "--measure", "--size=small", "--output-format=json")
    assert status == 0
    found = json.loads(out)
    assert (found["code"], found["fault"], found["shown"]) == ("CON102", "stall", True)
    assert found["figures"]["stall"]["before"]["median"] > 0.3 > found["figures"]["stall"]["after"]["median"]
    assert found["figures"]["seconds"]["ratio"] > 1


def test_explain_says_that_there_is_nothing_to_measure() -> None:
    status, out, err = run_cli("CON900", "--measure")
    assert (status, out) == (1, "")
    assert err == "conclint: CON900 is not about how code runs: there is nothing to measure\n"


def test_explain_takes_the_options_of_measure_with_it_only() -> None:
    status, _, err = run_cli("CON101", "--size=small")
    assert status == 2
    assert "--size needs --measure." in err


def test_explain_says_that_python_cannot_be_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    status, out, err = run_cli("CON102", "--measure")
    assert (status, out) == (1, "")
    assert err.startswith("conclint: can't start ")
    assert err.count("\n") == 1
    monkeypatch.setattr(sys, "executable", "")
    assert "does not know its own executable" in run_cli("CON102", "--measure")[2]


def program(folder: Path, source: str) -> Path:
    path = folder / "program.py"
    path.write_text(source, encoding="utf-8")
    return path


def test_a_program_that_does_not_end_is_ended(tmp_path: Path) -> None:
    path = program(tmp_path, "import time\ntime.sleep(60)\n")
    with pytest.raises(PairError, match=r"program\.py did not end within 0\.5 s"):
        run_program(path, 1, time_limit=0.5)


def test_a_program_that_breaks_off_is_an_error(tmp_path: Path) -> None:
    path = program(tmp_path, "import os, sys\nprint('no more', file=sys.stderr, flush=True)\nos._exit(3)\n")
    with pytest.raises(PairError, match=r"program\.py ended with status 3: no more"):
        run_program(path, 1)


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
def test_what_a_program_leaves_running_is_ended(tmp_path: Path) -> None:
    left = (
        "import subprocess, sys\nprint(subprocess.Popen([sys.executable, '-c', 'input()'], stdin=-1).pid)\n"
    )
    run = run_program(program(tmp_path, left + "import os\nsys.stdout.flush()\n"), 1)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.kill(int(run.output), 0)
        except ProcessLookupError:
            return
        if (
            Path(f"/proc/{run.output}/stat").is_file()
            and ") Z " in Path(f"/proc/{run.output}/stat").read_text()
        ):
            return
        time.sleep(0.02)
    pytest.fail("it still runs")


def test_a_program_sees_nothing_of_where_conclint_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module of the user's that is named like one of the library's is not imported."""
    (tmp_path / "asyncio.py").write_text("raise SystemExit('imported')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    elsewhere = tmp_path / "programs"
    elsewhere.mkdir()
    run = run_program(
        program(elsewhere, "import asyncio, os\nprint(asyncio.sleep.__name__, os.listdir())\n"), 1
    )
    assert (run.output, run.error) == ("sleep []", None)


def test_the_work_of_a_pair_is_measured_in_pieces_of_several_sizes() -> None:
    rows = measure_sizes(shipped_pairs()["CON201"], 10_000)

    assert [row["size"] for row in rows] == [100, 1_000, 10_000]
    assert all(row[way] > 0 for row in rows for way in ("threads", "processes"))
    assert not measure_sizes(shipped_pairs()["CON202"], 10_000)


def test_sizes_at_which_threads_gain_nothing_are_said_to() -> None:
    rows = [
        {"size": 1_000, "threads": 0.4, "cores": 0.9, "processes": 0.5},
        {"size": 100_000, "threads": 1.0, "cores": 1.0, "processes": 2.0},
    ]

    assert "Threads gain nothing at any size" in render_sizes(rows)
    assert "1.00 ██████████ " in render_sizes(rows)
    assert "By threads a gain at 100,000." in render_sizes([rows[0], {**rows[1], "threads": 1.9}])
