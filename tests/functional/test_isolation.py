"""Nothing of the analysed project is executed: in a folder with a file named after each standard module and
each of conclint's dependencies, none leaves its mark."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from threading import Timer
from typing import NamedTuple

import pytest

from conclint.judging.processes import JUDGING_PAYS

SCRIPTS = Path(sys.executable).parent
CONCLINT = str(SCRIPTS / ("conclint.exe" if os.name == "nt" else "conclint"))
MODULES = 9
LONG = range(8)
"""With enough text for worker processes to be started, also to judge; in one line, which costs little."""
SLOW = "async def wait():\n    sum(range(10**9))\n\n\n"
FILLER = f"# {'nothing ' * (JUDGING_PAYS // 8 // len(LONG))}\n"


class Planted(NamedTuple):
    """A project whose modules are named as those that conclint imports, and where they leave their marks."""

    folder: Path
    marks: Path

    def run(self, *command: str, cwd: Path | None = None, status: int = 1, **environment: str) -> str:
        """What the command prints about the folder. It must not fail, nor execute a module of the folder."""
        done = subprocess.run(
            command,
            cwd=cwd or self.folder,
            env=clean_environment() | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (status, "")
        assert self.executed() == []
        return done.stdout

    def marking(self, name: str) -> str:
        """Source that leaves a mark when it is executed."""
        return f"open({str(self.marks / name)!r}, 'a').close()\n"

    def executed(self) -> list[str]:
        return sorted(mark.name for mark in self.marks.iterdir())


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


@cache
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
    (project.folder / "pyproject.toml").write_text('[tool.conclint]\nexclude = [".venv"]\n')
    for number in range(MODULES):
        (project.folder / f"waits{number}.py").write_text(text_of(number))
    names = {*sys.stdlib_module_names, *dependencies(), "sitecustomize", "usercustomize"}
    assert {"libcst", "msgspec", "typing_extensions", "lsprotocol", "struct", "threading"} <= names
    for name in names:
        (project.folder / f"{name}.py").write_text(project.marking(name))
    environment = project.folder / ".venv"
    packages = environment / "lib" / "python3.12" / "site-packages"
    packages.mkdir(parents=True)
    (environment / "pyvenv.cfg").write_text("home = /usr/bin\n")
    (packages / "evil.pth").write_text(f"import sys; {project.marking('pth')}")
    for name in ("sitecustomize", "struct", "libcst"):
        (packages / f"{name}.py").write_text(project.marking(f"installed-{name}"))
    (packages / "waiting").mkdir()
    for number in range(MODULES):
        (packages / "waiting" / f"waits{number}.py").write_text(text_of(number))
    (packages / "waiting" / "__init__.py").write_text("from waiting.waits0 import wait\n")
    (environment / "bin").mkdir()
    for name in ("python", "python3"):
        (environment / "bin" / name).write_text(f"#!/bin/sh\ntouch '{project.marks}/interpreter'\n")
        (environment / "bin" / name).chmod(0o755)
    return project


def text_of(number: int) -> str:
    """One of the modules: no two are equal, for those would be looked at once."""
    return f"{SLOW}# {number}\n{FILLER if number in LONG else ''}"


@pytest.fixture(scope="module")
def expected(planted: Planted) -> list[str]:
    """The findings of a run that starts nothing, from elsewhere."""
    command = [CONCLINT, "--jobs=1", "--no-cache", "--output-format=json", str(planted.folder)]
    found = places(planted.run(*command, cwd=planted.marks.parent))
    assert len(found) == MODULES
    return found


def places(output: str) -> list[str]:
    return [f"{Path(row['path']).name}:{row['line']} {row['code']}" for row in json.loads(output)]


def test_the_command(planted: Planted, expected: list[str], tmp_path: Path) -> None:
    cache = f"--cache-dir={tmp_path / 'cache'}"
    for options in (["--jobs=1", "--no-cache"], ["--jobs=2", cache], ["--jobs=2", cache]):
        assert places(planted.run(CONCLINT, *options, "--output-format=json", ".")) == expected


def test_a_map(planted: Planted) -> None:
    found = planted.run(CONCLINT, "map", ".", "--jobs=2", "--no-cache", status=0)
    assert "waits8.py" in found


def test_learning_from_an_environment_of_the_project(planted: Planted) -> None:
    """Its packages are read; neither they nor its interpreter are run."""
    command = [CONCLINT, "learn", "waiting", "--jobs=2", "--no-cache", "--python=.venv/bin/python"]
    done = subprocess.run(
        command, cwd=planted.folder, env=clean_environment(), capture_output=True, text=True, check=False
    )
    assert "wait" in done.stdout, done.stderr
    assert planted.executed() == []


@pytest.mark.skipif(os.name == "nt", reason="sends a signal")
def test_watching(planted: Planted, tmp_path: Path) -> None:
    pytest.importorskip("watchfiles", reason="needs the extra `watch`")
    watching = subprocess.Popen(
        [CONCLINT, "--watch", "--jobs=1", f"--cache-dir={tmp_path / 'cache'}", "."],
        cwd=planted.folder,
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with watching:
        assert watching.stderr is not None
        assert "watching" in watching.stderr.readline()
        file = planted.folder / "waits8.py"
        Timer(0.5, file.write_text, [text_of(8)]).start()  # after the watcher has begun
        assert "watching" in watching.stderr.readline()
        watching.send_signal(signal.SIGTERM)
    assert planted.executed() == []


def test_flake8(planted: Planted, expected: list[str]) -> None:
    form = "--format=%(path)s:%(row)d %(code)s"
    command = [str(SCRIPTS / "flake8"), "--select=CON", "--disable-noqa", form, "waits8.py", "struct.py"]
    assert planted.run(*command).splitlines() == [place for place in expected if "waits8." in place]


def test_flake8_with_the_working_folder_on_its_path(planted: Planted, tmp_path: Path) -> None:
    """`python -m flake8` imports what it likes there; what conclint imports is another matter."""
    for name in dependencies() - {"flake8", "mccabe", "pycodestyle", "pyflakes"}:
        shutil.copy(planted.folder / f"{name}.py", tmp_path)
    (tmp_path / "waits.py").write_text(SLOW)
    found = planted.run(sys.executable, "-m", "flake8", "--select=CON", "waits.py", cwd=tmp_path)
    assert found.startswith("waits.py:2:5: CON")


def test_python_dash_m_and_pythonpath(planted: Planted, tmp_path: Path) -> None:
    """What the interpreter itself imports before conclint begins is not in its hands; all else is."""
    for name in (*dependencies(), "waits0", "waits1", "waits2", "waits8"):
        shutil.copy(planted.folder / f"{name}.py", tmp_path)
    path = str(tmp_path)
    module = [sys.executable, "-m", "conclint", "--no-cache"]
    planted.run(*module, "--jobs=2", ".", cwd=tmp_path, PYTHONPATH=path)
    planted.run(*module, str(tmp_path / "waits8.py"), cwd=tmp_path.parent, PYTHONPATH=path)


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


@pytest.fixture(scope="module")
def repository(planted: Planted, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same project under version control."""
    if os.name == "nt" or shutil.which("git") is None:
        pytest.skip("needs Git and a shell")
    folder = tmp_path_factory.mktemp("repository") / "project"
    shutil.copytree(planted.folder, folder)
    (folder / ".gitignore").write_text(".venv\n")
    (folder / ".gitattributes").write_text("*.py filter=evil diff=evil\n")
    (folder / ".pre-commit-config.yaml").write_text(
        f"""repos:
- repo: local
  hooks:
  - id: conclint
    name: conclint
    language: system
    types: [python]
    require_serial: true
    entry: '{CONCLINT} check --affected --force-exclude --jobs=2 --no-cache'
"""
    )
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=all")
    return folder


def test_pre_commit(planted: Planted, repository: Path, tmp_path: Path) -> None:
    script = SCRIPTS / "pre-commit"
    if not script.exists():
        pytest.skip("needs pre-commit")
    command = [str(script), "run", "--all-files", "--color=never"]
    found = planted.run(*command, cwd=repository, PRE_COMMIT_HOME=str(tmp_path))
    assert "Found 9 findings" in found


def test_a_repository_whose_configuration_names_programs(
    planted: Planted, repository: Path, tmp_path: Path
) -> None:
    folder = repository
    hooks = folder.parent / "hooks"
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
    options = ["--force-exclude", "--output-format=json", "--jobs=1", f"--cache-dir={tmp_path / 'cache'}"]
    for how in (["--affected", "waits0.py", "waits1.py", "new.py"], ["--diff-base=HEAD", "."]):
        command = [CONCLINT, "check", *options, *how]
        found = places(planted.run(*command, cwd=folder, PATH=path))
        assert {place.partition(":")[0] for place in found} >= {"new.py"}
