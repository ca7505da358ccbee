"""All that other linters report is known here, and reported under a code of ours."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from conclint.catalog.facts import EffectKind
from conclint.catalog.loader import Catalog
from conclint.rules.registry import rules_by_code
from conclint.suppress.async_codes import OUR_CODES, stands_for
from harness.programs import ROOT
from harness.runs import EVERYTHING, run_here
from peers import CALLABLES, DETECTIONS, IMPORTS, NOT_BLOCKING

TABLE = (ROOT / "docs" / "codes.md").read_text(encoding="utf-8")
CATALOG = Catalog()


@pytest.mark.parametrize(
    ("families", "name"), [(key, name) for key, names in CALLABLES.items() for name in names]
)
def test_what_peers_detect_waits(families: str, name: str) -> None:
    fact = CATALOG.function(name)
    assert fact is not None
    assert not fact.by_star
    assert fact.effect is EffectKind.WAITS
    assert fact.family is not None
    assert fact.family.value in families.split(" or ")


@pytest.mark.parametrize("name", NOT_BLOCKING)
def test_what_peers_detect_wrongly_does_not_wait(name: str) -> None:
    fact = CATALOG.function(name)
    assert fact is None or fact.effect is EffectKind.HARMLESS
    assert name in TABLE


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> dict[int, set[str]]:
    """The codes reported for each detection's own line, all in one program."""
    lines = [f"import {', '.join(IMPORTS)}"]
    places: dict[int, int] = {}
    for number, detection in enumerate(DETECTIONS):
        lines.append(f"async def number_{number}(anything, command, path, query, url):")
        if detection.before:
            lines.append(f"    {detection.before}")
        lines.append(f"    {detection.statement}")
        places[len(lines)] = number
    folder = tmp_path_factory.mktemp("detections")
    (folder / "detections.py").write_text("\n".join(lines) + "\n", encoding="utf-8")
    codes: dict[int, set[str]] = {number: set() for number in range(len(DETECTIONS))}
    for found in run_here([*EVERYTHING, "--no-cache", "--jobs=1", "."], folder):
        if found.line in places:
            codes[places[found.line]].add(found.code)
    return codes


@pytest.mark.parametrize("number", range(len(DETECTIONS)), ids=[item.statement for item in DETECTIONS])
def test_what_peers_detect_is_reported(number: int, reported: dict[int, set[str]]) -> None:
    assert reported[number] == {DETECTIONS[number].code}


def _rows() -> dict[str, set[str]]:
    """The table of the page: each code of a peer with ours."""
    rows: dict[str, set[str]] = {}
    for line in TABLE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and re.match(r"(ASYNC|S)\d", cells[0]):
            for theirs in re.findall(r"(?:ASYNC|S)\d+", cells[0]):
                rows.setdefault(theirs, set()).update(re.findall(r"CON\d{3}", line))
    return rows


def test_the_table_maps_each_code() -> None:
    wanted: dict[str, set[str]] = {}
    for detection in DETECTIONS:
        for theirs in detection.peer.split():
            wanted.setdefault(theirs, set()).add(detection.code)
    rows = _rows()
    rows.pop("ASYNC200")  # what users configure: see `tool.conclint.catalog`
    assert rows == wanted
    assert {code for codes in rows.values() for code in codes} <= set(rules_by_code())


def test_no_code_of_ruff_is_left_out() -> None:
    """The rules of the ruff that is installed, which may be newer than the table."""
    command = [sys.executable, "-m", "ruff", "rule", "--all", "--output-format=json"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)
    codes = [rule["code"] or "" for rule in json.loads(listed.stdout)]
    theirs = {code for code in codes if code.startswith("ASYNC2")}
    assert len(theirs) >= 9
    said = {line.split("|")[1].strip() for line in TABLE.splitlines() if ", ruff |" in line}
    assert theirs == said


@pytest.mark.parametrize("theirs", sorted(code for code in OUR_CODES if code.startswith("ASYNC")))
def test_a_noqa_stands_for_what_the_table_says(theirs: str) -> None:
    assert theirs in _rows()
    wanted = _rows()[theirs]
    assert all(stands_for(theirs, ours) for ours in wanted)
    others = {code for code in rules_by_code() if code.startswith("CON1")} - wanted - {"CON104", "CON112"}
    assert theirs == "ASYNC200" or not any(stands_for(theirs, ours) for ours in others)


def test_every_async_code_of_the_table_has_a_noqa() -> None:
    assert {code for code in _rows() if code.startswith("ASYNC")} <= set(OUR_CODES)
