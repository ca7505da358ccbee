"""What only a real process shows: imports, encodings, pipes, terminals. The analysis is replaced."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from programs_on_disk import SLOW_HELPER, VIEWS, conclint_process, run_conclint, write_project

ROOT = Path(__file__).parents[2]

FAKE = """
import sys
sys.path[:0] = [{root!r}, {tests!r}]
from types import ModuleType, SimpleNamespace
from samples import make_finding

def check(paths, config, *, stdin=None, progress=None, **others):
    {body}
    return SimpleNamespace(
        findings=findings, files=3, seconds=0.1, unused_directives=(), asked=(), occurring=(),
        concurrency=None, basis=None, hidden=0, unsure=0, cache_note=None, environment=None, calls=None,
        warnings=()
    )

module = ModuleType("conclint.run.pipeline")
module.check = check
sys.modules["conclint.run.pipeline"] = module
from conclint.__main__ import main
main()
"""


def script(body: str = "findings = ()") -> str:
    return FAKE.format(root=str(ROOT), tests=str(ROOT / "tests"), body=body)


def environment(**changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    return {**kept, **changes}


def launch(body: str, *arguments: str, cwd: Path, **changes: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", script(body), *arguments],
        cwd=cwd,
        env=environment(**changes),
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_what_needs_no_analysis_imports_none(option: str) -> None:
    code = (
        "import sys\n"
        "from conclint.cli.main import cli\n"
        f"try: cli([{option!r}])\n"
        "except SystemExit: pass\n"
        "heavy = {'libcst', 'rich', 'pathspec', 'tomllib'}\n"
        "heavy |= {'conclint.run.pipeline', 'conclint.config.settings'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert result.stderr == "[]\n"


def test_a_plain_report_imports_no_rich(tmp_path: Path) -> None:
    body = (
        "import atexit; atexit.register(lambda: print('rich' in sys.modules)); findings = (make_finding(),)"
    )
    assert launch(body, cwd=tmp_path).stdout.splitlines()[-1] == b"False"


@pytest.mark.parametrize("output_format", ["text", "concise", "json"])
def test_output_is_utf8_whatever_the_locale(tmp_path: Path, output_format: str) -> None:
    (tmp_path / "a.py").write_text("\n\nload('é')\n", encoding="utf-8")
    result = launch(
        r"findings = (make_finding(path='a.py', message='schl\xe4ft \udcff'),)",
        "--output-format",
        output_format,
        cwd=tmp_path,
        LC_ALL="C",
        PYTHONCOERCECLOCALE="0",
        PYTHONUTF8="0",
    )
    assert (result.returncode, result.stderr) == (1, b"")
    text = result.stdout.decode("utf-8")
    assert "schläft \\udcff" in text
    assert ("load('é')" in text) == (output_format == "text")


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    body = "findings = tuple(make_finding(line=n, message='x' * 200) for n in range(1, 2000))"
    process = subprocess.Popen(
        [sys.executable, "-c", script(body)],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 1


def in_terminal(body: str, *arguments: str, cwd: Path, **changes: str) -> str:
    """What a terminal shows, escape sequences and all, where the analysis is replaced."""
    return program_in_terminal(script(body), *arguments, cwd=cwd, **changes)


def program_in_terminal(code: str, *arguments: str, cwd: Path, **changes: str) -> str:
    """What a terminal shows of the program."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=cwd,
        env=environment(**{"TERM": "xterm-256color", "COLUMNS": "80", **changes}),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # Linux: the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(ours)
    process.wait()
    return shown.decode("utf-8")


def test_a_terminal_has_colour(tmp_path: Path) -> None:
    body = "findings = (make_finding(),)"
    assert "\x1b[" in in_terminal(body, cwd=tmp_path)
    assert "\x1b" not in in_terminal(body, cwd=tmp_path, NO_COLOR="1")
    assert "\x1b" not in in_terminal(body, cwd=tmp_path, TERM="dumb")


RUN = "from conclint.cli.main import cli; cli(prog_name='conclint')"


