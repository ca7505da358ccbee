"""A program that steps its coroutines itself, and has no event loop, has none to block."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from conclint.cli.main import cli
from conclint.replay import RACY_NS

WORK = "import time\n\n\nasync def work():\n    time.sleep(1)\n"
DRIVERS = {
    "sends": """
def run(coroutine):
    try:
        while True:
            coroutine.send(None)
    except StopIteration as end:
        return end.value
""",
    "sends a result": """
from collections.abc import Coroutine


class Scheduler:
    def step(self, task: Coroutine, result):
        try:
            task.send(result)
        except StopIteration:
            self.done.append(task)
""",
    "next of await": """
def run(awaitable):
    steps = awaitable.__await__()
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
""",
    "exhausts": "def run(work):\n    for _ in work.__await__():\n        pass\n",
}
OTHERS = {
    "nothing": "",
    "generator": """
def averages():
    total = yield


def run(values):
    steps = averages()
    try:
        steps.send(1)
    except StopIteration:
        return None
""",
    "awaitable": "class Ready:\n    def __await__(self):\n        return self.wait().__await__()\n",
    "socket": "def say(task, text):\n    task.socket.send(text)\n",
}


def _found(folder: Path, asked: str) -> list[str]:
    options = ["check", asked, "--output-format=json", f"--cache-dir={folder / '.cache'}"]
    outcome = CliRunner().invoke(cli, options, catch_exceptions=False)
    return [finding["code"] for finding in json.loads(outcome.stdout)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text("[tool.conclint]\n")
    (tmp_path / "work.py").write_text(WORK)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("driver", DRIVERS.values(), ids=DRIVERS)
def test_nothing_blocks_a_loop_that_is_not_there(folder: Path, driver: str) -> None:
    (folder / "driver.py").write_text(driver)
    for asked in (".", "work.py", "work.py"):
        assert _found(folder, asked) == []


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_a_library_runs_on_the_loop_of_its_users(folder: Path, other: str) -> None:
    (folder / "other.py").write_text(other)
    for asked in (".", "work.py"):
        assert _found(folder, asked) == ["CON102"]


def test_tests_that_step_a_library_are_no_program(folder: Path) -> None:
    (folder / "tests").mkdir()
    (folder / "tests/test_work.py").write_text(DRIVERS["sends"])
    assert _found(folder, ".") == ["CON102"]


@pytest.mark.parametrize(
    "entry", ["import asyncio\n", "from trio import run\n", "import aiohttp.web\n", "import fastapi\n"]
)
def test_a_loop_anywhere_in_the_project_counts(folder: Path, entry: str) -> None:
    (folder / "driver.py").write_text(DRIVERS["sends"])
    assert _found(folder, "work.py") == []
    (folder / "main.py").write_text(entry)
    assert _found(folder, "work.py") == ["CON102"]
    assert _found(folder, ".") == ["CON102"]
    (folder / "main.py").unlink()
    assert _found(folder, "work.py") == []


AWAITABLE = """
class Ready:
    def __init__(self, steps):
        self._steps = steps

    def __await__(self):
        yield from self._steps


def run(function):
    steps = function().__await__()
    while True:
        try:
            next(steps)
        except StopIteration:
            return
"""
STARTED = """
import asyncio
import time


async def serve():
    time.sleep(2)


async def main():
    await asyncio.gather(serve(), serve())


asyncio.run(main())
"""


def test_a_driver_beside_a_loop_leaves_what_is_started_on_the_loop(folder: Path) -> None:
    (folder / "main.py").write_text(STARTED)
    assert _found(folder, ".") == ["CON102", "CON102"]
    (folder / "driver.py").write_text(AWAITABLE)
    assert _found(folder, ".") == ["CON102"]
    assert _found(folder, "main.py") == ["CON102"]
    assert _found(folder, "work.py") == []
    (folder / "driver.py").rename(folder / "test_driver.py")
    assert _found(folder, "work.py") == ["CON102"]


def test_what_is_remembered_of_the_other_files_holds_until_they_change(folder: Path) -> None:
    (folder / "main.py").write_text(STARTED)
    for number in range(40):
        (folder / f"other_{number}.py").write_text("def f():\n    pass\n")
    driver = folder / "other_7.py"
    for file in folder.iterdir():
        os.utime(file, ns=(10**18, 10**18))
    time.sleep(RACY_NS / 1e9)
    assert _found(folder, "work.py") == ["CON102"]
    driver.write_text(AWAITABLE)
    assert _found(folder, "work.py") == []
    assert _found(folder, "work.py") == []
    driver.write_text("")
    assert _found(folder, "work.py") == ["CON102"]
    driver.unlink()
    assert _found(folder, "work.py") == ["CON102"]
