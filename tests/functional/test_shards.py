"""`--shard I/N` on several machines, `conclint merge` on one, and a check there that finds what any finds."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness.command import conclint

PARTS = 3
NO_PARSER = """
import sys
def refuse(*arguments): raise AssertionError("parsed again")
import conclint.summary_store as summaries
summaries.summarise_source = refuse
summaries.SummaryStore.__init__.__kwdefaults__["summarise"] = refuse
from conclint.__main__ import main
main()
"""


def without_parser(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", NO_PARSER, *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Coroutines, each through a package, a base class and a wrapper elsewhere; a file that is no Python; and
    one that nothing leads to."""
    folder = tmp_path / "project"
    (folder / "pkg").mkdir(parents=True)
    (folder / "pyproject.toml").write_text('[project]\nname = "p"\n')
    (folder / "pkg" / "__init__.py").write_text("from .deep import pause\n")
    (folder / "pkg" / "deep.py").write_text("import time\n\n\ndef pause():\n    time.sleep(1)\n")
    for number in range(12):
        (folder / f"m{number}.py").write_text(
            f"import pkg\n\n\nasync def run{number}():\n    pkg.pause()\n" + "# filling\n" * number
        )
    (folder / "wrong.py").write_text("def (:\n")
    (folder / "alone.py").write_text("x = 1\n")
    return folder


def machines(project: Path) -> list[Path]:
    """A copy of the project for each shard, in a place of its own, its shard's cache filled."""
    copies = []
    for number in range(1, PARTS + 1):
        copy = project.with_name(f"machine{number}")
        shutil.copytree(project, copy)
        done = conclint(f"--shard={number}/{PARTS}", "--cache-dir=shard", cwd=copy)
        assert (done.returncode, done.stdout) == (0, "")
        assert f"shard {number}/{PARTS}: " in done.stderr
        copies.append(copy)
    return copies


def test_merged_shards_give_what_one_run_gives_and_parse_nothing_again(project: Path) -> None:
    alone = conclint("--output-format=json", "--no-cache", cwd=project)
    assert {found["code"] for found in json.loads(alone.stdout)} == {"CON102", "CON900"}
    folders = [str(copy / "shard") for copy in machines(project)]
    assert conclint("merge", *folders, cwd=project).returncode == 0
    merged = without_parser("--output-format=json", cwd=project)
    assert merged.stderr == ""
    assert merged.stdout == alone.stdout


def test_without_the_shards_that_run_would_have_parsed(project: Path) -> None:
    done = without_parser("--output-format=json", "--jobs=1", cwd=project)
    assert "could not be analysed: AssertionError" in done.stdout


def test_the_shards_share_the_work(project: Path) -> None:
    from conclint.store.cache import Cache, Space

    held = []
    for copy in machines(project):
        cache = Cache.open(str(copy / "shard"))
        held.append(set(cache.digests(Space.SUMMARY)))
    assert min(map(len, held)) >= 2
    assert sum(map(len, held)) == len(set.union(*held)), "none is summarised twice"


def test_a_shard_that_is_missing_costs_time_and_nothing_else(project: Path) -> None:
    alone = conclint("--output-format=json", "--no-cache", cwd=project)
    folders = [str(copy / "shard") for copy in machines(project)[1:]]
    assert conclint("merge", *folders, "--into", "all", cwd=project).returncode == 0
    merged = conclint("--output-format=json", "--cache-dir=all", cwd=project)
    assert merged.stdout == alone.stdout


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "holds nothing of conclint"), ("", "holds nothing of conclint"), ("somebody's", "has another")],
)
def test_a_folder_that_is_no_cache_is_one_line(project: Path, content: str | None, why: str) -> None:
    if content is not None:
        (project / "other").mkdir()
        (project / "other" / "CACHEDIR.TAG").write_text(content)
    done = conclint("merge", "other", cwd=project)
    assert done.returncode == 2
    assert done.stderr.startswith(f"conclint: error: {project / 'other'} {why}")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("wrong", ["0/3", "4/3", "1", "a/b", "1/0", "-1/3"])
def test_a_wrong_shard_is_wrong_usage(project: Path, wrong: str) -> None:
    done = conclint(f"--shard={wrong}", cwd=project)
    assert done.returncode == 2
    assert 'must be a part such as "1/4"' in done.stderr


def test_a_shard_needs_a_cache(project: Path) -> None:
    assert conclint("--shard=1/2", "--no-cache", cwd=project).returncode == 2
