"""The harness notices each way in which expectations and findings can differ."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.expectations import BadExpectationError, Expectation, Kind, read_expectations
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
