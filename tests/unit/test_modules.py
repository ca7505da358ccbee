"""Names to files and back, in the layouts people use."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from conclint.source.modules import ModuleFinder, is_package


def plant(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    return root


class Project:
    """A folder with files; paths in and out are relative to it, for reading."""

    def __init__(self, root: Path, *names: str, roots: tuple[str, ...] = ("", "src")) -> None:
        self.root = plant(root, *names)
        self.finder = ModuleFinder([str(root / name) for name in roots])

    def path(self, name: str) -> str:
        return str(self.root / name)

    def shown(self, path: str | None) -> str | None:
        return Path(path).relative_to(self.root).as_posix() if path is not None else None

    def find(self, dotted: str, importer: str | None = None) -> str | None:
        return self.shown(self.finder.find(dotted, self.path(importer) if importer else None))

    def find_from(self, importer: str, level: int, module: str) -> str | None:
        return self.shown(self.finder.find_from(self.path(importer), level, module))

    def name(self, path: str) -> str:
        return self.finder.module_name(self.path(path))


def test_flat_layout(tmp_path: Path) -> None:
    project = Project(
        tmp_path, "app/__init__.py", "app/core.py", "app/db/__init__.py", "app/db/load.py", "main.py"
    )
    assert project.find("app") == "app/__init__.py"
    assert project.find("app.core", "main.py") == "app/core.py"
    assert project.find("app.db.load", "app/core.py") == "app/db/load.py"
    assert project.find("app.db", "app/db/load.py") == "app/db/__init__.py"
    assert project.find("core", "app/db/load.py") is None
    assert project.find("app.core.function") is None
    assert [
        project.name(path) for path in ("app/__init__.py", "app/core.py", "app/db/__init__.py", "main.py")
    ] == [
        "app",
        "app.core",
        "app.db",
        "main",
    ]


def test_src_layout_is_found_from_anywhere(tmp_path: Path) -> None:
    project = Project(
        tmp_path, "src/app/__init__.py", "src/app/core.py", "tests/test_core.py", "tests/tools.py"
    )
    assert project.find("app.core", "tests/test_core.py") == "src/app/core.py"
    assert project.find("tools", "tests/test_core.py") == "tests/tools.py"
    assert project.find("tests.tools", "tests/test_core.py") == "tests/tools.py"
    assert project.find("src.app.core", "tests/test_core.py") == "src/app/core.py"
    assert project.name("src/app/core.py") == "app.core"
    assert project.name("tests/tools.py") == "tests.tools"


def test_namespace_packages(tmp_path: Path) -> None:
    project = Project(
        tmp_path, "src/ns/a/mod.py", "src/ns/b/__init__.py", "src/ns/b/inner.py", "flat/ns2/x.py"
    )
    assert project.find("ns.a.mod", "src/ns/b/inner.py") == "src/ns/a/mod.py"
    assert project.find("ns.b.inner", "src/ns/a/mod.py") == "src/ns/b/inner.py"
    assert project.find("ns", "src/ns/a/mod.py") is None
    assert project.find("flat.ns2.x") == "flat/ns2/x.py"
    assert project.name("src/ns/a/mod.py") == "ns.a.mod"
    assert project.name("src/ns/b/inner.py") == "ns.b.inner"


def test_a_namespace_package_below_no_root_is_found_by_its_name(tmp_path: Path) -> None:
    project = Project(tmp_path, "elsewhere/ns/a/mod.py", "elsewhere/ns/b/other.py", roots=("project",))
    assert project.find("ns.b.other", "elsewhere/ns/a/mod.py") == "elsewhere/ns/b/other.py"


def test_a_package_is_preferred_to_a_module_and_a_regular_one_to_a_namespace(tmp_path: Path) -> None:
    project = Project(
        tmp_path,
        "x.py",
        "x/__init__.py",
        "ns/part.py",
        "src/ns/__init__.py",
        "src/ns/part.py",
        "stub.pyi",
        "main.py",
    )
    assert project.find("x", "main.py") == "x/__init__.py"
    assert project.find("ns.part", "main.py") == "src/ns/part.py"
    assert project.find("stub", "main.py") is None


def test_the_importers_own_root_wins(tmp_path: Path) -> None:
    project = Project(
        tmp_path,
        *("one/app/__init__.py", "one/app/io.py", "one/app/use.py", "one/run.py"),
        *("two/app/__init__.py", "two/app/io.py", "two/app/use.py", "two/run.py"),
        roots=("", "one", "two"),
    )
    assert project.find("app.io", "one/app/use.py") == "one/app/io.py"
    assert project.find("app.io", "two/app/use.py") == "two/app/io.py"
    assert project.find("app.io", "two/run.py") == "two/app/io.py"
    assert project.find("app.io") == "one/app/io.py"


def test_only_a_scripts_own_folder_shadows_the_standard_library(tmp_path: Path) -> None:
    project = Project(
        tmp_path,
        *("scripts/queue.py", "scripts/tool.py", "pkg/__init__.py", "pkg/queue.py", "pkg/use.py"),
        *("types.py", "src/ns/queue.py", "src/ns/use.py", "src/lib/__init__.py", "src/lib/use.py", "main.py"),
    )
    assert project.find("queue", "scripts/tool.py") == "scripts/queue.py"
    assert project.find("queue", "pkg/use.py") is None
    assert project.find("queue", "pkg/queue.py") is None
    assert project.find("queue", "src/ns/use.py") is None
    assert project.find("queue", "main.py") is None
    assert project.find("types", "main.py") == "types.py"
    assert project.find("types", "src/lib/use.py") is None
    assert project.find("types", "scripts/tool.py") is None
    assert project.find("queue", "scripts/queue.py") is None  # not itself


def test_run_inside_a_package_its_modules_do_not_shadow(tmp_path: Path) -> None:
    project = Project(tmp_path, "pkg/__init__.py", "pkg/queue.py", "pkg/use.py", roots=("pkg",))
    assert project.find("queue", "pkg/use.py") is None
    assert project.find("pkg.queue", "pkg/use.py") == "pkg/queue.py"


def test_siblings_of_a_single_file_are_found_from_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project(
        tmp_path / "p", "deep/app/__init__.py", "deep/app/a.py", "deep/app/b.py", "s/x.py", "s/y.py"
    )
    project.finder = ModuleFinder([], [project.path("deep/app/a.py")])
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    assert project.find("app.b", "deep/app/a.py") == "deep/app/b.py"
    assert project.find_from("deep/app/a.py", 1, "b") == "deep/app/b.py"
    assert project.find("y", "s/x.py") == "s/y.py"
    assert project.name("deep/app/a.py") == "app.a"
    assert project.name("s/x.py") == "x"


def test_a_file_that_is_not_on_disk_can_be_imported(tmp_path: Path) -> None:
    plant(tmp_path, "app/__init__.py", "app/a.py")
    finder = ModuleFinder([str(tmp_path)], [str(tmp_path / "app/new.py"), str(tmp_path / "fresh/mod.py")])
    assert finder.find("app.new", str(tmp_path / "app/a.py")) == str(tmp_path / "app/new.py")
    assert finder.find("fresh.mod", str(tmp_path / "app/a.py")) == str(tmp_path / "fresh/mod.py")


@pytest.mark.parametrize(
    ("importer", "level", "module", "dotted", "found"),
    [
        ("app/a/mod.py", 1, "", "app.a", "app/a/__init__.py"),
        ("app/a/mod.py", 1, "other", "app.a.other", "app/a/other.py"),
        ("app/a/mod.py", 2, "", "app", "app/__init__.py"),
        ("app/a/mod.py", 2, "top", "app.top", "app/top.py"),
        ("app/a/__init__.py", 1, "other", "app.a.other", "app/a/other.py"),
        ("app/a/__init__.py", 2, "top", "app.top", "app/top.py"),
        ("app/a/mod.py", 0, "app.top", "app.top", "app/top.py"),
        ("app/a/mod.py", 1, "no", "app.a.no", None),
        ("app/top.py", 5, "", "", None),
        ("app/top.py", 5, "x", "x", None),
    ],
)
def test_relative_imports(
    tmp_path: Path, importer: str, level: int, module: str, dotted: str, found: str | None
) -> None:
    project = Project(
        tmp_path, "app/__init__.py", "app/top.py", "app/a/__init__.py", "app/a/mod.py", "app/a/other.py"
    )
    assert project.finder.resolve_relative(project.path(importer), level, module) == dotted
    if level < 5:
        assert project.find_from(importer, level, module) == found


def test_missed_files_are_exactly_those_that_would_change_an_answer(tmp_path: Path) -> None:
    project = Project(tmp_path, "app/__init__.py", "app/core.py", "app/use.py")
    assert project.find("app.io", "app/use.py") is None
    assert project.find("app.core", "app/use.py") == "app/core.py"
    missed = {Path(path).relative_to(tmp_path).as_posix() for path in project.finder.missed}
    assert {"app/io.py", "app/io", "app/core", "src"} <= missed  # of a folder that isn't there, it alone
    assert not any(name.startswith(("app/io/", "app/core")) and name != "app/core" for name in missed)
    for name in ("app/io.py", "app/core/__init__.py"):
        assert not (tmp_path / name).exists()
        plant(tmp_path, name)
    later = Project(tmp_path)
    assert later.find("app.io", "app/use.py") == "app/io.py"
    assert later.find("app.core", "app/use.py") == "app/core/__init__.py"


def test_answers_do_not_depend_on_the_order_of_questions(tmp_path: Path) -> None:
    names = ["a/__init__.py", "a/x.py", "ns/y.py", "src/ns/y.py", "src/b/__init__.py", "src/b/x.py", "s/x.py"]
    questions = [
        (dotted, importer)
        for dotted in ("a.x", "ns.y", "b.x", "x", "b", "src.b.x", "queue", "no.such")
        for importer in (*names, None)
    ]
    expected = None
    for seed in range(5):
        project = Project(tmp_path, *names)
        random.Random(seed).shuffle(questions)
        answers = {question: project.find(*question) for question in questions}
        assert expected in (None, answers)
        expected = answers


def test_odd_folders(tmp_path: Path) -> None:
    plant(tmp_path, "app/__init__.py", "app/use.py")
    (tmp_path / "app/folder.py").mkdir()
    (tmp_path / "app/broken.py").symlink_to("nowhere")
    (tmp_path / "app/loop.py").symlink_to("loop.py")
    project = Project(tmp_path)
    for name in ("folder", "broken", "loop", "nul\0", ""):
        assert project.find(f"app.{name}", "app/use.py") is None
    assert project.find("", "app/use.py") is None


def test_packages_are_inits() -> None:
    assert is_package(str(Path("a", "__init__.py")))
    assert not is_package(str(Path("a", "init.py")))


LAYOUTS = {
    "flat": ["app/__init__.py", "app/a.py", "app/b.py", "app/sub/__init__.py", "app/sub/c.py"],
    "namespace": ["app/a.py", "app/b.py", "app/sub/c.py"],
    "mixed": ["app/__init__.py", "app/a.py", "app/b.py", "app/sub/c.py", "b.py", "sub/c.py"],
    "both": [
        "app/__init__.py",
        "app/a.py",
        "app/b.py",
        "app/b/__init__.py",
        "app/sub.py",
        "app/sub/__init__.py",
    ],
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_python_itself_finds_the_same(tmp_path: Path, layout: str) -> None:
    """The interpreter's own finder, run on the layout with its folder first on the path."""
    project = Project(tmp_path, *LAYOUTS[layout], roots=("",))
    questions = ["app", "app.a", "app.b", "app.sub", "app.sub.c", "b", "sub.c", "app.no", "no"]
    program = (
        "import importlib.util, sys\n"
        "for name in sys.argv[1:]:\n"
        "    try: spec = importlib.util.find_spec(name)\n"
        "    except ModuleNotFoundError: spec = None\n"
        "    print(spec.origin if spec and spec.has_location else None)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *questions], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    expected = [None if line == "None" else line for line in done.stdout.splitlines()]
    found = [project.finder.find(name, project.path("app/a.py")) for name in questions]
    if layout == "namespace":  # `sub.c` and `b` are also beside the script app/a.py itself
        assert found[5:7] == [project.path("app/b.py"), project.path("app/sub/c.py")]
        del found[5:7], expected[5:7]
    assert found == expected
