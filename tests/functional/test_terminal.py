"""No byte of a project reaches a terminal, a CI log or an editor unescaped, whatever is run on it."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import sys
from pathlib import Path

import pytest

import conclint
from conclint.cli.main import cli
from conclint.report.printable import printable_lines
from programs_on_disk import git

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names that other systems refuse")

# ESC and CSI with a sequence, OSC with its BEL, CR, DEL, bidi controls, separators, what has no width
EVIL = "\x1b[31m\x9b31m\x1b]0;t\x07\r\x7f\u202e\u2066\u061c\u2028\u200b\u0085\U000e0041"
UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\U000e0041]"
)
WRITING = re.compile(r"print|(click\.)?s?echo|sys\.std(out|err)(\.buffer)?\.write")
FORMATS = ("text", "concise", "json", "json-lines", "sarif", "github", "gitlab", "junit", "html")


def _toml(text: str) -> str:
    return json.dumps(text).replace("\x7f", "\\u007f").replace("\\udb40\\udc41", "\\U000e0041")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every name, path, value and literal of it holds what a terminal would obey."""
    folder = tmp_path_factory.mktemp("terminal") / f"p{EVIL}"
    app = folder / f"a{EVIL}"
    app.mkdir(parents=True)
    lines = [
        "import time, requests, asyncio",
        "def load(path):",
        f"    return requests.get({EVIL.translate({13: None, 10: None})!a}, path)",
        "async def show(path):",
        f'    x = "{EVIL.translate({13: None})}"; time.sleep(1)  # {EVIL.translate({13: None})}',
        f"    load('{EVIL.translate({13: None})}')",
        f"    await asyncio.to_thread(load, '{EVIL.translate({13: None})}')",
    ]
    (app / f"m{EVIL}.py").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (app / "views.py").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (app / f"syntax{EVIL}.py").write_text(f"def f(:\n{EVIL}", encoding="utf-8")
    (app / f"coding{EVIL}.py").write_text(f"# coding: x{EVIL}\n", encoding="utf-8")
    cell = {"id": EVIL, "cell_type": "code", "source": lines, "outputs": [], "metadata": {}}
    (app / f"n{EVIL}.ipynb").write_text(
        json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    )
    with open(os.fsencode(app) + b"/raw\xff\x9b.py", "w") as file:  # noqa: PTH123
        file.write("\n".join(lines[:4]).replace(EVIL, "") + "\n    time.sleep(1)\n")
    (folder / "conclint.toml").write_text(
        f"extend-exclude = [{_toml('no' + EVIL)}]\nsrc = ['.', {_toml('src' + EVIL)}]\n"
        f"per-file-ignores = {{ {_toml('x' + EVIL)} = ['CON101'] }}\n"
        "[[catalog.functions]]\nmodule = 'evil'\nnames = ['load']\neffect = 'waits'\nfamily = 'http'\n"
        f"note = {_toml('note' + EVIL)}\nsource = {_toml('https://x/' + EVIL)}\n"
    )
    git(folder, "init", "-q")
    return folder


def _run(folder: Path, *arguments: str, stdin: bytes = b"") -> tuple[int, str]:
    """The command's exit status, and all that it has written."""
    streams = sys.stdin, sys.stdout, sys.stderr
    before = Path.cwd()
    written = io.BytesIO()
    sys.stdout = sys.stderr = io.TextIOWrapper(written, "utf-8", "backslashreplace", newline="")
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin))
    os.chdir(folder)
    try:
        cli(list(arguments), prog_name="conclint")
    except SystemExit as end:
        sys.stdout.flush()
        assert isinstance(end.code, int)
        return end.code, written.getvalue().decode()
    finally:
        os.chdir(before)
        sys.stdin, sys.stdout, sys.stderr = streams
    raise AssertionError("the command did not end")


def _assert_clean(said: str) -> None:
    found = UNSAFE.search(said)
    assert found is None, said[max(found.start() - 200, 0) : found.end() + 20]


@pytest.mark.parametrize("output_format", FORMATS)
def test_reports(project: Path, output_format: str) -> None:
    more = ("--verbose",) if output_format == "text" else ()
    status, said = _run(project, f"--output-format={output_format}", "--select=ALL", *more)
    assert status == 1, said
    assert "CON102" in said
    _assert_clean(said)


