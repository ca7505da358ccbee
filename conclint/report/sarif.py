"""SARIF 2.1.0, for GitHub code scanning and other viewers: rules with their pages, the chain as a flow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from conclint import __version__
from conclint.model.finding import Finding, Step
from conclint.report.json import dump
from conclint.report.levels import level_of
from conclint.report.repository import repository_path
from conclint.report.wording import advice
from conclint.rules.registry import Rule, rule_page, rule_url, rules_by_code

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_HOME = "https://github.com/conclint/conclint"
_BASE = "%SRCROOT%"
FINGERPRINT = "conclint/v1"
"""The key of our fingerprints; another number when they are made of something else."""

Node = dict[str, object]


def render_sarif(findings: Sequence[Finding], cwd: Path) -> str:
    """A log with one run. Paths are relative to the repository's root; columns count code points."""
    codes = sorted({finding.code for finding in findings})
    rules = rules_by_code()
    run: Node = {
        "tool": {
            "driver": {
                "name": "conclint",
                "version": __version__,
                "informationUri": _HOME,
                "rules": [_rule(rules[code]) for code in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_BASE: {"description": {"text": "The root of the repository."}}},
        "results": [_result(finding, codes.index(finding.code), cwd) for finding in findings],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return dump(log)


def _rule(rule: Rule) -> Node:
    page = rule_page(rule.code)
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": _first_paragraph(page)},
        "help": {"text": page, "markdown": page},
        "helpUri": rule_url(rule.code),
        "defaultConfiguration": {"enabled": rule.default, "level": "error"},
        "properties": {
            "tags": ["concurrency", "performance"],
            "precision": "high",
            "problem.severity": "error",
        },
    }


def _first_paragraph(page: str) -> str:
    """What the rule does, on one line."""
    text = page.split("## What it does\n", 1)[-1].split("\n\n", 1)[0]
    return " ".join(text.split())


def _result(finding: Finding, rule: int, cwd: Path) -> Node:
    text = ". ".join(part for part in (finding.message, advice(finding)) if part)
    at = finding.position
    region: Node = {"startLine": at.line, "startColumn": at.column}
    if (at.end_line, at.end_column) > (at.line, at.column):
        region |= {"endLine": at.end_line, "endColumn": at.end_column}
    place: Node = {"physicalLocation": {"artifactLocation": _artifact(finding.path, cwd), "region": region}}
    if finding.symbol:
        place["logicalLocations"] = [{"fullyQualifiedName": finding.symbol, "kind": "function"}]
    result: Node = {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": level_of(finding).value,
        "message": {"text": text},
        "locations": [place],
        "partialFingerprints": {FINGERPRINT: finding.fingerprint},
    }
    if len(finding.chain) > 1:
        steps = [_step(step, cwd) for step in finding.chain]
        flow = [{"location": step, "nestingLevel": depth} for depth, step in enumerate(steps)]
        result["codeFlows"] = [
            {
                "message": {"text": f"From `{finding.symbol}` to `{finding.chain[-1].symbol}`"},
                "threadFlows": [{"locations": flow}],
            }
        ]
        result["relatedLocations"] = [{"id": number, **step} for number, step in enumerate(steps[1:], 1)]
    result["properties"] = _properties(finding)
    return result


def _properties(finding: Finding) -> Node:
    recommendation = finding.recommendation
    return {
        "confidence": finding.confidence.label,
        "model": finding.model.value if finding.model else None,
        "effect": finding.effect.value if finding.effect else None,
        "cause": finding.cause,
        "recommendation": recommendation.text if recommendation else None,
        "example": recommendation.example if recommendation else None,
    }


def _step(step: Step, cwd: Path) -> Node:
    return {
        "physicalLocation": {
            "artifactLocation": _artifact(step.path, cwd),
            "region": {"startLine": step.line, "startColumn": step.column},
        },
        "message": {"text": f"calls `{step.symbol}`"},
    }


def _artifact(path: str, cwd: Path) -> Node:
    """A relative reference from the base, or a file's whole URI for what lies outside the repository."""
    shown = repository_path(path, cwd)
    quoted = quote(shown.encode("utf-8", "surrogateescape"))
    if Path(shown).is_absolute():
        return {"uri": f"file://{quoted}"}
    return {"uri": quoted.replace(":", "%3A"), "uriBaseId": _BASE}
