"""Running the programs of a pair, each in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from conclint.measure.pairs.shipped import Pair, Size, missing_need

TIME_LIMIT: Final = 120.0
"""Seconds after which a program is ended."""

# So that what a program leaves running can be ended with it.
_OWN_GROUP: Final[dict[str, Any]] = (
    {"process_group": 0} if sys.version_info >= (3, 11) else {"start_new_session": True}
)
_CHILD = Path(__file__).with_name("child.py")


class PairError(Exception):
    """A pair that can't be measured here; the text says why."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one program: wall-clock and CPU seconds (its workers' included), the longest stall of its
    event loop if it has one, the error that ended it, and the last line that it printed."""

    seconds: float
    cpu: float
    stall: float | None
    error: str | None
    output: str

    @property
    def cores(self) -> float:
        """How many cores it kept busy on average."""
        return self.cpu / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """The runs of a pair, in turn *before* and *after*, so that a busy machine slows both."""

    pair: Pair
    amount: int
    before: tuple[Run, ...]
    after: tuple[Run, ...]


def compare_pair(
    pair: Pair, size: Size, runs: int = 1, *, tell: Callable[[int, int, str], object] | None = None
) -> Comparison:
    """Runs both programs so many times; `tell` gets (done, total, code) after each run.

    Raises PairError where a program can't be run here, or does not end in time.
    """
    if (missing := missing_need(pair)) is not None:
        raise PairError(f"{pair.code} can't be run here: there is no {missing}")
    amount = pair.amount(size)
    before: list[Run] = []
    after: list[Run] = []
    for _ in range(runs):
        for program, found in ((pair.before, before), (pair.after, after)):
            found.append(run_program(program, amount))
            if tell is not None:
                tell(len(before) + len(after), 2 * runs, pair.code)
    return Comparison(pair, amount, tuple(before), tuple(after))


def run_program(program: Path, amount: int, time_limit: float = TIME_LIMIT) -> Run:
    """Runs one program with its argument, in an empty folder that is removed afterwards.

    Whatever it leaves running is ended with it, where the system has process groups. Raises PairError.
    """
    name = f"{program.parent.name}/{program.name}"
    if not sys.executable:
        raise PairError("this Python does not know its own executable, so it can't start another process")
    with tempfile.TemporaryDirectory(prefix="conclint-", ignore_cleanup_errors=True) as folder:
        answer, out, err, work = (Path(folder, part) for part in ("answer", "out", "err", "work"))
        work.mkdir()
        command = [sys.executable, "-I", str(_CHILD), str(program), str(amount), str(answer)]
        # Files and not pipes: a worker that outlives the program would keep a pipe open.
        with out.open("wb") as stdout, err.open("wb") as stderr:
            try:
                process = subprocess.Popen(
                    command,
                    cwd=work,
                    stdin=subprocess.DEVNULL,
                    stdout=stdout,
                    stderr=stderr,
                    **_OWN_GROUP,
                )
            except OSError as error:
                raise PairError(f"can't start {sys.executable}: {error.strerror or error}") from error
            try:
                status = process.wait(time_limit)
            except subprocess.TimeoutExpired:
                raise PairError(f"{name} did not end within {time_limit:g} s") from None
            finally:
                _end(process)
        if not answer.is_file():
            last = _last_line(err) or "it printed nothing"
            raise PairError(f"{name} ended with status {status}: {last}")
        figures = json.loads(answer.read_text(encoding="utf-8"))
        return Run(**figures, output=_last_line(out))


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the process and, where there are process groups, what it started."""
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # none is left
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _last_line(file: Path) -> str:
    lines = file.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
