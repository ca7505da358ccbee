"""`--fix`, `--diff`, `--add-noqa`: files are mended, all else in them stays, nothing is half done."""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.longer import LONGER
from programs_on_disk import findings_of, run_conclint, write_project

PAUSES = """\
\"\"\"Pauses.\"\"\"

import time


async def first(wait):
    time.sleep(wait)  # a comment
    if wait: time.sleep(1); time.sleep(2)
    return [time.sleep(each) for each in range(wait)]


def plain():
    time.sleep(1)
"""
MENDED = """\
\"\"\"Pauses.\"\"\"

import asyncio
import time


async def first(wait):
    await asyncio.sleep(wait)  # a comment
    if wait: await asyncio.sleep(1); await asyncio.sleep(2)
    return [await asyncio.sleep(each) for each in range(wait)]


def plain():
    time.sleep(1)
"""
REQUESTS = """\
import requests


async def load(url):
    return requests.get(url, timeout=5).json()
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path / "project", pauses=PAUSES, pages=REQUESTS)


def text(project: Path, name: str) -> str:
    return (project / f"app/{name}.py").read_text()


def test_safe_fixes_are_made_and_the_rest_is_reported(project: Path) -> None:
    done = run_conclint(project, "--fix", "--output-format=concise", "--show-fixes")
    assert text(project, "pauses") == MENDED
    assert text(project, "pages") == REQUESTS
    assert done.returncode == 1
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["app/pages.py"]
    assert "4 findings fixed in 1 file\n  app/pauses.py:\n    4 x CON102: Use `asyncio.sleep`" in done.stderr
    again = run_conclint(project, "--fix", "--output-format=concise")
    assert again.stdout == done.stdout
    assert text(project, "pauses") == MENDED


def test_unsafe_fixes_are_made_on_request(project: Path) -> None:
    done = run_conclint(project, "--fix", "--unsafe-fixes")
    assert done.returncode == 0
    assert text(project, "pages") == (
        "import asyncio\n\nimport requests\n\n\nasync def load(url):\n"
        "    return (await asyncio.to_thread(requests.get, url, timeout=5)).json()\n"
    )
    assert findings_of(project) == []


def test_unsafe_fixes_alone_are_counted(project: Path) -> None:
    done = run_conclint(project, "--unsafe-fixes")
    assert done.returncode == 1
    assert "Found 5 findings" in done.stdout
    assert done.stderr == (
        "conclint: 5 findings can be fixed: --diff shows how, --fix does it (with --unsafe-fixes)\n"
    )
    assert (text(project, "pauses"), text(project, "pages")) == (PAUSES, REQUESTS)


def test_a_diff_changes_nothing(project: Path) -> None:
    done = run_conclint(project, "--diff", "--unsafe-fixes")
    assert done.returncode == 1
    assert (text(project, "pauses"), text(project, "pages")) == (PAUSES, REQUESTS)
    assert "--- a/app/pauses.py\n+++ b/app/pauses.py\n" in done.stdout
    patched = subprocess.run(
        ["git", "apply", "-"], cwd=project, input=done.stdout, text=True, capture_output=True, check=False
    )
    assert patched.returncode == 0, patched.stderr
    assert text(project, "pauses") == MENDED
    assert run_conclint(project, "--diff").returncode == 0


def test_a_diff_of_tabs_and_line_ends_can_be_applied(tmp_path: Path) -> None:
    before = "import time\r\n\r\nasync def f():\r\n\ttime.sleep(1)\t# \u00e9\r\n".encode()
    (tmp_path / "a.py").write_bytes(before)
    done = run_conclint(tmp_path, "--diff")
    assert (tmp_path / "a.py").read_bytes() == before
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=done.stdout.encode(), check=True)
    assert (tmp_path / "a.py").read_bytes() == (
        before.replace(b"time.sleep", b"await asyncio.sleep").replace(b"import", b"import asyncio\r\nimport")
    )


@pytest.mark.skipif(sys.platform == "win32", reason="names that it refuses")
@pytest.mark.parametrize("name", ["a.py", 'x\n+++ b "\\\u00e9.py'])
def test_a_diff_is_escaped_but_in_a_file(tmp_path: Path, name: str) -> None:
    evil = "\x1b[31m\x9b\x07\u202e\u200b\u2028"
    before = f"import time\r\n\x0c\nasync def f():\n\ttime.sleep(1)\t# {evil}\n"
    (tmp_path / name).write_bytes(before.encode())
    command = [sys.executable, "-m", "conclint", "--diff", "--no-cache", name]
    piped = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).stdout.decode()
    assert not re.search("[\x1b\x9b\x07\u202e\u200b\u2028]", piped)
    assert "# \\x1b[31m\\x9b\\x07\\u202e\\u200b\\u2028\n" in piped
    assert " \x0c\n" in piped
    assert "+import asyncio\r\n" in piped
    assert len([line for line in piped.split("\n") if line.startswith("+++")]) == 1
    with (tmp_path / "one.patch").open("wb") as file:
        subprocess.run(command, cwd=tmp_path, stdout=file, check=False)
    done = run_conclint(tmp_path, *command[3:], "-o", "two.patch")
    assert (done.returncode, done.stdout) == (1, "")
    assert (tmp_path / "one.patch").read_bytes() == (tmp_path / "two.patch").read_bytes()
    subprocess.run(["git", "apply", "two.patch"], cwd=tmp_path, check=True)
    expected = before.replace("time.sleep", "await asyncio.sleep")
    assert (tmp_path / name).read_bytes().decode() == f"import asyncio\r\n{expected}"


def test_fix_only_reports_nothing(project: Path) -> None:
    done = run_conclint(project, "--fix-only", "-q")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert text(project, "pauses") == MENDED


def test_what_is_not_shown_is_not_mended(project: Path) -> None:
    file = project / "app/pauses.py"
    file.write_text(PAUSES.replace("# a comment", "# noqa: CON102"))
    run_conclint(project, "--write-baseline")
    file.write_text(file.read_text() + "\n\nasync def new():\n    time.sleep(3)\n")
    run_conclint(project, "--fix", "--ignore=CON102", "--baseline=conclint-baseline.json")
    assert "asyncio" not in text(project, "pauses")
    run_conclint(project, "--fix", "--baseline=conclint-baseline.json", "app/pages.py")
    assert "asyncio" not in text(project, "pauses")
    run_conclint(project, "--fix", "--baseline=conclint-baseline.json")
    assert text(project, "pauses").count("await asyncio.sleep") == 1
    assert "    await asyncio.sleep(3)\n" in text(project, "pauses")


def test_json_has_the_edits_in_full(project: Path) -> None:
    found = {item["line"]: item for item in findings_of(project) if item["code"] == "CON102"}
    assert found[7]["fix"] == {
        "applicability": "safe",
        "description": "Use `asyncio.sleep`",
        "edits": [
            {
                "path": "app/pauses.py",
                "line": 3,
                "column": 1,
                "end_line": 3,
                "end_column": 1,
                "text": "import asyncio\n",
            },
            {
                "path": "app/pauses.py",
                "line": 7,
                "column": 5,
                "end_line": 7,
                "end_column": 21,
                "text": "await asyncio.sleep(wait)",
            },
        ],
    }


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            b"\xef\xbb\xbfimport time\r\n\r\nasync def f():\r\n\ttime.sleep(1)\r\n",
            b"\xef\xbb\xbfimport asyncio\r\nimport time\r\n\r\n"
            b"async def f():\r\n\tawait asyncio.sleep(1)\r\n",
        ),
        (
            b"# coding: latin-1\nimport time\nasync def f(x='\xe9'):\n\ttime.sleep(1) # \xe9",
            b"# coding: latin-1\nimport asyncio\nimport time\nasync def f(x='\xe9'):\n"
            b"\tawait asyncio.sleep(1) # \xe9",
        ),
    ],
    ids=["mark", "latin-1"],
)
def test_marks_encodings_and_line_ends_stay(tmp_path: Path, before: bytes, after: bytes) -> None:
    (tmp_path / "a.py").write_bytes(before)
    run_conclint(tmp_path, "--fix")
    assert (tmp_path / "a.py").read_bytes() == after


HELD = [
    "import threading\nimport time\nlock = threading.Lock()\n"
    "async def f():\n    with lock:\n        time.sleep(1)\n",
    "import time\nasync def f(asyncio):\n    time.sleep(1)\n",
    "import time\nasyncio = None\nasync def f():\n    time.sleep(1)\n",
    "import time\nasync def f(held):\n    with held:\n        time.sleep(1)\n",
]


@pytest.mark.parametrize("program", HELD)
def test_no_await_where_a_lock_may_be_held_or_the_name_is_anothers(tmp_path: Path, program: str) -> None:
    (tmp_path / "a.py").write_text(program)
    assert findings_of(tmp_path)
    run_conclint(tmp_path, "--fix")
    assert (tmp_path / "a.py").read_text() == program


def test_comments_that_hide_nothing_are_taken_out(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "import time\n"
        "x = 1  # noqa: CON101\n"
        "y = 2  # noqa: E501, CON101\n"
        "z = 3  # kept  # conclint: ignore[CON102]  reason\n"
        "# conclint: ignore\n"
        "v = 4  # conclint: ignore # type: ignore\n"
        "async def f():\n"
        "    time.sleep(1)  # noqa: CON102, CON101\n"
    )
    assert run_conclint(tmp_path, "--fix", "--warn-unused-ignores").returncode == 0
    assert (tmp_path / "a.py").read_text() == (
        "import time\nx = 1\ny = 2  # noqa: E501\nz = 3  # kept\nv = 4  # type: ignore\n"
        "async def f():\n    time.sleep(1)  # noqa: CON102\n"
    )


def test_a_notebook_is_mended_cell_by_cell(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# About\n"]},
        {
            "cell_type": "code",
            "metadata": {},
            "outputs": [],
            "source": ["%matplotlib inline\n", "import time"],
        },
        {
            "cell_type": "code",
            "metadata": {},
            "outputs": [],
            "source": ["%%time\n", "async def f():\n", "    time.sleep(1)\n", "await f()"],
        },
    ]
    document = {
        "cells": cells,
        "metadata": {"language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (tmp_path / "a.ipynb").write_text(json.dumps(document, indent=1) + "\n")
    assert findings_of(tmp_path)
    assert run_conclint(tmp_path, "--fix").returncode == 0
    cells[2]["source"] = [
        "%%time\n",
        "import asyncio\n",
        "\n",
        "async def f():\n",
        "    await asyncio.sleep(1)\n",
        "await f()",
    ]
    assert (tmp_path / "a.ipynb").read_text() == json.dumps(document, indent=1) + "\n"


NOQA = '''\
import time
import requests


def load(url):
    return requests.get(url)


async def many(url):
    time.sleep(1)  # slow
    a = requests.get(
        f"""{url}
        """
    )
    b = load(url) + \\
        load(url)
    c = [
        load(url), time.sleep(1)  # type: ignore
    ]; d = load(url)  # noqa: E702
    return a, b, c, d
'''


@pytest.mark.parametrize("reason", ["", "old code", "py3 only"])
def test_a_comment_for_each_finding_is_where_it_is_heeded(tmp_path: Path, reason: str) -> None:
    (tmp_path / "a.py").write_text(NOQA)
    assert len(findings_of(tmp_path)) > 5
    more = [f"--reason={reason}"] if reason else []
    done = run_conclint(tmp_path, "--add-noqa", *more)
    assert done.returncode == 0
    assert "findings commented in 1 file" in done.stderr
    after = (tmp_path / "a.py").read_text()
    compile(after, "a.py", "exec")
    assert "# noqa: E702, CON101" in after
    assert run_conclint(tmp_path, "--warn-unused-ignores").returncode == 0
    assert reason in after
    run_conclint(tmp_path, "--add-noqa", *more)
    assert (tmp_path / "a.py").read_text() == after


def test_what_contradicts_itself_is_said(tmp_path: Path) -> None:
    for words in (
        ["--show-fixes"],
        ["--reason=x"],
        ["--fix", "--add-noqa"],
        ["--fix", "-"],
        ["--fix", "--write-baseline"],
        ["--add-noqa", "--reason=a\nb"],
    ):
        done = run_conclint(tmp_path, *words, stdin=b"")
        assert done.returncode == 2, words
        assert "--" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_a_killed_run_leaves_whole_files(tmp_path: Path) -> None:
    names = [f"m{number}.py" for number in range(30)]
    chance = random.Random(7)
    seen = set()
    for round_ in range(min(5 * LONGER, len(names))):
        for name in names:
            (tmp_path / name).write_text(PAUSES)
        command = [sys.executable, "-m", "conclint", "--fix-only", "-q", "--jobs=1"]
        process = subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 60
        # the files are written within milliseconds: the kill is timed by what is seen of them
        while process.poll() is None and time.monotonic() < deadline:
            if round_ % 2 or sum("await" in (tmp_path / name).read_text() for name in names[: 1 + round_]):
                break
            time.sleep(0.001)
        time.sleep(chance.random() * (0.3 if round_ % 2 else 0.01))
        process.send_signal(signal.SIGKILL)
        process.wait()
        texts = [(tmp_path / name).read_text() for name in names]
        assert set(texts) <= {PAUSES, MENDED}
        seen |= set(texts)
        others = {file.name for file in tmp_path.iterdir() if not file.name.startswith(".")}
        assert others == set(names)
    assert seen == {PAUSES, MENDED}
