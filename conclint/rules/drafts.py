"""Drafts of findings, and what a rule is given to make them from: one module, seen once for all rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from conclint.effects.effects import Effects, Placement, Witness
from conclint.effects.solver import EffectSolver
from conclint.model.context import Context
from conclint.model.execution import Confidence, EffectKind, ExecutionModel
from conclint.model.finding import Binding, Finding, Library, Position, Root, Step
from conclint.model.runtime import Runtime
from conclint.model.severity import Severity
from conclint.resolve.program import Module
from conclint.resolve.values import Key
from conclint.rules.advice.change import Advice
from conclint.rules.chains import Hop, position_of
from conclint.rules.inside_libraries import doubts_inside, library_of
from conclint.rules.memos import AdviceMemos
from conclint.rules.program_entries import Entries, ProgramEntries
from conclint.rules.registry import Rule
from conclint.summary.records import DefKind

if TYPE_CHECKING:
    from conclint.rules.advice.site import Place

Advise = Callable[["Place"], Advice]
"""Makes the advice, given the place in the file's text: asked for only where it is read, since most of what
is found is not shown. It may raise NeedModule, like all that evaluates."""


class Draft(NamedTuple):
    """A finding before its recommendation is written; `path` is that of its module. `extent` are the first
    and last line of the outermost function around it; 0 and 0 for the module."""

    finding: Finding
    path: str
    advise: Advise
    extent: tuple[int, int] = (0, 0)


class ModuleView(NamedTuple):
    """One asked module with all that the rules look at: by function, the effects of its sites (in order),
    and the placements it makes. `shown` gives a path as reported; `entries` are the functions that it begins
    a program with, those of other modules too; `library` is the async library that the program runs on,
    `loops_nest` whether an event loop can run inside another one there, `memos` what advice has found out."""

    engine: EffectSolver
    module: Module
    runtime: Runtime
    shown: Callable[[str], str]
    effects: dict[Key, list[Effects]]
    placements: dict[Key, list[Placement]]
    program_entries: ProgramEntries
    entries: Entries
    library: str
    loops_nest: bool
    memos: AdviceMemos

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
    severity: Severity | None = None,
    context: Context | None = None,
    binding: Binding | None = None,
) -> Draft:
    """A draft that points at a site of a def of the viewed module; at the def's own line for the site -1.

    The confidence falls by one for each of the `assumptions` (by default: each of the `reasons`), and is
    `most` at best. The severity is the rule's unless it is given.
    """
    reasons, chain = tuple(reasons), tuple(chain)
    position, logical = position_of(view.module, key, site) if site >= 0 else _header(view, key)
    inside = doubts_inside(view.engine, chain, family, reasons)
    count = (len(reasons) if assumptions is None else assumptions) + len(inside)
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
        reasons=tuple(dict.fromkeys((*reasons, *inside))),
        logical_line=logical,
        source_hash=view.module.summary.source_hash,
        severity=rule.severity if severity is None else severity,
        context=context,
        root=_root(view, key, position.line, chain),
        binding=binding,
        library=Library(library) if (library := library_of(view.engine, chain)) else None,
    )
    return Draft(finding, view.module.path, advise, extent_of(view.module, key))


def extent_of(module: Module, key: Key) -> tuple[int, int]:
    """The lines of the outermost function that a def is or stands in; 0 and 0 where it stands in none."""
    functions = (DefKind.FUNCTION, DefKind.ASYNC_FUNCTION)
    found = [item for own in (key, *module.around(key)) if (item := module.definition(own)).kind in functions]
    return (found[-1].start, found[-1].end) if found else (0, 0)


def _root(view: ModuleView, key: Key, line: int, chain: tuple[Hop, ...]) -> Root:
    """The function of the program that calls the primitive, or a library that does: the last of the chain."""
    is_installed = view.engine.evaluator.program.finder.is_installed
    last = next((hop for hop in reversed(chain) if not is_installed(hop.key[0])), None)
    if last is None:
        return Root(view.module.symbol(key), view.shown(view.module.path), line)
    module = view.engine.evaluator.module(last.key[0])
    place, _ = position_of(module, last.key, last.site)
    return Root(module.symbol(last.key), view.shown(module.path), place.line)


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
