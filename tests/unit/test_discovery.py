from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from conclint.config.settings import Config, load_config
from conclint.source.discovery import Discovery, discover_files, shown_path, source_of_text
from harness.longer import LONGER

needs_symlinks = pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")


def plant(root: Path, *names: str) -> Path:
    """Empty files; a name that ends with a slash is a folder."""
    for name in names:
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"")
    return root


def discover(cwd: Path, *paths: str, config: Config | None = None, **changes: object) -> Discovery:
    config = config or load_config(paths, cwd=cwd)
    return discover_files(paths or ["."], replace(config, **changes), cwd)  # type: ignore[arg-type]


def names(cwd: Path, *paths: str, **changes: object) -> list[str]:
    found = discover(cwd, *paths, **changes)  # type: ignore[arg-type]
    assert found.problems == ()
    return [source.shown for source in found.sources]


def test_folders_stand_for_the_python_files_below(tmp_path: Path) -> None:
    plant(tmp_path, "a.py", "pkg/__init__.py", "pkg/sub/b.py", "pkg/data.txt", "script.tpl", "script")
    assert names(tmp_path) == ["a.py", "pkg/__init__.py", "pkg/sub/b.py"]


def test_sources_are_absolute_and_shown_relative_to_the_working_directory(tmp_path: Path) -> None:
    plant(tmp_path, "cwd/pkg/a.py", "other/b.py")
    found = discover(tmp_path / "cwd", "pkg", "../other")
    assert [(source.path, source.shown) for source in found.sources] == [
        (str(tmp_path / "cwd/pkg/a.py"), "pkg/a.py"),
        (str(tmp_path / "other/b.py"), (tmp_path / "other/b.py").as_posix()),
    ]


def test_a_file_given_by_name_may_have_any_name(tmp_path: Path) -> None:
    plant(tmp_path, "script", "script.tpl")
    assert names(tmp_path, "script", "script.tpl") == ["script", "script.tpl"]


def test_a_file_is_counted_once(tmp_path: Path) -> None:
    plant(tmp_path, "pkg/a.py")
    assert names(tmp_path, "pkg/a.py", "./pkg/a.py", "pkg", ".", "pkg/../pkg/a.py") == ["pkg/a.py"]


def test_a_folder_named_like_a_file_is_a_folder(tmp_path: Path) -> None:
    plant(tmp_path, "x.py/a.py")
    assert names(tmp_path) == ["x.py/a.py"]
    assert names(tmp_path, "x.py") == ["x.py/a.py"]


@pytest.mark.parametrize(
    "folder",
    [".git", ".venv", "venv", "env", "__pycache__", ".tox", "node_modules", "build", "dist", ".eggs"],
)
def test_what_is_nobodys_source_is_left_out(tmp_path: Path, folder: str) -> None:
    plant(tmp_path, "a.py", f"{folder}/b.py", f"pkg/{folder}/c.py")
    assert names(tmp_path) == ["a.py"]


@pytest.mark.parametrize("folder", ["build", "dist", "env", "venv"])
def test_a_package_is_source_whatever_its_name(tmp_path: Path, folder: str) -> None:
    plant(tmp_path, f"pkg/{folder}/__init__.py")
    assert names(tmp_path) == [f"pkg/{folder}/__init__.py"]


@pytest.mark.parametrize("mark", ["pyvenv.cfg", "conda-meta/"])
def test_an_environment_of_any_name_is_left_out(tmp_path: Path, mark: str) -> None:
    plant(tmp_path, "a.py", f"my-python/{mark}", "my-python/lib/b.py")
    assert names(tmp_path) == ["a.py"]
    assert names(tmp_path, exclude=()) == ["a.py"], "even if the built-in list is replaced"
    assert names(tmp_path, "my-python") == ["my-python/lib/b.py"], "unless it is asked for"


def test_a_folder_given_by_name_is_listed_wherever_it_lies(tmp_path: Path) -> None:
    plant(tmp_path, ".venv/pyvenv.cfg", ".venv/lib/site-packages/pkg/a.py", ".venv/lib/site-packages/b.py")
    (tmp_path / ".gitignore").write_text(".venv\n")
    assert names(tmp_path, ".venv/lib/site-packages/pkg") == [".venv/lib/site-packages/pkg/a.py"]


def test_the_cache_folder_is_left_out(tmp_path: Path) -> None:
    plant(tmp_path, "a.py", "cache/b.py")
    assert names(tmp_path, cache_dir=tmp_path / "cache") == ["a.py"]


