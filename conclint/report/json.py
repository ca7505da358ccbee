"""Findings as JSON: an interface that others build on. The keys of an object, and their order, are fixed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from conclint.model.finding import Finding, Recommendation, Root, Step
from conclint.report.printable import printable_json


def render_json(findings: Sequence[Finding]) -> str:
    """An array with one object for each finding, in the order given."""
    return dump_array(_as_object(finding) for finding in findings)


def render_json_lines(findings: Sequence[Finding]) -> str:
    """One line for each finding, with the same object as in the array; nothing for none."""
    return "".join(dump(_as_object(finding), indent=None) for finding in findings)


def dump_array(objects: Iterable[object]) -> str:
    """A JSON array, ended by a line feed, that differs from another only where the objects differ."""
    return dump(list(objects))


def dump(document: object, *, indent: int | None = 2) -> str:
    """The document, ended by a line feed; what a terminal would obey is written as JSON's escapes."""
    return printable_json(json.dumps(document, indent=indent, ensure_ascii=False)) + "\n"


def _as_object(finding: Finding) -> dict[str, object]:
    position = finding.position
    return {
        "code": finding.code,
        "name": finding.name,
        "message": finding.message,
        "path": finding.path,
        "line": position.line,
        "column": position.column,
        "end_line": position.end_line,
        "end_column": position.end_column,
        "symbol": finding.symbol,
        "model": finding.model.value if finding.model else None,
        "effect": finding.effect.value if finding.effect else None,
        "family": finding.family,
        "cause": finding.cause,
        "confidence": finding.confidence.label,
        "chain": [_step(step) for step in finding.chain],
        "recommendation": _recommendation(finding.recommendation),
        "fix": _fix(finding),
        "fingerprint": finding.fingerprint,
        "cell": finding.cell,
        "severity": finding.severity.label,
        "context": finding.context.value if finding.context else None,
        "entries": list(finding.entries),
        "entry_count": finding.entry_count,
        "root": _root(finding.root),
        "library": finding.library._asdict() if finding.library else None,
    }


def _root(root: Root | None) -> dict[str, object] | None:
    return None if root is None else {"symbol": root.symbol, "path": root.path, "line": root.line}


def _fix(finding: Finding) -> dict[str, object] | None:
    fix = finding.fix
    if fix is None:
        return None
    edits = []
    for edit in fix.edits:
        at = edit.position
        shown: dict[str, object] = {"path": finding.path, "line": at.line, "column": at.column}
        shown |= {"end_line": at.end_line, "end_column": at.end_column, "text": edit.text}
        edits.append(shown if edit.cell is None else {**shown, "cell": edit.cell})
    return {"applicability": fix.applicability.value, "description": fix.description, "edits": edits}


def _step(step: Step) -> dict[str, object]:
    shown: dict[str, object] = {"symbol": step.symbol, "path": step.path}
    shown |= {"line": step.line, "column": step.column}
    return shown if step.cell is None else {**shown, "cell": step.cell}


def _recommendation(recommendation: Recommendation | None) -> dict[str, object] | None:
    if recommendation is None:
        return None
    return {
        "model": recommendation.model.value,
        "text": recommendation.text,
        "example": recommendation.example,
    }
