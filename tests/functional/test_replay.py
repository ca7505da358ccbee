"""A command in a project in which nothing has changed prints what it printed, without the command line's
library, the configuration or the cache; whatever it hung on, a change of it is noticed."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conclint.__main__ import main
from conclint.replay import SUFFIX, replay

APP = "import slow\n\nasync def main():\n    slow.pause()\n"
SLOW = "import time\n\ndef pause():\n    time.sleep(1)\n"
QUICK = "def pause():\n    pass\n"


class Command:
    """The command in a project, in this process; whether the last run was a replay."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[bytes]
    ) -> None:
        self.folder = folder
        self.replayed = False
        self._patch = monkeypatch
        self._capture = capture

        def noting(arguments: list[str]) -> int | None:
            status = replay(arguments)
            self.replayed = status is not None
            return status

        monkeypatch.setattr("conclint.replay.replay", noting)

    def __call__(self, *arguments: str) -> tuple[int, bytes]:
        """The status and what was printed."""
        self._patch.setattr(sys, "argv", ["conclint", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert isinstance(ended.value.code, int)
        return ended.value.code, self._capture.readouterr().out


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "above" / "project"
    for name, text in {
        "pyproject.toml": '[project]\nname = "p"\nrequires-python = ">=3.10"\n',
        "app.py": APP,
        "slow.py": SLOW,
        "pkg/__init__.py": "",
        "pkg/more.py": APP.replace("slow", "quick"),
        "pkg/quick.py": QUICK,
        "build/stray.py": APP,
        "config/.gitignore": "*.log\n",
    }.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def command(
    project: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Iterator[Command]:
    for module in ("conclint.run.recorder", "conclint.source.discovery", "conclint.store.cache"):
        monkeypatch.setattr(f"{module}.RACY_NS", -(10**18))  # what was just written counts as settled
    threshold = gc.get_threshold()
    yield Command(project, monkeypatch, capfdbinary)
    gc.set_threshold(*threshold)  # a process of its own has the collector run rarely


@pytest.mark.parametrize("output", ["text", "concise", "json", "sarif"])
def test_what_was_printed_is_printed_again(command: Command, output: str) -> None:
    first = command(".", f"--output-format={output}")
    assert not command.replayed
    assert first[0] == 1
    assert b"time.sleep" in first[1]
    assert command(".", f"--output-format={output}") == first
    assert command.replayed


def write(name: str, text: str) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)

    return change


def swapped(folder: Path) -> None:
    """Another file under the old name, of the same size and time."""
    old = (folder / "slow.py").stat()
    other = folder / "other.tmp"
    other.write_text(SLOW.replace("sleep(1)", "time() #"))
    assert other.stat().st_size == old.st_size
    os.utime(other, ns=(old.st_atime_ns, old.st_mtime_ns))
    other.replace(folder / "slow.py")


def ignored_above(folder: Path) -> None:
    (folder.parent / ".git").mkdir()
    (folder.parent / ".gitignore").write_text("app.py\n")


CHANGES: dict[str, Callable[[Path], object]] = {
    "a file": write("slow.py", QUICK),
    "a file, same size and time": swapped,
    "a file more": write("pkg/new.py", "import time\n\nasync def new():\n    time.sleep(2)\n"),
    "a file less": lambda folder: (folder / "app.py").unlink(),
    "a folder more": write("new/new.py", "import time\n\nasync def new():\n    time.sleep(2)\n"),
    "the configuration": write("pyproject.toml", '[tool.conclint]\nignore = ["CON101"]\n'),
    "a configuration that wins": write("conclint.toml", 'ignore = ["CON101"]\n'),
    "an ignore file more": write(".gitignore", "app.py\n"),
    "an ignore file": write("config/.gitignore", "*.log\n*.py\n"),
    "an ignore file above, in a repository": ignored_above,
    "what makes a folder a package": write("build/__init__.py", ""),
    "what makes a folder an environment": write("pkg/pyvenv.cfg", ""),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_noticed(command: Command, change: Callable[[Path], object]) -> None:
    command(".")
    change(command.folder)
    after = command(".")
    assert not command.replayed
    assert after == command(".", "--no-cache")


def test_an_edit_of_a_file_that_was_only_followed_is_noticed(command: Command) -> None:
    app = command.folder / "app.py"  # without a word of a loop, it would hang on whether another file has one
    start = "\n\nasync def begin():\n    await asyncio.gather(main(), main())\n\nasyncio.run(begin())\n"
    app.write_text("import asyncio\n" + app.read_text() + start)
    os.utime(app, (0, 0))
    assert command("app.py")[0] == 1
    assert command("app.py")[0] == 1
    assert command.replayed
    (command.folder / "slow.py").write_text(QUICK)
    assert command("app.py")[0] == 0


def test_a_module_that_was_looked_for_in_vain_and_appears_is_noticed(command: Command) -> None:
    (command.folder / "slow.py").unlink()
    assert command("app.py", "pkg")[0] == 0
    command("app.py", "pkg")
    assert command.replayed
    (command.folder / "src").mkdir()
    (command.folder / "src" / "slow.py").write_text(SLOW)
    assert command("app.py", "pkg")[0] == 1


def test_a_fact_of_the_users_own_is_noticed(command: Command) -> None:
    (command.folder / "conclint.toml").write_text('catalog-files = ["own.toml"]\n')
    (command.folder / "own.toml").write_text("")
    command(".")
    command(".")
    assert command.replayed
    (command.folder / "own.toml").write_text("# other\n")
    command(".")
    assert not command.replayed


def test_what_comes_and_goes_beside_the_files_changes_nothing(command: Command) -> None:
    first = command(".")
    (command.folder / "pkg" / "__pycache__").mkdir()
    (command.folder / ".git").mkdir()
    command(".")
    (command.folder / ".git" / "index").write_text("")
    assert command(".") == first
    assert command.replayed


def test_another_command_another_folder_or_another_day_is_none(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    command(".")
    command(".", "--output-format=concise")
    assert not command.replayed
    monkeypatch.chdir(command.folder / "pkg")
    command(".")
    assert not command.replayed
    monkeypatch.chdir(command.folder)
    monkeypatch.setattr("conclint.replay.time.time", lambda: time.time_ns() / 1e9 + 86_400)
    command(".")
    assert not command.replayed


def test_colour_is_part_of_the_question(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = command(".")
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = command(".")
    assert b"\x1b[" in coloured[1]
    assert b"\x1b[" not in plain[1]


@pytest.mark.parametrize(
    "options", [["--verbose"], ["--no-cache"], ["--output-file=out.txt"], ["--write-baseline"]], ids=str
)
def test_a_run_that_does_more_than_print_is_done_each_time(command: Command, options: list[str]) -> None:
    command(".", *options)
    command(".", *options)
    assert not command.replayed


def test_a_baseline_is_among_what_a_run_hangs_on(command: Command) -> None:
    command(".", "--write-baseline=known.json")
    assert command(".", "--baseline=known.json")[0] == 0
    assert command(".", "--baseline=known.json")[0] == 0
    assert command.replayed
    (command.folder / "known.json").write_text((command.folder / "known.json").read_text() + "\n")
    command(".", "--baseline=known.json")
    assert not command.replayed


def test_a_cache_elsewhere_is_found_by_the_option(command: Command, tmp_path: Path) -> None:
    for options in ([f"--cache-dir={tmp_path / 'c'}"], ["--cache-dir", str(tmp_path / "d")]):
        first = command(".", *options)
        assert command(".", *options) == first
        assert command.replayed


def test_a_file_that_cannot_be_read_is_tried_each_time(command: Command) -> None:
    (command.folder / "bad.py").write_bytes(b"# coding: none\n")
    first = command(".")
    assert b"CON900" in first[1]
    assert command(".") == first
    assert not command.replayed


@pytest.mark.parametrize("place", [0, 20, 30, 200, -1])
def test_a_damaged_recording_is_none(command: Command, place: int) -> None:
    first = command(".")
    (file,) = (command.folder / ".conclint_cache").glob(f"*{SUFFIX}")
    data = bytearray(file.read_bytes())
    for damaged in (
        bytes(data[:place]),
        bytes(data[:place]) + bytes((data[place] ^ 1,)) + bytes(data[place + 1 :]),
    ):
        file.write_bytes(damaged if damaged != data else b"")
        assert command(".") == first
        assert not command.replayed


def test_files_as_young_as_the_run_are_no_base_for_a_recording(project: Path) -> None:
    run = [sys.executable, "-m", "conclint", "."]
    subprocess.run(run, capture_output=True, check=False, timeout=60)
    assert not list((project / ".conclint_cache").glob(f"*{SUFFIX}"))


def test_a_replay_imports_next_to_nothing(project: Path) -> None:
    time.sleep(2.1)  # until the files are settled
    program = (
        "import sys; before = set(sys.modules); sys.argv = ['conclint', '.']\n"
        "from conclint.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: print(*sorted(set(sys.modules) - before), file=sys.stderr)"
    )
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert {name for name in loaded if name.startswith("conclint")} == {
        "conclint",
        "conclint.__main__",
        "conclint.replay",
        "conclint.files",
        "conclint.files.sealing",
        "conclint.process",
        "conclint.process.search_path",
    }
    assert loaded & {"click", "typing", "re", "pathlib", "json"} == set()
