"""GitLab's code quality report: the part of Code Climate's format that merge requests show."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

from conclint.model.finding import Finding
from conclint.report.json import dump_array
from conclint.report.levels import Level, level_of
from conclint.report.repository import repository_path
from conclint.report.wording import long_message

_SEVERITIES = {Level.ERROR: "major", Level.WARNING: "minor", Level.NOTE: "info"}


def render_gitlab(findings: Sequence[Finding], cwd: Path) -> str:
    """A JSON array with one object for each finding. GitLab demands fingerprints that differ: of two
    findings with the same one, the second's is made from it and its path."""
    seen: set[str] = set()
    return dump_array(_issue(finding, cwd, seen) for finding in findings)


def _issue(finding: Finding, cwd: Path, seen: set[str]) -> dict[str, object]:
    at = finding.position
    path = repository_path(finding.path, cwd)
    fingerprint = finding.fingerprint
    while fingerprint in seen:
        text = f"{fingerprint}\0{path}"
        fingerprint = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    seen.add(fingerprint)
    return {
        "type": "issue",
        "check_name": finding.code,
        "description": f"{finding.code} {long_message(finding)}",
        "categories": ["Performance"],
        "severity": _SEVERITIES[level_of(finding)],
        "fingerprint": fingerprint,
        "location": {
            "path": path,
            "positions": {
                "begin": {"line": at.line, "column": at.column},
                "end": {"line": at.end_line, "column": at.end_column},
            },
        },
    }
