"""The advice for many findings in one function takes as much for each as for a few."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import FrameType

from click.testing import CliRunner

from conclint.cli.main import cli

_BEGIN = "import time\n\n\ndef block():\n    time.sleep(1)\n\n\nasync def run(x):\n"


def steps_for(folder: Path, findings: int) -> int:
    """How many functions are called, and generators resumed, to give advice."""
    folder.mkdir()
    (folder / "program.py").write_text(_BEGIN + "    block()\n" * findings, encoding="utf-8")
    steps = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal steps
        steps += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        outcome = CliRunner().invoke(cli, ["check", str(folder), "--no-cache", "-j1", "--output-format=json"])
    finally:
        sys.setprofile(before)
    assert len(json.loads(outcome.stdout)) == findings
    return steps


def test_advice_grows_with_the_findings_alone(tmp_path: Path) -> None:
    steps_for(tmp_path / "first", 3)  # what is imported and read once
    few, many = steps_for(tmp_path / "few", 100), steps_for(tmp_path / "many", 800)
    assert many < 8.8 * few


def test_a_function_of_many_loops_is_gone_through_once(tmp_path: Path) -> None:
    lines = ["import zlib", "async def run(items):"]
    for number in range(30):
        lines += [f"    found{number} = {{}}", "    for item in items:"]
        lines += [f"        found{number}[item] = zlib.compress(item)"]
    (tmp_path / "program.py").write_text("\n".join(lines), encoding="utf-8")
    walks = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal walks
        walks += event == "call" and frame.f_code.co_name == "_shared_in"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        CliRunner().invoke(cli, ["check", str(tmp_path), "--no-cache", "-j1"])
    finally:
        sys.setprofile(before)
    assert walks == 1
