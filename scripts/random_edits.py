"""Make random edits of a real package, and compare what is found after each with what a fresh run finds.

    python scripts/random_edits.py FOLDER [--edits 100] [--seed 0]

FOLDER holds a package's sources, which are copied and stay as they are. After each edit two runs are made:
one that knows only summaries of files, which hang on nothing but their text, and one that knows what the runs
before it judged. Ends with status 1 at the first difference, and says which edit made it.
"""

from __future__ import annotations

import argparse
import ast
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from conclint.config.settings import Config  # noqa: E402
from conclint.model.execution import Confidence  # noqa: E402
from conclint.process.gc_control import one_of_many_runs  # noqa: E402
from conclint.run.pipeline import Report, check  # noqa: E402

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Edit: TypeAlias = Callable[[random.Random, ast.Module, list[str]], list[str] | None]
"""A file's lines after an edit; None where there is nothing to edit so."""


def functions(tree: ast.Module) -> list[Function]:
    found = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return [item for item in found if item.body[0].lineno > item.lineno]


def body_start(item: Function) -> int:
    first = item.body[0]
    decorators = getattr(first, "decorator_list", [])
    return min([first.lineno, *(decorator.lineno for decorator in decorators)]) - 1


def sleep(chance: random.Random, tree: ast.Module, lines: list[str]) -> list[str] | None:
    """Has a function sleep."""
    return put_first(chance, tree, lines, "__import__('time').sleep(2)", "import time; time.sleep(2)")


def leave(chance: random.Random, tree: ast.Module, lines: list[str]) -> list[str] | None:
    """Has a function return something else before it does anything."""
    return put_first(chance, tree, lines, "return None", "return object()", "raise NotImplementedError")


def put_first(
    chance: random.Random, tree: ast.Module, lines: list[str], *statements: str
) -> list[str] | None:
    found = functions(tree)
    if not found:
        return None
    item = chance.choice(found)
    at = body_start(item)
    return [*lines[:at], " " * item.body[0].col_offset + chance.choice(statements), *lines[at:]]


def rename(chance: random.Random, tree: ast.Module, lines: list[str]) -> list[str] | None:
    """Calls a function or class otherwise, at its definition only."""
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
    ]
    if not found:
        return None
    item = chance.choice(found)
    at = item.lineno - 1
    return [*lines[:at], lines[at].replace(item.name, f"{item.name}_", 1), *lines[at + 1 :]]


def without_bases(chance: random.Random, tree: ast.Module, lines: list[str]) -> list[str] | None:
    """Takes a class's bases away."""
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and node.bases and node.bases[-1].end_lineno == node.lineno
    ]
    if not found:
        return None
    item = chance.choice(found)
    at = item.lineno - 1
    line, _, rest = lines[at].partition("(")
    _, colon, after = rest.rpartition("):")
    return [*lines[:at], f"{line}:{after}", *lines[at + 1 :]] if colon else None


def undecorated(chance: random.Random, tree: ast.Module, lines: list[str]) -> list[str] | None:
    """Takes a decorator away."""
    found = [
        decorator
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        for decorator in node.decorator_list
    ]
    if not found:
        return None
    item = chance.choice(found)
    return [*lines[: item.lineno - 1], *lines[item.end_lineno or item.lineno :]]


def define_first(chance: random.Random, tree: ast.Module, lines: list[str]) -> list[str] | None:
    """Defines something before a function, a class or a method."""
    found = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    if not found:
        return None
    item = chance.choice(found)
    at = min([item.lineno, *(decorator.lineno for decorator in item.decorator_list)]) - 1
    space = " " * item.col_offset
    name = chance.choice(["first_of_all", item.name])
    return [*lines[:at], f"{space}def {name}(*args, **kwargs):", f"{space}    return args", *lines[at:]]


def without_import(chance: random.Random, tree: ast.Module, lines: list[str]) -> list[str] | None:
    """Takes an import away."""
    found = [
        node
        for node in tree.body
        if isinstance(node, (ast.Import, ast.ImportFrom)) and getattr(node, "module", "") != "__future__"
    ]
    if not found:
        return None
    item = chance.choice(found)
    return [*lines[: item.lineno - 1], *lines[item.end_lineno or item.lineno :]]


