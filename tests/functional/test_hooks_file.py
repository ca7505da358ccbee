"""The hooks that pre-commit offers, run as pre-commit runs them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

HOOKS_FILE = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"
HOOKS = {
    block.split("\n", 1)[0].strip(): block for block in HOOKS_FILE.read_text().split("- id:") if block.strip()
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for folder in ("app", "build"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "pause.py").write_text("import time\n\n\nasync def f():\n    time.sleep(1)\n")
    return tmp_path


def run_hook(name: str, project: Path, *files: str) -> list[str]:
    block = HOOKS[name]
    entry = re.findall(r"entry: (.+)", block)[0].split()
    options = [
        option.strip() for options in re.findall(r"args: \[(.+)\]", block) for option in options.split(",")
    ]
    names = () if "pass_filenames: false" in block else files
    assert entry[0] == "conclint"
    command = [sys.executable, "-m", *entry, *options, "--output-format=concise", *names]
    result = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert result.stderr == ""
    return [line.split(" ")[0] for line in result.stdout.splitlines()]


def test_there_are_two() -> None:
    assert list(HOOKS) == ["conclint", "conclint-all"]


def test_the_changed_files_except_what_is_left_out(project: Path) -> None:
    assert run_hook("conclint", project, "app/pause.py", "build/pause.py") == ["app/pause.py:5:5:"]


def test_the_whole_project(project: Path) -> None:
    (project / "more.py").write_text("import time\n\n\nasync def g():\n    time.sleep(1)\n")
    assert run_hook("conclint-all", project, "more.py") == ["app/pause.py:5:5:", "more.py:5:5:"]
