"""The fixtures as programs: each is a folder that is analysed on its own or with all others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from harness.expectations import Expectation, read_expectations

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures"
PAIRS = FIXTURES / "pairs"
"""Programs that are run, with tests of their own (test_pairs.py)."""

_DEPTH = {"guide": 1, "rules": 2, "callgraph": 2, "placements": 1, "projects": 1, "control": 1}
"""How many folders below fixtures/<group> a program lies."""


@dataclass(frozen=True)
class Program:
    """A folder with a small program, and what its lines expect."""

    folder: Path

    @cached_property
    def expectations(self) -> tuple[Expectation, ...]:
        """Read when they are asked for: not in each process that looks what tests there are."""
        found: list[Expectation] = []
        for file in sorted(self.folder.rglob("*.py")):
            found += read_expectations(file, file.relative_to(FIXTURES).as_posix())
        return tuple(found)

    @property
    def name(self) -> str:
        """The folder's path below `fixtures/`."""
        return self.folder.relative_to(FIXTURES).as_posix()

    @property
    def is_twin(self) -> bool:
        """Whether this is the good twin, in which nothing may be found."""
        return self.name.endswith("_good")

    @property
    def files(self) -> tuple[Path, ...]:
        """Its Python files, ordered by path."""
        return tuple(sorted(self.folder.rglob("*.py")))


@cache
def all_programs() -> tuple[Program, ...]:
    """Every fixture program; a Python file in `fixtures/` that belongs to none is an error."""
    programs = []
    for group in sorted(FIXTURES.iterdir()):
        if group.is_dir() and group != PAIRS:
            pattern = "/".join(["*"] * _DEPTH[group.name])
            programs += [Program(folder) for folder in sorted(group.glob(pattern)) if folder.is_dir()]
    covered = {file for program in programs for file in program.files}
    stray = sorted(set(FIXTURES.rglob("*.py")) - set(PAIRS.rglob("*.py")) - covered)
    if stray:
        raise FileNotFoundError(f"fixtures that belong to no program: {stray}")
    return tuple(programs)
