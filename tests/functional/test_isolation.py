"""Nothing of the analysed project is executed: in a folder with a file named after each standard module and
each of conclint's dependencies, none leaves its mark."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import NamedTuple

import pytest

SCRIPTS = Path(sys.executable).parent
CONCLINT = str(SCRIPTS / ("conclint.exe" if os.name == "nt" else "conclint"))
MODULES = 34
SLOW = "async def wait():\n    input()\n\n\n"
FILLER = f"# {'nothing ' * 25}\n" * 500
"""In all more than 3 MiB, from which files are judged in worker processes too."""


class Planted(NamedTuple):
    """A project whose modules are named as those that conclint imports, and where they leave their marks."""

    folder: Path
    marks: Path

    def run(self, *command: str, cwd: Path | None = None, **environment: str) -> str:
        """What the command prints about the folder. It must not fail, nor execute a module of the folder."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        done = subprocess.run(
            command,
            cwd=cwd or self.folder,
            env={**kept, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (1, "")
        assert self.executed() == []
        return done.stdout

    def executed(self) -> list[str]:
        return sorted(mark.name for mark in self.marks.iterdir())


def dependencies() -> set[str]:
    """The names of all modules of the packages that conclint, with its extras, needs, also through others."""
    wanted, seen, modules = ["conclint"], set[str](), set[str]()
    while wanted:
        name = re.split(r"[^\w.-]", wanted.pop())[0]
        if name in seen:
            continue
        seen.add(name)
        try:
            package = distribution(name)
        except PackageNotFoundError:  # of an extra, or for another system
            continue
        wanted += [line for line in package.requires or () if "extra ==" not in line or name == "conclint"]
        tops = {file.parts[0] for file in package.files or () if file.suffix == ".py"}
        modules |= {top.removesuffix(".py") for top in tops}
    return {module for module in modules if module.isidentifier()} - {"conclint"}


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    base = tmp_path_factory.mktemp("planted")
    project = Planted(base / "project", base / "marks")
    project.marks.mkdir()
    project.folder.mkdir()
    (project.folder / "pyproject.toml").write_text("[tool.conclint]\nexclude = []\n")
    for number in range(MODULES):
        (project.folder / f"waits{number}.py").write_text(text_of(number))
    names = {*sys.stdlib_module_names, *dependencies(), "sitecustomize", "usercustomize"}
    assert {"libcst", "msgspec", "typing_extensions", "lsprotocol", "struct", "threading"} <= names
    for name in names:
        mark = str(project.marks / name)
        (project.folder / f"{name}.py").write_text(f"open({mark!r}, 'a').close()\n")
    return project


def text_of(number: int) -> str:
    """One of the modules: no two are equal, for those would be looked at once."""
    return f"{SLOW}# {number}\n{FILLER}"


@pytest.fixture(scope="module")
def expected(planted: Planted) -> list[str]:
    """The findings of a run that starts nothing, from elsewhere."""
    command = [CONCLINT, "--jobs=1", "--no-cache", "--output-format=json", str(planted.folder)]
    found = places(planted.run(*command, cwd=planted.marks.parent))
    assert len(found) == MODULES
    return found


def places(output: str) -> list[str]:
    return [f"{Path(row['path']).name}:{row['line']} {row['code']}" for row in json.loads(output)]


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("cached", [False, True])
def test_the_command(planted: Planted, expected: list[str], tmp_path: Path, jobs: str, cached: bool) -> None:
    cache = f"--cache-dir={tmp_path / 'cache'}" if cached else "--no-cache"
    command = [CONCLINT, f"--jobs={jobs}", cache, "--output-format=json", "."]
    assert places(planted.run(*command)) == expected


def test_a_map(planted: Planted) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [CONCLINT, "map", "waits0.py", "--no-cache"]
    done = subprocess.run(command, cwd=planted.folder, env=kept, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr, planted.executed()) == (0, "", [])


def test_flake8(planted: Planted, expected: list[str]) -> None:
    files = ["waits0.py", "waits1.py", "struct.py"]
    form = "--format=%(path)s:%(row)d %(code)s"
    found = planted.run(str(SCRIPTS / "flake8"), "--select=CON", "--disable-noqa", form, *files)
    assert found.splitlines() == [place for place in expected if place.startswith(("waits0.", "waits1."))]


def test_flake8_with_the_working_folder_on_its_path(planted: Planted, tmp_path: Path) -> None:
    """`python -m flake8` imports what it likes there; what conclint imports is another matter."""
    for name in dependencies() - {"flake8", "mccabe", "pycodestyle", "pyflakes"}:
        shutil.copy(planted.folder / f"{name}.py", tmp_path)
    (tmp_path / "waits.py").write_text(SLOW)
    found = planted.run(sys.executable, "-m", "flake8", "--select=CON", "waits.py", cwd=tmp_path)
    assert found.startswith("waits.py:2:5: CON")


def test_python_dash_m_and_pythonpath(planted: Planted, tmp_path: Path) -> None:
    """What the interpreter itself imports before conclint begins is not in its hands; all else is."""
    for name in dependencies():
        shutil.copy(planted.folder / f"{name}.py", tmp_path)
    for number in range(MODULES):
        shutil.copy(planted.folder / f"waits{number}.py", tmp_path)
    for command in ([CONCLINT], [sys.executable, "-m", "conclint"]):
        planted.run(*command, "-j2", "--no-cache", ".", cwd=tmp_path, PYTHONPATH=str(tmp_path))
        planted.run(
            *command, "-j2", "--no-cache", str(tmp_path), PYTHONPATH=str(tmp_path), cwd=tmp_path.parent
        )


def test_the_language_server(planted: Planted, expected: list[str]) -> None:
    pytest.importorskip("pygls", reason="needs the extra `server`")
    from editor import Editor, in_editor, uri_of

    files = [planted.folder / f"waits{number}.py" for number in range(MODULES)]

    async def session() -> None:
        async with Editor(planted.folder, command=(CONCLINT, "server")) as editor:
            editor.open(files[0], text_of(0))
            await editor.until(lambda: all(editor.known.get(uri_of(file)) for file in files))
            found = [
                f"{file.name}:{mark.range.start.line + 1} {mark.code}"
                for file in sorted(files)
                for mark in editor.known[uri_of(file)]
            ]
            assert found == sorted(expected)

    in_editor(session())
    assert planted.executed() == []


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=x", "-c", "user.email=x@x", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.mark.skipif(os.name == "nt" or shutil.which("git") is None, reason="needs Git and a shell")
@pytest.mark.parametrize("how", ["--affected", "--diff-base=HEAD"])
def test_the_pre_commit_hook_in_a_repository_whose_configuration_names_programs(
    planted: Planted, expected: list[str], tmp_path: Path, how: str
) -> None:
    folder = tmp_path / "repository"
    shutil.copytree(planted.folder, folder)
    (folder / ".gitattributes").write_text("*.py filter=evil diff=evil\n")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=all")
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    program = f"touch {planted.marks}/git;cat;true"
    for hook in ("post-index-change", "fsmonitor-watchman", "pre-commit", "post-checkout"):
        (hooks / hook).write_text(f"#!/bin/sh\ntouch {planted.marks}/{hook}\n")
        (hooks / hook).chmod(0o755)
    for key, value in {
        "core.hooksPath": str(hooks),
        "core.fsmonitor": str(hooks / "fsmonitor-watchman"),
        "diff.external": program,
        "diff.evil.textconv": program,
        "diff.evil.command": program,
        "filter.evil.clean": program,
        "filter.evil.smudge": program,
        "filter.evil.required": "true",
        "core.pager": program,
    }.items():
        git(folder, "config", key, value)
    (planted.marks / "git").unlink(missing_ok=True)
    for name in ("waits0.py", "waits1.py"):
        (folder / name).write_text("x = 1\n" + SLOW)
    (folder / "new.py").write_text(SLOW)
    # A fake Git where an empty entry of PATH means the working folder.
    (folder / "git").write_text(f"#!/bin/sh\ntouch {planted.marks}/fake-git\n")
    (folder / "git").chmod(0o755)
    path = os.pathsep.join(["", ".", str(folder), os.environ["PATH"]])
    files = ["waits0.py", "waits1.py", "new.py"] if how == "--affected" else ["."]
    command = [CONCLINT, "check", how, "--force-exclude", "--output-format=json", "--jobs=2", *files]
    found = places(planted.run(*command, cwd=folder, PATH=path))
    assert {place.partition(":")[0] for place in found} >= {"new.py"}