def assign(chance: random.Random, tree: ast.Module, lines: list[str]) -> list[str] | None:
    """Binds a name of the module to something else, at its end."""
    names = [node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names += [(item.asname or item.name).partition(".")[0] for item in node.names if item.name != "*"]
    if not names:
        return None
    return [*lines, f"{chance.choice(names)} = {chance.choice([*names, 'None', 'object()'])}"]


def comment(chance: random.Random, tree: ast.Module, lines: list[str]) -> list[str] | None:
    """Moves everything down a line."""
    return [lines[0], "# moved", *lines[1:]] if lines and lines[0].startswith("#") else ["# moved", *lines]


EDITS: tuple[Edit, ...] = (
    sleep, sleep, leave, rename, without_bases, undecorated, define_first, without_import, assign, comment,
)  # fmt: skip


class Project:
    """A copy of a package that is edited, with two caches."""

    def __init__(self, source: Path, folder: Path, seed: int) -> None:
        self.root = folder / "project"
        shutil.copytree(source, self.root, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        (self.root / "pyproject.toml").write_text("")
        self._cache = folder / "cache"
        self._chance = random.Random(seed)
        self._taken: dict[Path, str] = {}
        self._edited: dict[Path, str] = {}

    def check(self, *, fresh: bool) -> object:
        """What is found; `fresh`: by a run that recalls nothing that was judged."""
        cache = self._cache
        if fresh:  # another confidence would be another state: the same, without the states
            cache = self._cache.with_name("fresh")
            shutil.rmtree(cache, ignore_errors=True)
            shutil.copytree(self._cache, cache)
            for file in cache.iterdir():
                if file.suffix in (".state", ".replay"):
                    file.unlink()
        config = Config(
            root=self.root, cwd=self.root, cache_dir=cache, jobs=1, min_confidence=Confidence.LOW,
            warn_unused_ignores=True,
        )  # fmt: skip
        with one_of_many_runs():
            report: Report = check([str(self.root)], config)
        return report.findings, report.unused_directives, sorted(report.occurring)

    def edit(self) -> str:
        """Edits a file, takes one away or puts one back; says what it did."""
        if self._chance.random() < 0.1 and self._taken:
            path = self._chance.choice(sorted(self._taken))
            path.write_text(self._taken.pop(path))
            return f"put {path.relative_to(self.root)} back"
        if self._chance.random() < 0.2 and self._edited:
            path = self._chance.choice(sorted(self._edited))
            text = self._edited.pop(path)
            if path.exists():
                path.write_text(text)
                return f"{path.relative_to(self.root)} as it was"
        files = sorted(self.root.rglob("*.py"))
        path = self._chance.choice(files)
        text = path.read_text(errors="replace")
        if self._chance.random() < 0.07:
            self._taken[path] = text
            path.unlink()
            return f"took {path.relative_to(self.root)} away"
        try:
            tree = ast.parse(text)
        except SyntaxError:
            return self.edit()
        kind = self._chance.choice(EDITS)
        lines = kind(self._chance, tree, text.splitlines())
        if lines is None:
            return self.edit()
        self._edited.setdefault(path, text)
        path.write_text("\n".join(lines) + "\n")
        return f"{kind.__name__} in {path.relative_to(self.root)}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--edits", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="conclint-edits-") as folder:
        project = Project(options.folder, Path(folder), options.seed)
        last = project.check(fresh=False)
        changing = 0
        spent = {True: 0.0, False: 0.0}
        for number in range(1, options.edits + 1):
            done = project.edit()
            found = {}
            for fresh in (True, False):  # a report that is kept is another run's
                start = time.process_time()
                found[fresh] = project.check(fresh=fresh)
                spent[fresh] += time.process_time() - start
            print(f"{number}: {done}", flush=True)
            changing += found[True] != last
            last = found[True]
            if found[True] != found[False]:
                print("the findings differ from those of a fresh run")
                for name, one, other in (
                    ("kept", found[False], found[True]),
                    ("missed", found[True], found[False]),
                ):
                    for item in one[0]:
                        if item not in other[0]:
                            print(f"{name}: {item}")
                return 1
    per_edit = {fresh: total / max(options.edits, 1) for fresh, total in spent.items()}
    print(f"{options.edits} edits, {changing} of which changed what is found, all as fresh;", end=" ")
    print(f"CPU for each: {per_edit[False]:.2f} s, fresh {per_edit[True]:.2f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
