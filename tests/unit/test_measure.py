"""Measuring who holds the GIL: what the figures mean, what is measured, and that it tells zlib from json."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zlib
from collections.abc import Callable

import pytest
from click.testing import CliRunner

from conclint.catalog.facts import EffectKind
from conclint.catalog.loader import Catalog
from conclint.cli.main import cli
from conclint.measure import run
from conclint.measure.gil import Measurement, Spread, Verdict, decide, has_gil, measure, spread, watch
from conclint.measure.run import measure_gil, selected_claims
from conclint.measure.table import (
    Row,
    Table,
    merge_page,
    render_json,
    render_markdown,
    render_row,
    render_summary,
)
from conclint.measure.workloads import GROUPS, group_of

CATALOG = Catalog()
WORKLOADS = {name: call for group in GROUPS for name, call in group.calls.items()}


def measured(least: float, most: float, gain: float) -> Measurement:
    return Measurement(0.05, spread([gain]), spread([most]), spread([least]), spread([most]), 5)


HELD, FREE, HALF = measured(0.9, 1.0, 1.0), measured(0.0, 0.05, 1.9), measured(0.45, 0.5, 1.2)


def table(*rows: Row, gil: bool = True) -> Table:
    return Table(rows, "CPython 3.11.7", "Linux x86_64", 2, "2026-01-31", gil)


@pytest.mark.parametrize(
    ("least", "most", "gain", "verdict"),
    [
        (0.98, 0.99, 1.0, Verdict.HOLDS),
        (0.60, 0.88, 0.8, Verdict.HOLDS),  # in Python, on a busy machine
        (0.0, 0.04, 1.95, Verdict.RELEASES),
        (0.0, 0.04, 1.0, Verdict.RELEASES),  # the second core was taken, or the call has a lock of its own
        (0.0, 0.65, 1.9, Verdict.RELEASES),  # the other thread queued for a core
        (0.2, 0.25, 1.7, Verdict.RELEASES),
        (0.2, 0.25, 1.0, Verdict.UNDECIDED),
        (0.45, 0.5, 1.3, Verdict.UNDECIDED),  # half of it is Python
        (0.9, 0.95, 1.9, Verdict.UNDECIDED),  # they don't agree
        (0.0, 0.65, 1.0, Verdict.UNDECIDED),
        (0.05, 0.5, 1.0, Verdict.UNDECIDED),  # nothing gained, and how long it waited is not clear
    ],
)
def test_the_verdict_needs_both(least: float, most: float, gain: float, verdict: Verdict) -> None:
    assert decide(least, most, gain) is verdict


def test_a_spread_is_the_median_and_the_quartiles() -> None:
    assert spread([5, 1, 3, 2, 4]) == Spread(3, 2, 4)
    assert spread([2.5]) == Spread(2.5, 2.5, 2.5)


def test_each_workload_is_for_an_entry_on_the_gil() -> None:
    for name in WORKLOADS:
        fact = CATALOG.function(name)
        assert fact is not None, name
        assert not fact.by_star, name
        assert fact.name == name
        assert fact.effect in (EffectKind.COMPUTES_GIL, EffectKind.COMPUTES_NOGIL), name


def words(call: Callable[..., object]) -> set[str]:
    """The names that a workload uses, those of functions and comprehensions inside it too."""
    found: set[str] = set()
    codes = [call.__code__]
    while codes:
        code = codes.pop()
        found.update(code.co_names, code.co_freevars)
        codes += [constant for constant in code.co_consts if hasattr(constant, "co_names")]
    for word in found & set(call.__globals__):
        helper = call.__globals__[word]
        if getattr(helper, "__module__", None) == call.__module__ and hasattr(helper, "__code__"):
            found |= words(helper)
    return found


def test_each_workload_calls_what_it_is_for() -> None:
    for name, workload in WORKLOADS.items():
        owner, _, last = name.rpartition(".")
        special = {"__init__": owner.rpartition(".")[2], "__call__": owner.rpartition(".")[2]}
        assert special.get(last, last) in words(workload), name


def test_no_name_has_two_workloads() -> None:
    assert len(WORKLOADS) == sum(len(group.calls) for group in GROUPS)
    assert len(WORKLOADS) > 200


def test_claims_are_selected_by_library_or_name() -> None:
    assert {fact.name for fact in selected_claims(["zlib.compress", "marshal"])} == {
        "zlib.compress", "marshal.loads", "marshal.dumps",
    }  # fmt: skip
    assert "bz2.compress" in {fact.name for fact in selected_claims(["compression"])}
    with pytest.raises(ValueError, match=r"'zlib\.com'"):
        selected_claims(["zlib.com"])


def test_what_is_contradicted() -> None:
    rows = [
        Row("a.held", "a", EffectKind.COMPUTES_GIL, HELD, ""),
        Row("a.free", "a", EffectKind.COMPUTES_NOGIL, FREE, ""),
        Row("a.half", "a", EffectKind.COMPUTES_NOGIL, HALF, ""),
        Row("a.gone", "a", EffectKind.COMPUTES_GIL, None, "there is no module a"),
        Row("a.wrong", "a", EffectKind.COMPUTES_GIL, FREE, "", "a 1.0"),
        Row("a.worse", "a", EffectKind.COMPUTES_NOGIL, HELD, ""),
    ]
    found = table(*rows)
    assert [row.name for row in found.contradicted] == ["a.wrong", "a.worse"]
    assert [row.name for row in found.undecided] == ["a.half"]
    assert render_summary(found).startswith("5 measured, 2 contradict the catalog, 1 undecided, 1 skipped (")
    assert "CONTRADICTS" in render_row(rows[4])
    assert "CONTRADICTS" not in render_row(rows[2])
    assert render_row(rows[3]).endswith("skipped: there is no module a")
    assert not table(*rows, gil=False).contradicted


def test_the_page_and_the_json_have_every_row() -> None:
    found = table(
        Row("a.held", "a", EffectKind.COMPUTES_GIL, HELD, "", "a 1.0"),
        Row("b.gone", "b", EffectKind.COMPUTES_NOGIL, None, "there is no module b"),
    )
    page = render_markdown(found)
    assert "CPython 3.11.7, Linux x86_64, 2 cores, 2026-01-31." in page
    assert "Entries of the catalog measured: 1, contradicted: 0, undecided: 0." in page
    assert "| `a.held` | a 1.0 | holds | holds | 1.00 (1.00–1.00) | 100% | 90–100% | 50 ms |" in page
    assert "| `b.gone` | releases | there is no module b |" in page
    held, gone = json.loads(render_json(found))
    assert held["speed_up"] == {"median": 1.0, "low": 1.0, "high": 1.0}
    assert (held["measured"], gone["measured"], gone["reason"]) == ("holds", None, "there is no module b")


def test_new_rows_replace_those_of_the_page() -> None:
    held, free = (Row(f"a.{name}", "a", EffectKind.COMPUTES_GIL, HELD, "") for name in ("held", "free"))
    gone = Row("b.gone", "b", EffectKind.COMPUTES_NOGIL, None, "there is no module b")
    page = render_markdown(table(held, free._replace(measured=FREE), gone))
    merged = merge_page(page, render_markdown(table(free, gone._replace(measured=HALF))))
    assert merged == render_markdown(table(free, held, gone._replace(measured=HALF)))


_CHILD = """\
import json, os, sys
figures = json.loads(sys.argv[1])
for name in sys.argv[2:]:
    if name == "marshal.dumps":
        os._exit(3)
    print(json.dumps([name, figures, "" if figures else "tried"]), flush=True)
