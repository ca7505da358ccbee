"""Programs that go round in circles, or very deep, are analysed like any other (tests/deep_programs.py)."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from conclint.config.settings import load_config
from conclint.model.execution import Confidence
from conclint.model.finding import Finding
from conclint.model.severity import Severity
from conclint.run.pipeline import check
from deep_programs import CHAINS, CIRCLES

_FOUND_AT_ITS_END = {
    "reexport_chain", "star_chain", "class_chain", "class_chain_backwards", "result_chain", "alias_chain",
    "global_chain", "attribute_chain", "nested_functions", "operand_chain", "elif_chain", "nested_annotation",
    "blocks_inside_each_other",
}  # fmt: skip
_SLOW = {"reexport_chain", "class_chain_backwards", "star_chain", "call_chain_in_files", "elif_chain"}


def _findings(paths: list[str]) -> list[Finding]:
    options = {"jobs": 1, "use_cache": False, "min_confidence": Confidence.LOW, "min_severity": Severity.INFO}
    return list(check(paths, load_config(paths, options=options, known_codes={})).findings)


def _written(folder: Path, files: dict[str, str]) -> list[str]:
    for name, text in files.items():
        (folder / name).write_text(text)
    return sorted(files)


@pytest.mark.parametrize("name", CIRCLES)
def test_circles(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = _written(tmp_path, CIRCLES[name](5))
    found = _findings(files)
    assert "CON900" not in {item.code for item in found}
    for seed in range(2):
        random.Random(seed).shuffle(files)
        assert _findings(files) == found


@pytest.mark.parametrize("name", CHAINS)
def test_chains(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _written(tmp_path, CHAINS[name](120 if name in _SLOW else 250))
    limit = sys.getrecursionlimit()
    codes = {item.code for item in _findings(["."])}
    assert "CON900" not in codes
    assert ("CON102" in codes) == (name in _FOUND_AT_ITS_END)
    assert sys.getrecursionlimit() == limit
