"""Fixes of one text: which go together, where imports go, what stays as it was."""

from __future__ import annotations

import codecs
import json
import stat
from pathlib import Path

import pytest

from conclint.config.settings import Config
from conclint.fix.apply import by_file, fix_file
from conclint.fix.edits import Replacement, Settled
from conclint.fix.files import replace_file
from conclint.fix.notebooks import cell_texts, with_cells
from conclint.fix.text_file import UnfixableError, bytes_of, check_syntax, text_of
from conclint.rules.advice.import_places import Head
from conclint.run.pipeline import check


def own(start: int, end: int, text: str) -> Replacement:
    return Replacement(start, end, 0, text)


def shared(start: int, text: str, rank: int = 1) -> Replacement:
    return Replacement(start, start, rank, text)


def settled(text: str, *fixes: list[Replacement]) -> tuple[str, list[bool]]:
    taken = Settled()
    answers = [taken.take(fix) for fix in fixes]
    return taken.applied(text, "\n"), answers


class TestSettling:
    def test_those_apart_are_all_made(self) -> None:
        assert settled("abcdef", [own(0, 1, "X")], [own(3, 4, "Y")]) == ("XbcYef", [True, True])

    @pytest.mark.parametrize("second", [(1, 3), (0, 2), (2, 5), (1, 1), (2, 2)])
    def test_of_those_that_overlap_or_touch_the_first_is_made(self, second: tuple[int, int]) -> None:
        assert settled("abcdef", [own(0, 2, "X")], [own(*second, "Y")]) == ("Xcdef", [True, False])

    def test_a_fix_is_made_whole_or_not_at_all(self) -> None:
        done = settled("abcdef", [own(0, 2, "X")], [own(1, 2, "Y"), own(4, 5, "Z")])
        assert done == ("Xcdef", [True, False])

    def test_the_same_change_for_two_findings_is_made_once(self) -> None:
        fix = [own(1, 2, "X")]
        assert settled("abc", fix, list(fix)) == ("aXc", [True, True])

    def test_an_import_that_two_need_is_made_once(self) -> None:
        line = shared(0, "import asyncio\n")
        text, answers = settled("a b\n", [line, own(0, 1, "x")], [line, own(2, 3, "y")])
        assert (text, answers) == ("import asyncio\nx y\n", [True, True])

    def test_imports_and_definitions_at_one_place_are_laid_out_as_one(self) -> None:
        fix = [
            shared(0, "import functools\n\n"),
            shared(0, "import asyncio\n\n"),
            shared(0, "\npool = 1\n", rank=2),
            own(0, 1, "b"),
        ]
        assert settled("a\n", fix)[0] == "import asyncio\nimport functools\n\npool = 1\n\nb\n"


