"""A pair's work in pieces of several sizes: how much faster two threads and two processes are at each."""

from __future__ import annotations

import json
from typing import Any, Final

from conclint.measure.pairs.run import PairError, run_program
from conclint.measure.pairs.shipped import Pair
from conclint.measure.pairs.table import BAR_WIDTH

_TOTAL: Final = 2_000_000
_GAIN: Final = 1.2
"""Faster by less is not told from chance."""


def measure_sizes(pair: Pair, total: int = _TOTAL) -> list[dict[str, Any]]:
    """The speed-ups by size of piece, where the pair has a program for that. Raises PairError."""
    if not pair.sizes.is_file():
        return []
    run = run_program(pair.sizes, total)
    if run.error is not None:
        raise PairError(f"{pair.code}/sizes.py ended with {run.error}")
    rows: list[dict[str, Any]] = json.loads(run.output)
    # On a busy machine a ratio may be chance: threads gain no more than the cores that they kept busy.
    return [{**row, "threads": min(row["threads"], max(row["cores"], 1.0))} for row in rows]


def render_sizes(rows: list[dict[str, Any]]) -> str:
    """The speed-ups as a small chart, and what it says."""
    most = max(1.0, *(row[way] for row in rows for way in ("threads", "processes")))
    lines = ["", "How many times as fast as in a row, by the size of a piece (1.0: no gain):", ""]
    lines.append(f"{'size':>9}  {'threads':<{BAR_WIDTH + 5}}  processes")
    for row in rows:
        bars = (f"{row[way]:.2f} {_bar(row[way], most):<{BAR_WIDTH}}" for way in ("threads", "processes"))
        lines.append(f"{row['size']:>9,}  {'  '.join(bars)}".rstrip())
    gains = [row["size"] for row in rows if row["threads"] >= _GAIN]
    said = (
        f"By threads a gain at {', '.join(f'{size:,}' for size in gains)}."
        if gains
        else "Threads gain nothing at any size; pieces too small for processes are best left in a row."
    )
    return "\n".join([*lines, "", said, ""])


def _bar(value: float, most: float) -> str:
    return "█" * max(1, round(BAR_WIDTH * value / most))
