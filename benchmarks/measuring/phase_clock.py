"""Where the time of a run goes, process by process: CPU of each phase without what it calls of others, and
when a worker was busy. Used by `phases.py`, which runs conclint with this in it.

python phase_clock.py RECORDS ARGUMENT...     runs conclint with the arguments, and keeps a record of each of
                                              its processes in the folder RECORDS
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import partial, wraps
from pathlib import Path
from typing import Any, Final

PHASES: Final = {
    "discover": ["run.pipeline:discover_files", "run.analysis:Analysis._note_starting"],
    "scan": ["summary_store:_scan_source", "summary_store:check_source"],
    "tokens": ["extract.extraction:find_tokens", "extract.extraction:check_brackets"],
    "parse": ["extract.extraction:parse_checked"],
    "walk": ["extract.extraction:walk_module"],
    "positions": ["extract.extraction:finish"],
    "encode": ["summary.codec:encode_module"],
    "decode": ["summary.codec:decode_module", "resolve.program:decode_body"],
    "link": ["effects.solver:link_site"],
    "propagate": ["effects.solver:EffectSolver.advance"],
    "view": ["rules.judge:Judge.view"],
    "judge": ["rules.judge:Judge.judge_view", "judging.checker:module_calls"],
    "advise": ["judging.checker:advise", "judging.checker:fix_for"],
    "effects kept": ["judging.checker:ModuleJudge._judged"],
    "cache": ["store.cache:Cache.save", "store.cache:Cache.take", "summary_store:SummaryStore.hand_over"],
    "messages": ["workers.process_pool:encode_frame", "workers.worker:_answer"],
    "callers": ["run.callers:Callers.in_their_places"],
    "context": ["run.analysis:Analysis.in_context"],
    "report": ["run.analysis:Analysis.findings", "run.pipeline:_analysed"],
    "prepare": ["judging.processes:_prepare"],
}
"""What is timed, by phase: functions and methods, as a module of conclint and what it knows them by."""


class Clock:
    """The phases of this process so far."""

    def __init__(self, folder: Path, kind: str) -> None:
        self._folder = folder
        self.kind = kind
        self.cpu: defaultdict[str, float] = defaultdict(float)
        self.calls: Counter[str] = Counter()
        self.busy: list[tuple[float, float, str]] = []
        self._open: list[str] = ["else"]
        self._since = time.process_time()

    def enter(self, phase: str) -> None:
        """From here on time is that phase's."""
        self._turn()
        self._open.append(phase)
        self.calls[phase] += 1

    def leave(self) -> None:
        """The phase before goes on."""
        self._turn()
        self._open.pop()

    def _turn(self) -> None:
        now = time.process_time()
        self.cpu[self._open[-1]] += now - self._since
        self._since = now

    def restart(self, kind: str) -> None:
        """In a process that was forked: what was before is the other one's."""
        self.kind = kind
        self.cpu.clear()
        self.calls.clear()
        self.busy = []
        self._open = ["else"]
        self._since = time.process_time()

    def write(self) -> None:
        """Keeps the record."""
        self._turn()
        record = {"kind": self.kind, "cpu": self.cpu, "calls": self.calls, "busy": self.busy}
        path = self._folder / f"{os.getpid()}.json"
        path.write_text(json.dumps(record), encoding="utf-8")


def _timed(clock: Clock, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def call(*arguments: Any, **keywords: Any) -> Any:
        clock.enter(phase)
        try:
            return function(*arguments, **keywords)
        finally:
            clock.leave()

    return call


def _replace(place: str, change: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    module, _, name = place.partition(":")
    holder: Any = importlib.import_module(f"conclint.{module}")
    *owners, last = name.split(".")
    for owner in owners:
        holder = getattr(holder, owner)
    setattr(holder, last, change(getattr(holder, last)))


def install(folder: str) -> Clock:
    """Times this process and all that it starts."""
    clock = Clock(Path(folder), "main")
    for phase, places in PHASES.items():
        for place in places:
            _replace(place, partial(_timed, clock, phase))
    _write_in_workers(clock)
    _write_in_forks(clock)
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
    process_pool: Any = importlib.import_module("conclint.workers.process_pool")
    plain = process_pool.python_command

    def command(code: str, *folders: str) -> list[str]:
        more = f"sys.path.append({here!r}); import phase_clock; phase_clock.install({folder!r}); "
        made = plain(code, *folders)
        head, _, rest = made[-1].partition("; ")
        return [*made[:-1], f"{head}; {more}{rest}"]

    process_pool.python_command = command
    return clock


def _write_in_workers(clock: Clock) -> None:
    worker: Any = importlib.import_module("conclint.workers.worker")
    work, answer = worker._work, worker._answer

    def begin(*arguments: Any) -> None:
        clock.restart("worker")
        work(*arguments)

    def answered(function: Any, arguments: Any) -> bytes:
        start = time.time()
        busy = getattr(arguments[0] if arguments else function, "__name__", "?")
        result: bytes = answer(function, arguments)
        clock.busy.append((start, time.time(), busy))
        clock.write()
        return result

    worker._work, worker._answer = begin, answered


def _write_in_forks(clock: Clock) -> None:
    forks: Any = importlib.import_module("conclint.workers.forks")
    fork_off = forks.fork_off

    def timed(run: Callable[[int], object], others: Any) -> Any:
        def answered(channel: int) -> None:
            clock.restart("fork")
            begun = time.time()
            run(channel)
            clock.busy.append((begun, time.time(), "judge"))
            clock.write()

        return fork_off(answered, others)

    forks.fork_off = timed


def main(folder: str, *arguments: str) -> None:
    """Runs conclint's command with these arguments."""
    started = time.time()
    clock = install(folder)
    clock.busy.append((started, started, "start"))

    def end() -> None:
        clock.busy.append((time.time(), time.time(), "end"))
        clock.write()

    atexit.register(end)
    sys.argv[1:] = arguments
    from conclint.__main__ import main as check

    check()


if __name__ == "__main__":
    main(*sys.argv[1:])