class TestExclude:
    def test_exclude_replaces_the_builtin_list(self, tmp_path: Path) -> None:
        plant(tmp_path, "a.py", "build/b.py", "old/c.py", ".git/d.py")
        assert names(tmp_path, exclude=("old",)) == ["a.py", "build/b.py"]

    def test_extend_exclude_adds_to_it(self, tmp_path: Path) -> None:
        plant(tmp_path, "a.py", "build/b.py", "old/c.py")
        assert names(tmp_path, extend_exclude=("old/",)) == ["a.py"]

    def test_patterns_are_those_of_gitignore_below_the_root(self, tmp_path: Path) -> None:
        plant(tmp_path, "a.py", "pkg/a.py", "pkg/gen/b.py", "pkg/c_pb2.py", "x/gen/b.py", "x/keep_pb2.py")
        patterns = ("/a.py", "pkg/gen", "*_pb2.py", "!keep_pb2.py")
        assert names(tmp_path, extend_exclude=patterns) == ["pkg/a.py", "x/gen/b.py", "x/keep_pb2.py"]

    def test_outside_the_root_names_count(self, tmp_path: Path) -> None:
        plant(tmp_path, "root/", "other/a.py", "other/gen/b.py", "other/pkg/c.py")
        found = discover(
            tmp_path / "root",
            "../other",
            config=load_config([], cwd=tmp_path / "root"),
            extend_exclude=("gen", "pkg/c.py"),
        )
        assert [Path(source.path).name for source in found.sources] == ["a.py", "c.py"]

    def test_a_file_given_by_name_is_analysed_unless_exclusion_is_forced(self, tmp_path: Path) -> None:
        plant(tmp_path, "a.py", "old/b.py", "build/c.py", "ignored/d.py", "env/pyvenv.cfg", "env/lib/e.py")
        (tmp_path / ".gitignore").write_text("ignored\n")
        given = ("a.py", "old/b.py", "build/c.py", "ignored/d.py", "env/lib/e.py")
        assert names(tmp_path, *given, extend_exclude=("old",)) == sorted(given)
        assert names(tmp_path, *given, extend_exclude=("old",), force_exclude=True) == ["a.py"]
        assert names(tmp_path, "old", "build", extend_exclude=("old",), force_exclude=True) == []

    @pytest.mark.parametrize("mark", ["pyvenv.cfg", "conda-meta/"])
    def test_the_root_is_no_environment(self, tmp_path: Path, mark: str) -> None:
        plant(tmp_path, ".git/", "project/setup.py", "project/a.py", "project/b/c.py", f"project/{mark}")
        given = ("a.py", "b/c.py")
        assert names(tmp_path / "project", *given, force_exclude=True) == ["a.py", "b/c.py"]
        assert names(tmp_path / "project", ".", force_exclude=True) == ["a.py", "b/c.py", "setup.py"]