HEADS = {
    "": ("import asyncio", "import asyncio\n"),
    "x = 1\n": ("import asyncio", "import asyncio\n\nx = 1\n"),
    '"""Doc."""\n\nx = 1\n': ("import asyncio", '"""Doc."""\n\nimport asyncio\n\nx = 1\n'),
    '"""Doc."""\nx = 1\n': ("import asyncio", '"""Doc."""\n\nimport asyncio\n\nx = 1\n'),
    '"""Two\nimport lines."""\nimport time\n': (
        "import asyncio",
        '"""Two\nimport lines."""\nimport asyncio\nimport time\n',
    ),
    '"""No end."""': ("import asyncio", '"""No end."""\n\nimport asyncio\n'),
    "#!/bin/python\n# coding: latin-1\nx = 1\n": (
        "import asyncio",
        "#!/bin/python\n# coding: latin-1\nimport asyncio\n\nx = 1\n",
    ),
    "# Licence\n\nx = 1\n": ("import asyncio", "# Licence\n\nimport asyncio\n\nx = 1\n"),
    "# about x\nx = 1\n": ("import asyncio", "import asyncio\n\n# about x\nx = 1\n"),
    "from __future__ import annotations\n\nx = 1\n": (
        "import asyncio",
        "from __future__ import annotations\n\nimport asyncio\n\nx = 1\n",
    ),
    "import os\nimport time\n": ("import asyncio", "import asyncio\nimport os\nimport time\n"),
    "import abc\nimport os\n": ("import asyncio", "import abc\nimport asyncio\nimport os\n"),
    "import abc\nfrom os import path\n": (
        "import asyncio",
        "import abc\nimport asyncio\nfrom os import path\n",
    ),
    "from abc import ABC\nimport os\n": (
        "import asyncio",
        "from abc import ABC\nimport asyncio\nimport os\n",
    ),
    "import requests\nx = 1\n": ("import asyncio", "import asyncio\n\nimport requests\nx = 1\n"),
    "import os\n\nx = 1\n": (
        "from asgiref.sync import sync_to_async",
        "import os\n\nfrom asgiref.sync import sync_to_async\n\nx = 1\n",
    ),
    "from . import a\n": ("import asyncio", "import asyncio\n\nfrom . import a\n"),
    "import os  # no line end": ("import time", "import os  # no line end\nimport time\n"),
    "from os import (  # why (\n    path,\n)\nimport re\n": (
        "import asyncio",
        "import asyncio\nfrom os import (  # why (\n    path,\n)\nimport re\n",
    ),
    "import os; import sys\nx = 1\n": ("import asyncio", "import asyncio\n\nimport os; import sys\nx = 1\n"),
    "from concurrent.futures import ThreadPoolExecutor\n": (
        "from concurrent.futures import ProcessPoolExecutor",
        "from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor\n",
    ),
    "from concurrent.futures import (\n    Future,\n    wait,\n)\n": (
        "from concurrent.futures import ProcessPoolExecutor",
        "from concurrent.futures import (\n    Future,\n    ProcessPoolExecutor,\n    wait,\n)\n",
    ),
    "from concurrent.futures import (\n    Future,  # one\n)\n": (
        "from concurrent.futures import ProcessPoolExecutor",
        "from concurrent.futures import (\n    Future,\n    ProcessPoolExecutor,  # one\n)\n",
    ),
    "from concurrent.futures import wait as w\n": (
        "from concurrent.futures import ProcessPoolExecutor",
        "from concurrent.futures import wait as w\nfrom concurrent.futures import ProcessPoolExecutor\n",
    ),
    "import time\r\nx = 1\r\n": ("import asyncio", "import asyncio\r\nimport time\r\nx = 1\r\n"),
}


@pytest.mark.parametrize("before", HEADS, ids=repr)
def test_an_import_goes_where_isort_would_put_it(before: str) -> None:
    line, after = HEADS[before]
    found = Head(before).import_of(line)
    assert found is not None
    assert before[: found.offset] + found.text + before[found.offset :] == after
    compile(after.replace("from . import a\n", ""), "<after>", "exec")
    assert Head(after).import_of(line) is None, "none goes there twice"


def test_a_definition_goes_below_the_imports() -> None:
    found = Head("import os\n\n\nx = 1\n").definition("pool = 1")
    assert found == (10, "\npool = 1\n")


UNSAFE = {
    # a block moved in a file of tabs
    "async def f(path):\n\twith open(path) as file:\n\t\ttext = file.read()\n\treturn text\n": (
        "import asyncio\n\nasync def f(path):\n\tdef work():\n\t\twith open(path) as file:\n"
        "\t\t\ttext = file.read()\n\t\treturn text\n\n\ttext = await asyncio.to_thread(work)\n\treturn text\n"
    ),
    # a blank line before the function, but not behind a comment
    "async def f(path):\n  x = 1\n  with open(path) as file:\n    file.read()\n  return x\n": (
        "import asyncio\n\nasync def f(path):\n  x = 1\n\n  def work():\n    with open(path) as file:\n"
        "      file.read()\n\n  await asyncio.to_thread(work)\n  return x\n"
    ),
    # a name that is declared can't be nonlocal: the block stays, and what opens the file with it
    "async def f(path):\n    text = ''\n    if path:\n        with open(path) as file:\n"
    "            text: str = file.read()\n    return text\n": (
        "async def f(path):\n    text = ''\n    if path:\n        with open(path) as file:\n"
        "            text: str = file.read()\n    return text\n"
    ),
    # another decorator may want a coroutine function
    "import fastapi\nimport requests\nfrom other import timed\napp = fastapi.FastAPI()\n"
    "@app.get('/')\n@timed\nasync def f():\n    return requests.get('a')\n": (
        "import asyncio\n\nimport fastapi\nimport requests\nfrom other import timed\n"
        "app = fastapi.FastAPI()\n"
        "@app.get('/')\n@timed\nasync def f():\n    return await asyncio.to_thread(requests.get, 'a')\n"
    ),
    "import fastapi\nimport requests\napp = fastapi.FastAPI()\n"
    "@app.get('/')\nasync def f():\n    return requests.get('a')\n": (
        "import fastapi\nimport requests\napp = fastapi.FastAPI()\n"
        "@app.get('/')\ndef f():\n    return requests.get('a')\n"
    ),
}


