"""The benchmark of speed runs, measures whole process trees, and makes its page from its figures alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.programs import ROOT

CHILD = ROOT / "benchmarks" / "measuring" / "child.py"
ORPHANS = """
import subprocess, sys
burn = "import time\\nwhile time.process_time() < 0.5: pass"
child = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {burn!r}])"
subprocess.Popen([sys.executable, "-c", child])
"""


def run_benchmark(*arguments: str) -> str:
    command = [sys.executable, "benchmarks/speed.py", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_it_measures_every_part_and_writes_the_figures_of_its_page(tmp_path: Path) -> None:
    file = tmp_path / "speed.json"
    page = run_benchmark("--quick", "--scratch", str(tmp_path / "scratch"), "--output", str(file))
    figures = json.loads(file.read_text(encoding="utf-8"))["corpora"]["conclint"]
    assert 0 < figures["cold"]["parsed"] <= figures["files"]
    warm, cold = figures["warm"]["conclint"], figures["cold"]["conclint"]
    assert warm["cpu"] < cold["cpu"]
    assert warm["memory"] < cold["memory"]
    for part in ("linked", "edited", "one file", "sampled"):
        costs = [cost for cost in figures[part].values() if isinstance(cost, dict)]
        assert costs
        assert all(cost["cpu"] > 0 and cost["wall"] > 0 for cost in costs)
    demand = figures["demand"]
    assert 0 < demand["unreached"] < demand["functions"], "conclint/workers has few coroutines or threads"
    assert demand["reduced"] < demand["whole"]
    assert run_benchmark("--page", str(file)) == page
    assert "## The phases of a cold run" in page
    assert not (tmp_path / "scratch" / "work").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans over")
def test_the_time_of_orphans_counts() -> None:
    command = [sys.executable, "-I", "-S", str(CHILD), sys.executable, "-c", ORPHANS]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    cost = json.loads(done.stdout.splitlines()[-1])
    assert cost["whole"]
    assert cost["cpu"] > 0.5


def test_a_command_that_fails_ends_the_benchmark(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from measuring.process import Run, measure\n"
        "measure(Run('a name', ['python3', '-c', 'import sys; sys.exit(3)'], Path('.')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT / "benchmarks",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "FailedError: a name: status 3" in done.stderr


def test_the_page_is_made_of_its_figures() -> None:
    page = (ROOT / "docs" / "speed.md").read_text(encoding="utf-8")
    assert run_benchmark("--page", "docs/speed.json") == page
