"""Drafts of findings, and what a rule is given to make them from: one module, seen once for all rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from conclint.effects.effects import Effects, Placement, Witness
from conclint.effects.solver import EffectSolver
from conclint.model.execution import Confidence, EffectKind, ExecutionModel
from conclint.model.finding import Finding, Position, Recommendation, Step
from conclint.model.runtime import Runtime
from conclint.resolve.program import Module
from conclint.resolve.values import Key
from conclint.rules.call_text import CallText
from conclint.rules.chains import Hop, position_of
from conclint.rules.program_entries import ProgramEntries
from conclint.rules.registry import Rule

Advise = Callable[[CallText], Recommendation | None]
"""Writes the recommendation, given the reported call in the reader's own words: empty where the source
can't be had any more."""


class Draft(NamedTuple):
    """A finding before its recommendation is written; `path` is that of its module. `quotes` are other
    places of it whose source the recommendation wants to use."""

    finding: Finding
    path: str
    advise: Advise
    quotes: tuple[Position, ...] = ()


class ModuleView(NamedTuple):
    """One asked module with all that the rules look at: by function, the effects of its sites (in order),
    and the placements it makes. `shown` gives a path as reported."""

    engine: EffectSolver
    module: Module
    runtime: Runtime
    shown: Callable[[str], str]
    effects: dict[Key, list[Effects]]
    placements: dict[Key, list[Placement]]
    program_entries: ProgramEntries

    @property
    def keys(self) -> tuple[Key, ...]:
        """Every def of the module, in source order."""
        return self.module.keys


def draft_at(
    view: ModuleView,
    key: Key,
    site: int,
    rule: Rule,
    message: str,
    *,
    advise: Advise,
    reasons: Iterable[str] = (),
    assumptions: int | None = None,
    most: Confidence = Confidence.HIGH,
    chain: Iterable[Hop] = (),
    model: ExecutionModel | None = None,
    effect: EffectKind | None = None,
    family: str | None = None,
    cause: str | None = None,
    quotes: Iterable[Position] = (),
) -> Draft:
    """A draft that points at a site of a def of the viewed module; at the def's own line for the site -1.

    The confidence falls by one for each of the `assumptions` (by default: each of the `reasons`), and is
    `most` at best.
    """
    reasons = tuple(reasons)
    position, logical = position_of(view.module, key, site) if site >= 0 else _header(view, key)
    count = len(reasons) if assumptions is None else assumptions
    finding = Finding(
        code=rule.code,
        name=rule.name,
        message=message,
        path=view.shown(view.module.path),
        position=position,
        symbol=view.module.symbol(key),
        confidence=min(most, Confidence.of_assumptions(count)),
        model=model,
        effect=effect,
        family=family,
        cause=cause,
        chain=tuple(_step(view, hop) for hop in chain),
        reasons=tuple(dict.fromkeys(reasons)),
        logical_line=logical,
        source_hash=view.module.summary.source_hash,
    )
    return Draft(finding, view.module.path, advise, tuple(quotes))


def _header(view: ModuleView, key: Key) -> tuple[Position, tuple[int, int]]:
    """Where a def begins: its keyword."""
    definition = view.module.definition(key)
    line, column = definition.start, definition.column + 1
    return Position(line, column, line, column), (line, line)


def _step(view: ModuleView, hop: Hop) -> Step:
    module = view.engine.evaluator.module(hop.key[0])
    position, _ = position_of(module, hop.key, hop.site)
    return Step(hop.symbol, view.shown(module.path), position.line, position.column)


def doubted(witness: Witness, reasons: Iterable[str]) -> Witness:
    """The witness with a doubt more for each reason."""
    reasons = tuple(reasons)
    return witness._replace(
        assumptions=witness.assumptions + len(reasons), reasons=(*witness.reasons, *reasons)
    )


def short_name(symbol: str) -> str:
    """The last two parts of a dotted name."""
    return ".".join(symbol.rsplit(".", 2)[-2:]) if symbol.count(".") > 1 else symbol
