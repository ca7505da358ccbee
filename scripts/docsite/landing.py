"""Figures for readers who don't know conclint yet: what the three kinds of mistake cost, what other linters
see, and how fast it is. All are read from what `scripts/measure_pairs.py` and `benchmarks` wrote."""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

from docsite.links import DOCS
from docsite.tables import markdown_table


class _Claim(NamedTuple):
    """A mistake, the rule whose programs show it, the figure that does, and how the figure is said."""

    mistake: str
    code: str
    figure: str
    said: str
    gain: str


_CLAIMS: Final = (
    _Claim(
        "A coroutine that **blocks the event loop**",
        "CON101",
        "stall",
        "nothing else runs for {}|{}",
        "blocked {} times shorter",
    ),
    _Claim(
        "**CPU-bound Python code in threads**, which the GIL makes take turns",
        "CON201",
        "seconds",
        "{} in threads|{} in processes",
        "{} times faster on {cores} cores",
    ),
    _Claim(
        "**Processes that only wait** for the network",
        "CON402",
        "cpu",
        "{} of CPU in processes|{} in threads",
        "{} times less CPU",
    ),
)
_LARGEST: Final = "homeassistant"
_PEERS: Final = ("ruff", "flake8-async")


def claims_table() -> str:
    """Each claim with what its rule's two programs took before and after."""
    pairs = {pair["code"]: pair for pair in _read("measured.json")["pairs"]}
    rows = []
    for claim in _CLAIMS:
        pair = pairs[claim.code]
        figure = pair["figures"][claim.figure]
        said = " → ".join(
            words.format(_seconds(figure[when]["median"]))
            for words, when in zip(claim.said.split("|"), ("before", "after"), strict=True)
        )
        rows.append(
            (
                f"{claim.mistake} ([{claim.code}](rules/{claim.code}.md))<br>"
                f"{pair['amount']} {pair['about']}",
                said,
                f"**{claim.gain.format(_rounded(figure['ratio']), cores=pair['cores'])}**",
            )
        )
    return markdown_table(("the mistake", "before → after", "fixed"), rows)


def speed_line() -> str:
    """How long a large project takes: the first time, unchanged, and after an edit."""
    found = _read("speed.json")["corpora"][_LARGEST]
    cold = found["cold"]["conclint"]["wall"]
    warm, theirs = found["warm"]["conclint"]["wall"], found["warm"]["ruff"]["wall"]
    edited = found["edited"]["conclint, a file"]["wall"]
    return (
        f"Home Assistant, {found['files']:,} files: {cold:.0f} s the first time, {edited:.1f} s after a "
        f"file was edited, {warm:.2f} s when nothing was (ruff, which looks at one file at a time: "
        f"{theirs:.2f} s)."
    )


def peers_table() -> str:
    """How many blocking calls each linter reports in projects, and what conclint makes of the others'."""
    found = _read("peers.json")
    titles = ["project", "files", "conclint", "of these through helpers"]
    titles += [f"{name} {found['versions'][name]}" for name in _PEERS]
    rows = []
    for name, figures in found["projects"].items():
        ours = figures["conclint"]
        row = [name, f"{figures['files']:,}", str(ours["itself"] + ours["through"]), str(ours["through"])]
        rows.append([*row, *(_theirs(figures[peer]) for peer in _PEERS)])
    return markdown_table(titles, rows)


def _theirs(figures: dict[str, int]) -> str:
    """How many places another linter reports, and what conclint makes of them."""
    too, lower = figures["conclint too"], figures["conclint at lower severity or confidence"]
    rest = figures["places"] - too - lower
    parts = [f"{too} found by conclint too"]
    parts += [f"{lower} it rates lower"] if lower else []
    parts += [f"{rest} it doesn't report"] if rest else []
    return f"{figures['places']} ({', '.join(parts)})" if figures["places"] else "0"


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DOCS / name).read_text(encoding="utf-8"))
    return found


def _seconds(value: float) -> str:
    return f"{value:.2f} s" if value >= 0.1 else f"{value:.3f} s"


def _rounded(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"
