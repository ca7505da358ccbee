"""`conclint clean`: the project's cache goes, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.command import conclint


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text('[tool.conclint]\ncache-dir = "var/cache"\n')
    (tmp_path / "app.py").write_text("import time\n\nasync def main():\n    time.sleep(1)\n")
    return tmp_path


def test_the_cache_goes_and_comes_again(project: Path) -> None:
    first = conclint(".", cwd=project)
    assert (project / "var" / "cache").is_dir()
    done = conclint("clean", cwd=project)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"conclint: removed {project / 'var' / 'cache'}\n"
    assert sorted(path.name for path in project.iterdir()) == ["app.py", "pyproject.toml", "var"]
    assert list((project / "var").iterdir()) == []
    assert conclint(".", cwd=project).stdout == first.stdout


def test_it_is_found_from_a_folder_inside(project: Path) -> None:
    conclint(".", cwd=project)
    (project / "inner").mkdir()
    assert conclint("clean", cwd=project / "inner").returncode == 0
    assert not (project / "var" / "cache").exists()


def test_without_a_cache_there_is_nothing_to_do(project: Path) -> None:
    done = conclint("clean", cwd=project)
    assert done.returncode == 0
    assert "there is no" in done.stderr


@pytest.mark.parametrize("tag", [None, b"Signature: 8a477f597d28d172789f06886806bc55\n# of pytest\n"])
def test_a_folder_of_somebody_else_is_left_alone(project: Path, tag: bytes | None) -> None:
    (project / "mine").mkdir()
    (project / "mine" / "thesis.txt").write_text("x")
    if tag is not None:
        (project / "mine" / "CACHEDIR.TAG").write_bytes(tag)
    done = conclint("clean", "--cache-dir", "mine", cwd=project)
    assert done.returncode == 2
    assert "--cache-dir: 'mine' h" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert (project / "mine" / "thesis.txt").exists()
