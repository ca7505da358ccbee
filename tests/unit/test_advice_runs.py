"""Advice that shows code is run: pasted into its program it gives what the program gave, and never hangs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from harness.advice import Told, advice_for

PROGRAMS = sorted((Path(__file__).parents[1] / "data" / "advice").glob("*.txt"))
WITH_CODE = {
    "arguments": 5, "coroutine": 4, "computing": 1, "database": 1, "each_file": 2, "files": 9,
    "generator": 6, "lazy": 9, "locks": 3, "loops": 6, "manager": 4, "properties": 6,
    "scopes": 6, "sleep": 3, "steps": 2,
}  # fmt: skip
"""How many different changes a program's advice shows at least: fewer would prove less."""


LINES = "".join(f"{word} found in def kept async third\\n" for word in ("first", "second", "last"))
"""What the programs read."""


SECONDS = 20
"""After which a program counts as one that hangs."""

EACH_IN_A_COPY = f"""
import asyncio, os, runpy, signal, sys  # once for all programs: it takes longer than most of them

for program in sys.argv[1:]:
    child = os.fork()
    if not child:
        signal.alarm({SECONDS})
        for stream, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(f"{{program}}.{{name}}", os.O_WRONLY | os.O_CREAT, 0o600), stream)
        sys.argv = [program]
        runpy.run_path(program, run_name="__main__")
        break
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""A script that runs the programs that it is given, one after the other; it prints the status of each."""


class Ended(NamedTuple):
    """What a program came to."""

    status: int
    out: str
    err: str


def run(texts: list[str], folder: Path) -> list[Ended]:
    """What each program comes to, run as a script in the folder."""
    (folder / "lines.data").write_text(LINES, encoding="utf-8")
    programs = [folder / f"program{number}.py" for number in range(len(texts))]
    for program, text in zip(programs, texts, strict=True):
        program.write_text(text, encoding="utf-8")
    if not hasattr(os, "fork"):
        return [_run_alone(program) for program in programs]
    statuses = _python("-c", EACH_IN_A_COPY, *map(str, programs), cwd=folder).stdout.split()
    outputs = [
        [Path(f"{program}.{name}").read_text("utf-8") for name in ("out", "err")] for program in programs
    ]
    return [Ended(int(status), *output) for status, output in zip(statuses, outputs, strict=True)]


def _run_alone(program: Path) -> Ended:
    done = _python(str(program), cwd=program.parent, timeout=SECONDS)
    return Ended(done.returncode, done.stdout, done.stderr)


def _python(*arguments: str, cwd: Path, timeout: int | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        cwd=cwd,
        env={**os.environ, "PYTHONWARNINGS": "error"},
        check=False,
    )


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
    changed = {item.text: item for item in told[program.stem] if item.text is not None}
    assert len(changed) >= WITH_CODE.get(program.stem, 0)
    for text in changed:
        assert text != source
        compile(text, "program.py", "exec")
    wanted, *found = run([source, *changed], tmp_path)
    assert wanted.status == 0, wanted.err
    for done, item in zip(found, changed.values(), strict=True):
        assert done.status == 0, (item.example, done.err)
        assert done.out == wanted.out, item.example


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_what_is_shown_fits_on_its_line(program: Path, told: dict[str, list[Told]]) -> None:
    for item in told[program.stem]:
        assert all(len(line) <= 100 for line in item.example.splitlines()), item.example
