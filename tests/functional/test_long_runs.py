"""Processes that go on for hours need as much after many edits as after the first ones: memory, open files,
space on disk."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest

from conclint.server.jobs import Checked, CheckJob, JobScope, MapJob
from conclint.workers.frames import encode_frame, read_frame

_PROC = Path("/proc/self/fd")
pytestmark = pytest.mark.skipif(not _PROC.is_dir(), reason="needs /proc")

_MODULE = """\
import asyncio
import requests
import time

from app.m{left} import helper_{left}, work_{left}
from app.m{right} import helper_{right}, work_{right}


def helper_{own}(url, count={count}):
    time.sleep(count)
    return requests.get(url) if count > 3 else helper_{left}(url, count - 1)


def work_{own}(items):
    return [first * second for first in items for second in items]


class Service:
    def __init__(self, url):
        self.url = url

    def load(self):
        return work_{right}([helper_{right}(self.url)])

    async def run(self):
        await asyncio.sleep(0)
        return self.load()


async def handler_{own}(url):
    await Service(url).run()
    work_{left}([1, 2, 3])
    return helper_{own}(url)
"""


def _module(own: int, count: int) -> str:
    return _MODULE.format(own=own, left=(own + 1) % 3, right=(own + 2) % 3, count=count)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Three small modules that import each other."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app/__init__.py").touch()
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "app"\n')
    for number in range(3):
        (tmp_path / f"app/m{number}.py").write_text(_module(number, 1))
    return tmp_path


class Analysing:
    """The process of the server that analyses."""

    def __init__(self, folder: Path) -> None:
        code = "from conclint.server.worker import main; main()"
        self._process = subprocess.Popen(
            [sys.executable, "-c", code], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._proc = Path(f"/proc/{self._process.pid}")

    def __enter__(self) -> Analysing:
        return self

    def __exit__(self, *failure: object) -> None:
        self._process.communicate()

    def ask(self, job: object) -> Any:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(encode_frame(job))
        self._process.stdin.flush()
        return read_frame(cast(BinaryIO, self._process.stdout))

    def memory(self) -> int:
        """What it holds, in KB."""
        status = (self._proc / "status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])

    def files(self) -> int:
        """How many files it has open."""
        return len(list((self._proc / "fd").iterdir()))


def test_the_process_that_analyses_stays_as_it_is_over_many_edits(project: Path) -> None:
    path, cache = str(project / "app/m0.py"), project / ".conclint_cache"

    def edit(number: int) -> None:
        text = _module(0, number) + f"\n\ndef more_{number}():\n    return {number}\n"
        texts = ((path, text.encode()),)
        answer = process.ask(CheckJob(str(project), JobScope.ALL, texts))
        assert isinstance(answer, Checked) and answer.marks
        process.ask(MapJob(str(project), path, texts))

    def on_disk() -> int:
        return sum(file.stat().st_size for file in cache.iterdir())

    with Analysing(project) as process:
        for number in range(3):
            edit(number)
        memory, files, size = process.memory(), process.files(), on_disk()
        for number in range(3, 9):
            edit(number)
        # Of each edit 2 MB were held, 15 files, and on disk 30 KB.
        assert process.memory() < memory + 6_000
        assert process.files() <= files
        assert on_disk() < size + 6 * 5_000


def test_watching_holds_nothing_of_its_earlier_runs(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    watchfiles = pytest.importorskip("watchfiles", reason="needs the extra `watch`")
    from conclint.cli.main import cli

    edited = project / "app/m0.py"
    held: list[int] = []
    files: list[int] = []

    def changes(*_: object, **__: object) -> Iterator[set[tuple[int, str]]]:
        for number in range(6):
            edited.write_text(_module(0, number))
            yield {(2, str(edited))}
            held.append(len(gc.get_objects()))
            files.append(len(os.listdir(_PROC)))  # noqa: PTH208

    monkeypatch.setattr(watchfiles, "watch", changes)
    monkeypatch.chdir(project)
    try:
        cli(["--watch"], standalone_mode=False)
    finally:
        gc.unfreeze()
    assert capsys.readouterr().out.count("CON101") > 6
    assert held[-1] < held[1] + 1_000
    assert files[-1] <= files[1]
