"""Links in a project that lead out of it: nothing there is checked, read as a configuration, or changed,
unless it is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from conclint.config.settings import load_config
from conclint.source.discovery import project_files_lately
from programs_on_disk import places_of, run_conclint

BLOCKING = "import time\n\n\nasync def main():\n    time.sleep(1)\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    outside, project = tmp_path / "outside", tmp_path / "project"
    outside.mkdir()
    project.mkdir()
    for file in (outside / "far.py", project / "near.py"):
        file.write_text(BLOCKING)
    (outside / "pyproject.toml").write_text("[tool.conclint]\nselct = []\n")
    (project / "pyproject.toml").write_text("[tool.conclint]\n")
    try:
        (project / "folder").symlink_to(outside, target_is_directory=True)
    except OSError:  # Windows, to whoever may not make any
        pytest.skip("no symbolic links")
    (project / "file.py").symlink_to(outside / "far.py")
    (project / "whole").symlink_to("/")
    return project


def test_what_they_lead_to_is_not_checked_and_no_configuration(project: Path) -> None:
    assert places_of(project) == ["near.py:5 CON102"]
    done = run_conclint(project, "--verbose", "--no-cache")
    for link in ("file.py", "folder", "whole"):
        assert f"passed over {link}: the link leads out of the project" in done.stderr


@pytest.mark.parametrize("command", [["map"], ["plan"], ["unknown"], ["map", "--output-format=json"]])
def test_neither_do_the_other_commands_go_there(project: Path, command: list[str]) -> None:
    done = run_conclint(project, *command, ".")
    assert done.returncode in (0, 1), done.stderr
    assert "far" not in done.stdout
    assert "file.py" not in done.stdout


def test_a_shard_has_nothing_of_it(project: Path) -> None:
    done = run_conclint(project, "--shard=1/1", "--verbose")
    assert "1 of 1 file summarised" in done.stderr
    assert "passed over whole:" in done.stderr


@pytest.mark.parametrize("option", ["--fix", "--add-noqa"])
def test_nothing_there_is_changed(project: Path, option: str) -> None:
    run_conclint(project, option)
    assert "time.sleep(1)\n" not in (project / "near.py").read_text()
    assert (project / "folder/far.py").read_text() == BLOCKING


def test_a_named_folder_behind_a_link_is_checked_and_not_changed(project: Path) -> None:
    (project / "folder/pyproject.toml").unlink()
    assert places_of(project, "folder") == ["folder/far.py:5 CON102"]
    for option in ("--fix", "--add-noqa", "--diff"):
        done = run_conclint(project, option, "folder")
        assert "folder/far.py was not changed: a link leads to it, out of the project" in done.stderr
        assert "+++" not in done.stdout
    assert (project / "folder/far.py").read_text() == BLOCKING


@pytest.mark.parametrize("name", ["file.py", "folder/far.py", "../outside/far.py", "../outside"])
def test_what_is_named_itself_is_changed(project: Path, name: str) -> None:
    (project / "folder/pyproject.toml").unlink()
    done = run_conclint(project, "--fix", "--config=pyproject.toml", name)
    assert "1 finding fixed" in done.stderr
    assert "await asyncio.sleep(1)" in (project / "folder/far.py").read_text()
    assert (project / "file.py").is_symlink()


def test_where_there_is_nothing_else_that_is_said(project: Path) -> None:
    (project / "near.py").unlink()
    done = run_conclint(project)
    assert (
        "no Python files below the given paths: links that lead out of the project are passed over"
        in done.stderr
    )


def test_flake8_and_the_scope_of_a_change_have_nothing_of_it(project: Path) -> None:
    config = load_config([], cwd=project)
    assert [source.shown for source in project_files_lately(config)] == ["near.py"]
    assert places_of(project, "--affected", "near.py") == ["near.py:5 CON102"]
