"""What a child process runs: one program of a pair, as the script that it is, watched from outside.

    python -I child.py PROGRAM AMOUNT ANSWER

Writes into the file ANSWER, as JSON: the seconds it took, the CPU seconds of it and its workers, the longest
stall of its event loop (null without one), and the error that ended it (null if it ended well).

It imports nothing of conclint, so that the program's workers find no more than the program itself needs.
"""

from __future__ import annotations

import asyncio
import json
import runpy
import sys
import threading
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final

BEAT: Final = 0.001


class Heartbeat:
    """A task beside the program's own on its event loop; `longest` is the longest time that it could not run.

    Loops of other threads are not watched: only that which the main thread runs with `asyncio.run`.
    """

    def __init__(self) -> None:
        self.longest: float | None = None
        self._last = 0.0

    def install(self) -> None:
        """From here on `asyncio.run` runs the heartbeat too."""
        run = asyncio.run

        def run_watched(main: Coroutine[Any, Any, Any], **options: Any) -> Any:
            watched = threading.current_thread() is threading.main_thread()
            return run(self._beside(main) if watched else main, **options)

        asyncio.run = run_watched

    async def _beside(self, main: Coroutine[Any, Any, Any]) -> Any:
        self._last = time.perf_counter()
        beating = asyncio.create_task(self._beat())
        try:
            return await main
        finally:
            self._note()
            beating.cancel()

    async def _beat(self) -> None:
        while True:
            self._note()
            await asyncio.sleep(BEAT)

    def _note(self) -> None:
        now = time.perf_counter()
        self.longest = max(self.longest or 0.0, now - self._last)
        self._last = now


def _cpu_seconds() -> float:
    """Of this process and of the children that have ended (on Windows, of this process alone)."""
    if sys.platform == "win32":
        return time.process_time()
    import resource

    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def run_program(program: Path, amount: str) -> dict[str, object]:
    """The figures of one run of the program with its one argument."""
    sys.argv = [str(program), amount]
    sys.path[:0] = [str(program.parent), str(program.parent.parent)]
    heartbeat = Heartbeat()
    heartbeat.install()
    error = None
    cpu, start = _cpu_seconds(), time.perf_counter()
    try:
        runpy.run_path(str(program), run_name="__main__")
    except BaseException as problem:
        error = f"{type(problem).__name__}: {problem}"
    seconds = time.perf_counter() - start
    return {
        "seconds": seconds,
        "cpu": _cpu_seconds() - cpu,
        "stall": heartbeat.longest,
        "error": error,
    }


if __name__ == "__main__":
    answer = Path(sys.argv[3])
    figures = run_program(Path(sys.argv[1]), sys.argv[2])
    sys.stdout.flush()
    answer.write_text(json.dumps(figures), encoding="utf-8")
