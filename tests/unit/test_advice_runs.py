"""Advice that shows code is run: pasted into its program it gives what the program gave, and never hangs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.advice import Told, advice_for

PROGRAMS = sorted((Path(__file__).parents[1] / "data" / "advice").glob("*.txt"))
WITH_CODE = {
    "arguments": 5, "coroutine": 4, "computing": 1, "database": 1, "files": 12, "generator": 6, "lazy": 6,
    "locks": 3,
    "loops": 6, "manager": 4, "properties": 6, "scopes": 11, "sleep": 3, "steps": 3,
}  # fmt: skip
"""How many different changes a program's advice shows at least: fewer would prove less."""


LINES = "".join(f"{word} found in def kept async third\\n" for word in ("first", "second", "last"))
"""What the programs read."""


def run(text: str, folder: Path) -> str:
    """What a program prints."""
    program = folder / "program.py"
    (folder / "lines.data").write_text(LINES, encoding="utf-8")
    program.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", str(program)],
        capture_output=True,
        text=True,
        timeout=20,
        cwd=folder,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Told]]:
    found = {}
    for program in PROGRAMS:
        folder = tmp_path_factory.mktemp(program.stem)
        (folder / "program.py").write_text(program.read_text(encoding="utf-8"), encoding="utf-8")
        found[program.stem] = advice_for(folder)
    return found


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_the_program_gives_the_same_with_each_piece_of_advice_in_it(
    program: Path, told: dict[str, list[Told]], tmp_path: Path
) -> None:
    source = program.read_text(encoding="utf-8")
    wanted = run(source, tmp_path)
    changed = {item.text: item for item in told[program.stem] if item.text is not None}
    assert len(changed) >= WITH_CODE.get(program.stem, 0)
    for text, item in changed.items():
        assert text != source
        compile(text, "program.py", "exec")
        assert run(text, tmp_path) == wanted, item.example


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_what_is_shown_fits_on_its_line(program: Path, told: dict[str, list[Told]]) -> None:
    for item in told[program.stem]:
        assert all(len(line) <= 100 for line in item.example.splitlines()), item.example
