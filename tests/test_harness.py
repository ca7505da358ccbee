"""The harness notices each way in which expectations and findings can differ."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import warnings
from pathlib import Path
from subprocess import TimeoutExpired

import pytest

from harness import command
from harness.expectations import BadExpectationError, Expectation, Kind, read_expectations
from harness.longest import LONG_FILES
from harness.matching import compare
from harness.reported import Reported

CHAIN = (
    ("app.db.load", "app/views.py", 9, 5),
    ("requests.get", "app/db.py", 4, 12),
)
FOUND = Reported("app/views.py", 9, 5, "CON101", "requests.get", "high", CHAIN, "…")


def _read(tmp_path: Path, source: str) -> list[Expectation]:
    file = tmp_path / "sample.py"
    file.write_text(source, encoding="utf-8")
    return read_expectations(file, "app/views.py")


def _at(comment: str, tmp_path: Path) -> list[Expectation]:
    return _read(tmp_path, "\n" * 8 + f"load()  {comment}\n")


@pytest.mark.parametrize(
    "comment",
    [
        "# expect: CON101",
        "# expect: CON101 [5]",
        '# expect: CON101 "requests.get"',
        "# expect: CON101 via db.load",
        '# expect: CON101 [5] "requests.get" via app.db.load high',
        "# todo-ok: CON101 -- a known limit",
    ],
)
def test_true_expectations_hold(comment: str, tmp_path: Path) -> None:
    assert compare(_at(comment, tmp_path), [FOUND]) == []


@pytest.mark.parametrize(
    "comment",
    [
        "# expect: CON102",
        "# expect: CON101 [4]",
        '# expect: CON101 "requests.post"',
        "# expect: CON101 via load, get",
        "# expect: CON101 via b.load",
        "# expect: CON101 medium",
    ],
)
def test_narrowing_is_checked_both_ways(comment: str, tmp_path: Path) -> None:
    problems = compare(_at(comment, tmp_path), [FOUND])
    assert [problem.split()[0] for problem in problems] == ["missed", "unexpected"]


def test_a_second_finding_on_the_line_is_unexpected(tmp_path: Path) -> None:
    assert len(compare(_at("# expect: CON101", tmp_path), [FOUND, FOUND])) == 1


def test_a_wide_expectation_leaves_the_finding_to_a_narrow_one(tmp_path: Path) -> None:
    other = Reported("app/views.py", 9, 20, "CON101", "requests.put", "low", (), "…")
    both = _at("# expect: CON101 # expect: CON101 [5]", tmp_path)
    assert compare(both, [FOUND, other]) == []


def test_limits_fail_when_they_go_away(tmp_path: Path) -> None:
    missed = _at("# todo-expect: CON101 -- not followed", tmp_path)
    assert compare(missed, []) == []
    assert "now found" in compare(missed, [FOUND])[0]
    alarm = _at("# todo-ok: CON101 -- not understood", tmp_path)
    assert "no longer reported" in compare(alarm, [])[0]


def test_comments_above_speak_of_the_next_code(tmp_path: Path) -> None:
    source = "# expect: CON101\n# prose between\n# expect: CON102\nload()\n"
    assert [(one.line, one.code) for one in _read(tmp_path, source)] == [(4, "CON101"), (4, "CON102")]


def test_strings_are_no_comments(tmp_path: Path) -> None:
    assert _read(tmp_path, 'text = "# expect: CON101"\n') == []


def test_files_that_do_not_parse_are_read_by_line(tmp_path: Path) -> None:
    assert _read(tmp_path, "def (\n  x = [  # expect: CON900\n")[0].line == 2


@pytest.mark.parametrize(
    "comment",
    [
        "# expect: CON101 somewhere",
        "# expect: requests.get",
        "# expects: CON101",
        "# todo-expect: CON101",
        "# todo-ok: CON101 --",
        "# expect: CON101 -- a reason",
        "# todo_ok: CON101 -- a reason",
    ],
)
def test_what_can_not_be_read_is_an_error(comment: str, tmp_path: Path) -> None:
    with pytest.raises(BadExpectationError, match=r"app/views\.py:9"):
        _at(comment, tmp_path)


def test_kinds_are_told_apart(tmp_path: Path) -> None:
    comments = "# expect: CON101 # todo-ok: CON102 -- why # todo-expect: CON103 -- why"
    assert [one.kind for one in _at(comments, tmp_path)] == list(Kind)[:1] + [Kind.TODO_OK, Kind.TODO_EXPECT]


def _state() -> list[object]:
    """What a process has one of, and a command can change."""
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)]
    limits = [sys.getrecursionlimit(), threading.stack_size(), gc.isenabled(), gc.get_threshold()]
    streams = [sys.stdin, sys.stdout, sys.stderr, sys.argv]
    return [
        Path.cwd(),
        dict(os.environ),
        list(sys.path),
        list(warnings.filters),
        *streams,
        *handlers,
        *limits,
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="has other signals")
class TestTheCommandInThisProcess:
    def test_leaves_it_as_it_was(self, tmp_path: Path) -> None:
        (tmp_path / "app.py").write_text("import time\n\n\nasync def f():\n    time.sleep(1)\n")
        before = _state()
        done = command.conclint("--no-cache", cwd=tmp_path, env={"FORCE_COLOR": "1"})
        assert done.returncode == 1
        assert "\x1b[" in done.stdout, "the environment is the one that is given"
        assert _state() == before

    def test_leaves_it_so_whatever_is_done_there(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def misbehave() -> None:
            os.environ["ADDED"] = os.environ.pop("HOME")
            os.chdir("/")
            sys.path.insert(0, "/")
            sys.argv = sys.stdout = None  # type: ignore[assignment]
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            signal.signal(signal.SIGALRM, signal.SIG_IGN)
            sys.setrecursionlimit(5_000)
            threading.stack_size(1 << 20)
            gc.disable()
            gc.set_threshold(7, 8, 9)
            warnings.simplefilter("error")
            raise ValueError("what a process would show the traceback of")

        monkeypatch.setattr(command, "main", misbehave)
        before = _state()
        with pytest.raises(ValueError, match="traceback"):
            command.conclint(cwd=tmp_path)
        assert _state() == before

    @pytest.mark.parametrize(("given", "status"), [(None, 0), (3, 3), ("words", 1)])
    def test_has_the_status_of_a_process(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: object, status: int
    ) -> None:
        monkeypatch.setattr(command, "main", lambda: sys.exit(given))  # type: ignore[arg-type]
        done = command.conclint(cwd=tmp_path)
        assert (done.returncode, done.stderr) == (status, "words\n" if given == "words" else "")

    def test_is_ended_where_it_waits_for_ever(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        os.mkfifo(tmp_path / "pipe")
        monkeypatch.setattr(command, "main", (tmp_path / "pipe").read_bytes)
        monkeypatch.setattr(command, "_SECONDS", 1)
        with pytest.raises(TimeoutExpired):
            command.conclint(cwd=tmp_path)


def test_the_files_that_take_longest_are_there() -> None:
    files = {path.stem for path in Path(__file__).parent.rglob("test_*.py")}
    assert [name for name in LONG_FILES if name not in files] == []
