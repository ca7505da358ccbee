"""Workflows and hooks as the pages print them: they run where they say they do, with what can be installed
today."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.published import ADDRESS, ROOT, publish
from programs_on_disk import QUICK_HELPER, SLOW_HELPER, VIEWS, commit_all, git, write_project

PAGES = [ROOT / "README.md", ROOT / "editors/vscode/README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXT = (ROOT / "docs/integrations.md").read_text("utf-8")
BLOCKS = re.findall(r'^```yaml(?: title="([^"]+)")?\n(.*?)^```$', TEXT, re.DOTALL | re.MULTILINE)
WORKFLOWS = [yaml.safe_load(body) for title, body in BLOCKS if title.startswith(".github/workflows/")]
ON = True
"""What `on` is in YAML 1.1."""


def steps_of(workflow: dict[Any, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_there_are_workflows() -> None:
    assert len(WORKFLOWS) >= 5


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_a_workflow_installs_what_it_runs_and_writes_no_foreign_word_into_a_script(
    workflow: dict[Any, Any],
) -> None:
    assert workflow["permissions"]
    for job in workflow["jobs"].values():
        scripts = [step.get("run", "") for step in job["steps"]]
        first = next((place for place, text in enumerate(scripts) if text.startswith("conclint")), None)
        if first is not None:
            assert f"pip install git+{ADDRESS}" in scripts[:first]
        assert not any("${{ github" in text for text in scripts)


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_what_only_pull_requests_have_is_used_for_these_alone(workflow: dict[Any, Any]) -> None:
    if "github.base_ref" in yaml.safe_dump(workflow):
        assert workflow[ON] == "pull_request"


def test_everywhere_conclint_is_installed_from_where_it_is_to_be_had() -> None:
    for page in PAGES:
        for line in re.findall(r"(?:pip|pipx) install [^`\n#]*", page.read_text("utf-8")):
            words = re.sub(rf"git\+{ADDRESS}", "", line)
            assert "conclint" not in words or line.strip() == "pip install conclint", f"{page.name}: {line}"


@pytest.mark.skipif(shutil.which("bash") is None, reason="the runners' scripts are bash")
def test_the_step_for_pull_requests_reports_what_the_branch_has_caused(tmp_path: Path) -> None:
    (step,) = [
        step for workflow in WORKFLOWS for step in steps_of(workflow) if "--diff-base" in step.get("run", "")
    ]
    assert step["env"] == {"BASE": "${{ github.base_ref }}"}
    server = tmp_path / "server"
    write_project(server, views=VIEWS, helper=QUICK_HELPER, old="import time\nasync def f(): time.sleep(1)\n")
    commit_all(server)
    git(server, "branch", "-M", "trunk")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(server), str(clone))
    git(clone, "checkout", "--quiet", "-b", "change")
    (clone / "app/helper.py").write_text(SLOW_HELPER)
    commit_all(clone)
    command = step["run"].replace("conclint", f"{sys.executable} -m conclint", 1)
    done = subprocess.run(
        ["bash", "-ec", command],
        cwd=clone,
        env={**os.environ, "BASE": "trunk"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    (line,) = done.stdout.splitlines()
    assert "file=app/views.py,line=5" in line


def test_autoupdate_pins_a_commit_in_the_place_of_the_branch(tmp_path: Path) -> None:
    commit = publish(tmp_path / "published")
    project = write_project(tmp_path / "project")
    commit_all(project)
    (body,) = [body for title, body in BLOCKS if title == ".pre-commit-config.yaml" and "repos:" in body]
    config = project / ".pre-commit-config.yaml"
    config.write_text(body.replace(ADDRESS, str(tmp_path / "published")))
    home = {"PRE_COMMIT_HOME": str(tmp_path / "home"), "PRE_COMMIT_COLOR": "never"}

    def pre_commit(*arguments: str) -> str:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        done = subprocess.run(
            [sys.executable, "-m", "pre_commit", *arguments],
            cwd=project,
            env={**environment, **home},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    pre_commit("autoupdate")
    assert f"rev: {commit}" in config.read_text()
    assert pre_commit("validate-config") == ""
