"""Notebooks as modules: which lines stay, what IPython's own syntax becomes, which cells await."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conclint.source.notebook import Notebook, read_notebook
from conclint.syntax.decoding import DecodingError


def notebook(*cells: str | tuple[str, str], **metadata: object) -> Notebook:
    rows = [("code", cell) if isinstance(cell, str) else cell for cell in cells]
    document = {
        "cells": [{"cell_type": kind, "source": text.splitlines(keepends=True)} for kind, text in rows],
        "metadata": metadata,
        "nbformat": 4,
    }
    return read_notebook(json.dumps(document).encode())


def lines(*cells: str) -> list[str]:
    return notebook(*cells).source.decode().splitlines()


@pytest.mark.parametrize(
    ("cell", "made"),
    [
        ("%matplotlib inline\nx = 1", ["pass", "x = 1"]),
        ("if x:\n    !pip install y\nelse:\n    %run z", ["if x:", "    pass", "else:", "    pass"]),
        ("files = !ls\nt = %timeit -o f()", ["files = None", "t = None"]),
        ("!docker run \\\n  image \\\n  x\ny = 2", ["pass", "", "", "y = 2"]),
        ("f?\nnp.dot??\n?f", ["pass", "pass", "pass"]),
        ("%%bash\necho {", ["", ""]),
        ("\n%%time\nx = 1", ["", "", "x = 1"]),
        ("%%capture out\n%time f()", ["", "pass"]),
        ("x = (1\n% 2)", ["x = (1", "% 2)"]),
        ("x = (1\n% 2)\n%pwd", ["x = (1", "% 2)", "pass"]),
        ('x = """\n%no magic\n"""\n%pwd', ['x = """', "%no magic", '"""', "pass"]),
        ("x = a \\\n% b\n%pwd", ["x = a \\", "% b", "pass"]),
        ("ok = a != b", ["ok = a != b"]),
        ("%pwd\nok = a != b\nx = a % b", ["pass", "ok = a != b", "x = a % b"]),
        ("%pwd\nf(x='!', y=1)", ["pass", "f(x='!', y=1)"]),
    ],
)
def test_ipythons_own_syntax_is_replaced_line_for_line(cell: str, made: list[str]) -> None:
    assert lines(cell) == made


def test_cells_are_numbered_among_all_and_keep_their_lines() -> None:
    found = notebook(("markdown", "# a\n# b"), "x = 1\ny = 2", ("raw", "z"), "a = 1\n\nb = 2")
    assert [(cell.number, cell.first, cell.end) for cell in found.cells] == [(2, 1, 3), (4, 3, 6)]
    assert [cell.number if (cell := found.cell_at(line)) else None for line in range(7)] == [
        None, 2, 2, 4, 4, 4, 4,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "awaits"),
    [
        ("await f()", True),
        ("async with a() as b:\n    b()", True),
        ("x = [y async for y in z()]", True),
        ("%time await f()\nx = await g()", True),
        ("async def f():\n    await g()", False),
        ("def f(): ...\n'await'", False),
    ],
)
def test_a_cell_awaits_outside_of_functions(cell: str, awaits: bool) -> None:
    assert notebook(cell).cells[0].awaits is awaits


def test_other_languages_have_no_python() -> None:
    assert notebook("x <- 1", language_info={"name": "R"}).source == b""
    assert notebook("x = 1", kernelspec={"language": "julia"}).source == b""
    assert notebook("x = 1", kernelspec={"language": "python"}).source == b"x = 1\n"


def test_the_third_format() -> None:
    sheet = {"cells": [{"cell_type": "code", "input": ["x = 1\n", "y = 2"]}]}
    assert read_notebook(json.dumps({"worksheets": [sheet]}).encode()).source == b"x = 1\ny = 2\n"


@pytest.mark.parametrize(
    ("data", "line", "says"),
    [
        (b"{\n x", 2, "is no notebook"),
        (b"[]", 1, "it has no cells"),
        (b'{"cells": 3}', 1, "it has no cells"),
        (b"\n\xff", 2, "not UTF-8"),
        (b"[" * 100_000, 1, "is no notebook"),
    ],
)
def test_what_is_no_notebook(data: bytes, line: int, says: str) -> None:
    with pytest.raises(DecodingError, match=says) as caught:
        read_notebook(data)
    assert caught.value.line == line


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=60), max_size=5))
def test_every_line_of_the_module_is_one_of_a_cell(cells: list[str]) -> None:
    found = notebook(*cells)
    assert found.source.count(b"\n") == sum(cell.end - cell.first for cell in found.cells)
