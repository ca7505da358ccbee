"""Every fixture alone gives exactly the findings that its comments state."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.matching import demand
from harness.programs import Program, all_programs
from harness.runs import EVERYTHING, run_here


@pytest.mark.parametrize("program", all_programs(), ids=lambda program: program.name)
def test_alone(program: Program, tmp_path: Path) -> None:
    """Run in a folder that holds the program and nothing else, as its author would; a folder within this
    repository would be a part of a project in which all the others are."""
    folder = tmp_path / program.name
    shutil.copytree(program.folder, folder, symlinks=True)
    found = run_here([*EVERYTHING, "--jobs=1", "--no-cache", "."], folder, tmp_path)
    demand(program.expectations, found)
