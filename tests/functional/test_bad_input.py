"""Input that is no program: each is named or analysed, and the rest of the run goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from conclint.cli.main import cli
from conclint.config.file import parse_toml
from conclint.config.settings import load_config
from conclint.run.pipeline import check_file
from harness.command import conclint

GOOD = "import time\n\n\nasync def pause():\n    time.sleep(1)\n"
ROOTED = "import asyncio\n\n\nasync def f():\n    pass\n\n\n"


def check(folder: Path, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    done = conclint("--output-format", "json", "--no-cache", *arguments, cwd=folder)
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


def unreadable(found: list[dict[str, Any]]) -> dict[str, tuple[int, int]]:
    return {item["path"]: (item["line"], item["column"]) for item in found if item["code"] == "CON900"}


NAMED = {
    "syntax.py": (ROOTED.encode() + b"y = = 2\n", 8),
    "syntax_unrooted.py": (b"x = 1\ny = = 2\n", 2),
    "latin.py": (ROOTED.encode() + b"x = '\xe9'\n", 8),
    "latin_unrooted.py": (b"x = 1\ny = '\xe9'\n", 2),
    "nul.py": (ROOTED.encode() + b"x = '\x00'\n", 8),
    "nul_unrooted.py": (b"x = 1\n\x00\n", 2),
    "nested.py": (ROOTED.encode() + b"x = " + b"(" * 10_000 + b")" * 10_000 + b"\n", 8),
    "nested_unrooted.py": (b"x = " + b"[" * 10_000 + b"]" * 10_000 + b"\n", 1),
    "coding.py": (b"# coding: nonsense\n" + ROOTED.encode(), 1),
}

ANALYSED = {
    "sum.py": (ROOTED + "x = " + " + ".join(["1"] * 3_000) + "\n").encode(),
    "elifs.py": (ROOTED + "if 0: pass\n" + "elif 1: pass\n" * 2_000).encode(),
    "chain.py": (ROOTED + "x = a" + ".b()" * 1_000 + "\n").encode(),
    "empty.py": b"",
    "blank.py": b"\n\n",
    "no_newline.py": b"async def f(): pass",
    "bom.py": b"\xef\xbb\xbf" + ROOTED.encode(),
    "crlf.py": ROOTED.replace("\n", "\r\n").encode(),
    "formfeed.py": b"\x0casync def f():\n\x0c    pass\n",
    "declared_latin.py": b"# coding: latin-1\n" + ROOTED.encode() + b"x = '\xe9'\n",
    "x.py/inner.py": ROOTED.encode(),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, data in {**{name: data for name, (data, _) in NAMED.items()}, **ANALYSED}.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    (tmp_path / "good.py").write_text(GOOD)
    return tmp_path


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_each_is_named_or_analysed_and_the_run_goes_on(folder: Path, jobs: str) -> None:
    status, found = check(folder, "--jobs", jobs, ".", "missing.py", "missing/folder")
    assert status == 1
    named = unreadable(found)
    assert set(named) == {*NAMED, "missing.py", "missing/folder"}
    for name, (_, line) in NAMED.items():
        assert named[name][0] == line, name
    assert named["missing.py"] == named["missing/folder"] == (1, 1)
    assert [(item["code"], item["path"]) for item in found if item["code"] != "CON900"] == [
        ("CON102", "good.py")
    ]


def test_a_missing_path_alone(tmp_path: Path) -> None:
    status, (found,) = check(tmp_path, "missing.py")
    assert status == 1
    assert found == {
        "code": "CON900",
        "name": "unreadable-file",
        "message": "no such file or directory",
        "path": "missing.py",
        "line": 1,
        "column": 1,
        "end_line": 1,
        "end_column": 1,
        "symbol": "",
        "model": None,
        "effect": None,
        "family": None,
        "cause": None,
        "confidence": "high",
        "chain": [],
        "recommendation": None,
        "fix": None,
        "fingerprint": found["fingerprint"],
        "cell": None,
        "severity": "critical",
        "context": None,
        "entries": [],
        "entry_count": 0,
        "root": None,
        "library": None,
    }
    assert found["fingerprint"]


def test_it_is_named_by_each_run_whatever_the_cache_knows(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    options = ("--output-format", "json", "--jobs", "1")
    asked: list[tuple[str, ...]] = [
        (".", "missing.py"),
        (".", "missing.py"),
        ("syntax.py", "missing.py"),
        ("syntax.py",),
        (".",),
        (".",),
        (".", "--min-confidence", "high"),
    ]
    for arguments in asked:
        result = CliRunner().invoke(cli, [*options, *arguments])
        found = [Path(item["path"]).name for item in json.loads(result.stdout) if item["code"] == "CON900"]
        assert "syntax.py" in found, arguments


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_what_may_not_be_read_is_named(folder: Path) -> None:
    (folder / "sum.py").chmod(0)
    (folder / "x.py").chmod(0)
    try:
        _, found = check(folder)
        assert {"sum.py", "x.py"} <= set(unreadable(found))
    finally:
        (folder / "x.py").chmod(0o700)


def test_order_and_workers_change_nothing(folder: Path) -> None:
    (folder / "copy.py").write_text(GOOD)
    runs = [
        check(folder, "--jobs", "1", "."),
        check(folder, "--jobs", "2", "good.py", "x.py", "copy.py", "."),
        check(folder, "--jobs", "2", ".", "copy.py", "x.py", "good.py"),
    ]
    assert runs[0] == runs[1] == runs[2]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no pipes with names")
def test_what_has_no_end_or_is_too_large_is_named(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    with (tmp_path / "huge.py").open("wb") as stream:
        stream.write(ROOTED.encode())
        stream.truncate(20 << 30)  # of which the disk holds nothing
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "nowhere.py").symlink_to("missing")
    (tmp_path / "zero.py").symlink_to("/dev/zero")
    _, found = check(tmp_path, ".", "pipe.py", "zero.py", "/dev/zero")
    assert set(unreadable(found)) == {"huge.py", "pipe.py", "nowhere.py", "zero.py", "/dev/zero"}
    (huge,) = (item for item in found if item["path"] == "huge.py")
    assert "more than 5 MB of source (see max-file-size)" in huge["message"]
    assert [item["path"] for item in found if item["code"] == "CON102"] == ["good.py"]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_the_size_of_a_file_is_limited_as_configured(tmp_path: Path, jobs: str) -> None:
    (tmp_path / "large.py").write_text(GOOD + "#" * (1 << 20))
    (tmp_path / "good.py").write_text(GOOD)
    (tmp_path / "conclint.toml").write_text("max-file-size = 1\n")
    _, found = check(tmp_path, "-j", jobs)
    assert [(item["path"], item["code"]) for item in found] == [("good.py", "CON102"), ("large.py", "CON900")]
    _, found = check(tmp_path, "-j", jobs, "--max-file-size", "2")
    assert [(item["path"], item["code"]) for item in found] == [("good.py", "CON102"), ("large.py", "CON102")]


def test_the_limit_holds_for_a_text_that_is_given(tmp_path: Path) -> None:
    """An editor's buffer, or what flake8 has read."""
    for most, codes in ((1, ["CON900"]), (2, ["CON102"])):
        config = load_config([str(tmp_path)], options={"max_file_size": most, "use_cache": False})
        found = check_file(str(tmp_path / "a.py"), (GOOD + "#" * (1 << 20)).encode(), config)
        assert [item.code for item in found] == codes


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no pipes with names")
def test_patterns_to_ignore_are_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    os.mkfifo(tmp_path / ".gitignore")
    _, found = check(tmp_path)
    assert [item["code"] for item in found] == ["CON102"]


