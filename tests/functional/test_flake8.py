"""The plugin under the real flake8, beside the command on the same files."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from conclint.flake8_plugin import Plugin
from harness import command
from programs_on_disk import findings_of, run_conclint

VIEWS = """\
import asyncio
import time

from app import client


async def show(url):
    ö = client.Client().load(url)
    time.sleep(1)
    time.sleep(2)  # noqa: CON102
    time.sleep(3)  # conclint: ignore[CON102]
    return await asyncio.to_thread(client.Client().load, url)
"""

CLIENT = """\
import requests


class Client:
    def load(self, url):
        return fetch(url)


def fetch(url):
    return requests.get(url, timeout=5)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "app").mkdir()
    (tmp_path / "app/__init__.py").write_text("")
    (tmp_path / "app/views.py").write_text(VIEWS, encoding="utf-8")
    (tmp_path / "app/client.py").write_text(CLIENT, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text("[tool.conclint]\n")
    return tmp_path


OPTIONS = ("--isolated", "--select=CON,E9")


def flake8(project: Path, *arguments: str) -> list[str]:
    """The lines that flake8 prints, run in this process."""
    done = command.flake8(*OPTIONS, *arguments, cwd=project)
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert done.returncode == bool(lines)
    return lines


def flake8_process(project: Path, *arguments: str, stdin: str = "") -> list[str]:
    """The same of a process of its own."""
    line = [sys.executable, "-m", "flake8", *OPTIONS, *arguments]
    done = subprocess.run(line, cwd=project, input=stdin.encode(), capture_output=True, check=False)
    assert done.stderr == b""
    lines = done.stdout.decode("utf-8").splitlines()
    assert done.returncode == bool(lines)
    return lines


def conclint(project: Path, *arguments: str) -> list[str]:
    return ["{path}:{line}:{column}: {code}".format(**found) for found in findings_of(project, *arguments)]


def places(lines: list[str]) -> list[str]:
    return [" ".join(line.removeprefix("./").split(" ")[:2]) for line in lines]


def test_the_findings_of_the_file_and_nothing_more(project: Path) -> None:
    found = flake8(project, "app/views.py")
    assert places(found) == ["app/views.py:8:9: CON101", "app/views.py:9:5: CON102"]
    assert places(found) == conclint(project, "app/views.py")
    assert found == flake8_process(project, "app/views.py")
    assert "[via app.client.Client.load > app.client.fetch > requests.get]" in found[0]
    assert "; fix: " in found[0]


LONG_NAMES = """\
import time

seen = {{}}


class {name}:
    def {method}(self, key):
        self.rows = [key]
        return self.deeper_{method}(key)

    def deeper_{method}(self, key):
        time.sleep(2)
        self.rows.append(key)


shared = {name}()


async def show(key):
    shared.{method}(key)
"""


def test_a_long_message_gives_way_to_shorter_names_and_the_first_sentence(project: Path) -> None:
    text = LONG_NAMES.format(name="CustomerRepository", method="refresh_customer")
    (project / "app/services").mkdir()
    (project / "app/services/customer_repositories.py").write_text(text)
    (line,) = flake8(project, "app/services/customer_repositories.py")
    message = line.partition(" ")[2]
    assert len(message) < 420
    assert "[via CustomerRepository.refresh_customer > CustomerRepository.deeper_" in message
    assert message.endswith(".")


def test_a_clean_file_has_none(project: Path) -> None:
    assert flake8(project, "app/client.py", "app/__init__.py") == []


def test_nothing_is_looked_at_where_none_of_our_codes_is_selected(project: Path) -> None:
    assert flake8(project, "app/views.py", "--select", "W,E9") == []
    assert not (project / ".conclint_cache").exists()
    assert places(flake8(project, "app/views.py", "--select", "C")) == [
        "app/views.py:8:9: CON101",
        "app/views.py:9:5: CON102",
    ]


def test_with_two_processes(project: Path) -> None:
    for number in range(4):
        (project / f"copy{number}.py").write_text(VIEWS, encoding="utf-8")
    found = flake8_process(project, "-j2", ".")
    assert len(found) == 10
    assert sorted(places(found)) == sorted(conclint(project, "."))


def test_the_text_of_standard_input_counts(project: Path) -> None:
    unsaved = VIEWS.replace("    time.sleep(1)\n", "")
    found = flake8_process(project, "--stdin-display-name", "app/views.py", "-", stdin=unsaved)
    assert places(found) == ["app/views.py:8:9: CON101"]


def test_standard_input_without_a_name(project: Path) -> None:
    text = "import time\nasync def f():\n    time.sleep(1)\n"
    assert places(flake8_process(project, "-", stdin=text)) == ["stdin:3:5: CON102"]


def test_noqa_is_flake8s(project: Path) -> None:
    found = flake8(project, "--disable-noqa", "app/views.py")
    assert [line.split(":")[1] for line in found] == ["8", "9", "10"]


def test_noqa_for_a_code_of_flake8_async_hides_ours(project: Path) -> None:
    (project / "app" / "timer.py").write_text(
        "import time\n\n\nasync def tick():\n    time.sleep(1)  # noqa: ASYNC251\n    time.sleep(2)\n"
    )
    assert places(flake8(project, "app/timer.py")) == ["app/timer.py:6:5: CON102"]
    assert len(flake8(project, "--disable-noqa", "app/timer.py")) == 2
    (project / "conclint.toml").write_text("respect-async-noqa = false\n")
    assert len(flake8(project, "app/timer.py")) == 2


def test_a_file_that_is_not_python_is_flake8s(project: Path) -> None:
    (project / "bad.py").write_text("async def f(:\n    pass\n")
    assert [line.split(" ")[1] for line in flake8(project, "bad.py")] == ["E999"]


@pytest.mark.parametrize(
    ("option", "lines"),
    [
        ("--conclint-select=CON101", ["8"]),
        ("--conclint-ignore=CON101,CON2", ["9"]),
        ("--conclint-min-confidence=low", ["8", "9"]),
    ],
)
def test_options(project: Path, option: str, lines: list[str]) -> None:
    assert [line.split(":")[1] for line in flake8(project, option, "app/views.py")] == lines


@pytest.mark.parametrize("name", ["tox.ini", "setup.cfg", ".flake8"])
def test_options_from_flake8s_configuration(project: Path, name: str) -> None:
    (project / name).write_text("[flake8]\nselect = CON\nconclint-ignore = CON101\n")
    assert places(command.flake8("app/views.py", cwd=project).stdout.splitlines()) == [
        "app/views.py:9:5: CON102"
    ]


def test_our_own_configuration_holds(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.conclint]\nselect = ["CON102"]\n')
    assert places(flake8(project, "app/views.py")) == ["app/views.py:9:5: CON102"]
    (project / "other.toml").write_text('select = ["CON101"]\n')
    found = flake8(project, "--conclint-config=other.toml", "app/views.py")
    assert places(found) == ["app/views.py:8:9: CON101"]


def test_the_baseline_holds(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.conclint]\nbaseline = "known.json"\n')
    assert run_conclint(project, "--write-baseline", "--quiet", "app/views.py").returncode == 0
    assert flake8(project, "app/views.py") == []
    with (project / "app/views.py").open("a", encoding="utf-8") as file:
        file.write("\n\nasync def more():\n    time.sleep(4)\n")
    found = flake8(project, "app/views.py")
    assert places(found) == ["app/views.py:16:5: CON102"] == conclint(project, "app/views.py")
    (project / "known.json").write_text('{"version": 9}')
    (line,) = flake8(project, "app/views.py")
    assert "CON900 conclint can't run" in line
    assert "version 9" in line


@pytest.mark.parametrize(
    ("config", "option", "complaint"),
    [
        ("", "--conclint-target-version=three", "--conclint-target-version: must be a Python version"),
        ("[tool.conclint]\nselct = 1\n", "--jobs=1", "pyproject.toml:2: unknown key 'selct'"),
        ("", "--conclint-select=CON99", "--conclint-select: there is no rule 'CON99'"),
    ],
)
def test_wrong_configuration_is_a_finding(project: Path, config: str, option: str, complaint: str) -> None:
    (project / "pyproject.toml").write_text(config)
    (found,) = flake8(project, option, "app/views.py")
    assert found.startswith("app/views.py:1:1: CON900 conclint can't run: ")
    assert complaint in found


def test_no_exception_leaves_the_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: str, data: bytes, config: object) -> None:
        raise RecursionError("too\ndeep")

    monkeypatch.setattr("conclint.run.pipeline.check_file", fail)
    plugin = Plugin(ast.parse(""), "a.py", ["async def f(): pass\n"])
    assert [result[:3] for result in plugin.run()] == [
        (1, 0, "CON900 conclint failed, please report this: RecursionError: too deep")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x = 1\n",
        "\x00async def\n",
        "# coding: latin-1\nasync def f(): 'ü'\n",
        "# coding: nonsense\nasync def f(): pass\n",
        "async def f(): '\udcff'\n",
        "async def f():\n\tpass",
        "async def (((((\n",
        "async def f():\r\n    pass\r\n",
    ],
)
def test_any_text_is_borne(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert list(Plugin(ast.parse(""), "a.py", text.splitlines(keepends=True)).run()) == []


def test_nothing_heavy_is_imported_for_a_file_without_concurrency() -> None:
    code = (
        "import ast, sys; from conclint.flake8_plugin import Plugin\n"
        "assert list(Plugin(ast.parse(''), 'a.py', ['import time\\n', 'time.sleep(1)\\n']).run()) == []\n"
        "heavy = {'libcst', 'rich', 'pathspec', 'conclint.run.pipeline', 'conclint.config.settings'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


JOBS = """\
from concurrent.futures import ThreadPoolExecutor

_POOL = ThreadPoolExecutor()


def in_background(function, *arguments):
    return _POOL.submit(function, *arguments)
"""
LATER = """\
from app.jobs import in_background


def later(function, *arguments):
    return in_background(function, *arguments)
"""
WORK = """\
from app.{module} import {wrapper}


def count(first):
    total = 0
    for number in range(30_000_000):
        total += first + number * number
    return total


def go():
    for number in range(8):
        {wrapper}(count, number)
"""
PLACES = """
[[tool.conclint.catalog.functions]]
module = "elsewhere"
names = ["run_aside"]
effect = "places"
signature = "function, *arguments"
callable = "function"
model = "thread"
"""


@pytest.mark.parametrize(
    ("module", "wrapper"), [("jobs", "in_background"), ("later", "later"), ("", "later")]
)
def test_a_wrapper_in_another_file_is_known_though_nothing_here_says_so(
    project: Path, module: str, wrapper: str
) -> None:
    (project / "app/jobs.py").write_text(JOBS)
    (project / "app/later.py").write_text(LATER)
    (project / "app/__init__.py").write_text("" if module else "from .later import later\n")
    (project / "app/work.py").write_text(WORK.format(module=module, wrapper=wrapper).replace("app. ", "app "))
    (line,) = places(flake8(project, "app/work.py"))
    assert line == "app/work.py:13:9: CON201"
    assert conclint(project, "app/work.py") == [line]
    assert line in conclint(project, ".")
    # It is found out anew when the wrapper changes.
    (project / "app/jobs.py").write_text(JOBS.replace("_POOL.submit(function, ", "function("))
    assert flake8(project, "app/work.py") == conclint(project, "app/work.py") == []


def test_a_wrapper_that_only_the_configuration_knows(project: Path) -> None:
    work = WORK.format(module="", wrapper="run_aside").replace("app. ", "elsewhere ")
    (project / "app/work.py").write_text(work)
    assert flake8(project, "app/work.py") == []
    with (project / "pyproject.toml").open("a") as file:
        file.write(PLACES)
    found = places(flake8(project, "app/work.py"))
    assert found == ["app/work.py:13:9: CON201"] == conclint(project, "app/work.py")


def test_imports_without_concurrency_cost_no_analysis(project: Path) -> None:
    (project / "app/plain.py").write_text("import requests\nfrom app import client\n\nX = client.Client()\n")
    code = (
        "import ast, sys; from conclint.flake8_plugin import Plugin\n"
        "lines = open('app/plain.py').readlines()\n"
        "assert list(Plugin(ast.parse(''), 'app/plain.py', lines).run()) == []\n"
        "print(sorted({'libcst', 'rich', 'conclint.resolve.evaluate'} & set(sys.modules)))"
    )
    line = [sys.executable, "-c", code]
    result = subprocess.run(line, cwd=project, capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"
