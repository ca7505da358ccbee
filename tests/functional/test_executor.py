"""`--executor dask://…` against a real cluster of two worker processes on this machine."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import command

if importlib.util.find_spec("distributed") is None:
    pytest.skip("needs the extra `dask`", allow_module_level=True)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    import distributed  # takes a second: not in each process that looks what tests there are

    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(**options) as running, distributed.Client(running) as client:
        client.wait_for_workers(2, timeout=60)
        yield client


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Forty modules: a coroutine in each even one, which blocks through the odd one after it; and a broken
    one. They are long enough for several chunks."""
    filling = "# nothing\n" * 400
    for number in range(0, 40, 2):
        (tmp_path / f"m{number}.py").write_text(
            f"{filling}import m{number + 1}\n\nasync def run{number}():\n    m{number + 1}.pause()\n"
        )
        (tmp_path / f"m{number + 1}.py").write_text(
            f"{filling}import time\n\n\ndef pause():\n    time.sleep(1)\n"
        )
    (tmp_path / "broken.py").write_text("async def (:\n")
    return tmp_path


def conclint(*options: str, cwd: Path) -> command.Done:
    """The command in this process: the library, which takes seconds to import, is here already."""
    return command.conclint("--output-format=json", *options, ".", cwd=cwd)


def address(client: Any) -> str:
    scheduler: str = client.scheduler.address
    return f"dask://{scheduler.removeprefix('tcp://')}"


def has_libcst() -> bool:
    return "libcst" in sys.modules


def test_two_workers_elsewhere_give_what_a_run_here_gives(cluster: Any, project: Path) -> None:
    assert not any(cluster.run(has_libcst).values())
    here = conclint("--no-cache", "--jobs=1", cwd=project)
    there = conclint("--no-cache", f"--executor={address(cluster)}", cwd=project)
    assert (there.returncode, there.stderr) == (1, "")
    assert here.stdout.count('"CON102"') == 20
    assert here.stdout.count('"CON900"') == 1
    assert there.stdout == here.stdout
    assert all(cluster.run(has_libcst).values()), "both workers have parsed"


def test_what_workers_elsewhere_made_serves_the_next_run_here(cluster: Any, project: Path) -> None:
    first = conclint(f"--executor={address(cluster)}", cwd=project)
    assert conclint(cwd=project).stdout == first.stdout


def _pretend(version: str) -> None:
    from conclint.workers import dask as remote

    vars(remote)["__version__"] = version


def test_a_worker_with_another_conclint_is_refused(cluster: Any, project: Path) -> None:
    from conclint import __version__

    cluster.run(_pretend, "0.0.9", workers=[min(cluster.scheduler_info()["workers"])])
    try:
        done = conclint("--no-cache", f"--executor={address(cluster)}", cwd=project)
    finally:
        cluster.run(_pretend, __version__)
    assert done.returncode == 2
    assert "has conclint 0.0.9" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_no_scheduler_is_one_line(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = textwrap.dedent(
        """
        import conclint.workers.dask as remote
        remote._PATIENCE = 1
        from conclint.__main__ import main
        main()
        """
    )
    line = [sys.executable, "-c", program, "--no-cache", "--executor=dask://127.0.0.1:9", "."]
    done = subprocess.run(line, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("conclint: error: no Dask scheduler at 127.0.0.1:9")
    assert len(done.stderr.splitlines()) == 1


def test_without_the_extra_it_says_what_to_install(project: Path) -> None:
    program = "import sys; sys.modules['distributed'] = None; from conclint.__main__ import main; main()"
    line = [sys.executable, "-c", program, "--no-cache", "--executor=dask://127.0.0.1:9", "."]
    done = subprocess.run(line, cwd=project, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "conclint: error: --executor needs the package distributed: pip install distributed\n"
    )


@pytest.mark.parametrize(
    "wrong", ["127.0.0.1:8786", "dask://", "dask://host", "dask://host:port", "ray://h:1"]
)
def test_a_wrong_address_is_wrong_usage(project: Path, wrong: str) -> None:
    done = conclint(f"--executor={wrong}", cwd=project)
    assert done.returncode == 2
    assert "must be an address such as dask://host:8786" in done.stderr
