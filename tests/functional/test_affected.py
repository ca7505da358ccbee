"""`--affected` and `--diff-base`: what a change can have caused, wherever it lies."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from programs_on_disk import (
    QUICK_HELPER,
    SLOW_HELPER,
    VIEWS,
    commit_all,
    git,
    places_of,
    run_conclint,
    write_project,
)

OTHER = "import time\n\n\nasync def wait():\n    time.sleep(1)\n"
SHOWN = "app/views.py:5 CON101"


class TestAffected:
    @pytest.fixture
    def project(self, tmp_path: Path) -> Path:
        return write_project(tmp_path / "project", views=VIEWS, helper=SLOW_HELPER, other=OTHER)

    def test_a_helper_alone_has_no_finding(self, project: Path) -> None:
        assert places_of(project, "app/helper.py") == []

    def test_what_passes_through_the_helper(self, project: Path) -> None:
        assert places_of(project, "--affected", "app/helper.py") == [SHOWN]

    def test_again_from_the_cache(self, project: Path) -> None:
        for _ in range(2):
            assert places_of(project, "--affected", "app/helper.py") == [SHOWN]
        (project / "app/helper.py").write_text(QUICK_HELPER)
        assert places_of(project, "--affected", "app/helper.py") == []

    def test_a_named_files_own_findings_too(self, project: Path) -> None:
        assert places_of(project, "--affected", "app/helper.py", "app/other.py") == [
            "app/other.py:5 CON102",
            SHOWN,
        ]

    def test_nothing_passes_through_a_file_that_is_only_near(self, project: Path) -> None:
        (project / "app/unused.py").write_text("import app.helper\n")
        assert places_of(project, "--affected", "app/unused.py") == []

    def test_through_many_files(self, project: Path) -> None:
        for number in range(5):
            source = "helper" if number == 4 else f"step{number + 1}"
            text = f"from .{source} import load as inner\n\n\ndef load(url):\n    return inner(url)\n"
            (project / f"app/step{number}.py").write_text(text)
        (project / "app/__init__.py").write_text("from app.step0 import load\n")
        (project / "app/views.py").write_text("import app\n\n\nasync def show(url):\n    app.load(url)\n")
        for name in ("helper", "step4", "step2"):
            assert places_of(project, "--affected", f"app/{name}.py") == [SHOWN]

    def test_through_a_method_of_an_object_made_elsewhere(self, project: Path) -> None:
        (project / "app/client.py").write_text(
            "import requests\n\n\nclass Client:\n    def load(self, url):\n        return requests.get(url)\n"
        )
        (project / "app/making.py").write_text(
            "import app.client as c\n\n\ndef make():\n    return c.Client()\n"
        )
        (project / "app/views.py").write_text(
            "from app.making import make\n\n\nasync def show(url):\n    make().load(url)\n"
        )
        assert places_of(project, "--affected", "app/client.py") == [SHOWN]

    def test_the_called_function_itself_counts_though_it_calls_nothing(self, project: Path) -> None:
        (project / "app/helper.py").write_text("def load(url):  # conclint: blocks\n    return url\n")
        assert places_of(project, "--affected", "app/helper.py") == ["app/views.py:5 CON111"]

    def test_from_another_folder(self, project: Path) -> None:
        assert places_of(project / "app", "--affected", "helper.py") == ["views.py:5 CON101"]

    def test_what_an_editor_has_not_saved(self, project: Path) -> None:
        arguments = ["--affected", "--output-format=concise", "-", "--stdin-filename=app/helper.py"]
        done = run_conclint(project, *arguments, stdin=QUICK_HELPER.encode())
        assert (done.returncode, done.stdout) == (0, "")
        (project / "app/helper.py").write_text(QUICK_HELPER)
        done = run_conclint(project, *arguments, stdin=SLOW_HELPER.encode())
        assert done.stdout.startswith("app/views.py:5:12: CON101")

    def test_a_broken_file_elsewhere_is_no_concern(self, project: Path) -> None:
        (project / "app/broken.py").write_text("from app import helper\nasync def f(:\n")
        assert places_of(project, "--affected", "app/helper.py") == [SHOWN]

    def test_a_path_that_does_not_exist(self, project: Path) -> None:
        assert places_of(project, "--affected", "app/none.py", "app/helper.py") == [
            "app/none.py:1 CON900",
            SHOWN,
        ]


class TestDiffBase:
    @pytest.fixture
    def project(self, tmp_path: Path) -> Path:
        folder = write_project(tmp_path / "project", views=VIEWS, helper=QUICK_HELPER, other=OTHER)
        commit_all(folder)
        return folder

    def new(self, project: Path, *arguments: str) -> list[str]:
        return places_of(project, "--diff-base=HEAD", *arguments)

    def test_no_change_no_finding(self, project: Path) -> None:
        assert places_of(project) == ["app/other.py:5 CON102"]
        assert self.new(project) == []

    def test_an_unchanged_coroutine_whose_helper_was_changed_to_block(self, project: Path) -> None:
        (project / "app/helper.py").write_text(SLOW_HELPER)
        assert self.new(project) == [SHOWN]

    def test_only_what_the_change_caused_in_a_changed_file(self, project: Path) -> None:
        (project / "app/other.py").write_text(
            "import time\n# two\n# lines\n" + OTHER + "    open('x.csv').read()\n"
        )
        assert self.new(project) == ["app/other.py:9 CON104"]

    def test_a_second_one_of_a_kind(self, project: Path) -> None:
        (project / "app/other.py").write_text(OTHER + "    time.sleep(2)\n")
        assert self.new(project) == ["app/other.py:6 CON102"]

    def test_whether_committed_or_staged_makes_no_difference(self, project: Path) -> None:
        base = git(project, "rev-parse", "HEAD").strip()
        (project / "app/helper.py").write_text(SLOW_HELPER)
        git(project, "add", "-A")
        assert self.new(project) == [SHOWN]
        commit_all(project)
        assert self.new(project) == []
        assert places_of(project, f"--diff-base={base[:10]}") == [SHOWN]

    def test_a_new_file_that_git_does_not_know(self, project: Path) -> None:
        (project / "app/ädded.py").write_text(OTHER)
        assert self.new(project) == ["app/ädded.py:5 CON102"]

    def test_a_renamed_files_old_findings_are_not_new(self, project: Path) -> None:
        git(project, "mv", "app/other.py", "app/pauses.py")
        assert self.new(project) == []
        (project / "app/pauses.py").write_text(OTHER + "    time.sleep(2)\n")
        assert self.new(project) == ["app/pauses.py:6 CON102"]

    def test_a_deleted_file_whose_name_then_means_a_library(self, project: Path) -> None:
        """Without the project's own `requests`, the helper calls the one that blocks."""
        (project / "app/helper.py").write_text(SLOW_HELPER)
        (project / "requests.py").write_text("def get(url, timeout):\n    return url\n")
        commit_all(project)
        assert self.new(project) == []
        (project / "requests.py").unlink()
        assert self.new(project) == [SHOWN]

    def test_a_deleted_helper_causes_nothing(self, project: Path) -> None:
        (project / "app/helper.py").unlink()
        assert self.new(project) == []

    def test_a_comment_taken_away_shows_what_it_hid(self, project: Path) -> None:
        file = project / "app/other.py"
        file.write_text(OTHER.replace("sleep(1)", "sleep(1)  # noqa: CON102"))
        commit_all(project)
        file.write_text(OTHER)
        assert self.new(project) == ["app/other.py:5 CON102"]

    def test_only_in_the_asked_files(self, project: Path) -> None:
        (project / "app/helper.py").write_text(SLOW_HELPER)
        assert self.new(project, "app/other.py", "app/helper.py") == []
        assert self.new(project / "app", "views.py") == ["views.py:5 CON101"]

    def test_a_branch_since_it_left(self, project: Path) -> None:
        git(project, "checkout", "-q", "-b", "work")
        (project / "app/helper.py").write_text(SLOW_HELPER)
        commit_all(project)
        git(project, "checkout", "-q", "main")
        (project / "app/other.py").write_text("")
        commit_all(project)
        git(project, "checkout", "-q", "work")
        assert places_of(project, "--diff-base=main...") == [SHOWN]
        assert places_of(project, "--diff-base=main") == ["app/other.py:5 CON102", SHOWN]

    def test_a_project_that_is_a_folder_of_the_repository(self, tmp_path: Path) -> None:
        project = write_project(tmp_path / "repo/services/one", views=VIEWS, helper=QUICK_HELPER)
        commit_all(tmp_path / "repo")
        (project / "app/helper.py").write_text(SLOW_HELPER)
        assert self.new(project) == [SHOWN]
        assert self.new(tmp_path / "repo", "services/one") == [f"services/one/{SHOWN}"]

    def test_through_a_symbolic_link(self, project: Path) -> None:
        link = project.with_name("link")
        link.symlink_to(project)
        (project / "app/helper.py").write_text(SLOW_HELPER)
        done = run_conclint(link.parent, "--diff-base=HEAD", "link/app", "--output-format=concise")
        assert done.returncode == 2  # the folder that it is run from is in no repository
        assert self.new(link) == [SHOWN]

    def test_the_repository_is_left_as_it_was(self, project: Path) -> None:
        (project / "app/helper.py").write_text(SLOW_HELPER)
        git(project, "add", "-A")
        before = (project / ".git/index").read_bytes(), git(project, "status", "--porcelain")
        self.new(project)
        assert ((project / ".git/index").read_bytes(), git(project, "status", "--porcelain")) == before

    @pytest.mark.parametrize("revision", ["nowhere", "--all", "HEAD~99", "", "x...", "HEAD:app"])
    def test_a_revision_that_does_not_exist(self, project: Path, revision: str) -> None:
        done = run_conclint(project, f"--diff-base={revision}")
        assert (done.returncode, done.stdout) == (2, "")
        (line,) = done.stderr.splitlines()
        assert line.startswith("conclint: error: no such Git revision: ")

    def test_a_repository_of_another_user_is_refused_in_gits_words(
        self, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
        for scope in ("GLOBAL", "SYSTEM"):  # which may say that all is safe
            monkeypatch.setenv(f"GIT_CONFIG_{scope}", os.devnull)
        done = run_conclint(project, "--diff-base=HEAD")
        assert (done.returncode, done.stdout) == (2, "")
        (line,) = done.stderr.splitlines()
        assert "dubious ownership" in line

    def test_no_repository(self, tmp_path: Path) -> None:
        project = write_project(tmp_path / "project", views=VIEWS)
        done = run_conclint(project, "--diff-base=HEAD")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"conclint: error: {project}: not a git repository")
        assert len(done.stderr.splitlines()) == 1

    def test_no_git(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", os.devnull)
        done = run_conclint(project, "--diff-base=HEAD")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("conclint: error: git cannot be run: ")

    def test_with_affected_or_standard_input(self, project: Path) -> None:
        for arguments in (["--affected", "app"], ["-"]):
            done = run_conclint(project, "--diff-base=HEAD", *arguments, stdin=b"")
            assert (done.returncode, done.stdout) == (2, "")
