"""The search path holds no folder of the project that is analysed, but what conclint was installed to."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import conclint
from conclint.process.search_path import asked_folders, outside


@pytest.fixture
def projects(tmp_path: Path) -> Path:
    """Two of them, side by side."""
    for name in ("one", "two"):
        for folder in ("src", "tests", "vendor/lib"):
            (tmp_path / name / folder).mkdir(parents=True)
        (tmp_path / name / "tests" / "setup.cfg").write_text("")
    return tmp_path


def left_of(entries: list[Path], monkeypatch: pytest.MonkeyPatch, *analysed: Path) -> list[Path]:
    monkeypatch.setattr(sys, "path", [str(entry) for entry in entries])
    return [Path(entry) for entry in outside(map(str, analysed))]


@pytest.mark.parametrize("marker", [".git", "pyproject.toml", "setup.py"])
def test_no_folder_of_the_project_however_small_the_part_that_is_analysed(
    projects: Path, monkeypatch: pytest.MonkeyPatch, marker: str
) -> None:
    (projects / "one" / marker).write_text("")
    if marker != ".git":  # the nearest configuration is the project's
        (projects / "one" / "tests" / "setup.cfg").unlink()
    one, two = projects / "one", projects / "two"
    entries = [one, one / "src", one / "vendor" / "lib", two / "src", projects]
    assert left_of(entries, monkeypatch, one / "tests") == [two / "src"]


def test_without_a_marker_what_is_analysed_is_the_project(
    projects: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = projects / "one"
    entries = [one / "src", one / "src" / "inner", one / "tests", one]
    assert left_of(entries, monkeypatch, one / "src") == [one / "tests"]


@pytest.mark.skipif(os.name == "nt", reason="needs symbolic links")
def test_whatever_it_is_called(projects: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (projects / "link").symlink_to(projects / "one")
    one, link = projects / "one", projects / "link"
    assert left_of([link / "src", one / "tests" / ".." / "src", Path("src")], monkeypatch, one) == []
    assert left_of([one / "src"], monkeypatch, link) == []


def test_where_conclint_and_its_packages_are_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment in the project, or a clone of conclint that is run on itself."""
    source, library = Path(conclint.__file__).parent.parent, Path(os.__file__).parent
    assert left_of([source, library], monkeypatch, source, library) == [source, library]


def test_what_a_command_line_may_be_about() -> None:
    words = [
        "check",
        "src",
        "--jobs=2",
        "a/b.py",
        "c.py",
        "--stdin-filename=d/e.py",
        "-q",
        "--config",
        "f/x.toml",
    ]
    assert asked_folders(words) >= {"src", "a", ".", "d", "f/x.toml"}
