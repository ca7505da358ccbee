"""One cache for many: runs at the same time, and a cache that is damaged or somebody else's."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conclint.config.settings import load_config
from conclint.run.pipeline import check
from harness.longer import LONGER

AT_ONCE = 3
FOLDER = ".conclint_cache"


def write_project(folder: Path, modules: int = 20) -> None:
    (folder / "pyproject.toml").write_text('[project]\nname = "p"\n')
    (folder / "slow.py").write_text("import time\n\n\ndef pause():\n    time.sleep(1)\n")
    for number in range(modules):
        (folder / f"m{number}.py").write_text(
            f"import slow\n\n\nasync def run{number}():\n    slow.pause()\n"
        )


def start(*command: str, cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", *command], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_runs_at_the_same_time_all_find_the_same(tmp_path: Path) -> None:
    write_project(tmp_path)
    whole = ("conclint", "--output-format=json")
    expected, _ = start(*whole, "--no-cache", cwd=tmp_path).communicate()
    for _ in range(2):  # on no cache, and on the one that they made
        runs = [start(*whole, cwd=tmp_path) for _ in range(AT_ONCE)]
        one = [start(*whole, f"m{number}.py", cwd=tmp_path) for number in range(2)]
        flake8 = start("flake8", "--isolated", "--select=CON", "--jobs=2", ".", cwd=tmp_path)
        for run in runs:
            out, err = run.communicate()
            assert (out, err) == (expected, "")
        for run in one:
            assert run.communicate()[0].count('"CON102"') == 1
        out, err = flake8.communicate()
        assert (out.count("CON102"), err) == (20, "")
    assert not list((tmp_path / FOLDER).glob("*.tmp"))


def test_a_run_that_is_killed_spoils_nothing(tmp_path: Path) -> None:
    write_project(tmp_path, 200)
    whole = ("conclint", "--output-format=json")
    expected, _ = start(*whole, "--no-cache", cwd=tmp_path).communicate()
    for seconds in (0.2, 0.4, 0.8):
        run = start(*whole, cwd=tmp_path)
        try:
            run.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            run.kill()
            run.communicate()
    assert start(*whole, cwd=tmp_path).communicate() == (expected, "")


def _truncated(data: bytes, at: int) -> bytes:
    return data[: at % (len(data) + 1)]


def _flipped(data: bytes, at: int) -> bytes:
    at %= len(data) or 1
    return data[:at] + bytes((data[at] ^ 0xFF,)) + data[at + 1 :] if data else b"x"


def _foreign(data: bytes, at: int) -> bytes:
    return bytes(at % 251 for _ in range(at % 4096))


def _from_the_middle(data: bytes, at: int) -> bytes:
    return data[at % (len(data) + 1) :]


@pytest.fixture(scope="module")
def cached(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with its cache, which each example damages in a copy of its own."""
    folder = tmp_path_factory.mktemp("project")
    write_project(folder, 4)
    check([str(folder)], load_config([str(folder)], cwd=folder))
    return folder


@settings(
    max_examples=40 * LONGER, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    damage=st.lists(
        st.tuples(
            st.integers(0, 50),
            st.sampled_from([_truncated, _flipped, _foreign, _from_the_middle]),
            st.integers(0, 1 << 20),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_a_damaged_cache_changes_no_finding_and_is_made_good(
    cached: Path, damage: list[tuple[int, Callable[[bytes, int], bytes], int]]
) -> None:
    config = load_config([str(cached)], cwd=cached)
    kept = cached.with_name("kept")
    if not kept.exists():
        shutil.copytree(config.cache_dir, kept)
    shutil.rmtree(config.cache_dir)
    shutil.copytree(kept, config.cache_dir)
    files = sorted(path for path in config.cache_dir.iterdir())
    for number, spoil, at in damage:
        file = files[number % len(files)]
        file.write_bytes(spoil(file.read_bytes(), at))
    for _ in range(2):
        report = check([str(cached)], config)
        assert [finding.code for finding in report.findings] == ["CON102"] * 4
