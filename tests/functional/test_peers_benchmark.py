"""The comparison with other linters counts what they report in the same files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from docsite.landing import peers_table
from programs_on_disk import SLOW_HELPER, VIEWS, write_project

ROOT = Path(__file__).parents[2]
DIRECT = """\
import time


async def tick(path):
    time.sleep(1)
    open(path)
"""


def test_places_are_counted_by_who_reports_them(tmp_path: Path) -> None:
    project = write_project(tmp_path / "project", views=VIEWS, helper=SLOW_HELPER, direct=DIRECT)
    command = [sys.executable, "benchmarks/peers.py", f"small={project}", "--flake8-async="]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)["projects"]["small"]
    assert found["conclint"] == {"itself": 2, "through": 1}
    assert found["ruff"] == {
        "places": 2,
        "of conclint's itself": 2,
        "of conclint's through": 0,
        "conclint too": 2,
        "conclint at lower severity or confidence": 0,
    }
    assert not (project / ".conclint_cache").exists()


def test_the_table_is_made_from_the_reference_run() -> None:
    found = json.loads((ROOT / "docs/peers.json").read_text("utf-8"))
    rows = peers_table().splitlines()[2:]
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows] == list(found["projects"])
