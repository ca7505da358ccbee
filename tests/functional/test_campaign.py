"""The campaign downloads without building, sees what breaks, and its page is made of its figures."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from campaigning.checks import Limits, watch
from campaigning.downloads import fetch
from campaigning.figures import block, broken, table, with_block
from harness.programs import ROOT

DATA = ROOT / "docs" / "reliability.json"
PAGE = ROOT / "docs" / "reliability.md"
LIMITS = Limits(seconds=60, memory=4 << 30, jobs=1, largest=5)

SLEEPS = "import time\n\n\nasync def main():\n    time.sleep(1)\n"
FOR_PYTHON_2 = 'print "hello"\n'
MARKS = "from pathlib import Path\nPath(__file__).with_name('built').touch()\nPath({mark!r}).touch()\n"


def add_wheel(index: Path, name: str, tag: str, files: dict[str, str]) -> None:
    with zipfile.ZipFile(index / f"{name}-1.0-{tag}.whl", "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
        archive.writestr(
            f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
        )
        archive.writestr(f"{name}-1.0.dist-info/WHEEL", f"Wheel-Version: 1.0\nTag: {tag}\n")
        archive.writestr(f"{name}-1.0.dist-info/RECORD", "")


def add_source(index: Path, name: str, files: dict[str, str]) -> None:
    with tarfile.open(index / f"{name}-1.0.tar.gz", "w:gz") as archive:
        for path, text in files.items():
            item = tarfile.TarInfo(f"{name}-1.0/{path}")
            item.size = len(text.encode())
            archive.addfile(item, io.BytesIO(text.encode()))


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that pip downloads from."""
    folder = tmp_path / "index"
    folder.mkdir()
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.setenv("PIP_FIND_LINKS", f"http://127.0.0.1:{server.server_port}/")
        monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
        monkeypatch.setattr("campaigning.downloads.PYTHONS", ("3.14",))
        try:
            yield folder
        finally:
            server.shutdown()
            thread.join()


def test_a_campaign_over_two_packages(index: Path, tmp_path: Path) -> None:
    files = {
        "sleepy/__init__.py": "",
        "sleepy/main.py": SLEEPS,
        "../../outside.py": "",
        "sleepy/data.bin": "",
    }
    add_wheel(index, "sleepy", "py3-none-any", files)
    add_wheel(index, "olden", "py3-none-any", {"olden.py": FOR_PYTHON_2})
    results = tmp_path / "results.json"
    command = [sys.executable, "scripts/campaign.py", "--downloads", str(tmp_path), "--results", str(results)]
    done = subprocess.run(
        [*command, "--jobs=1", "sleepy", "olden"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(results.read_text(encoding="utf-8"))["packages"]
    sleepy, olden = found["sleepy"], found["olden"]
    assert (sleepy["files"], sleepy["status"], sleepy["findings"]) == (2, 1, 1)
    assert sleepy["slowest"]["path"] == "sleepy/main.py"
    assert sleepy["cpu"] > sleepy["parse"] > 0
    assert sleepy["memory"] > 10 << 20
    assert (olden["version"], olden["status"], olden["findings"]) == ("1.0", 1, 0)
    assert [name for name, _ in olden["refused"]] == ["olden.py"]
    assert olden["alone"] == []
    assert "| sleepy 1.0 | 2 | 1 | 1 |" in done.stdout
    assert not list(tmp_path.rglob("outside.py"))

    nowhere = {**os.environ, "PIP_FIND_LINKS": "http://127.0.0.1:1/"}
    again = subprocess.run(
        [*command, "sleepy", "olden"], cwd=ROOT, capture_output=True, text=True, check=True, env=nowhere
    )
    kept = json.loads(results.read_text(encoding="utf-8"))["packages"]
    assert kept == found, "what was checked is kept"
    assert "| sleepy 1.0 | 2 | 1 | 1 |" in again.stdout
    assert again.stderr == ""


def test_what_has_no_wheel_is_unpacked_and_not_built(index: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    files = {
        "setup.py": MARKS.format(mark=str(mark)),
        "odd.py": "x = 1\n",
        "data.bin": "x",
    }
    add_source(index, "odd", files)
    package = fetch("odd", tmp_path / "downloads")
    assert package.version == "1.0"
    found = sorted(path.name for path in package.folder.rglob("*") if path.is_file())
    assert found == ["odd.py", "setup.py"]
    assert not mark.exists()


def test_nothing_of_a_package_is_built_with_a_backend_of_its_own(index: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    settings = '[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["."]\n'
    add_source(index, "odd", {"pyproject.toml": settings, "own.py": MARKS.format(mark=str(mark))})
    assert fetch("odd", tmp_path / "downloads").version == "1.0"
    assert not mark.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans over")
def test_what_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    started = tmp_path / "started"
    child = f"import os, time; open({str(started)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    parent = (
        f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(600)"
    )
    run = watch([sys.executable, "-c", parent], tmp_path, LIMITS._replace(seconds=3))
    assert run.status is None
    assert not Path("/proc", started.read_text(encoding="utf-8")).exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans over")
def test_what_is_left_behind_is_counted_and_ended(tmp_path: Path) -> None:
    sleep = "import time; time.sleep(600)"
    quiet = "stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL"
    parent = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {sleep!r}], {quiet})"
    run = watch([sys.executable, "-c", parent], tmp_path, LIMITS)
    assert (run.status, run.left) == (0, 1)


def test_too_much_memory_fails(tmp_path: Path) -> None:
    greedy = "x = b'x' * (1 << 30)"
    run = watch([sys.executable, "-c", greedy], tmp_path, LIMITS._replace(memory=512 << 20))
    assert run.status == 1
    assert "MemoryError" in run.errors


FINE: dict[str, Any] = {
    "version": "1.0",
    "files": 3,
    "status": 1,
    "findings": 4,
    "cpu": 2.5,
    "wall": 2.0,
    "memory": 90e6,
    "left": 0,
    "traceback": "",
    "errors": "",
    "refused": [],
    "alone": [],
    "failed": [],
    "taken": [],
    "parse": 1.0,
    "slowest": {"path": "a.py", "seconds": 0.5},
    "crashed": [],
}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"status": None}, "hang"),
        ({"status": 2}, "exit 2"),
        ({"status": -9}, "exit -9"),
        ({"traceback": "KeyError: 1"}, "traceback"),
        ({"left": 2}, "processes left"),
        ({"failed": [["a.py", "could not be analysed"]]}, "1 not analysed"),
        ({"alone": [["a.py", "invalid syntax"]]}, "1 refused alone"),
        ({"crashed": [["a.py", "KeyError: 1"]]}, "1 crashed alone"),
        ({"cpu": 8.6}, "slow"),
    ],
)
def test_what_breaks_is_named(wrong: dict[str, Any], words: str) -> None:
    made = {"start": 0.5}
    assert broken({"made": made, "packages": {"fine": FINE}}) == {}
    found = {"made": made, "packages": {"fine": FINE, "odd": {**FINE, **wrong}}}
    assert broken(found) == {"odd": [words]}
    assert table(found).splitlines()[3].endswith(f"| {words} |")


def test_the_page_is_made_of_its_figures() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert with_block(page, block(json.loads(DATA.read_text(encoding="utf-8")))) == page
