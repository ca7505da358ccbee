"""A progress bar on standard error, for runs that last."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_PATIENCE = 1.0
"""Seconds of silence: most runs end before."""


class ProgressBar:
    """Takes calls of (done, total, what); shows a bar only on a terminal and after a second."""

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted and sys.stderr.isatty()
        self._start = time.monotonic()
        self._closing = ExitStack()
        self._shown: tuple[Progress, TaskID] | None = None

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    def __call__(self, done: int, total: int, what: str) -> None:
        """Tells how far the run has come."""
        if not self._wanted or time.monotonic() - self._start < _PATIENCE:
            return
        if self._shown is None:
            self._shown = self._show(total, what)
        bar, task = self._shown
        bar.update(task, completed=done, total=total, description=what)

    def _show(self, total: int, what: str) -> tuple[Progress, TaskID]:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._closing.enter_context(bar)
        return bar, bar.add_task(what, total=total)
