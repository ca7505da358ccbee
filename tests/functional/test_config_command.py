"""`conclint config`, and the completion of command lines."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from conclint.cli.main import cli
from programs_on_disk import SLOW_HELPER, VIEWS, run_conclint, write_project

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE = """\
[project]
name = "app"
requires-python = ">=3.11"

[tool.conclint]
ignore = ["CON104"]
min-confidence = "high"
src = ["lib"]
baseline = "known.json"

[tool.conclint.per-file-ignores]
"tests/**" = ["CON1"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(FILE)
    return tmp_path


def settings(project: Path, *arguments: str) -> dict[str, Any]:
    done = run_conclint(project, "config", "--output-format=json", *arguments)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_each_value_says_where_it_comes_from(project: Path) -> None:
    found = settings(project, "--ignore=CON105", "--min-confidence=low", "--jobs=2")
    file = str(project / "pyproject.toml")
    assert (found["root"], found["file"]) == (str(project), file)
    values = found["settings"]
    assert values["ignore"] == {"value": ["CON104", "CON105"], "origin": f"{file}:6 and command line"}
    assert values["min-confidence"] == {"value": "low", "origin": "command line"}
    assert values["src"] == {"value": ["lib"], "origin": f"{file}:8"}
    assert values["baseline"] == {"value": "known.json", "origin": f"{file}:9"}
    assert values["per-file-ignores"] == {"value": {"tests/**": ["CON1"]}, "origin": f"{file}:11"}
    assert values["target-version"] == {"value": "3.11", "origin": "requires-python in pyproject.toml"}
    assert values["jobs"] == {"value": 2, "origin": "command line"}
    assert values["select"] == {"value": [], "origin": "default"}
    assert values["cache-dir"] == {"value": ".conclint_cache", "origin": "default"}


def test_select_on_the_command_line_puts_the_files_aside(project: Path) -> None:
    values = settings(project, "--select=CON1")["settings"]
    assert values["select"] == {"value": ["CON1"], "origin": "command line"}
    assert values["ignore"] == {"value": [], "origin": "default"}


def test_as_text_it_is_a_configuration_file(project: Path) -> None:
    text = run_conclint(project, "config").stdout
    assert f"# configuration file: {project / 'pyproject.toml'}" in text
    assert tomllib.loads(text)["per-file-ignores"] == {"tests/**": ["CON1"]}
    (project / "conclint.toml").write_text(text)
    ours, theirs = settings(project), settings(project, "--config=pyproject.toml")
    assert ours["file"] == str(project / "conclint.toml")
    for key, setting in ours["settings"].items():
        assert setting["value"] == theirs["settings"][key]["value"], key


def test_without_a_file_all_are_defaults(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert found["file"] is None
    origins = {key: setting["origin"] for key, setting in found["settings"].items()}
    assert origins.pop("target-version").startswith("the running Python 3.")
    assert set(origins.values()) == {"default"}


def test_a_wrong_configuration_is_one_line(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.conclint]\nselct = 1\n")
    done = run_conclint(project, "config")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("conclint: error: ")
    assert len(done.stderr.splitlines()) == 1


def complete(*words: str) -> list[str]:
    """What bash offers for the last of the words."""
    environment = {
        **os.environ,
        "_CONCLINT_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(("conclint", *words)),
        "COMP_CWORD": str(len(words)),
    }
    done = subprocess.run(
        [sys.executable, "-m", "conclint"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shells_script(shell: str) -> None:
    environment = {**os.environ, "_CONCLINT_COMPLETE": f"{shell}_source"}
    done = subprocess.run(
        [sys.executable, "-m", "conclint"], env=environment, capture_output=True, text=True, check=False
    )
    assert "_CONCLINT_COMPLETE" in done.stdout
    assert f"{shell}_complete" in done.stdout


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["--out"], {"--output-format", "--output-file"}),
        (["check", "--diff"], {"--diff-base"}),
        (["--output-format", "js"], {"json", "json-lines"}),
        (["--output-format", ""], {"text", "html", "sarif"}),
        (["expl"], {"explain"}),
        (["explain", "CON10"], {"CON101", "CON102"}),
        (["--select", "CON20"], {"CON201", "CON202"}),
        (["rules", "--output-format", "j"], {"json"}),
    ],
)
def test_completion(words: list[str], offered: set[str]) -> None:
    assert offered <= set(complete(*words))


def test_a_cached_run_imports_nothing_heavy(tmp_path: Path) -> None:
    project = write_project(tmp_path / "project", views=VIEWS, helper=SLOW_HELPER)
    code = (
        "import sys, atexit; sys.argv = ['conclint', 'app'];"
        "atexit.register(lambda: print(sorted({'libcst', 'rich', 'jinja2'} & set(sys.modules))));"
        "from conclint.__main__ import main; main()"
    )
    for wanted in ("['libcst']", "[]"):
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=False
        )
        assert "CON101" in done.stdout
        assert done.stdout.splitlines()[-1] == wanted


def test_every_option_of_check_has_its_group() -> None:
    text = CliRunner().invoke(cli, ["--help"]).stdout
    rest = text[text.index("\nOther:") : text.index("\nCommands:")]
    assert re.findall(r"--[a-z-]+", rest) == ["--version", "--help"]
    assert "..." not in text[text.index("\nCommands:") :], "each command's line is whole"
