"""What a run with nothing to do imports: neither the parser, nor what draws, nor the analysis."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

PROGRAM = """
import sys
from conclint.__main__ import main
sys.argv[0] = "conclint"
try:
    main()
except SystemExit:
    pass
print("modules:", *sys.modules)
"""
ANALYSIS = (
    "libcst",
    "rich",
    "jinja2",
    "pathspec",
    "multiprocessing",
    "concurrent",
    "conclint.run.analysis",
    "conclint.resolve",
    "conclint.effects",
    "conclint.extract",
    "conclint.catalog.schema",
    "conclint.catalog.loader",
    "conclint.source.index",
)
"""Names of packages and modules that only an analysis, or a report in colour, needs."""


def imported(arguments: Sequence[str], cwd: Path) -> set[str]:
    """The modules that a run has imported at its end."""
    command = [sys.executable, "-c", PROGRAM, *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split()[1:])


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "p"\nrequires-python = ">=3.10"\n')
    (tmp_path / "slow.py").write_text("import time\n\ndef pause():\n    time.sleep(1)\n")
    (tmp_path / "app.py").write_text(
        "import slow\n\nasync def main():\n    slow.pause()\n\nasync def other():\n    slow.pause()\n"
    )
    return tmp_path


@pytest.mark.parametrize("output", ["text", "concise", "json", "github"])
def test_a_run_in_which_nothing_changed_imports_no_analysis(project: Path, output: str) -> None:
    arguments = [".", f"--output-format={output}"]
    assert "conclint.resolve.evaluate" in imported(arguments, project)
    again = imported(arguments, project)
    assert [name for name in again if name.startswith(ANALYSIS)] == []


def test_the_version_needs_no_more_than_the_command_line(project: Path) -> None:
    modules = imported(["--version"], project)
    ours = {name for name in modules if name.startswith("conclint.")}
    start = ("__main__", "cli", "files", "process", "replay")
    assert [name for name in ours if not name.startswith(tuple(f"conclint.{part}" for part in start))] == []
    assert [name for name in modules if name.startswith(ANALYSIS)] == []


def test_an_edit_is_noticed_all_the_same(project: Path) -> None:
    imported(["."], project)
    (project / "slow.py").write_text("def pause():\n    pass\n")
    assert "conclint.run.analysis" in imported(["."], project)
