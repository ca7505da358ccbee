"""The hooks under the real pre-commit, in a scratch repository, installed from this checkout."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness.published import ADDRESS, ROOT, publish
from programs_on_disk import QUICK_HELPER, SLOW_HELPER, VIEWS, commit_all, git, write_project

NO_INDEX = ("No matching distribution", "Connection", "Temporary failure", "Failed to establish")


def configuration(repository: Path, revision: str, hook: str) -> str:
    """The README's, with a repository and a revision that are here."""
    text = (ROOT / "README.md").read_text("utf-8")
    (block,) = re.findall(r"^```yaml\n(repos:.*?)^```$", text, re.DOTALL | re.MULTILINE)
    block = block.replace(ADDRESS, str(repository)).replace("id: conclint\n", f"id: {hook}\n")
    return re.sub(r"rev: .*", f"rev: {revision}", block)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A repository of this checkout as a user would name it in the configuration, and its commit."""
    folder = tmp_path_factory.mktemp("published")
    return folder, publish(folder)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pre-commit keeps the environments that it makes."""
    return tmp_path_factory.mktemp("pre-commit-home")


class Repository:
    """A scratch repository with the hook installed."""

    def __init__(self, folder: Path, home: Path, published: tuple[Path, str], hook: str) -> None:
        self.folder = write_project(folder, views=VIEWS, helper=QUICK_HELPER)
        self._home = home
        commit_all(self.folder)
        repository, revision = published
        config = configuration(repository, revision, hook)
        (self.folder / ".pre-commit-config.yaml").write_text(config)
        installed = self.pre_commit("install", "--install-hooks")
        if installed.returncode and any(sign in installed.stdout for sign in NO_INDEX):
            pytest.skip("no package index to install the hook's dependencies from")
        assert installed.returncode == 0, installed.stdout

    def pre_commit(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._run(sys.executable, "-m", "pre_commit", *arguments)

    def write(self, name: str, text: str) -> None:
        (self.folder / f"app/{name}.py").write_text(text)

    def commit(self) -> subprocess.CompletedProcess[str]:
        git(self.folder, "add", "-A")
        return self._run("git", "-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-m", "x")

    def head(self) -> str:
        return git(self.folder, "rev-parse", "HEAD").strip()

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        environment |= {
            "PRE_COMMIT_HOME": str(self._home),
            "PRE_COMMIT_COLOR": "never",
            "PIP_NO_COMPILE": "1",  # of what is installed little is imported
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "HOME": str(self._home),
        }
        return subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )


def test_a_commit_of_a_helper_alone_is_refused_and_passes_once_fixed(
    tmp_path: Path, home: Path, published: tuple[Path, str]
) -> None:
    repository = Repository(tmp_path / "project", home, published, "conclint")
    first = repository.commit()
    assert first.returncode == 0, first.stdout

    repository.write("helper", SLOW_HELPER)
    before = repository.head()
    refused = repository.commit()
    assert refused.returncode == 1
    assert "app/views.py:5:12: CON101 `helper.load` blocks the event loop" in refused.stdout
    assert repository.head() == before

    fixed = VIEWS.replace("helper.load(url)", "await asyncio.to_thread(helper.load, url)")
    repository.write("views", f"import asyncio\n\n{fixed}")
    passed = repository.commit()
    assert passed.returncode == 0, passed.stdout
    assert "conclint" in passed.stdout
    assert "Passed" in passed.stdout
    assert repository.head() != before


def test_an_old_finding_elsewhere_refuses_no_commit_but_the_whole_projects(
    tmp_path: Path, home: Path, published: tuple[Path, str]
) -> None:
    repository = Repository(tmp_path / "project", home, published, "conclint")
    repository.write("old", "import time\n\n\nasync def f():\n    time.sleep(1)\n")
    git(repository.folder, "add", "-A")
    git(repository.folder, "commit", "-q", "--no-verify", "-m", "x")
    repository.write("helper", "# a comment\n" + QUICK_HELPER)
    assert repository.commit().returncode == 0

    config = repository.folder / ".pre-commit-config.yaml"
    config.write_text(config.read_text().replace("id: conclint", "id: conclint-all"))
    repository.write("helper", "# another one\n" + QUICK_HELPER)
    refused = repository.commit()
    assert refused.returncode == 1
    assert "app/old.py:5:5: CON102" in refused.stdout
