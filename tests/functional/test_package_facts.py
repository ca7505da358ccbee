"""Facts that installed packages bring along; and an environment that would do harm if anything of it were
run or believed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from programs_on_disk import run_conclint

FACTS = """
[[functions]]
module = "fastlib"
names = ["load"]
effect = "waits"
family = "http"
source = "https://fastlib.example/docs"
"""
APP = "import fastlib, requests\nasync def f(x):\n    fastlib.load(x)\n    requests.get(x)\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    install(tmp_path, FACTS)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "app"\n')
    (tmp_path / "app.py").write_text(APP)
    return tmp_path


def site_of(project: Path) -> Path:
    return project / ".venv/lib/python3.12/site-packages"


def install(
    project: Path, facts: str | bytes, *, group: str = "conclint.facts", top: str = "fastlib"
) -> None:
    """A package whose extension module can't be read, with facts."""
    site = site_of(project)
    (site / top).mkdir(parents=True, exist_ok=True)
    (site / top / "__init__.py").write_text(f"from {top}._fast import load\n")
    (site / top / "_fast.so").write_bytes(b"")
    (site / top / "conclint.toml").write_bytes(facts if isinstance(facts, bytes) else facts.encode())
    (site / f"{top}-1.dist-info").mkdir(exist_ok=True)
    (site / f"{top}-1.dist-info/METADATA").write_text(f"Name: {top}\nVersion: 1\n")
    (site / f"{top}-1.dist-info/entry_points.txt").write_text(
        f"[console_scripts]\nrun = x:y\n\n[{group}]\n; a comment\n{top} = {top}\n\n[other]\nz = other\n"
    )


def lines(project: Path, *words: str) -> dict[int, str]:
    """The cause at each line that is found, and that nothing is said."""
    done = run_conclint(project, "--output-format", "json", *words)
    assert done.stderr == ""
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return {row["line"]: row["cause"] for row in rows}


def test_they_are_used_where_the_package_is_installed(project: Path) -> None:
    assert lines(project) == {3: "fastlib.load", 4: "requests.get"}
    assert lines(project) == {3: "fastlib.load", 4: "requests.get"}
    assert lines(project, "--follow", "project") == {4: "requests.get"}


def test_a_change_of_them_is_seen(project: Path) -> None:
    assert lines(project) == {3: "fastlib.load", 4: "requests.get"}
    install(project, FACTS.replace("waits", "harmless").replace('family = "http"\n', ""))
    assert lines(project) == {4: "requests.get"}


def test_the_users_own_win(project: Path) -> None:
    (project / "conclint.toml").write_text(
        '[[catalog.functions]]\nmodule = "fastlib"\nnames = ["load"]\neffect = "harmless"\n'
    )
    assert lines(project) == {4: "requests.get"}


def test_they_win_over_those_that_are_shipped(project: Path) -> None:
    install(project, FACTS.replace("fastlib", "ntplib").replace("load", "request"), top="ntplib")
    (project / "app.py").write_text("import ntplib\nasync def f(x):\n    ntplib.request(x)\n")
    assert lines(project) == {3: "ntplib.request"}


def test_nothing_else_speaks_for_a_file_of_that_name(project: Path) -> None:
    install(project, FACTS, group="conclint.other")
    assert lines(project) == {4: "requests.get"}


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ("functions = 1", "functions"),
        ('[[functions]]\nmodule = "fastlib"\nnames = ["load"]\neffect = 3\n', "effect"),
        (
            FACTS.replace('"fastlib"', '"requests"').replace("load", "get"),
            "requests.get is no part of fastlib",
        ),
        ('[aliases]\n"requests.get" = "fastlib.x"\n', "requests.get is no part of fastlib"),
        (b"\xff\xfe", "is not UTF-8"),
        ("[" * 3000, "TOML"),
        (b"# " + b"x" * (10 << 20), "larger than 1 MB"),
    ],
)
def test_wrong_ones_are_told_and_change_nothing(project: Path, facts: str | bytes, says: str) -> None:
    install(project, facts)
    for _ in range(2):
        done = run_conclint(project, "--output-format", "json")
        assert [row["line"] for row in json.loads(done.stdout)] == [4]
        warning, end = done.stderr.split("\n")
        assert warning.startswith(f"conclint: warning: {site_of(project) / 'fastlib/conclint.toml'}")
        assert says in warning
        assert end == ""


MARK = (
    "import pathlib\npathlib.Path(__file__).with_suffix('.ran').touch()\npathlib.Path({!r}, 'ran').touch()\n"
)


def test_a_hostile_environment_runs_nothing_and_changes_only_what_is_said_of_itself(
    project: Path, tmp_path: Path
) -> None:
    clean = lines(project, "--follow", "project", "--no-cache")
    mark = MARK.format(str(tmp_path))
    site = site_of(project)
    for name in ("json.py", "libcst.py", "struct.py", "sitecustomize.py", "conclint.py", "requests.py"):
        (site / name).write_text(mark)
    (site / "evil.pth").write_text(f"import pathlib; pathlib.Path({str(tmp_path)!r}, 'ran').touch()\n/\n..\n")
    (site / "__editable___evil_finder.py").write_text(mark)
    binary = project / ".venv/bin"
    binary.mkdir()
    for name in ("python", "python3", "python3.12", "git", "pip"):
        (binary / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        (binary / name).chmod(0o755)
    (project / ".venv/pyvenv.cfg").write_text(
        f"home = {binary}\ninclude-system-site-packages = true\n\0= x\n" * 50
    )
    (site / "fastlib/__init__.pyi").write_text("".join(f"class C{n}: ...\n" for n in range(1000)))
    (site / "huge.py").write_text("def f():\n    import time; time.sleep(1)\n" * 100_000)
    (site / "deep.py").write_text("x = " + "(" * 5_000 + ")" * 5_000 + "\n")
    (site / "broken.py").write_bytes(b"\x00\xff def (:\n")
    os.mkfifo(site / "pipe.py")
    (site / "loop").symlink_to(site / "loop")
    (site / "upwards").symlink_to(site)
    install(project, "# " + "x" * (10 << 20), top="heavy")
    install(project, FACTS.replace("fastlib", "builtins"), top="liar")
    (site / "liar-1.dist-info/direct_url.json").write_text("[" * 100_000)
    (site / "liar-1.dist-info/RECORD").write_bytes(b"\xff,,\n" * 1000)
    (project / "app.py").write_text(
        APP + "async def g(x):\n    import huge, deep, broken, pipe, loop, upwards, heavy, liar, json\n"
        "    huge.f(); deep.f(); broken.f(); pipe.f(); loop.f(); upwards.f(); heavy.load(); liar.load()\n"
        "    json.loads(x)\n"
    )
    done = run_conclint(project, "--output-format", "json", "--min-confidence", "low", "-j2")
    found = {row["line"]: row["cause"] for row in json.loads(done.stdout)}
    assert found == {**clean, 3: "fastlib.load"}
    warned = [line.split(": ")[2] for line in done.stderr.splitlines()]
    assert warned == [str(site / "heavy/conclint.toml"), str(site / "liar/conclint.toml")]
    for words in (("config",), ("unknown",), ("map",), ("explain", "app.py:3")):
        assert "Traceback" not in run_conclint(project, *words).stderr
    assert not list(tmp_path.rglob("*ran"))
    assert not (tmp_path / "ran").exists()
