"""A repository of several packages: the nearest configuration decides what is reported of a file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from programs_on_disk import run_conclint

SLEEPS = "import time\n\nimport requests\n\n\nasync def f(u):\n    requests.get(u)\n    time.sleep(1)\n"
COMPUTES = "async def f():\n    s = 0\n    for i in range(100_000_000):\n        s += i * i\n    return s\n"

REPOSITORY = {
    "pyproject.toml": "[tool.conclint]\n",
    "a/pyproject.toml": '[tool.conclint]\nignore = ["CON102"]\n',
    "a/deep/views.py": SLEEPS,
    "b/conclint.toml": 'select = ["CON1"]\n[per-file-ignores]\n"v*.py" = ["CON101"]\n',
    "b/views.py": SLEEPS,
    "c/views.py": SLEEPS,
}


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def codes(project: Path, *arguments: str) -> dict[str, list[str]]:
    done = run_conclint(project, *(arguments or (".",)), "--output-format=json")
    assert done.returncode in (0, 1), done.stderr
    found: dict[str, list[str]] = {}
    for finding in json.loads(done.stdout):
        found.setdefault(finding["path"], []).append(finding["code"])
    return found


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    write(tmp_path, REPOSITORY)
    return tmp_path


EACH = {"a/deep/views.py": ["CON101"], "b/views.py": ["CON102"], "c/views.py": ["CON101", "CON102"]}


def test_each_package_has_its_own_rules(repository: Path) -> None:
    assert codes(repository) == EACH
    assert codes(repository, *EACH) == EACH, "files that are named"
    assert codes(repository) == EACH, "kept"


def test_nothing_is_inherited_and_options_hold_everywhere(repository: Path) -> None:
    write(repository, {"pyproject.toml": '[tool.conclint]\nignore = ["CON101", "CON102"]\n'})
    assert codes(repository) == {name: EACH[name] for name in ("a/deep/views.py", "b/views.py")}
    assert codes(repository, ".", "--ignore", "CON102") == {"a/deep/views.py": ["CON101"]}


def test_a_file_that_is_named_by_an_option_counts_alone(repository: Path) -> None:
    (repository / "strict.toml").write_text('select = ["CON102"]\n')
    assert codes(repository, ".", "--config", "strict.toml") == {name: ["CON102"] for name in EACH}


def test_a_change_of_a_nested_configuration_is_seen(repository: Path) -> None:
    assert codes(repository) == EACH
    (repository / "c" / "conclint.toml").write_text('ignore = ["CON1"]\n')
    assert "c/views.py" not in codes(repository)
    (repository / "c" / "conclint.toml").write_text('ignore = ["CON101"]\n')
    assert codes(repository)["c/views.py"] == ["CON102"]
    (repository / "c" / "conclint.toml").unlink()
    assert codes(repository) == EACH


def test_confidence_and_severity_too(tmp_path: Path) -> None:
    levels = '[tool.conclint]\nmin-confidence = "high"\nmin-severity = "critical"\n'
    text = "async def f(name):\n    with open(name) as file:\n        return file.read(200)\n"
    write(tmp_path, {"pyproject.toml": levels, "low/conclint.toml": 'min-severity = "info"\n'})
    write(tmp_path, {"low/m.py": text, "strict/m.py": text})
    assert set(codes(tmp_path)) == {"low/m.py"}


def test_the_python_that_a_package_requires(tmp_path: Path) -> None:
    requires = '[project]\nname = "{0}"\nrequires-python = ">=3.{1}"\n'
    write(tmp_path, {"pyproject.toml": requires.format("all", 10) + "[tool.conclint]\n"})
    write(tmp_path, {"new/pyproject.toml": requires.format("new", 14), "new/m.py": COMPUTES})
    write(tmp_path, {"old/m.py": COMPUTES})
    found = json.loads(run_conclint(tmp_path, ".", "--output-format=json").stdout)
    new, old = (item["recommendation"]["text"] for item in found)
    assert "InterpreterPoolExecutor" in new and "InterpreterPoolExecutor" not in old


def test_a_wrong_one_is_an_error_that_names_it(repository: Path) -> None:
    (repository / "c" / "conclint.toml").write_text('\nselct = ["CON1"]\n')
    done = run_conclint(repository, ".")
    assert done.returncode == 2
    assert done.stderr.startswith(
        f"conclint: error: {repository / 'c' / 'conclint.toml'}:2: unknown key 'selct'"
    )
    assert run_conclint(repository, "a").returncode == 1, "not come by"


def test_what_is_nearer_is_listed(repository: Path) -> None:
    write(repository, {"c/pyproject.toml": '[project]\nrequires-python = ">=3.13"\n'})
    done = run_conclint(repository, "config", "--output-format=json")
    assert json.loads(done.stdout)["nested"] == [
        {"folder": "a", "file": "a/pyproject.toml"},
        {"folder": "b", "file": "b/conclint.toml"},
        {"folder": "c", "file": "pyproject.toml"},
    ]
    lines = run_conclint(repository, "config").stdout.splitlines()
    assert "# what is reported below a/: a/pyproject.toml" in lines
    assert "# target-version below c/: 3.13 (its requires-python)" in lines


def spoil(file: Path, kind: str) -> str:
    """Puts something in the place of a file that can't be read, and says why."""
    file.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(file)
        return "it is not a regular file"
    with file.open("wb") as stream:
        stream.truncate(17 << 20)
    return "it is larger than 16 MB"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
@pytest.mark.parametrize("kind", ["pipe", "huge"])
@pytest.mark.parametrize("name", [".conclint.toml", "conclint.toml", "pyproject.toml"])
def test_one_that_cannot_be_read(repository: Path, kind: str, name: str) -> None:
    (repository / "a/pyproject.toml").unlink()
    why = spoil(repository / "a" / name, kind)
    expected = {**EACH, "a/deep/views.py": ["CON101", "CON102"]}
    for _ in range(2):  # the second is not the first once more, which would leave out the warning
        assert codes(repository) == expected
        done = run_conclint(repository, ".")
        assert f"conclint: warning: {repository}/a/{name}: cannot be read: {why}\n" in done.stderr
    assert "warning" not in run_conclint(repository, ".", "-q").stderr
    done = run_conclint(repository, "a")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"conclint: error: {repository}/a/{name}: cannot be read: {why}\n"
