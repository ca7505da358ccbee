"""Runs conclint and flake8, as a user does, and hands back what they report."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from conclint.rules.registry import all_rules
from harness.command import Done, conclint
from harness.programs import FIXTURES
from harness.reported import Reported, read_report

EVERYTHING = (
    "--output-format=json",
    "--min-confidence=low",
    "--min-severity=info",
    "--warn-unused-ignores",
    "--extend-select=" + ",".join(rule.code for rule in all_rules() if not rule.default),
)
"""Options that report all that conclint knows, whatever is off by default."""


class RunFailedError(RuntimeError):
    """The command ended with a status or an output that no run may have."""


def run_here(options: Sequence[str], cwd: Path, relative_to: Path = FIXTURES) -> list[Reported]:
    """The findings of conclint run in this process, in the folder `cwd`."""
    done = conclint(*options, cwd=cwd)
    return _checked_report(done, cwd, relative_to)


def run_command(options: Sequence[str], cwd: Path, relative_to: Path) -> tuple[str, list[Reported]]:
    """What conclint prints, run as a process of its own in the folder `cwd`, and the findings in it."""
    done = subprocess.run(
        [sys.executable, "-m", "conclint", *options], cwd=cwd, capture_output=True, text=True, check=False
    )
    return done.stdout, _checked_report(done, cwd, relative_to)


def _checked_report(done: Done, cwd: Path, relative_to: Path) -> list[Reported]:
    if done.returncode not in (0, 1) or "Traceback" in done.stderr:
        raise RunFailedError(f"status {done.returncode}\n{done.stderr}\n{done.stdout[-2000:]}")
    findings = read_report(done.stdout, cwd, relative_to)
    if bool(findings) != (done.returncode == 1):
        raise RunFailedError(f"status {done.returncode} with {len(findings)} findings")
    return findings


_LINE = re.compile(r"(?P<path>.+):(?P<line>\d+):(?P<column>\d+): (?P<code>CON\d+)")


def run_flake8(files: Sequence[Path], cwd: Path, relative_to: Path) -> set[tuple[str, int, int, str]]:
    """Path, line, column and code of what the flake8 plugin reports; flake8 gives it one file at a time."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "flake8",
            "--isolated",
            "--jobs=1",
            "--select=CON",
            "--conclint-min-severity=info",
            *map(str, files),
        ],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 1) or done.stderr:
        raise RunFailedError(f"flake8: status {done.returncode}\n{done.stderr}")
    found = set()
    for line in done.stdout.splitlines():
        match = _LINE.match(line)
        if match is None:
            raise RunFailedError(f"flake8 printed {line!r}")
        path = (cwd / match["path"]).relative_to(relative_to).as_posix()
        found.add((path, int(match["line"]), int(match["column"]), match["code"]))
    return found