def complaint(folder: Path, *arguments: str) -> str:
    """What is said of a run that can't be."""
    done = conclint("--no-cache", *arguments, cwd=folder)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    return line.removeprefix("conclint: error: ").removeprefix(str(folder) + "/")


WRONG = [
    ("x = " + "[" * 100_000, "conclint.toml:1: is nested too deeply"),
    ("[catalog]\nx = " + "{a = " * 50_000, "conclint.toml:2: is nested too deeply"),
    ("\n" + ".".join(["a"] * 50_000) + " = 1", "conclint.toml:2: has a key of too many parts"),
    ("x = {y = '=', " + ".".join(["a"] * 50_000) + " = 1}", "conclint.toml:1: has a key of too many parts"),
    ("x = {" + ".".join(['"a\u2028"'] * 20_000) + " = 1}", "conclint.toml:1: has a key of too many parts"),
    (
        'cache-dir = "a\\u0000"',
        "conclint.toml:1: cache-dir: must be a path, and none has a NUL character in it",
    ),
    ('python = "~no-such-user/x"', "python: there is no home folder for '~no-such-user/x'"),
    (
        "jobs = 0x" + "f" * 5_000,
        "conclint.toml:1: jobs: must be 0 (as many as pay) to 1000, not a larger number",
    ),
]


