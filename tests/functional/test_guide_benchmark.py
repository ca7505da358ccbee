"""The benchmark of the guide's experiments runs, and shows what it is made to show."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from harness.programs import ROOT


def run_benchmark(*arguments: str) -> str:
    command = [sys.executable, "benchmarks/guide.py", "--size=small", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def proportions(output: str) -> dict[str, float]:
    """How long each way took, as a part of the first one's time."""
    rows = re.findall(r"^(\S.*?) +\d+\.\d\d s +(\d+\.\d\d)   \S", output, re.MULTILINE)
    return {name: float(part) for name, part in rows}


def test_it_runs_all_three_experiments() -> None:
    output = run_benchmark()
    assert [line for line in output.splitlines() if "here" in line] != []
    assert re.findall(r"^(Count|Get|\d+ sums)", output, re.MULTILINE) == ["Count", "Get", "2 sums"]
    assert {"in sequence", "two threads", "two processes"} <= set(proportions(output))


@pytest.mark.timed
def test_pages_wait_together_in_threads_and_on_the_loop_but_not_behind_a_blocking_call() -> None:
    parts = proportions(run_benchmark("urls"))
    (by_asyncio,) = (part for name, part in parts.items() if name.startswith("asyncio"))
    assert parts["20 threads"] < 0.6
    assert by_asyncio < 0.6
    assert parts["blocking calls in coroutines"] > 0.8