"""


def answer(monkeypatch: pytest.MonkeyPatch, figures: Measurement | None) -> None:
    """Child processes answer with these figures, and die at marshal.dumps."""

    def child(names: list[str], folder: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", _CHILD, json.dumps(figures), *names]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    monkeypatch.setattr(run, "_child", child)


def test_a_child_that_dies_costs_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, None)
    told: list[str] = []
    found = measure_gil(["marshal", "pickle"], lambda row: told.append(row.name))
    reasons = {row.name: row.reason for row in found.rows}
    assert reasons.pop("marshal.dumps") == "its process ended with status 3"
    assert set(reasons.values()) == {"tried"}
    assert sorted(told) == [row.name for row in found.rows]


@pytest.mark.skipif(not has_gil(), reason="without a GIL nothing is contradicted")
def test_the_command_prints_the_rows_and_fails_on_a_contradiction(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, HELD)
    result = CliRunner().invoke(cli, ["catalog", "marshal.loads", "--measure"])
    assert result.exit_code == 0
    assert result.output.startswith("marshal.loads ")
    assert "1 measured, 0 contradict the catalog" in result.output

    answer(monkeypatch, FREE)
    result = CliRunner().invoke(cli, ["catalog", "marshal.loads", "--measure", "--output-format", "json"])
    assert result.exit_code == 1
    (row,) = json.loads(result.output)
    assert (row["name"], row["catalog"], row["measured"]) == ("marshal.loads", "holds", "releases")


def test_the_command_says_that_a_name_has_no_claim() -> None:
    result = CliRunner().invoke(cli, ["catalog", "time.sleep", "--measure"])
    assert result.exit_code == 1
    assert result.output == "conclint: the catalog has no entry on the GIL for 'time.sleep'\n"


needs_cores = pytest.mark.skipif(
    (os.cpu_count() or 1) < 2 or not has_gil(), reason="nothing to see on one core, or without a GIL"
)


@needs_cores
@pytest.mark.timed
def test_zlib_lets_another_thread_run_and_json_does_not() -> None:
    data = bytes(range(256)) * 12_000
    document = json.dumps([{"id": number, "name": str(number)} for number in range(40_000)])
    free = min(watch(lambda: zlib.compress(data)).least for _ in range(5))
    held = max(watch(lambda: json.loads(document)).most for _ in range(5))
    assert free < 0.4
    assert held > 0.6
    assert measure(lambda: json.loads(document), rounds=3, more=6).verdict is not Verdict.RELEASES


@needs_cores
@pytest.mark.timed
def test_an_entry_is_measured_in_a_process_of_its_own() -> None:
    assert group_of("pickle.loads") is not None
    (row,) = measure_gil(["pickle.loads"]).rows
    assert row.measured is not None, row.reason
    assert row.measured.seconds > 0
    assert row.measured.verdict is not Verdict.RELEASES
