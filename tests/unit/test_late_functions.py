"""Functions that are taken often are looked at for what only circles hold up: never for what holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from conclint.config.settings import Config
from conclint.effects import solver
from conclint.judging import checker, groups
from conclint.run.pipeline import check

WAITS = "import time\n\n\ndef g():\n    h()\n\n\ndef h():\n    time.sleep(5)\n"
USES = "from between import g\n\n\ndef helper():\n    {}g()\n\n\nasync def main():\n    helper()\n"


def _found(root: Path, cache: Path) -> list[tuple[str, str, int]]:
    config = Config(root=root, cwd=root, cache_dir=cache, jobs=1)
    found = check([str(root)], config).findings
    return [(item.code, item.path, item.position.line) for item in found]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where each function counts as taken often."""
    monkeypatch.setattr(solver, "_LATE", 0)
    root = tmp_path / "project"
    root.mkdir()
    (root / "waits.py").write_text(WAITS)
    (root / "between.py").write_text("from waits import g\n")
    (root / "uses.py").write_text(USES.format(""))
    return root


def test_what_an_earlier_run_found_of_functions_that_this_one_did_not_ask_for_holds(
    project: Path, tmp_path: Path
) -> None:
    assert _found(project, tmp_path / "cache") == [("CON102", "uses.py", 9)]
    (project / "uses.py").write_text(USES.format("print(1)\n    "))
    warm = _found(project, tmp_path / "cache")
    assert warm == _found(project, tmp_path / "other") == [("CON102", "uses.py", 10)]


def test_what_a_dropped_program_found_holds(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "also_uses.py").write_text(USES.format(""))
    whole = _found(project, tmp_path / "whole")
    monkeypatch.setattr(checker, "MOST_DECODED", 1)
    monkeypatch.setattr(groups, "_GROUP_MOST", 1)
    assert _found(project, tmp_path / "dropped") == whole
    assert len(whole) == 2