class TestGitignore:
    def test_each_level_counts_and_the_inner_goes_first(self, tmp_path: Path) -> None:
        plant(tmp_path, ".git/", "a.py", "gen_a.py", "pkg/gen_b.py", "pkg/c.py", "pkg/keep/gen_d.py")
        (tmp_path / ".gitignore").write_text("gen_*.py\n")
        (tmp_path / "pkg/.gitignore").write_text("/c.py\n")
        (tmp_path / "pkg/keep/.gitignore").write_text("!gen_d.py\n")
        assert names(tmp_path) == ["a.py", "pkg/keep/gen_d.py"]

    def test_levels_above_the_given_folder_count_up_to_the_repository(self, tmp_path: Path) -> None:
        plant(tmp_path, "repo/.git/", "repo/pkg/a.py", "repo/pkg/b.py", "repo/pkg/c.py")
        (tmp_path / ".gitignore").write_text("a.py\n")
        (tmp_path / "repo/.gitignore").write_text("b.py\n")
        assert names(tmp_path / "repo/pkg") == ["a.py", "c.py"]

    def test_without_a_repository_levels_count_up_to_the_projects_root(self, tmp_path: Path) -> None:
        plant(tmp_path, "project/setup.py", "project/pkg/a.py", "project/pkg/b.py")
        (tmp_path / ".gitignore").write_text("a.py\n")
        (tmp_path / "project/.gitignore").write_text("b.py\n")
        assert names(tmp_path / "project", "pkg") == ["pkg/a.py"]

    def test_the_outer_repository_has_no_say_in_a_submodule(self, tmp_path: Path) -> None:
        plant(tmp_path, ".git/", "a.py", "sub/.git", "sub/a.py", "sub/b.py")
        (tmp_path / ".gitignore").write_text("a.py\n")
        (tmp_path / "sub/.gitignore").write_text("b.py\n")
        assert names(tmp_path) == ["sub/a.py"]

    def test_private_excludes_of_the_repository_count(self, tmp_path: Path) -> None:
        plant(tmp_path, ".git/info/exclude", "a.py", "b.py")
        (tmp_path / ".git/info/exclude").write_text("b.py\n")
        assert names(tmp_path) == ["a.py"]

    def test_a_bad_line_spoils_only_itself(self, tmp_path: Path) -> None:
        plant(tmp_path, "a.py", "b.py")
        (tmp_path / ".gitignore").write_bytes(b"!\n\xff\xfe\n[\nb.py\n")
        assert names(tmp_path) == ["a.py"]

    PATTERNS = st.lists(
        st.one_of(
            st.sampled_from(
                ["*", "**", "/*", "*.py", "a/", "/a", "a/b", "**/b", "a/**", "[ab].py", "[!a].py", "a?.py"]
                + ["\\a.py", "a.py ", "#a.py", "a*b*.py", "b/*.py", "/", "ab", "a/b/", "*/ab.py"]
                + ["a//", "//a", "a//b", "?//", "**//a", "//"]
            ),
            st.text("ab*?/.py[]!\\ #", min_size=1, max_size=6),
        ).flatmap(lambda pattern: st.sampled_from([pattern, "!" + pattern])),
        max_size=5,
    )

    @pytest.mark.skipif(shutil.which("git") is None, reason="git is the judge")
    @given(outer=PATTERNS, inner=PATTERNS)
    @example(outer=["*", "!?//"], inner=["!*"])
    @settings(max_examples=30 * LONGER, deadline=None)
    def test_the_same_as_git(self, outer: list[str], inner: list[str]) -> None:
        stems = ("a", "b", "ab", "bab")
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder).resolve()
            plant(
                root,
                *(f"{above}{stem}.py" for above in ("", "a/", "b/", "a/b/", "a/ab/") for stem in stems),
            )
            (root / ".gitignore").write_text("\n".join(outer))
            (root / "a/.gitignore").write_text("\n".join(inner))
            git = ["git", "-c", "core.excludesFile=", "-C", folder]
            subprocess.run([*git, "init", "-q"], check=True)
            listed = subprocess.run(
                [*git, "ls-files", "-z", "--others", "--exclude-standard", "*.py"],
                check=True,
                capture_output=True,
                text=True,
            )
            assert names(root) == sorted(filter(None, listed.stdout.split("\0")))


