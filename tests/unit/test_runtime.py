"""What the configured runtime changes: verdicts, confidence and recommendations."""

from __future__ import annotations

from pathlib import Path

import pytest

from conclint.config.settings import load_config
from conclint.model.finding import Finding
from conclint.run.pipeline import check

POOL = """
from concurrent.futures import ThreadPoolExecutor


def crunch(n):
    return sum(i * i % 7 for i in range(n))


def main():
    with ThreadPoolExecutor() as pool:
        return list(pool.map(crunch, [10_000_000]))
"""
LOOP = """
import asyncio


def crunch(n):
    return sum(i * i % 7 for i in range(n))


async def main():
    return crunch(10_000_000)


if __name__ == "__main__":
    asyncio.run(main())
"""


def findings(folder: Path, source: str, settings: str) -> list[Finding]:
    (folder / "conclint.toml").write_text('min-confidence = "low"\n' + settings, encoding="utf-8")
    (folder / "app.py").write_text(source, encoding="utf-8")
    config = load_config(["."], cwd=folder, options={"use_cache": False, "jobs": 1})
    return list(check(["."], config).findings)


def advice(found: list[Finding]) -> str:
    (one,) = found
    assert one.recommendation is not None
    return f"{one.recommendation.text} {one.recommendation.example}"


def test_under_the_gil_threads_that_compute_are_found(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, POOL, 'gil = "enabled"')
    assert (found.code, found.confidence.label) == ("CON201", "high")


def test_without_the_gil_threads_that_compute_are_right(tmp_path: Path) -> None:
    assert findings(tmp_path, POOL, 'gil = "free-threaded"') == []


def test_for_both_kinds_of_build_threads_that_compute_are_less_sure_to_be_wrong(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, POOL, 'gil = "both"')
    assert found.confidence.label == "medium"
    assert "free-threaded" in found.reasons[0]


def test_computing_on_the_loop_stops_it_on_every_build_but_the_cure_differs(tmp_path: Path) -> None:
    with_gil = advice(findings(tmp_path, LOOP, 'gil = "enabled"\ntarget-version = "3.12"'))
    assert "run_in_executor(process_pool, crunch, 10_000_000)" in with_gil
    assert "Interpreter" not in with_gil
    without = advice(findings(tmp_path, LOOP, 'gil = "free-threaded"'))
    assert "asyncio.to_thread(crunch, 10_000_000)" in without


@pytest.mark.parametrize(("version", "offered"), [("3.13", False), ("3.14", True)])
def test_interpreters_are_offered_where_they_exist(tmp_path: Path, version: str, offered: bool) -> None:
    for source in (POOL, LOOP):
        text = advice(findings(tmp_path, source, f'target-version = "{version}"'))
        assert ("InterpreterPoolExecutor" in text) is offered
