"""The decision guide as tables: which effect fits which execution model, and what puts code where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.catalog.facts import EffectKind
from conclint.catalog.loader import read_file, shipped_files
from conclint.catalog.schema import LibraryFacts
from conclint.model.execution import ExecutionModel
from conclint.rules.guide import Cell, guide
from conclint.rules.registry import Rule, all_rules
from docsite.tables import markdown_table

MODELS: Final = {
    ExecutionModel.EVENT_LOOP: "on the event loop",
    ExecutionModel.THREAD: "in a thread",
    ExecutionModel.PROCESS: "in a process",
    ExecutionModel.INTERPRETER: "in an interpreter",
}
EFFECTS: Final = {
    "waits": "**waits**: blocking I/O, sleeping, locks",
    "computes_gil": "**computes, holding the GIL**: Python's own loops, most of the standard library",
    "computes_nogil": "**computes, releasing the GIL**: NumPy, hashes, compression, images",
    "awaits": "**awaits**",
    "waits_for_itself": "**waits for itself**: a deadlock",
    "serialised": "**written concurrent, run one after the other**",
}
_VERDICTS: Final = {"good": "**✓ fits**", "bad": "**✗ wrong**", "costly": "**~ costly**", "none": "–"}
_INSTEAD: Final = {"waits": "an async library, else a thread", "serialised": "start all, then wait"}
"""Words for what the guide says more shortly, of the event loop."""
_BETTER: Final = {
    ExecutionModel.EVENT_LOOP: "the event loop",
    ExecutionModel.THREAD: "a thread",
    ExecutionModel.PROCESS: "a process",
    ExecutionModel.INTERPRETER: "an interpreter",
}


def guide_table() -> str:
    """Every cell: the verdict, why, what fits instead, and the rules that report it."""
    rows = [
        (words, *(_cell(effect, model, guide()[effect, model]) for model in MODELS))
        for effect, words in EFFECTS.items()
    ]
    return markdown_table(("the code …", *MODELS.values()), rows)


def rules_of_cell(effect: str, model: ExecutionModel) -> list[Rule]:
    """The rules that report the pair; of what is run one after the other, those of any model."""
    if effect == "serialised":
        return [rule for rule in all_rules() if rule.code.startswith("CON5")]
    return [rule for rule in all_rules() if rule.cell == f"{effect}.{model.value}"]


def _cell(effect: str, model: ExecutionModel, cell: Cell) -> str:
    verdict = _VERDICTS[cell.verdict]
    if effect == "serialised" and model is not ExecutionModel.EVENT_LOOP:
        return f"{verdict}, likewise"
    parts = [f"{verdict}: {cell.why}." if cell.why else verdict]
    if cell.model is not None:
        special = _INSTEAD.get(effect) if model is ExecutionModel.EVENT_LOOP else None
        parts.append(f"Instead: {special or _BETTER[cell.model]}.")
    if cell.free_threaded != cell.verdict:
        parts.append(f"{_VERDICTS[cell.free_threaded]} on a free-threaded build.")
    if rules := rules_of_cell(effect, model):
        parts.append(_span(rules))
    return " ".join(parts)


def _span(rules: list[Rule]) -> str:
    """Links to the rules; to the first and the last where there are many."""
    links = [f"[{rule.code}](rules/{rule.code}.md)" for rule in rules]
    return f"{links[0]} to {links[-1]}" if len(links) > 3 else ", ".join(links)


def places_table() -> str:
    """What of the standard library hands code to which execution model, as the catalog states it."""
    rows = [
        (words, ", ".join(f"`{name}`" for name in dict.fromkeys(_placing(model))))
        for model, words in MODELS.items()
    ]
    return markdown_table(("what it is handed runs …", "calls, and classes whose methods do it"), rows)


def _placing(model: ExecutionModel) -> Iterator[str]:
    for facts in _standard_library():
        for fact in facts.functions.values():
            if fact.effect is EffectKind.PLACES and fact.placing is not None and fact.placing.model is model:
                yield fact.name
        for cls in facts.classes.values():
            if cls.executor is model or any(
                fact.effect is EffectKind.PLACES and fact.placing is not None and fact.placing.model is model
                for fact in cls.methods.values()
            ):
                yield cls.name


def _standard_library() -> Iterator[LibraryFacts]:
    return (read_file(path) for path in shipped_files() if path.parent.name == "stdlib")