@needs_symlinks
class TestLinks:
    def test_a_loop_ends(self, tmp_path: Path) -> None:
        plant(tmp_path, "a.py", "pkg/b.py")
        (tmp_path / "pkg/up").symlink_to(tmp_path, target_is_directory=True)
        (tmp_path / "self").symlink_to("self")
        assert names(tmp_path) == ["a.py", "pkg/b.py"]

    def test_a_link_to_a_folder_left_out_is_followed_once(self, tmp_path: Path) -> None:
        plant(tmp_path, "a.py", "build/b.py")
        (tmp_path / "two").symlink_to(tmp_path / "build")
        (tmp_path / "one").symlink_to(tmp_path / "build")
        assert names(tmp_path) == ["a.py", "one/b.py"]

    def test_links_out_of_the_project_are_passed_over(self, tmp_path: Path) -> None:
        plant(tmp_path, "here/setup.py", "here/pkg/a.py", "there/b.py", "there/deep/c.py", "there/notes.txt")
        for name, target in (
            ("folder", "../there"),
            ("deep", "../there/deep"),
            ("up", ".."),
            ("whole", "/"),
            ("b.py", "../there/b.py"),
            ("notes.txt", "../there/notes.txt"),
            ("gone.py", "../nowhere.py"),
            ("twice", "up/there"),
            ("back", "../here/pkg"),
        ):
            (tmp_path / "here" / name).symlink_to(target)
        found = discover(tmp_path / "here")
        assert [source.shown for source in found.sources] == ["pkg/a.py", "setup.py"]
        assert found.led_out == ("b.py", "deep", "folder", "twice", "up", "whole")
        assert found.problems == ()
        assert discover(tmp_path / "here", "pkg").led_out == ()

    def test_a_configuration_behind_such_a_link_is_none(self, tmp_path: Path) -> None:
        plant(tmp_path, "here/setup.py", "there/b.py")
        (tmp_path / "there/pyproject.toml").write_text("[tool.conclint]\nselct = []\n")
        (tmp_path / "here/folder").symlink_to("../there")
        assert discover(tmp_path / "here").walked.configured == ()

    def test_a_link_out_of_the_project_is_followed_where_it_is_named(self, tmp_path: Path) -> None:
        plant(tmp_path, "here/setup.py", "there/b.py", "there/deep/c.py", "beyond/d.py")
        (tmp_path / "here/folder").symlink_to("../there")
        (tmp_path / "here/b.py").symlink_to("../there/b.py")
        (tmp_path / "there/further").symlink_to("../beyond")
        (tmp_path / "there/inner").symlink_to("deep")
        here = tmp_path / "here"
        found = discover(here, ".", "folder", config=load_config([], cwd=here))
        assert [source.shown for source in found.sources] == ["folder/b.py", "folder/deep/c.py", "setup.py"]
        assert found.led_out == ("b.py", "folder/further")
        assert names(here, "b.py") == ["b.py"]
        assert names(here, "folder", "b.py") == ["folder/b.py", "folder/deep/c.py"]

    def test_a_folder_outside_of_the_project_bounds_its_own_links(self, tmp_path: Path) -> None:
        plant(tmp_path, "here/setup.py", "there/b.py", "there/build/c.py", "beyond/d.py")
        (tmp_path / "there/inner").symlink_to("build")
        (tmp_path / "there/outer").symlink_to("../beyond")
        config = load_config([], cwd=tmp_path / "here")
        found = discover(tmp_path / "here", "../there", config=config)
        assert [Path(source.path).relative_to(tmp_path).as_posix() for source in found.sources] == [
            "there/b.py",
            "there/inner/c.py",
        ]
        assert [Path(link).name for link in found.led_out] == ["outer"]

    def test_a_project_that_is_worked_in_through_a_link(self, tmp_path: Path) -> None:
        plant(tmp_path, "real/setup.py", "real/build/b.py", "real/pkg/c.py", "other/d.py")
        (tmp_path / "real/in").symlink_to("build")
        (tmp_path / "real/out").symlink_to("../other")
        (tmp_path / "real/same.py").symlink_to("pkg/c.py")
        (tmp_path / "shortcut").symlink_to("real")
        found = discover(tmp_path / "shortcut")
        assert [source.shown for source in found.sources] == ["in/b.py", "pkg/c.py", "setup.py"]
        assert found.led_out == ("out",)

    def test_a_link_that_is_named_and_met(self, tmp_path: Path) -> None:
        plant(tmp_path, "build/b.py")
        (tmp_path / ".gitignore").write_text("nothing\n")
        (tmp_path / "link").symlink_to("build")
        assert names(tmp_path, ".", "link") == ["link/b.py"]

    def test_a_file_that_only_links_lead_to_counts_once(self, tmp_path: Path) -> None:
        plant(tmp_path, "build/b.py", "setup.py")
        (tmp_path / "folder").symlink_to("build")
        for name in ("x.py", "y.py"):
            (tmp_path / name).symlink_to("build/b.py")
        assert names(tmp_path) == ["folder/b.py", "setup.py"]
        (tmp_path / "folder").unlink()
        assert names(tmp_path) == ["setup.py", "x.py"]

    def test_the_folder_itself_goes_before_a_link_to_it(self, tmp_path: Path) -> None:
        plant(tmp_path, "z/b.py")
        (tmp_path / "a").symlink_to("z")
        assert names(tmp_path) == names(tmp_path, "a", "z") == names(tmp_path, "z", "a") == ["z/b.py"]
        assert names(tmp_path, "a") == ["a/b.py"]

    def test_a_linked_file_counts_unless_the_file_itself_does(self, tmp_path: Path) -> None:
        plant(tmp_path, "pkg/a.py", "other/b.py")
        (tmp_path / "pkg/same.py").symlink_to("a.py")
        (tmp_path / "pkg/foreign.py").symlink_to("../other/b.py")
        assert names(tmp_path) == ["other/b.py", "pkg/a.py"]
        plant(tmp_path, "setup.py")
        assert names(tmp_path, "pkg") == ["pkg/a.py", "pkg/foreign.py"]

    def test_a_link_to_nowhere_is_named(self, tmp_path: Path) -> None:
        plant(tmp_path, "a.py")
        (tmp_path / "gone.py").symlink_to("nowhere")
        (tmp_path / ".#a.py").symlink_to("editor@host.1234")
        found = discover(tmp_path)
        assert found.problems == (("gone.py", "no such file or directory"),)
        assert [source.shown for source in found.sources] == ["a.py"]


