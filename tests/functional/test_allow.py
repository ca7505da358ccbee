"""`[[tool.conclint.allow]]`: what functions may call, for a reason that is written down."""

from __future__ import annotations

from pathlib import Path

import pytest

from programs_on_disk import findings_of, run_conclint

HEAD = '[project]\nname = "app"\n\n[tool.conclint]\nmin-confidence = "medium"\n\n'
FILES = {
    "app/__init__.py": "",
    "app/settings.py": "def load(p):\n    with open(p) as file:\n        return file.read()\n",
    "app/views.py": """import subprocess
import time

import requests

from app.settings import load


async def show(p):
    load(p)
    open(p)


class Feed:
    async def poll(self, p):
        time.sleep(1)
        requests.get(p)
        subprocess.run(p)
""",
}
EVERY = [10, 11, 16, 17, 18]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    (tmp_path / "pyproject.toml").write_text(HEAD)
    return tmp_path


def allow(project: Path, *entries: str) -> list[int]:
    """The lines of views.py at which something is found with these entries."""
    text = "".join(f"[[tool.conclint.allow]]\n{entry}\n" for entry in entries)
    (project / "pyproject.toml").write_text(HEAD + text)
    return [found["line"] for found in findings_of(project)]


@pytest.mark.parametrize(
    ("where", "calls", "left"),
    [
        ("app.settings.load", '"builtins.open"', [11, 16, 17, 18]),
        ("app.settings", '"builtins"', [11, 16, 17, 18]),
        ("app.views.show", '"builtins.open"', [16, 17, 18]),
        ("app.views.Feed", '["time.sleep", "requests"]', [10, 11, 18]),
        ("app.*.poll", '"*.run"', [10, 11, 16, 17]),
        ("*.poll", "[]", [10, 11]),
        ("app", '"request"', EVERY),
        ("app.view", "[]", EVERY),
        ("builtins.open", "[]", EVERY),
    ],
)
def test_what_an_entry_holds_for(project: Path, where: str, calls: str, left: list[int]) -> None:
    assert allow(project, f'in = "{where}"\ncalls = {calls}\nreason = "r"') == left


def test_an_entry_that_allows_nothing_is_reported_where_it_stands(project: Path) -> None:
    used, idle = 'in = "app.settings"\nreason = "r"', 'in = "app.gone"\nreason = "r"'
    assert allow(project, used, idle) == [11, 16, 17, 18]
    ask = ("--warn-unused-ignores", "--output-format", "concise")
    printed = run_conclint(project, *ask).stdout
    assert "pyproject.toml:10:1: CON901 this `allow` for `app.gone` allows nothing" in printed
    assert printed.count("CON901") == 1
    assert "CON901" not in run_conclint(project, *ask, "app/views.py").stdout  # not all was looked at


@pytest.mark.parametrize(
    ("entry", "line", "complaint"),
    [
        ('in = "app..db"\nreason = "r"', 8, "in: must be a dotted name or a pattern"),
        ('in = "app"\ncalls = 3\nreason = "r"', 9, "calls: must be a dotted name, or a list of them"),
        ('in = "app"', 7, "say the `reason`"),
        ('in = "app"\nreason = " "', 9, "say the `reason`"),
        ('reason = "r"', 7, "`in` is missing"),
        ('in = "app"\nreason = "r"\ncall = "x"', 10, "unknown key 'call'"),
    ],
)
def test_a_wrong_entry_is_named_with_its_line(project: Path, entry: str, line: int, complaint: str) -> None:
    (project / "pyproject.toml").write_text(f"{HEAD}[[tool.conclint.allow]]\n{entry}\n")
    done = run_conclint(project)
    assert done.returncode == 2
    assert f"pyproject.toml:{line}: allow: {complaint}" in done.stderr


def test_the_entries_are_listed(project: Path) -> None:
    allow(project, 'in = "app.settings"\ncalls = "builtins.open"\nreason = "it is small"')
    listed = run_conclint(project, "config").stdout
    assert (
        'allow = [{ "in" = "app.settings", "calls" = ["builtins.open"], "reason" = "it is small" }]' in listed
    )
