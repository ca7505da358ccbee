"""The pairs that conclint ships, and what each is to show."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover
    import tomli as tomllib


class Fault(Enum):
    """What is wrong with a *before*, and can be seen by running it."""

    STALL = "stall"
    """The event loop stands still."""
    ONE_CORE = "one core"
    """It computes on one core, however many threads there are."""
    SERIAL = "serial"
    """What could happen at once happens in a row."""
    COST = "cost"
    """The same is done for more CPU time."""
    ERROR = "error"
    """It ends with an exception."""
    RESULT = "result"
    """It ends well, and its result is wrong."""


class Size(Enum):
    """How much a program is given to do."""

    SMALL = "small"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Pair:
    """The two programs of a rule. Each takes one whole number: how much to do.

    `needs` are dotted names without which neither can run: what a system or a version of Python lacks;
    `gil` is whether the fault shows only under the GIL; `cores` is how many of them show it.
    `right` is what both print, but for the result that is wrong, with `{amount}` for the number.
    """

    code: str
    fault: Fault
    small: int
    reference: int
    about: str
    needs: tuple[str, ...] = ()
    gil: bool = False
    cores: int = 1
    right: str = ""

    @property
    def before(self) -> Path:
        """The program that the rule reports."""
        return programs_folder() / self.code / "before.py"

    @property
    def after(self) -> Path:
        """The program that does what the rule recommends."""
        return programs_folder() / self.code / "after.py"

    @property
    def sizes(self) -> Path:
        """The program that does the work in pieces of several sizes; few pairs have one."""
        return programs_folder() / self.code / "sizes.py"

    def amount(self, size: Size) -> int:
        return self.small if size is Size.SMALL else self.reference


def programs_folder() -> Path:
    """Where the programs are: inside an installed package, else in the repository's fixtures."""
    installed = Path(__file__).parent / "programs"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "fixtures" / "pairs"


@cache
def shipped_pairs() -> dict[str, Pair]:
    """Every pair by its rule's code, in order of code."""
    text = (programs_folder() / "pairs.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text)
    return {
        code: Pair(
            code=code,
            fault=Fault(row.pop("fault")),
            needs=tuple(row.pop("needs", ())),
            **row,
        )
        for code, row in sorted(rows.items())
    }


def missing_need(pair: Pair) -> str | None:
    """The first of the pair's needs that this interpreter and system don't have."""
    for name in pair.needs:
        module, _, attribute = name.rpartition(".")
        try:
            if hasattr(importlib.import_module(module), attribute):
                continue
        except ImportError:
            pass
        return name
    return None
