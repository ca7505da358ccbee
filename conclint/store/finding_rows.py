"""Findings as plain tuples, which `marshal` can write and another process can read."""

from __future__ import annotations

from typing import Any

from conclint.model.context import Context
from conclint.model.execution import Confidence, EffectKind, ExecutionModel
from conclint.model.finding import (
    Applicability,
    Binding,
    Finding,
    Fix,
    Library,
    Position,
    Recommendation,
    Root,
    Step,
    TextEdit,
)
from conclint.model.severity import Severity


def to_row(finding: Finding) -> tuple[Any, ...]:
    """The finding as plain data."""
    at, advice, root = finding.position, finding.recommendation, finding.root
    return (
        finding.code,
        finding.name,
        finding.message,
        finding.path,
        (at.line, at.column, at.end_line, at.end_column),
        finding.symbol,
        int(finding.confidence),
        finding.model.value if finding.model else None,
        finding.effect.value if finding.effect else None,
        finding.family,
        finding.cause,
        tuple((step.symbol, step.path, step.line, step.column, step.cell) for step in finding.chain),
        (advice.model.value, advice.text, advice.example) if advice else None,
        finding.fingerprint,
        finding.reasons,
        finding.logical_line,
        finding.cell,
        finding.source_hash,
        int(finding.severity),
        finding.context.value if finding.context else None,
        finding.entries,
        finding.entry_count,
        (root.symbol, root.path, root.line) if root else None,
        finding.aliases,
        _fix_row(finding.fix) if finding.fix else None,
        _binding_row(finding.binding) if finding.binding else None,
        tuple(finding.library) if finding.library else None,
    )


def from_row(row: tuple[Any, ...]) -> Finding:
    """The finding that a row stands for. Raises ValueError, TypeError or IndexError for any other tuple."""
    model, effect, advice = row[7], row[8], row[12]
    return Finding(
        code=row[0],
        name=row[1],
        message=row[2],
        path=row[3],
        position=Position(*row[4]),
        symbol=row[5],
        confidence=Confidence(row[6]),
        model=ExecutionModel(model) if model else None,
        effect=EffectKind(effect) if effect else None,
        family=row[9],
        cause=row[10],
        chain=tuple(Step(*step) for step in row[11]),
        recommendation=Recommendation(ExecutionModel(advice[0]), *advice[1:]) if advice else None,
        fingerprint=row[13],
        reasons=tuple(row[14]),
        logical_line=(row[15][0], row[15][1]),
        cell=row[16],
        source_hash=row[17],
        severity=Severity(row[18]),
        context=Context(row[19]) if row[19] else None,
        entries=tuple(row[20]),
        entry_count=row[21],
        root=Root(*row[22]) if row[22] else None,
        aliases=tuple(row[23]),
        fix=_fix(row[24]) if row[24] else None,
        binding=_binding(row[25]) if row[25] else None,
        library=Library(*row[26]) if row[26] else None,
    )


def _fix_row(fix: Fix) -> tuple[Any, ...]:
    edits = tuple(
        ((at.line, at.column, at.end_line, at.end_column), edit.text, edit.cell, edit.rank)
        for edit in fix.edits
        for at in (edit.position,)
    )
    return fix.applicability.value, fix.description, edits


def _fix(row: tuple[Any, ...]) -> Fix:
    edits = tuple(TextEdit(Position(*place), *rest) for place, *rest in row[2])
    return Fix(Applicability(row[0]), row[1], edits)


def _binding_row(binding: Binding) -> tuple[Any, ...]:
    at = binding.position
    place = (at.line, at.column, at.end_line, at.end_column)
    return binding.file, binding.path, binding.symbol, place, binding.through, binding.is_here


def _binding(row: tuple[Any, ...]) -> Binding:
    file, path, symbol, place, through, is_here = row
    return Binding(file, path, symbol, Position(*place), tuple(map(tuple, through)), is_here)
