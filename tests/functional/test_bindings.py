"""What a coroutine does with what it is given is found where it blocks, whichever files are asked for."""

from __future__ import annotations

import json
from hashlib import blake2b
from pathlib import Path

import pytest
from click.testing import CliRunner

from conclint.cli.main import cli
from conclint.judging.checker import ModuleJudge
from programs_on_disk import findings_of, run_conclint

RUNNER = """\
async def apply_given_step(step):
    step()
"""
CALLER = """\
import time

from runner import apply_given_step


def slow():
    time.sleep(1)


async def main():
    await apply_given_step(slow)
"""
QUICK = CALLER.replace("time.sleep(1)", "time.monotonic()")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "runner.py").write_text(RUNNER)
    (tmp_path / "caller.py").write_text(CALLER)
    (tmp_path / "pyproject.toml").write_text("[tool.conclint]\n")
    return tmp_path


def places(project: Path, *arguments: str) -> list[tuple[str, int]]:
    return [(found["path"], found["line"]) for found in findings_of(project, *arguments)]


def test_every_choice_of_files_gives_its_part_of_the_whole(project: Path) -> None:
    assert places(project, ".") == [("runner.py", 2)]
    assert places(project, "runner.py") == [("runner.py", 2)]
    assert places(project, "runner.py", "caller.py") == [("runner.py", 2)]
    assert places(project, "caller.py") == []


def test_the_chain_begins_at_the_call_that_binds(project: Path) -> None:
    (found,) = findings_of(project, ".")
    assert [(step["path"], step["line"]) for step in found["chain"]] == [
        ("caller.py", 11),
        ("runner.py", 2),
        ("caller.py", 7),
    ]


def test_an_edit_of_the_caller_is_seen_from_the_coroutine(project: Path) -> None:
    for text, found in ((QUICK, []), (CALLER, [("runner.py", 2)]), (QUICK, [])):
        (project / "caller.py").write_text(text)
        assert places(project, "runner.py") == found
        assert places(project, ".") == found


def test_what_passes_through_a_changed_caller_is_affected(project: Path) -> None:
    for number in range(5):
        (project / f"other{number}.py").write_text("import asyncio\n")
    assert places(project, "--affected", "caller.py") == [("runner.py", 2)]


def test_of_a_name_that_many_files_mention_the_binding_call_is_reported(project: Path) -> None:
    for number in range(12):
        (project / f"other{number}.py").write_text(f"{QUICK}\n\nnumber = {number}\n")
    assert places(project, ".") == [("caller.py", 11)]
    assert places(project, "caller.py") == [("caller.py", 11)]
    assert places(project, "runner.py") == []


def test_a_double_in_a_test_says_nothing_about_the_coroutine(project: Path) -> None:
    (project / "caller.py").rename(project / "test_runner.py")
    assert places(project, "runner.py") == []
    assert places(project, "--min-severity=info", ".") == [("test_runner.py", 11)]


def test_it_goes_by_its_old_name_too(project: Path) -> None:
    old = blake2b(
        "\0".join(("CON102", "caller.main", "time.sleep", "0")).encode(), digest_size=16
    ).hexdigest()
    run_conclint(project, "--write-baseline")
    file = project / "conclint-baseline.json"
    held = json.loads(file.read_text())
    (entry,) = held["findings"]
    entry.update(fingerprint=old, path="caller.py")
    file.write_text(json.dumps(held))
    assert places(project, "--baseline", file.name) == []


def test_a_caller_that_leads_to_the_coroutine_through_other_files_is_found(project: Path) -> None:
    (project / "middle.py").write_text("from runner import *\n")
    (project / "caller.py").write_text(CALLER.replace("from runner", "from middle"))
    assert places(project, "runner.py") == places(project, ".") == [("runner.py", 2)]


def test_a_caller_that_knows_only_the_base_class_is_found(project: Path) -> None:
    (project / "base.py").write_text("class Base:\n    async def apply_given_step(self, step): ...\n")
    (project / "runner.py").write_text(
        "from base import Base\n\n\n"
        "class Runner(Base):\n    async def apply_given_step(self, step):\n        step()\n"
    )
    (project / "caller.py").write_text(
        "import time\n\nfrom base import Base\n\n\ndef slow():\n    time.sleep(1)\n\n\n"
        "async def main(runner: Base):\n    await runner.apply_given_step(slow)\n"
    )
    assert places(project, "runner.py") == places(project, ".")


def test_a_file_that_only_mentions_the_name_is_not_read_for_it(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To judge one is to read all that it imports."""
    (project / "other.py").write_text(
        "import heavy\n\n\nasync def main(x):\n    await x.apply_given_step(main)\n"
    )
    (project / "heavy.py").write_text("def f():\n    pass\n")
    read: list[str] = []

    def bound_in(_: ModuleJudge, path: str, names: object) -> tuple[tuple[()], tuple[()]]:
        read.append(path)
        return (), ()

    monkeypatch.setattr(ModuleJudge, "bound_in", bound_in)
    result = CliRunner().invoke(cli, [str(project / "runner.py"), "--no-cache", "-j1"])
    assert result.exit_code == 0
    assert [Path(path).name for path in read] == ["caller.py"]
