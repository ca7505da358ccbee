"""What the catalog knows, in numbers: by library and by effect."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from conclint.catalog.facts import CallableFact, EffectKind
from conclint.catalog.loader import read_file, shipped_files
from conclint.report.catalog_list import recommended
from docsite.tables import markdown_table

_EFFECTS: Final = {
    EffectKind.WAITS: "waits: blocks the calling thread",
    EffectKind.COMPUTES_GIL: "computes for long and holds the GIL",
    EffectKind.COMPUTES_NOGIL: "computes for long and releases the GIL",
    EffectKind.PLACES: "hands what it is given to another execution model",
    EffectKind.CALLS: "runs what it is given here and now",
    EffectKind.REGISTERS: "registers what it is given, which other calls run",
    EffectKind.HARMLESS: "neither blocks nor computes for long; ends the search",
}
_AWAITABLE: Final = "is awaited: gives an awaitable and blocks nobody"


@dataclass(slots=True)
class _Library:
    standard: bool
    effects: Counter[EffectKind] = field(default_factory=Counter)
    awaitable: int = 0
    twins: int = 0

    @property
    def total(self) -> int:
        return self.awaitable + sum(self.effects.values())

    def add(self, fact: CallableFact) -> None:
        if fact.coroutine:
            self.awaitable += 1
            return
        self.effects[fact.effect] += 1
        if fact.effect is EffectKind.WAITS and fact.instead and recommended(fact):
            self.twins += 1


def knowledge_totals() -> str:
    """How much there is in all, as a sentence."""
    libraries = _libraries()
    standard = sum(row.standard for row in libraries.values())
    total = sum(row.total for row in libraries.values())
    return (
        f"{total:,} functions and methods of {len(libraries)} libraries, {standard} parts of the standard "
        "library among them.\n"
    )


def effects_table() -> str:
    """How many callables have which effect."""
    libraries = _libraries().values()
    rows = [
        (f"{words}", f"{sum(row.effects[effect] for row in libraries):,}")
        for effect, words in _EFFECTS.items()
    ]
    rows.append((_AWAITABLE, f"{sum(row.awaitable for row in libraries):,}"))
    return markdown_table(("a call of it …", "callables"), rows)


def libraries_table() -> str:
    """A row for each library; the standard library's files first."""
    titles = (
        "library",
        "all",
        "wait",
        "with an async twin",
        "hold the GIL",
        "release it",
        "place",
        "awaited",
    )
    rows = []
    for name, row in sorted(_libraries().items(), key=lambda item: (not item[1].standard, item[0].lower())):
        effects = row.effects
        figures = (
            row.total,
            effects[EffectKind.WAITS],
            row.twins,
            effects[EffectKind.COMPUTES_GIL],
            effects[EffectKind.COMPUTES_NOGIL],
            effects[EffectKind.PLACES],
            row.awaitable,
        )
        shown = f"{name} (standard library)" if row.standard else name
        rows.append((shown, *(f"{figure:,}" if figure else "" for figure in figures)))
    return markdown_table(titles, rows)


@cache
def _libraries() -> dict[str, _Library]:
    found: dict[str, _Library] = {}
    for path in shipped_files():
        facts = read_file(path)
        row = found.setdefault(facts.library, _Library(path.parent.name == "stdlib"))
        for fact in facts.functions.values():
            row.add(fact)
        for cls in facts.classes.values():
            for method in cls.methods.values():
                row.add(method)
    return found
