"""Several reports of one run, in files: what goes where, and what happens where that can't be."""

from __future__ import annotations

import json
import os
import shlex
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from programs_on_disk import SLOW_HELPER, VIEWS, run_conclint, write_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path / "project", views=VIEWS, helper=SLOW_HELPER)


def test_several_formats_in_one_run(project: Path) -> None:
    done = run_conclint(
        project, "--output-format=text", "--output-format=sarif:out.sarif", "--output-format=json:out.json"
    )
    assert done.returncode == 1
    assert "app/views.py:5:12: CON101" in done.stdout
    assert json.loads((project / "out.sarif").read_text())["version"] == "2.1.0"
    assert [found["code"] for found in json.loads((project / "out.json").read_text())] == ["CON101"]


def test_output_file_is_for_the_format_without_one(project: Path) -> None:
    done = run_conclint(
        project, "--output-format=json:a.json", "--output-format=junit", "--output-file=report.xml"
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert (project / "report.xml").read_text().startswith("<?xml")
    assert (project / "a.json").exists()


def test_text_goes_to_a_file_without_colour(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert run_conclint(project, "--output-file=out.txt").stdout == ""
    assert (project / "out.txt").read_text().startswith("app/views.py:5:12: CON101")


def test_a_report_without_findings_is_written_too(project: Path) -> None:
    done = run_conclint(project, "app/helper.py", "--output-format=json", "--output-file=out.json")
    assert done.returncode == 0
    assert json.loads((project / "out.json").read_text()) == []


def test_an_old_report_is_replaced_and_keeps_its_mode(project: Path) -> None:
    out = project / "out.json"
    out.write_text("x" * 10_000)
    out.chmod(0o640)
    (project / "link.json").symlink_to(out)
    run_conclint(project, "--output-format=json:link.json")
    assert json.loads(out.read_text())
    assert stat.S_IMODE(out.stat().st_mode) == 0o640
    assert (project / "link.json").is_symlink()


def test_a_new_report_can_be_read_by_whom_the_umask_says(project: Path) -> None:
    (project / "reference").touch()
    run_conclint(project, "--output-format=json:out.json")
    assert (project / "out.json").stat().st_mode == (project / "reference").stat().st_mode


def test_a_device_is_written_to(project: Path) -> None:
    assert run_conclint(project, "--output-format=json:/dev/null").returncode == 1
    assert not Path("/dev/null").is_file()


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("missing/out.json", "there is no folder"),
        ("app", "is a directory"),
        ("app/views.py/out.json", "there is no folder"),
    ],
)
def test_a_file_that_cannot_be_written(project: Path, file: str, reason: str) -> None:
    done = run_conclint(project, "--output-format=text", f"--output-format=json:{file}")
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"conclint: error: {file}: cannot be written: {reason}")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(project: Path) -> None:
    (project / "shut").mkdir(mode=0o500)
    done = run_conclint(project, "--output-format=json:shut/out.json")
    assert done.returncode == 2
    assert "shut/out.json: cannot be written: permission denied" in done.stderr


def test_if_one_report_fails_none_is_written(project: Path) -> None:
    """/dev/full takes the file and refuses the bytes: as a disk that fills up does."""
    (project / "out.json").write_text("old")
    done = run_conclint(
        project, "--output-format=json:out.json", "--output-format=text", "--output-format=junit:/dev/full"
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "conclint: error: /dev/full: cannot be written: no space left on device\n"
    assert (project / "out.json").read_text() == "old"
    assert sorted(path.name for path in project.iterdir()) == [
        ".conclint_cache",
        "app",
        "out.json",
        "pyproject.toml",
    ]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--output-format=xml"], "'xml' is not one of text, concise, json"),
        (["--output-format=json:"], "names no file after the colon"),
        (["--output-format=json", "--output-format=text"], "one format can go to standard output"),
        (
            ["--output-format=json:a", "--output-format=sarif:./a"],
            "two reports would be written to",
        ),
        (["--output-format=json:a", "--output-file=b"], "every --output-format names a file already"),
        (["--output-format=sarif", "--statistics"], "--statistics isn't available as sarif"),
    ],
)
def test_outputs_that_contradict_each_other(project: Path, arguments: list[str], complaint: str) -> None:
    done = run_conclint(project, *arguments)
    assert done.returncode == 2
    assert complaint in " ".join(done.stderr.split())


FULL = "conclint: error: standard output: cannot be written: no space left on device\n"


@pytest.mark.parametrize("times", [1, 2], ids=["analysed", "replayed"])
@pytest.mark.parametrize(("where", "status", "said"), [(">&-", 1, ""), (">/dev/full", 2, FULL)])
def test_standard_output_that_takes_nothing(
    project: Path, where: str, status: int, said: str, times: int
) -> None:
    for path in [project, *project.rglob("*")]:
        os.utime(path, (1_600_000_000, 1_600_000_000))  # what has just changed is not replayed
    time.sleep(2.1 if times > 1 else 0)
    command = shlex.join([sys.executable, "-m", "conclint"])
    for target in [">/dev/null"] * (times - 1) + [where]:
        done = subprocess.run(
            f"{command} {target}", shell=True, cwd=project, capture_output=True, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (status, said)
    assert len(list(project.rglob("*.replay"))) == times - 1
