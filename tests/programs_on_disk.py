"""Small projects on disk, and conclint run on them: in this process, or as one of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conclint.source.file_digests import FileDigests
from conclint.store.cache import Cache
from conclint.summary_store import SummaryStore
from harness.command import Done, conclint

VIEWS = """\
from app import helper


async def show(url):
    return helper.load(url)
"""
SLOW_HELPER = """\
import requests


def load(url):
    return requests.get(url, timeout=5)
"""
QUICK_HELPER = """\
def load(url):
    return url
"""


def write_project(folder: Path, **files: str) -> Path:
    """The folder with a project of these files below `app/` (names without .py)."""
    (folder / "app").mkdir(parents=True)
    (folder / "pyproject.toml").write_text("[tool.conclint]\n")
    for name, text in {"__init__": "", **files}.items():
        (folder / f"app/{name}.py").write_text(text, encoding="utf-8")
    return folder


def run_conclint(folder: Path, *arguments: str, stdin: bytes = b"") -> Done:
    """What the command comes to, run in this process (`harness.command` says which tests may); a traceback is
    a failure whatever the test is about."""
    done = conclint(*arguments, cwd=folder, stdin=stdin)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def conclint_process(
    folder: Path, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None
) -> Done:
    """The same of a process of its own."""
    command = [sys.executable, "-m", "conclint", *arguments]
    done = subprocess.run(command, cwd=folder, env=env, input=stdin, capture_output=True, check=False)
    result = Done(command, done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))
    assert "Traceback" not in result.stderr, result.stderr
    return result


def findings_of(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    """The findings of a run, which must not have failed."""
    done = run_conclint(folder, "--output-format=json", *arguments)
    assert done.returncode in (0, 1), done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def places_of(folder: Path, *arguments: str) -> list[str]:
    """`path:line code` of each finding of a run."""
    return ["{path}:{line} {code}".format(**found) for found in findings_of(folder, *arguments)]


def git(folder: Path, *arguments: str) -> str:
    """Git's output, with a committer of its own and no configuration of the machine's."""
    command = [
        "git",
        "-c",
        "user.name=T",
        "-c",
        "user.email=t@example.org",
        "-c",
        "core.hooksPath=.git/hooks",
    ]
    done = subprocess.run([*command, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def commit_all(folder: Path, message: str = "x") -> str:
    """A commit of everything; makes the repository if there is none. Returns its hash."""
    if not (folder / ".git").exists():
        git(folder, "init", "-q", "-b", "main")
        (folder / ".gitignore").write_text(".conclint_cache/\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", message)
    return git(folder, "rev-parse", "HEAD").strip()


def store_with(
    cache: Cache | None, *arguments: Any, contents: FileDigests | None = None, **more: Any
) -> SummaryStore:
    """A store of summaries with this cache, without one for None."""
    cache = Cache.open(None) if cache is None else cache
    return SummaryStore(cache, contents or FileDigests(cache), *arguments, **more)
