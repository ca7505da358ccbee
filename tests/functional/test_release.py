"""What is published: the wheel and the sdist; the action and the workflows. `test_readme`
installs it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from conclint import __version__
from harness.published import ROOT, publish
from programs_on_disk import git

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def load(file: Path) -> dict[Any, Any]:
    content = yaml.safe_load(file.read_text())
    assert isinstance(content, dict)
    return content


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare repository of what is published, as a server has it."""
    folder = tmp_path_factory.mktemp("release")
    work = folder / "work"
    publish(work)
    git(work, "tag", f"v{__version__}")
    git(folder, "clone", "--quiet", "--bare", str(work), str(folder / "bare.git"))
    return folder / "bare.git"


def run(*command: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def wheel(bare: Path) -> Path:
    folder = bare.parent / "wheel"
    source = f"git+{bare.as_uri()}@v{__version__}"
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--wheel-dir", str(folder))
    built = run(sys.executable, "-m", "pip", "wheel", *options, source, cwd=bare.parent)
    assert built.returncode == 0, built.stderr
    (file,) = folder.iterdir()
    return file


def test_from_git_comes_the_version_of_the_tag(wheel: Path) -> None:
    assert wheel.name == f"conclint-{__version__}-py3-none-any.whl"


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/", 1)[0] for name in names}
    assert tops == {"conclint", f"conclint-{__version__}.dist-info"}
    here = {
        f"conclint/measure/pairs/programs/{path.relative_to(ROOT / 'fixtures/pairs').as_posix()}"
        for path in (ROOT / "fixtures/pairs").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    } | {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "conclint").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and ".conclint_cache" not in path.parts
    }
    assert {name for name in names if name.startswith("conclint/")} == here
    assert "conclint/py.typed" in names


def test_the_sdist_builds_the_same(bare: Path, wheel: Path, tmp_path: Path) -> None:
    code = (
        "from hatchling.builders.sdist import SdistBuilder; import sys;"
        "print(*SdistBuilder(sys.argv[1]).build(directory=sys.argv[2], versions=['standard']))"
    )
    built = run(sys.executable, "-c", code, str(bare.parent / "work"), str(tmp_path), cwd=tmp_path)
    assert built.returncode == 0, built.stderr
    (file,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(file) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
    packed = zipfile.ZipFile(wheel).namelist()
    assert {name for name in packed if re.match(r"conclint/(?!measure/pairs/programs/)", name)} <= names
    assert {"pyproject.toml", "LICENSE", "README.md"} <= names


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_workflows(file: Path) -> None:
    workflow = load(file)
    assert workflow["permissions"], "no more than is needed"
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
            assert re.fullmatch(r"[\w-]+/[\w-]+@[\w./]+", step.get("uses", "a/b@v1"))
            assert "${{ github.event" not in step.get("run", ""), "strangers' words are no script"


def test_the_supported_pythons_are_tested_and_released() -> None:
    listed = set(re.findall(r"Python :: (3\.\d+)", (ROOT / "pyproject.toml").read_text()))
    test, release = (load(ROOT / f".github/workflows/{name}.yml")["jobs"] for name in ("test", "release"))
    check = {
        step["with"]["python-version"]
        for step in test["check"]["steps"]
        if "setup-python" in step.get("uses", "")
    }
    assert {*test["pythons"]["strategy"]["matrix"]["python"], *check} == listed
    assert set(release["check"]["strategy"]["matrix"]["python"]) == listed


@pytest.mark.skipif(shutil.which("bash") is None, reason="the action's scripts are bash")
@pytest.mark.parametrize(
    ("paths", "arguments", "status"),
    [
        (".", "", "1"),
        ("good.py", "", "0"),
        (".", "--exit-zero", "0"),
        ("$(touch${IFS}mark) ;touch mark", "", "1"),
    ],
)
def test_the_actions_script(tmp_path: Path, paths: str, arguments: str, status: str) -> None:
    (step,) = (step for step in load(ROOT / "action.yml")["runs"]["steps"] if step.get("id") == "check")
    (tmp_path / "pause.py").write_text("import time\n\n\nasync def f():\n    time.sleep(1)\n")
    (tmp_path / "good.py").write_text("x = 1\n")
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin/conclint"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m conclint "$@"\n')
    command.chmod(0o755)
    done = run(
        "bash", "-e", "-c", step["run"], cwd=tmp_path, PATHS=paths, ARGUMENTS=arguments,
        GITHUB_OUTPUT=str(tmp_path / "output"), PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "output").read_text() == f"status={status}\n"
    assert (tmp_path / "conclint.sarif").exists()
    assert not (tmp_path / "mark").exists()


def test_the_container_installs_the_package_and_runs_it() -> None:
    text = (ROOT / "Dockerfile").read_text()
    for copied in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
        for name in copied.split():
            assert (ROOT / name).exists()
    assert re.search(r"^USER nobody$", text, re.MULTILINE), "not as root"
