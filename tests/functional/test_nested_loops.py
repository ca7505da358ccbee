"""Event loops inside event loops: what a whole program, or a notebook, says of them."""

from __future__ import annotations

import json
from pathlib import Path

from harness.runs import run_here

OPTIONS = ("--output-format=json", "--jobs=1", "--select=CON7")
NESTED = """import asyncio

async def work():
    await asyncio.sleep(1)

async def main():
    asyncio.run(work())
"""


def found_in(folder: Path) -> list[tuple[str, int, str]]:
    return [(Path(item.path).name, item.line, item.code) for item in run_here([*OPTIONS, "."], folder)]


def test_a_program_that_lets_loops_nest_is_silent_and_loud_again_without(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(NESTED, encoding="utf-8")
    start = tmp_path / "start.py"
    start.write_text("import nest_asyncio\n\nnest_asyncio.apply()\n", encoding="utf-8")
    assert found_in(tmp_path) == []
    start.write_text("print('start')\n", encoding="utf-8")
    assert found_in(tmp_path) == [("app.py", 7, "CON701")]
    start.write_text("import nest_asyncio\n\nnest_asyncio.apply()\n", encoding="utf-8")
    assert found_in(tmp_path) == []


def test_a_notebooks_cells_run_where_a_loop_is_running(tmp_path: Path) -> None:
    cells = [
        "import asyncio\n\nasync def work():\n    await asyncio.sleep(1)\n",
        "asyncio.run(work())\n",
        "def start():\n    asyncio.run(work())\n",
        "start()\n",
    ]
    text = json.dumps({
        "cells": [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells],
        "metadata": {},
        "nbformat": 4,
    })  # fmt: skip
    (tmp_path / "report.ipynb").write_text(text, encoding="utf-8")
    assert [code for _, _, code in found_in(tmp_path)] == ["CON701", "CON701"]


def test_a_loop_of_another_library_does_not_fail(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "import asyncio\nimport trio\n\nasync def work():\n    await trio.sleep(1)\n\n"
        "async def main():\n    trio.run(work)\n\nasyncio.run(main())\n",
        encoding="utf-8",
    )
    assert found_in(tmp_path) == []