COMMANDS = [
    ("map",),
    ("map", "--output-format=dot"),
    ("map", "--output-format=mermaid"),
    ("map", "--output-format=json"),
    ("config",),
    ("config", "--output-format=json"),
    ("catalog", "evil.load"),
    ("catalog", "evil.load", "--output-format=json"),
    ("catalog", f"no{EVIL}"),
    ("explain", f"no{EVIL}"),
    ("map", f"--symbol=no{EVIL}"),
    (f"no{EVIL}",),
    (f"--no{EVIL}",),
    ("--select", f"no{EVIL}"),
    ("--output-format", f"no{EVIL}"),
    ("--config", f"no{EVIL}"),
    ("--baseline", f"no{EVIL}"),
    ("--diff-base", f"no{EVIL}"),
    ("--shard", f"no{EVIL}"),
    ("--follow", f"no{EVIL}"),
    ("--output-file", f"no{EVIL}/x{EVIL}"),
    ("--write-baseline", f"--baseline=b{EVIL}"),
    ("merge", f"no{EVIL}"),
    ("learn", f"no{EVIL}"),
    ("clean",),
]


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda given: ascii(given[0][:8]))
def test_other_commands(project: Path, arguments: tuple[str, ...]) -> None:
    _, said = _run(project, *arguments)
    assert said
    _assert_clean(said)


def test_colours_are_ours_alone(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    _, said = _run(project, "--verbose")
    assert "\x1b[1;31mCON102\x1b[0m" in said
    _assert_clean(re.sub("\x1b\\[(0|1|2|1;3[12]|3[16])m", "", said))
    assert "\x1b[31m\\" not in said  # as the project has it


def test_links_are_to_our_pages_alone() -> None:
    ours = "\x1b]8;;https://github.com/conclint/conclint/blob/main/x.md\x1b\\CON101\x1b]8;;\x1b\\"
    assert printable_lines(ours, colour=True) == ours
    assert "\x1b" not in printable_lines(ours)
    theirs = "\x1b]8;;https://example.org/conclint/\x1b\\CON101"
    assert "\x1b]" not in printable_lines(theirs, colour=True)
    assert "\x1b" not in printable_lines(
        "\x1b]0;title\x07\x1b[2J\x1b]8;id=1;https://github.com/conclint/", colour=True
    )


def test_standard_input_by_a_name(project: Path) -> None:
    source = b"import time\nasync def f():\n    time.sleep(1)\n"
    for output_format in ("text", "github"):
        _, said = _run(
            project, "-", f"--stdin-filename=x{EVIL}.py", f"--output-format={output_format}", stdin=source
        )
        assert "CON102" in said
        _assert_clean(said)


WRONG = [
    f"{_toml('key' + EVIL)} = 1",
    f"select = [{_toml('X' + EVIL)}]",
    f"gil = {_toml(EVIL)}",
    f"min-confidence = {_toml(EVIL)}",
    f"target-version = {_toml(EVIL)}",
    f"follow = {_toml(EVIL)}",
    f"per-file-ignores = {{ {_toml(EVIL)} = [{_toml(EVIL)}] }}",
    f"baseline = {_toml('b' + EVIL)}",
    f"catalog-files = [{_toml('c' + EVIL)}]",
    f"[catalog]\n{_toml(EVIL)} = 1",
    f"x = '{EVIL}",
    f"[[{EVIL}",
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_wrong_configurations(tmp_path: Path, number: int) -> None:
    folder = tmp_path / f"p{EVIL}"
    folder.mkdir()
    (folder / "conclint.toml").write_text(WRONG[number], encoding="utf-8", newline="")
    (folder / "a.py").touch()
    status, said = _run(folder)
    assert (status, said.count("\n")) == (2, 1), said
    assert said.startswith("conclint: error: ")
    _assert_clean(said)


def test_nothing_else_writes_to_the_terminal() -> None:
    package = Path(conclint.__file__).parent
    allowed = {"report/terminal.py", "replay.py"}  # the one way out, and what went out there before
    found = []
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).as_posix()
        if name in allowed or name.startswith("measure/"):  # programs of its own
            continue
        data = path.read_bytes()
        if not re.search(rb"print|echo|std(out|err)", data):
            continue
        calls = (node for node in ast.walk(ast.parse(data)) if isinstance(node, ast.Call))
        found += [f"{name}:{call.lineno}" for call in calls if WRITING.fullmatch(ast.unparse(call.func))]
    assert found == []
