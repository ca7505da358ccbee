"""GitHub Actions: a workflow command for each finding, shown as an annotation on the changed line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from conclint.model.finding import Finding
from conclint.report.levels import Level, level_of
from conclint.report.printable import printable_lines
from conclint.report.repository import repository_path
from conclint.report.wording import long_message

_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}


def render_github(findings: Sequence[Finding], cwd: Path) -> str:
    """One line for each finding, in the order given; nothing for none."""
    return "".join(_command(finding, cwd) for finding in findings)


def _command(finding: Finding, cwd: Path) -> str:
    at = finding.position
    properties = {
        "title": f"conclint ({finding.code})",
        "file": repository_path(finding.path, cwd),
        "line": str(at.line),
        "endLine": str(at.end_line),
    }
    if at.line == at.end_line:  # GitHub takes columns within one line only
        properties |= {"col": str(at.column), "endColumn": str(max(at.end_column, at.column))}
    given = ",".join(f"{name}={_escape(value, property_value=True)}" for name, value in properties.items())
    place = f"{finding.place}: {finding.code} "
    return f"::{_COMMANDS[level_of(finding)]} {given}::{_escape(place + long_message(finding))}\n"


def _escape(text: str, *, property_value: bool = False) -> str:
    text = printable_lines(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if property_value else text
