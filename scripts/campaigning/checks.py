"""One package, checked as a user would, and everything that is to be known of the run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from campaigning.downloads import SOURCES, Package

HERE: Final = Path(__file__).resolve().parent
WATCH: Final = HERE.parent.parent / "benchmarks" / "measuring" / "child.py"
UNREADABLE: Final = "CON900"
OWN_FAULT: Final = "could not be analysed"
"""In the message of a CON900 that says conclint itself failed in a module."""

STARTED: Final = "import asyncio\n\n\nasync def main():\n    await asyncio.sleep(1)\n"
"""What is checked to know the cost of the start: one coroutine, so that the parser is loaded too."""


class Limits(NamedTuple):
    """Of each run: seconds of wall time, bytes of address space of each process, its `-j`. And how many of
    the largest files are summarised alone."""

    seconds: float
    memory: int
    jobs: int
    largest: int


class Watched(NamedTuple):
    """A run that ended, or was ended: its status (None: it took too long), and what its processes cost."""

    status: int | None
    cpu: float
    wall: float
    memory: int
    left: int
    out: str
    errors: str


def watch(command: Sequence[str], cwd: Path, limits: Limits, given: str | None = None) -> Watched:
    """Run the command under the limits; what it leaves behind is counted, and ended."""
    watcher = [sys.executable, "-I", "-S", str(WATCH), f"--seconds={limits.seconds}"]
    done = subprocess.run(
        [*watcher, f"--memory={limits.memory}", *command],
        cwd=cwd,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
        input=given,
        capture_output=True,
        text=True,
        check=True,
    )
    out, _, last = done.stdout.rstrip("\n").rpartition("\n")
    told = json.loads(last)
    costs = (round(told["cpu"], 2), round(told["wall"], 2), told["memory"], told["left"])
    return Watched(told["status"], *costs, out, told["errors"])


def start_up(scratch: Path, limits: Limits) -> float:
    """Seconds of CPU of a run over almost nothing."""
    folder = scratch / "start"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "main.py").write_text(STARTED, encoding="utf-8")
    return watch([*conclint(limits), "--no-cache", "."], folder, limits).cpu


def conclint(limits: Limits) -> list[str]:
    """The command, of the running interpreter's environment."""
    return [str(Path(sys.executable).with_name("conclint")), f"--jobs={limits.jobs}"]


def check(package: Package, limits: Limits, compiler: str) -> dict[str, Any]:
    """The record of one package."""
    shutil.rmtree(package.folder / ".conclint_cache", ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        formats = [f"--output-format=json:{report}", "--output-format=text"]
        run = watch([*conclint(limits), *formats, "."], package.folder, limits)
        findings = json.loads(report.read_text(encoding="utf-8")) if report.exists() else []
    shutil.rmtree(package.folder / ".conclint_cache", ignore_errors=True)
    files = sorted(_sources(package.folder))
    return {
        "version": package.version,
        "files": _checked(run.out, len(files)),
        "status": run.status,
        "findings": sum(found["code"] != UNREADABLE for found in findings),
        "cpu": run.cpu,
        "wall": run.wall,
        "memory": run.memory,
        "left": run.left,
        "traceback": _traceback(run),
        "errors": run.errors[-500:] if run.status not in (0, 1) else "",
        **_compared(findings, package.folder, files, compiler),
        **_one_by_one(package.folder, files, limits),
    }


def _sources(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.suffix in SOURCES and path.is_file():
            yield path.relative_to(folder).as_posix()


def _checked(out: str, files: int) -> int:
    """How many files the command says it checked: it leaves some folders out."""
    found = re.search(r"(?:of|in) ([\d,]+) files?\.\s*$", out)
    return int(found[1].replace(",", "")) if found else files


def _traceback(run: Watched) -> str:
    """The last line of a traceback, or of what is said instead of one, if there is any."""
    text = f"{run.out}\n{run.errors}"
    start = text.find("Traceback (most recent call last)")
    if start >= 0:
        return next((line for line in text[start:].splitlines()[1:] if line[:1].strip()), "Traceback")
    found = re.search(r"internal error.*", text)
    return found[0] if found else ""


def _compared(
    findings: Sequence[Any], folder: Path, files: Sequence[str], compiler: str
) -> dict[str, list[list[str]]]:
    """The files that conclint refuses, by what CPython says of them: `refused` by both, `alone` by conclint
    alone, `failed` where it says that it failed itself; and `taken`, which CPython alone refuses."""
    said = {found["path"]: found["message"] for found in findings if found["code"] == UNREADABLE}
    python = dict(_compiled(folder, [name for name in files if name.endswith(".py")], compiler))
    kinds: dict[str, list[list[str]]] = {"refused": [], "alone": [], "failed": [], "taken": []}
    for name, message in said.items():
        if OWN_FAULT in message:
            kinds["failed"].append([name, message])
        else:
            compiles = name in python and python[name] is None
            kinds["alone" if compiles else "refused"].append([name, message])
    kinds["taken"] = [[name, wrong] for name, wrong in python.items() if wrong and name not in said]
    return kinds


def _compiled(folder: Path, files: Sequence[str], compiler: str) -> Iterator[tuple[str, str | None]]:
    """What CPython says of each file; what ends the interpreter is refused by it, too."""
    left = list(files)
    while left:
        command = [compiler, "-I", str(HERE / "compiled.py"), str(folder)]
        done = subprocess.run(
            command, input="\n".join(left), capture_output=True, text=True, check=False, encoding="utf-8"
        )
        lines = done.stdout.splitlines()
        for line in lines:
            name, problem = json.loads(line)
            yield name, problem
        del left[: len(lines)]
        if left:
            yield left.pop(0), f"ended the interpreter (status {done.returncode})"


def _one_by_one(folder: Path, files: Sequence[str], limits: Limits) -> dict[str, Any]:
    """What the files cost alone."""
    if not limits.largest:
        return {"parse": 0.0, "slowest": {}, "crashed": []}
    names = "\n".join(name for name in files if name.endswith(".py"))
    command = [sys.executable, "-I", str(HERE / "bare.py"), str(folder), str(limits.largest)]
    run = watch(command, folder, limits, names)
    if run.status == 0:
        return dict(json.loads(run.out))
    return {"parse": 0.0, "slowest": {}, "crashed": [["", run.errors[-500:] or "took too long"]]}