@pytest.mark.parametrize("before", UNSAFE, ids=["tabs", "blank", "declared", "decorated", "endpoint"])
def test_unsafe_fixes_read_as_if_written_by_hand(tmp_path: Path, before: str) -> None:
    file = tmp_path / "a.py"
    file.write_text(before)
    config = Config(root=tmp_path, cwd=tmp_path, use_cache=False)
    for shown, found in by_file(check([str(file)], config).findings, unsafe=True).items():
        fix_file(shown, found, tmp_path).write()
    assert file.read_text() == UNSAFE[before]


class TestBytes:
    @pytest.mark.parametrize(
        "data",
        [
            b"# coding: latin-1\nx = '\xe9'\n",
            codecs.BOM_UTF8 + "x = 'é'\n".encode(),
            "x = 'é'\r\ny = 1\r\n".encode(),
            b"x = 1\ry = 2\r",
            b"x = 1",
        ],
    )
    def test_what_is_written_back_is_what_was_there(self, data: bytes) -> None:
        text = text_of(data)
        assert bytes_of(text, data) == data
        assert bytes_of(text.replace("x", "z"), data) == data.replace(b"x", b"z")

    def test_a_letter_that_the_encoding_has_not_is_refused(self) -> None:
        with pytest.raises(UnfixableError):
            bytes_of("# coding: latin-1\nx = '\u20ac'\n", b"# coding: latin-1\n")

    def test_what_was_python_must_stay_so(self) -> None:
        check_syntax("x = 1\n", "y = 1\n")
        check_syntax("x = = 1\n", "y = 1\n")
        with pytest.raises(UnfixableError):
            check_syntax("def f():\n    g()\n", "def f():\n    await g()\n")


class TestFiles:
    def test_mode_and_link_stay(self, tmp_path: Path) -> None:
        target, link = tmp_path / "deep" / "a.py", tmp_path / "a.py"
        target.parent.mkdir()
        target.write_bytes(b"old")
        target.chmod(0o640)
        link.symlink_to(target)
        replace_file(link, b"old", b"new")
        assert link.is_symlink()
        assert target.read_bytes() == b"new"
        assert stat.S_IMODE(target.stat().st_mode) == 0o640
        assert [file.name for file in target.parent.iterdir()] == ["a.py"]

    def test_one_that_changed_meanwhile_is_left_alone(self, tmp_path: Path) -> None:
        file = tmp_path / "a.py"
        file.write_bytes(b"another's")
        with pytest.raises(UnfixableError, match="changed meanwhile"):
            replace_file(file, b"old", b"new")
        assert file.read_bytes() == b"another's"
        assert [file.name for file in tmp_path.iterdir()] == ["a.py"]


class TestNotebooks:
    def notebook(self, **style: object) -> bytes:
        cells = [
            {"cell_type": "markdown", "source": ["# é\n", "[x]"]},
            {"cell_type": "code", "source": ["import time\n", "x = '{\"source\": 1}'"], "outputs": []},
            {"cell_type": "code", "source": "y = 2"},
        ]
        document = {"cells": cells, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4}
        return json.dumps(document, **style).encode()  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "style", [{"indent": 1, "ensure_ascii": False}, {"indent": 4}, {}, {"separators": (",", ":")}]
    )
    def test_nothing_but_the_changed_cell_is_written_anew(self, style: dict[str, object]) -> None:
        data = self.notebook(**style)
        texts = cell_texts(data)
        assert texts == {1: "# é\n[x]", 2: "import time\nx = '{\"source\": 1}'", 3: "y = 2"}
        changed = with_cells(data, {2: "import asyncio\nimport time\nx = 'é'", 3: "y = 3"})
        document = json.loads(data)
        document["cells"][1]["source"] = ["import asyncio\n", "import time\n", "x = 'é'"]
        document["cells"][2]["source"] = "y = 3"
        assert json.loads(changed) == document
        if "separators" not in style:
            assert changed == json.dumps(document, **style).encode()  # type: ignore[arg-type]
