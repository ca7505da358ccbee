"""`conclint unknown`: the calls of which silence proves nothing."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from programs_on_disk import run_conclint

APP = """
import json
import fastlib
import pureone
import requests
from absent.client import Client


def helper(p):
    return absent_of(p).fetch(p)


def absent_of(p):
    return Client(p)


async def show(p, callback):
    json.loads(p)
    pureone.run(p)
    with fastlib.open(p) as table:
        table.rows().sort_all()
    helper(p)
    p.strip()
    p.mystery(1)
    callback(p)
    print(p)
    requests.get(p)


def never(p):
    pureone.run(p)


def worker(p):
    pureone.compute(p)


async def start(pool, p):
    import asyncio
    await asyncio.to_thread(worker, p)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    site = tmp_path / ".venv/lib/python3.12/site-packages"
    (site / "pureone").mkdir(parents=True)
    (site / "pureone/__init__.py").write_text("import time\ndef run(p): time.sleep(1)\ndef compute(p): ...\n")
    (site / "fastlib.cpython-312-x86_64-linux-gnu.so").write_bytes(b"")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "app"\n')
    (tmp_path / "app.py").write_text(APP)
    return tmp_path


def unknown(project: Path, *words: str) -> dict[str, Any]:
    done = run_conclint(project, "unknown", "--output-format", "json", *words)
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_each_call_with_its_cause_and_its_cure(project: Path) -> None:
    found = unknown(project, "--follow", "project")
    rows = [(row["library"], row["cause"], row["cure"], row["name"], row["line"]) for row in found["unknown"]]
    assert rows == [
        (None, "unresolved", "annotation", ".fetch", 10),
        ("absent", "not-described", "install", "absent.client.Client", 14),
        ("pureone", "not-described", "follow", "pureone.run", 19),
        ("fastlib", "not-described", "fact", "fastlib.open", 20),
        ("fastlib", "not-described", "fact", "fastlib … .rows", 21),
        ("fastlib", "not-described", "fact", "fastlib … .sort_all", 21),
        ("pureone", "not-described", "follow", "pureone.compute", 35),
    ]
    assert found["unknown"][-1]["models"] == ["thread"]
    assert found["unknown"][0]["models"] == ["event_loop"]
    assert found["unknown"][0]["symbol"] == "app.helper"
    assert found["known"] == 3  # json.loads, requests.get, asyncio.to_thread
    assert found["share"] == round(3 / 9, 4)


def test_what_is_followed_is_known(project: Path) -> None:
    for words in ((), ("--follow", "pureone")):
        found = unknown(project, *words)
        assert {row["library"] for row in found["unknown"]} == {None, "absent", "fastlib"}
        assert (found["known"], found["share"]) == (5, round(5 / 9, 4))


def test_what_libraries_call_inside_is_not_for_the_reader_to_mend(project: Path) -> None:
    site = project / ".venv/lib/python3.12/site-packages"
    (site / "pureone/__init__.py").write_text("import other\ndef run(p): other.run(p).mystery()\n")
    assert {row["path"] for row in unknown(project)["unknown"]} == {"app.py"}


def test_a_part_of_a_library_that_cannot_be_followed_needs_a_fact(project: Path) -> None:
    site = project / ".venv/lib/python3.12/site-packages"
    (site / "pureone/_speedups.so").write_bytes(b"")
    (project / "app.py").write_text("from pureone._speedups import fast\nasync def f(p): fast(p)\n")
    assert [(row["library"], row["cure"]) for row in unknown(project)["unknown"]] == [("pureone", "fact")]


def test_in_words(project: Path) -> None:
    text = run_conclint(project, "unknown", "--follow", "project").stdout
    assert text.startswith("33.3% of 9 library calls that run on some model are known.\n")
    assert "fastlib: 3 calls (event loop), first at app.py:20\n" in text
    assert "  an extension module: write a fact\n" in text
    assert "pureone: 2 calls (event loop, thread), first at app.py:19\n" in text
    assert "  installed: --follow pureone\n" in text
    assert "1 call of objects that are not known" in text


def test_a_gate(project: Path) -> None:
    assert run_conclint(project, "unknown", "--fail-on-unknown", "4").returncode == 0
    done = run_conclint(project, "unknown", "--fail-on-unknown", "3")
    assert done.returncode == 1
    assert "4 library calls are unknown, more than 3" in done.stderr


def checked(project: Path, *words: str) -> CompletedProcess[str]:
    return run_conclint(project, "--follow", "project", "--exit-zero", *words)


def test_statistics_say_how_many_calls_on_the_loop_are_known(project: Path) -> None:
    line = "37.5% of 8 library calls on the loop are known.\n"
    assert checked(project, "--statistics").stdout.endswith(line)
    assert checked(project, "--statistics").stdout.endswith(line)  # as it was printed before
    assert "library calls" not in checked(project, "--statistics", "--quiet").stdout
    words = ("--statistics", "--output-format", "json")
    rows = json.loads(checked(project, *words).stdout)
    known = {"code": None, "name": "known-library-calls-on-loop", "count": 3, "of": 8}
    assert rows[-1] == known
    assert json.loads(checked(project, *words, "--no-cache").stdout) == rows


def test_a_report_that_is_kept_is_counted_when_that_is_asked_for(project: Path) -> None:
    words = ("--output-format", "json")
    assert all(row["code"] for row in json.loads(checked(project, *words).stdout))
    assert json.loads(checked(project, *words, "--statistics").stdout)[-1]["of"] == 8


def test_a_check_is_a_gate_too(project: Path) -> None:
    (project / "app.py").write_text(APP.replace("requests.get(p)", "pass"))  # nothing else to be found
    assert run_conclint(project, "--follow", "project", "--fail-on-unknown", "6").returncode == 0
    for _ in range(2):
        done = run_conclint(project, "--follow", "project", "--fail-on-unknown", "5")
        assert done.returncode == 1
        assert "6 library calls are unknown, more than 5 (see `conclint unknown`)" in done.stderr
    assert checked(project, "--fail-on-unknown", "5").returncode == 0
    assert run_conclint(project, "--fail-on-unknown", "5", "--affected", "app.py").returncode == 2


def test_a_client_that_the_module_makes_once(project: Path) -> None:
    (project / "app.py").write_text(
        "import absent\nclient = absent.Client()\nasync def f(p): client.send(p)\n"
    )
    (row,) = unknown(project)["unknown"]
    assert (row["library"], row["name"], row["line"]) == ("absent", "absent … .send", 3)