class TestProblems:
    def test_a_missing_path_is_named_and_the_rest_is_found(self, tmp_path: Path) -> None:
        plant(tmp_path, "a.py")
        found = discover(tmp_path, "none", "a.py", "a.py/x", "nul\0")
        assert [path for path, _ in found.problems] == ["a.py/x", "none", "nul\0"]
        assert dict(found.problems)["none"] == "no such file or directory"
        assert [source.shown for source in found.sources] == ["a.py"]

    def test_an_empty_path_is_not_the_current_folder(self, tmp_path: Path) -> None:
        plant(tmp_path, "a.py")
        assert discover(tmp_path, "") == Discovery((), (("", "an empty path names no file"),))

    def test_a_folder_that_cannot_be_listed_is_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        plant(tmp_path, "a.py", "shut/b.py")
        scandir = os.scandir

        def refuse(path: str) -> Iterable[os.DirEntry[str]]:
            if path.endswith("shut"):
                raise PermissionError(13, "Permission denied", path)
            return scandir(path)

        monkeypatch.setattr(os, "scandir", refuse)
        found = discover(tmp_path)
        assert found.problems == (("shut", "permission denied"),)
        assert [source.shown for source in found.sources] == ["a.py"]

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
    def test_a_pipe_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.py")
        assert names(tmp_path) == []
        assert discover(tmp_path, "pipe.py").problems == (
            ("pipe.py", "not a regular file (`-` reads standard input)"),
        )


TREES = st.lists(
    st.lists(st.sampled_from(["a", "b", "build", "c.py", "d.py"]), min_size=1, max_size=4).map("/".join),
    min_size=1,
    max_size=8,
    unique=True,
)


@given(tree=TREES, data=st.data())
@settings(max_examples=30 * LONGER, deadline=None)
def test_sorted_unique_and_the_same_in_any_order(tree: list[str], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        for name in tree:
            try:
                plant(root, name + "/x.py")
            except (FileExistsError, NotADirectoryError):
                continue
        paths = data.draw(st.lists(st.sampled_from([".", "a", "b", "a/b", "c.py", "./a/", "none", *tree])))
        found = discover(root, *paths)
        shown = [source.path for source in found.sources]
        assert shown == sorted(set(shown))
        assert discover(root, *data.draw(st.permutations(paths))) == found


def test_shown_path() -> None:
    assert shown_path("/a/b/c.py", "/a") == "b/c.py"
    assert shown_path("/ab/c.py", "/a") == "/ab/c.py"
    assert shown_path("/c.py", "/") == "c.py"


class TestText:
    def test_text_stands_for_the_named_file(self, tmp_path: Path) -> None:
        source = source_of_text(b"x", "pkg/a.py", load_config([], cwd=tmp_path), tmp_path)
        assert source is not None
        assert (source.path, source.shown, source.data) == (str(tmp_path / "pkg/a.py"), "pkg/a.py", b"x")

    def test_text_without_a_name(self, tmp_path: Path) -> None:
        source = source_of_text(b"x", None, load_config([], cwd=tmp_path), tmp_path)
        assert source is not None
        assert source.shown == "-"

    def test_text_for_a_file_that_is_left_out(self, tmp_path: Path) -> None:
        config = load_config([], cwd=tmp_path)
        assert source_of_text(b"x", "build/a.py", config, tmp_path) is not None
        assert source_of_text(b"x", "build/a.py", replace(config, force_exclude=True), tmp_path) is None


def test_named_files_of_other_languages_are_problems_and_stubs_are_nothing(tmp_path: Path) -> None:
    for name in ("README.md", "data.JSON", "types.pyi", "script", "script.tpl", "a.pyw", "b.py"):
        (tmp_path / name).write_text("")
    config = load_config([str(tmp_path)], cwd=tmp_path)
    names = ["README.md", "data.JSON", "types.pyi", "script", "script.tpl", "a.pyw", "b.py"]
    found = discover_files(names, config, tmp_path)
    assert [source.shown for source in found.sources] == ["a.pyw", "b.py", "script", "script.tpl"]
    assert found.problems == (
        ("README.md", "not a Python file, by its name"),
        ("data.JSON", "not a Python file, by its name"),
    )
