"""A finding as the JSON report gives it, reduced to what fixtures can speak about."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class Reported:
    """One object of the JSON report; paths are relative to the folder asked for."""

    path: str
    line: int
    column: int
    code: str
    cause: str | None
    confidence: str
    chain: tuple[tuple[str, str, int, int], ...]
    message: str

    @property
    def between(self) -> tuple[str, ...]:
        """The symbols of the chain, without the cause at its end."""
        symbols = tuple(step[0] for step in self.chain)
        return symbols[:-1] if symbols and symbols[-1] == self.cause else symbols

    def __str__(self) -> str:
        steps = " via " + ", ".join(self.between) if self.between else ""
        return f'{self.path}:{self.line}: {self.code} [{self.column}] "{self.cause}"{steps} {self.confidence}'


def read_report(text: str, cwd: Path, relative_to: Path) -> list[Reported]:
    """The findings of a JSON report written in `cwd`, sorted, with paths relative to `relative_to`."""
    return sorted(_reported(item, cwd, relative_to) for item in json.loads(text))


def _reported(item: dict[str, Any], cwd: Path, relative_to: Path) -> Reported:
    def shown(path: str) -> str:
        return Path(os.path.relpath(cwd / path, relative_to)).as_posix()

    return Reported(
        path=shown(item["path"]),
        line=item["line"],
        column=item["column"],
        code=item["code"],
        cause=item["cause"],
        confidence=item["confidence"],
        chain=tuple((s["symbol"], shown(s["path"]), s["line"], s["column"]) for s in item["chain"]),
        message=item["message"],
    )
