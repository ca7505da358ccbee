"""Notebooks on the command line: findings by cell, suppressions, standard input, and broken ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from conclint.cli.main import cli

CELLS = [
    ("markdown", "# Report"),
    ("code", "%matplotlib inline\nimport time\nimport requests\ndef pause():\n    time.sleep(1)\n"),
    ("code", "requests.get('http://x')\n"),
    ("code", "async def page():\n    pause()\n    requests.get('http://x')  # noqa: CON101\n"),
    ("code", "await page()\n!ls\nrequests.get('http://x')\n"),
]


def document(*more: tuple[str, str]) -> str:
    cells = [{"cell_type": kind, "source": text.splitlines(keepends=True)} for kind, text in (*CELLS, *more)]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "report.ipynb").write_text(document())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(cli, [*words], input=stdin)


FOUND = [
    "report.ipynb:cell 4:2:5: CON102 `report.pause` blocks the event loop: it calls `time.sleep`"
    " (a blocking sleep) [critical]",
    "report.ipynb:cell 5:3:1: CON101 `requests.get` blocks the event loop (an HTTP request)"
    " [critical, medium confidence]",
]


def test_findings_name_the_cell_and_its_line(folder: Path) -> None:
    assert run("--no-cache", "--output-format", "concise").stdout.splitlines() == FOUND


def test_a_cached_run_says_the_same(folder: Path) -> None:
    first = run("--output-format", "json").stdout
    assert run("--output-format", "json").stdout == first
    rows = json.loads(first)
    assert [(row["cell"], row["line"], row["confidence"]) for row in rows] == [
        (4, 2, "high"),
        (5, 3, "medium"),
    ]
    assert [(step["cell"], step["line"]) for step in rows[0]["chain"]] == [(4, 2), (2, 5)]


def test_the_text_shows_the_cells_own_line(folder: Path) -> None:
    text = run("--no-cache").stdout
    assert "  2 | pause()\n" in text
    assert "report.ipynb:cell 2:5 calls time.sleep\n" in text


def test_from_standard_input(folder: Path) -> None:
    (folder / "report.ipynb").unlink()
    words = ("--no-cache", "--output-format", "concise", "-", "--stdin-filename", "report.ipynb")
    assert run(*words, stdin=document()).stdout.splitlines() == FOUND


def test_a_cell_that_is_not_python_is_named_with_its_line(folder: Path) -> None:
    (folder / "report.ipynb").write_text(document(("code", "x = 1\ny = = 2\n")))
    line = run("--no-cache", "--output-format", "concise").stdout.splitlines()[0]
    assert line.startswith("report.ipynb:cell 6:2:5: CON900 ")


def test_what_is_no_notebook_is_named_and_the_run_goes_on(folder: Path) -> None:
    (folder / "broken.ipynb").write_text('{"cells": [\n oops')
    result = run("--no-cache", "--output-format", "concise")
    assert result.stdout.splitlines() == ["broken.ipynb:2:1: CON900 is no notebook: Expecting value", *FOUND]
    assert result.exit_code == 1
