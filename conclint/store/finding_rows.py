"""Findings as plain tuples, which `marshal` can write and another process can read."""

from __future__ import annotations

from typing import Any

from conclint.model.execution import Confidence, EffectKind, ExecutionModel
from conclint.model.finding import Finding, Position, Recommendation, Step


def to_row(finding: Finding) -> tuple[Any, ...]:
    """The finding as plain data."""
    at, advice = finding.position, finding.recommendation
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
    )
