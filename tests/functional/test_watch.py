"""`--watch`, as a real process that files are changed under."""

from __future__ import annotations

import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from programs_on_disk import QUICK_HELPER, SLOW_HELPER, VIEWS, run_conclint, write_project

pytest.importorskip("watchfiles", reason="needs the extra `watch`")


class Watcher:
    """A running `conclint --watch`; its lines arrive in `lines`."""

    def __init__(self, project: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "conclint", "--watch", "--output-format=concise", *arguments],
            cwd=project,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # ignored where the tests run in the background of a shell, and so by all that they start
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))

    def run(self) -> list[str]:
        """The lines of the next run."""
        seen: list[str] = []
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                line = self._lines.get(timeout=1)
            except queue.Empty:
                continue
            if line.startswith("conclint: watching for changes"):
                return seen
            seen.append(line)
        raise AssertionError(f"no run ended; seen: {seen}")


@pytest.fixture
def watcher(tmp_path: Path) -> Iterator[Watcher]:
    project = write_project(tmp_path / "project", views=VIEWS, helper=QUICK_HELPER)
    watcher = Watcher(project, "app/views.py")
    yield watcher
    watcher.process.kill()
    watcher.process.wait()


def test_a_changed_file_is_seen_though_it_was_not_asked_for(watcher: Watcher, tmp_path: Path) -> None:
    assert watcher.run() == []
    (tmp_path / "project/app/helper.py").write_text(SLOW_HELPER)
    (line,) = watcher.run()
    assert line.startswith("app/views.py:5:12: CON101")
    (tmp_path / "project/pyproject.toml").write_text('[tool.conclint]\nignore = ["CON101"]\n')
    assert watcher.run() == []
    (tmp_path / "project/pyproject.toml").write_text("[tool.conclint]\nignor = []\n")
    (line,) = watcher.run()
    assert "unknown key 'ignor'" in line
    (tmp_path / "project/pyproject.toml").write_text("[tool.conclint]\n")
    assert len(watcher.run()) == 1
    watcher.process.send_signal(signal.SIGINT)
    assert watcher.process.wait(timeout=30) == 0


def test_folders_that_come_later_are_watched(watcher: Watcher, tmp_path: Path) -> None:
    assert watcher.run() == []
    project = tmp_path / "project"
    for text, number in ((SLOW_HELPER, 1), (QUICK_HELPER, 0)):
        (project / "app/helper.py").unlink(missing_ok=True)
        (project / "app/helper").mkdir(exist_ok=True)
        draft = project / "app/helper/__init__.py"
        draft.write_text(text)
        lines = watcher.run()
        while len(lines) != number:  # a run for the folder, one for the file
            lines = watcher.run()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no link is followed")
def test_a_link_to_everything_is_not_watched_through(tmp_path: Path) -> None:
    project = write_project(tmp_path / "project", views=VIEWS, helper=SLOW_HELPER)
    (project / "whole").symlink_to("/")
    watcher = Watcher(project)
    try:
        assert len(watcher.run()) == 1
        files = Path(f"/proc/{watcher.process.pid}/fdinfo").iterdir()
        watches = sum(file.read_text().count("inotify wd") for file in files)
        assert 2 <= watches <= 4
    finally:
        watcher.process.kill()
        watcher.process.wait()


@pytest.mark.parametrize("arguments", [["-"], ["--write-baseline"]])
def test_what_cannot_be_watched(tmp_path: Path, arguments: list[str]) -> None:
    done = run_conclint(tmp_path, "--watch", *arguments, stdin=b"")
    assert done.returncode == 2
    assert "--watch can't be combined with" in done.stderr


def test_without_the_package(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['watchfiles'] = None; sys.argv = ['conclint', '--watch'];"
        "from conclint.__main__ import main; main()"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "conclint: error: --watch needs the package watchfiles: pip install watchfiles\n"
