"""The decision guide: which pair of execution model and effect is forbidden, and which code reports it."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

from conclint.model.execution import EffectKind, ExecutionModel
from conclint.model.runtime import Gil
from conclint.rules.registry import Rule, all_rules

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover
    import tomli as tomllib

_FILE = Path(__file__).parent / "decision_guide.toml"


class Cell(NamedTuple):
    """One cell: its verdict, the model that fits instead (None where it is good), and why."""

    verdict: str
    model: ExecutionModel | None
    why: str
    free_threaded: str

    def is_forbidden(self, gil: Gil) -> bool:
        """Whether a rule reports the pair, given what the program expects of the GIL."""
        verdict = self.free_threaded if gil is Gil.FREE_THREADED else self.verdict
        return verdict in ("bad", "costly")


@cache
def guide() -> dict[tuple[str, ExecutionModel], Cell]:
    """Every cell by (effect, execution model); raises KeyError nowhere, since the table is total."""
    table = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    cells: dict[tuple[str, ExecutionModel], Cell] = {}
    for effect, row in table.items():
        for model in ExecutionModel:
            cell = row[model.value]
            instead = ExecutionModel(cell["model"]) if "model" in cell else None
            cells[effect, model] = Cell(
                cell["verdict"], instead, cell.get("why", ""), cell.get("free_threaded", cell["verdict"])
            )
    return cells


@cache
def rule_for(effect: EffectKind, model: ExecutionModel, family: str) -> Rule | None:
    """The rule that reports a family of a cell; None where no rule does."""
    cell = f"{effect.value}.{model.value}"
    return next((rule for rule in all_rules() if rule.cell == cell and rule.family == family), None)