@pytest.mark.parametrize(("text", "expected"), WRONG, ids=range(len(WRONG)))
def test_a_configuration_that_is_none(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "conclint.toml").write_text(text)
    assert complaint(tmp_path) == expected


def test_dots_in_a_text_are_no_parts_of_a_key() -> None:
    line = f"x = ['{'.' * 5_000}', {{y = \"{'a.' * 5_000}\"}}]"
    assert parse_toml(line.encode())[1]["x"][0] == "." * 5_000


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_no_pipe_is_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert complaint(tmp_path, "--baseline=pipe") == "pipe: cannot be read: it is not a regular file"
    (tmp_path / "conclint.toml").write_text('catalog-files = ["pipe"]')
    assert complaint(tmp_path) == "pipe: cannot be read: it is not a regular file"


def test_patterns_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    (tmp_path / ".gitignore").write_bytes(b"[z-a]\n\0\xff[\n!\n")
    assert [item["code"] for item in check(tmp_path)[1]] == ["CON102"]
    if hasattr(os, "mkfifo"):
        (tmp_path / ".gitignore").unlink()
        os.mkfifo(tmp_path / ".gitignore")
        assert [item["code"] for item in check(tmp_path)[1]] == ["CON102"]
    (tmp_path / "conclint.toml").write_text('exclude = ["[z-a]"]')
    assert complaint(tmp_path) == "conclint.toml:1: exclude: must be a .gitignore pattern, not '[z-a]'"


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in use can't be removed there")
def test_a_current_folder_that_is_gone(tmp_path: Path) -> None:
    code = "import os, sys; os.rmdir(os.getcwd()); from conclint.__main__ import run; run()"
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run([sys.executable, "-c", code], cwd=gone, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "conclint: error: the current directory no longer exists\n")


TEMPLATES = {
    "block.py": "import asyncio\n\n# % block run\nasyncio.run(\n# % endblock\n",
    "statement.py": "import asyncio\n{% if cookiecutter.web %}\nimport aiohttp\n{% endif %}\n",
    "expression.py": "import asyncio\n\nfrom {{ cookiecutter.slug }}.app import run\n",
    "filter.py": "from {{ name | lower }} import run\n",
}


def test_templates_of_python_are_no_unreadable_files(tmp_path: Path) -> None:
    for name, text in TEMPLATES.items():
        (tmp_path / name).write_text(text)
    assert check(tmp_path) == (0, [])
    _, found = check(tmp_path, "--min-severity", "info")
    assert {(item["path"], item["severity"]) for item in found} == {(name, "info") for name in TEMPLATES}


@pytest.mark.parametrize("text", ['x = "{{ a.b }}"\ny = = 2\n', "x = {{ }\n", "# 5 % if so\ny = = 2\n"])
def test_tags_in_strings_and_comments_make_no_template(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.py").write_text(text)
    status, found = check(tmp_path)
    assert (status, list(unreadable(found))) == (1, ["a.py"])
