"""A corpus as a project to be checked: a copy that may be edited, and the runs that are measured on it."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from measuring.process import Run, measure_in_turn
from measuring.tools import Tools

INSIDE: Final = Path(__file__).with_name("inside.py")
DEMAND: Final = INSIDE.parent.parent / "demand_driven.py"
START: Final = "flake8 with flake8-async, an empty file"
EDIT: Final = "\n\nasync def edited_{number}():\n    import time\n\n    time.sleep({number})\n"
LINES: Final = 500
_numbers = itertools.count(time.time_ns())

Figures = dict[str, Any]


class Project:
    """A copy of a corpus below the scratch folder, with a `pyproject.toml` and a cache of its own."""

    def __init__(self, name: str, corpus: Path, scratch: Path, tools: Tools, part: int = 1) -> None:
        self.name = name
        self._tools = tools
        self.folder = scratch / "work" / (name if part == 1 else f"{name}-{part}")
        self.cache = self.folder / ".conclint_cache"
        self._ruff_cache = scratch / "work" / "ruff-cache"
        self._parsed = self.folder.with_suffix(".parsed")
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(corpus, self.folder, ignore=_left_out(corpus, part))
        (self.folder / "pyproject.toml").write_text(f'[project]\nname = "{name}"\n', encoding="utf-8")
        self.files = sorted(self.folder.rglob("*.py"))
        self.bytes = sum(path.stat().st_size for path in self.files)
        time.sleep(2)  # a cache doesn't trust the times of files as young as its run

    def cold(self, repeat: int, budget: float, *, growing: bool = False) -> Figures:
        """Nothing cached: conclint in one process and in as many as pay, the bare parse of what it parsed,
        and ruff without its cache."""
        runs = [self._conclint("conclint", prepare=self._forget)]
        if not growing:
            name = "libcst alone, the files conclint parsed"
            runs += [
                self._conclint("conclint, one process", "--jobs=1", prepare=self._forget),
                self._inside(name, "parse", str(self._parsed), prepare=self._list_parsed),
                self._ruff("ruff, without its cache", "--no-cache"),
            ]
        result = measure_in_turn(runs, repeat, budget)
        return {"parsed": self._list_parsed(), **result}

    def _list_parsed(self) -> int:
        """Writes the list of the files that the last run has parsed, and gives their number."""
        parsed = self._ask("parsed", str(self.folder), str(self.cache))
        self._parsed.write_text(parsed, encoding="utf-8")
        return len(parsed.split("\n"))

    def linked(self, repeat: int, budget: float) -> Figures:
        """Every file summarised before, and nothing else known: linking, propagating, judging."""
        summaries = self.folder.with_suffix(".summaries")
        every = self.folder.with_suffix(".every")
        every.write_text("\n".join(map(str, self.files)), encoding="utf-8")

        def prepare() -> None:
            shutil.rmtree(summaries, ignore_errors=True)
            self._ask("summaries", str(every), str(self.cache), str(summaries))

        name = "conclint, one process, summaries cached"
        run = self._conclint(name, "--jobs=1", f"--cache-dir={summaries}", prepare=prepare)
        return measure_in_turn([run], repeat, budget)

    def warm(self, repeat: int, budget: float) -> Figures:
        """Nothing has changed since the last run."""
        return self._after_a_run(
            [self._conclint("conclint"), self._ruff("ruff", *self._ruff_cached)], repeat, budget
        )

    def edited(self, repeat: int, budget: float) -> Figures:
        """A function was appended to one file of about 500 lines."""
        return self._edited("a file", self._chosen(), repeat, budget)

    def edited_widely(self, repeat: int, budget: float) -> Figures:
        """A function was appended to the file that most files import.

        To take that back brings back the report, but not what was known of the modules that depend on it:
        the next edit has them judged again. So it is measured after all that stands on a project as it is.
        """
        widely = self._ask("most-imported", str(self.folder)).strip()
        return self._edited("the most imported", Path(widely or self._chosen()), repeat, budget)

    def _edited(self, kind: str, file: Path, repeat: int, budget: float) -> Figures:
        with _editing(file) as edit:
            runs = [
                self._conclint(f"conclint, {kind}", prepare=edit),
                self._ruff(f"ruff, {kind}", *self._ruff_cached, prepare=edit),
            ]
            result = self._after_a_run(runs, repeat, budget)
        return {f"file, {kind}": file.relative_to(self.folder).as_posix(), **result}

    def sampled(self, count: int, repeat: int, budget: float) -> Figures:
        """Some of the files, evenly spread, through flake8 with flake8-async and through conclint, cold."""
        step = max(len(self.files) // count, 1)
        sample = [str(path) for path in self.files[::step][:count]]
        cold = self.folder.with_suffix(".sampled")
        runs = [
            self._conclint(
                "conclint",
                f"--cache-dir={cold}",
                paths=sample,
                prepare=lambda: shutil.rmtree(cold, ignore_errors=True),
            )
        ]
        if self._tools.flake8_async is not None:
            options = ("--jobs=1", "--select=ASYNC", *sample)
            runs.append(self._flake8("flake8 with flake8-async", self._tools.flake8_async, *options))
            empty = self.folder.with_suffix(".empty.py")
            empty.write_bytes(b"")
            options = ("--jobs=1", "--select=ASYNC", str(empty))
            runs.append(self._flake8(START, self._tools.flake8_async, *options))
        return {"files": len(sample), **measure_in_turn(runs, repeat, budget)}

    def one_file(self, repeat: int, budget: float) -> Figures:
        """One file in a fresh process, the project cached."""
        file = self._chosen()
        name = file.relative_to(self.folder).as_posix()
        with _editing(file) as edit:
            runs = [
                self._flake8("flake8 alone", self._tools.plain, "--select=E,F", name),
                self._flake8("flake8 with conclint, unchanged", self._tools.own, "--select=E,F,CON", name),
                self._flake8(
                    "flake8 with conclint, edited", self._tools.own, "--select=E,F,CON", name, prepare=edit
                ),
            ]
            if self._tools.flake8_async is not None:
                neighbour = self._tools.flake8_async
                runs.append(self._flake8("flake8 with flake8-async", neighbour, "--select=E,F,ASYNC", name))
            measure_in_turn([self._conclint("conclint")], 1, 0)
            # What stands between edits is each time the last edit: unchanged is measured in its own round.
            result = measure_in_turn([run for run in runs if run.prepare is not edit], repeat, budget)
            result.update(measure_in_turn([run for run in runs if run.prepare is edit], repeat, budget))
        lines = file.read_text(encoding="utf-8").count("\n")
        return {"file": name, "lines": lines, **result}

    def demanded(self) -> Figures:
        """What parsing only the functions that a chain reaches could save at best."""
        command = [str(self._tools.own), str(DEMAND), str(self.folder)]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True)
        result: Figures = json.loads(done.stdout.splitlines()[-1])
        return result

    def remove(self) -> None:
        """Removes the copy."""
        for path in self.folder.parent.glob(f"{self.folder.name}*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _after_a_run(self, runs: Sequence[Run], repeat: int, budget: float) -> Figures:
        for run in runs:  # fills the caches, and is not counted
            measure_in_turn([run], 1, 0)
        return measure_in_turn(runs, repeat, budget)

    def _forget(self) -> None:
        shutil.rmtree(self.cache, ignore_errors=True)

    def _chosen(self) -> Path:
        """The file with `async def` (of all, if none has one) that is nearest to 500 lines."""
        texts = {path: path.read_text(encoding="utf-8", errors="replace") for path in self.files}
        chosen = [path for path, text in texts.items() if "async def" in text] or self.files
        return min(chosen, key=lambda path: (abs(texts[path].count("\n") - LINES), path))

    def _ask(self, *arguments: str) -> str:
        command = [str(self._tools.own), str(INSIDE), *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True)
        return done.stdout.strip("\n")

    def _conclint(
        self,
        name: str,
        *options: str,
        paths: Sequence[str] = (".",),
        prepare: Callable[[], object] = lambda: None,
    ) -> Run:
        command = [str(self._tools.own), "-m", "conclint", "--quiet", "--output-format=json"]
        return Run(name, [*command, *options, *paths], self.folder, prepare)

    def _inside(self, name: str, *arguments: str, prepare: Callable[[], object]) -> Run:
        return Run(name, [str(self._tools.own), str(INSIDE), *arguments], self.folder, prepare)

    @property
    def _ruff_cached(self) -> tuple[str, ...]:
        return ("--cache-dir", str(self._ruff_cache))

    def _ruff(self, name: str, *options: str, prepare: Callable[[], object] = lambda: None) -> Run:
        command = [self._tools.ruff, "check", "--isolated", "--select=ASYNC", "--quiet", *options, "."]
        return Run(name, command, self.folder, prepare)

    def _flake8(
        self, name: str, python: Path, *options: str, prepare: Callable[[], object] = lambda: None
    ) -> Run:
        return Run(name, [str(python), "-m", "flake8", "--isolated", *options], self.folder, prepare)


@contextmanager
def _editing(file: Path) -> Iterator[Callable[[], None]]:
    """What edits the file, each time otherwise; it is put back at the end."""
    before = file.read_bytes()

    def edit() -> None:
        file.write_bytes(before + EDIT.format(number=next(_numbers)).encode())

    try:
        yield edit
    finally:
        file.write_bytes(before)


def _left_out(corpus: Path, part: int) -> Callable[[str, list[str]], set[str]]:
    """For `copytree`: what is no Python, and, of the folder with most subfolders, all but every n-th."""
    folders = [corpus, *(path for path in corpus.rglob("*") if path.is_dir())]
    widest = max(folders, key=lambda folder: (sum(path.is_dir() for path in folder.iterdir()), folder))
    units = sorted(path.name for path in widest.iterdir() if path.is_dir())
    surplus = set(units) - set(units[::part])

    def ignore(folder: str, names: list[str]) -> set[str]:
        if Path(folder) == widest:
            return surplus & set(names)
        return {name for name in names if name == "__pycache__"}

    return ignore
