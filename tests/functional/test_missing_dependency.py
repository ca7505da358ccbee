"""A package that conclint needs and can't import is told in one line, and not as a failure on each file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from conclint.process import dependency
from conclint.process.dependency import missing_dependency

START = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {name!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
from {module} import {function} as run
run({arguments})
"""


def run_without(name: str, folder: Path, *arguments: str, flake8: bool = False) -> tuple[int, str, str]:
    """Status, output and complaint of the command where that package isn't installed."""
    called = ("flake8.main.cli", "main", f"{arguments!r}") if flake8 else ("conclint.__main__", "run", "")
    module, function, given = called
    code = START.format(name=name, module=module, function=function, arguments=given)
    command = [sys.executable, "-I", "-c", code, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for number in range(3):
        (tmp_path / f"m{number}.py").write_text(f"async def wait{number}():\n    input()\n")
    return tmp_path


@pytest.mark.parametrize("name", ["libcst", "click"])
def test_the_command_says_so_once(project: Path, name: str) -> None:
    status, output, complaint = run_without(name, project, "--jobs=1", "--no-cache", ".")
    assert (status, output, complaint) == (
        2,
        "",
        f"conclint: error: conclint needs the package {name}, which cannot be imported here: install conclint"
        " again\n",
    )


def test_so_does_flake8(project: Path) -> None:
    _, output, complaint = run_without("libcst", project, "--select=CON", "--jobs=1", "m0.py", flake8=True)
    assert complaint == ""
    assert output.startswith("m0.py:1:1: CON900 conclint needs the package libcst, which cannot be imported")


def test_one_that_lies_in_the_analysed_project_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "needed").mkdir()
    (tmp_path / "needed" / "__init__.py").write_text("raise SystemExit\n")
    monkeypatch.setattr(dependency, "left_out", ["", str(tmp_path)])
    text = missing_dependency(ModuleNotFoundError("No module named 'needed.part'", name="needed.part"))
    assert text is not None and f"only to be found in {tmp_path}: nothing is imported" in text


@pytest.mark.parametrize(
    "error",
    [ImportError("x"), ImportError("x", name="conclint.y"), ImportError("x", name="ctypes"), OSError()],
)
def test_no_other_error_is_one_of_these(error: Exception) -> None:
    assert missing_dependency(error) is None