@pytest.mark.parametrize(
    "command", [("plan",), ("map",), ("map", "--symbol", "play"), ("explain", "CON104"), ()]
)
def test_nothing_is_wider_than_the_terminal(tmp_path: Path, command: tuple[str, ...]) -> None:
    """But names, which are never cut."""
    pytest.importorskip("pty")
    (tmp_path / "game.py").write_text(
        "import time\nimport requests\n\n\ndef slow(place, quality):\n    time.sleep(3)\n"
        "    requests.get(place)\n    open(place).read()\n\n\n"
        "async def play(players, places, qualities, table):\n"
        "    table.first = slow(places[players.first.name], qualities[players.first.name])\n"
    )
    shown = program_in_terminal(RUN, *command, cwd=tmp_path, COLUMNS="60")
    shown = re.sub(r"\x1b\[[\d;?]*[A-Za-z]|\x1b\]8;;.*?\x1b\\", "", shown)
    lines = re.split(r"[\r\n]+", shown)  # a slow run draws its progress again and again over itself
    assert len(lines) > 3
    assert [line for line in lines if len(line) > 60] == []


def test_a_code_leads_to_its_page_on_a_terminal_with_colour(tmp_path: Path) -> None:
    body = "findings = (make_finding(),)"
    page = "https://github.com/conclint/conclint/blob/main/conclint/rules/docs/CON101.md"
    shown = in_terminal(body, cwd=tmp_path)
    assert f"\x1b]8;;{page}\x1b\\" in shown and "\x1b]8;;\x1b\\" in shown
    assert "\x1b" not in in_terminal(body, "--color=never", cwd=tmp_path)
    assert "\x1b[" in in_terminal(body, "--color=always", cwd=tmp_path, NO_COLOR="1")


LONG_RUN = (
    "import conclint.report.progress as p; p._PATIENCE = 0; progress(1, 7, 'summarising'); "
    "import time; time.sleep(0.3); progress(3, 7, '[b]summarising'); time.sleep(0.3); findings = ()"
)


def test_a_long_run_shows_its_progress_on_a_terminal(tmp_path: Path) -> None:
    shown = in_terminal(LONG_RUN, cwd=tmp_path)
    assert "[b]summarising" in shown
    assert "3/7" in shown
    assert "0/?" not in shown
    assert shown.rstrip().endswith("No findings in 3 files.")


def test_and_nowhere_else(tmp_path: Path) -> None:
    assert "summarising" not in in_terminal(LONG_RUN, "--quiet", cwd=tmp_path)
    assert launch(LONG_RUN, cwd=tmp_path).stderr == b""


def test_a_short_run_shows_none(tmp_path: Path) -> None:
    shown = in_terminal("progress(1, 2, 'summarising'); findings = ()", cwd=tmp_path)
    assert shown == "No findings in 3 files.\r\n"


EACH_COMMAND = [
    ["--no-cache"],
    ["check", "--output-format=json"],
    ["check", "-", "--stdin-filename=app/new.py"],
    ["config"],
    ["explain", "CON101"],
    ["rules"],
    ["catalog", "requests.get"],
    ["map"],
    ["plan"],
    ["unknown"],
    ["merge", "app"],
    ["clean"],
    ["debug", "summary", "app/views.py"],
    ["learn", "nothing.json"],
    ["--no-such-option"],
    ["app/no_such_file.py"],
]


@pytest.mark.parametrize("arguments", EACH_COMMAND, ids=" ".join)
def test_a_command_started_by_a_user_does_what_it_does_in_the_process_of_the_tests(
    tmp_path: Path, arguments: list[str]
) -> None:
    """So that nearly all tests can use the latter, which is a tenth of the time."""
    project = write_project(tmp_path / "project", views=VIEWS, helper=SLOW_HELPER)
    stdin = b"import time\n\n\nasync def f():\n    time.sleep(1)  # \xc3\xb6\n"
    started = conclint_process(project, *arguments, stdin=stdin)
    here = run_conclint(project, *arguments, stdin=stdin)
    assert (here.returncode, here.stdout, here.stderr) == (started.returncode, started.stdout, started.stderr)
    assert here.stdout or here.stderr
