"""What is to be analysed, and when: the newest text of what is open at first, then what it concerns."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Any, Final

from conclint.server.buffers import Buffer, Folder, Folders
from conclint.server.jobs import (
    Answer,
    Change,
    Checked,
    CheckJob,
    Edited,
    EditJob,
    Failed,
    JobScope,
    MapJob,
    Mapped,
    Mark,
    Note,
)
from conclint.server.worker_client import Analyst

TYPING_PAUSE: Final = 0.3
"""Seconds without a keystroke after which the text is looked at."""
_AT_ONCE: Final = 0.02  # what comes together (an editor that opens all its files) is done together

Texts = tuple[tuple[str, bytes], ...]


class Session:
    """The state of one editor's session. All of it lives in the event loop's thread.

    Two processes work for it: one for what is open, whose run is ended when the text has changed; and one
    for the rest, which goes on with what it has, for in a large program it would never end otherwise.
    A third one, started when it is needed, finds edits: somebody waits for them.
    `publish` is told a path and what is found there now, `complain` what went wrong, `refresh` that what is
    known of files other than the edited one may have changed; `working` is entered while all of a folder is
    looked at.
    """

    def __init__(
        self,
        publish: Callable[[str, tuple[Mark, ...]], None],
        complain: Callable[[Failed], None],
        refresh: Callable[[], None],
        working: Callable[[str], AbstractContextManager[None]],
    ) -> None:
        self.folders = Folders()
        self.buffers: dict[str, Buffer] = {}
        self.units = "utf-16"
        self._publish = publish
        self._complain = complain
        self._refresh = refresh
        self._working = working
        self._of_open, self._of_rest, self._of_edits = Analyst(), Analyst(), Analyst()
        self._editing = asyncio.Lock()
        self._stale = asyncio.Event()
        self._open_wake, self._rest_wake = asyncio.Event(), asyncio.Event()
        self._open_done, self._settled = asyncio.Event(), asyncio.Event()
        self._is_rest_busy = False
        self._pause = _AT_ONCE
        self._notes: dict[str, asyncio.Future[tuple[Note, ...]]] = {}
        self._shown: dict[str, tuple[int | None, tuple[Mark, ...]]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begins to work."""
        if not self._tasks:
            self._tasks = [
                asyncio.ensure_future(self._work_on_open()),
                asyncio.ensure_future(self._work_on_rest()),
            ]
            self.want(())

    def stop(self) -> None:
        """Ends the work, and the processes that do it."""
        for task in self._tasks:
            task.cancel()
        self._of_open.close()
        self._of_rest.close()
        self._of_edits.close()
        self._settled.set()
        self._forget_notes()

    def want(self, folders: Iterable[Folder], *, typing: bool = False) -> None:
        """Has the folders looked at again; while somebody is typing, after a pause."""
        for folder in folders:
            folder.want()
        if not typing:
            self._pause = _AT_ONCE
        elif not self._stale.is_set():
            self._pause = TYPING_PAUSE
        self._forget_notes()
        self._open_done.clear()
        self._settled.clear()
        self._stale.set()
        self._open_wake.set()
        self._rest_wake.set()

    def forget(self, folder: Folder, paths: Iterable[str]) -> None:
        """Takes back what was published of the files."""
        for path in list(paths):
            folder.marks.pop(path, None)
            self._show(path, ())

    def marks(self, path: str) -> tuple[Mark, ...]:
        """What is known to be in the file."""
        return self.folders.of(path).marks.get(path, ())

    async def settled(self) -> None:
        """Waits until everything that was wanted has been looked at."""
        await self._settled.wait()

    async def open_settled(self) -> None:
        """Waits until the newest text of what is open has been looked at."""
        await self._open_done.wait()

    async def notes(self, path: str) -> tuple[Note, ...]:
        """What is to be said of the file's functions, once it has been found out."""
        while True:
            future = self._notes.get(path)
            if future is None:
                future = self._notes[path] = asyncio.get_running_loop().create_future()
                self._open_wake.set()
            with suppress(_OutOfDateError):
                return await asyncio.shield(future)

    async def edits(self, path: str, marks: Sequence[Mark], change: Change) -> Edited | Failed:
        """How the open text is changed for the marks; Failed where it is not the one that they are about."""
        job = EditJob(
            self.folders.of(path).path,
            path,
            self.buffers[path].data,
            tuple(mark.finding for mark in marks),
            change,
            self.units,
        )
        async with self._editing:
            answer = await self._of_edits.run(job)
        return answer if isinstance(answer, (Edited, Failed)) else Edited(())

    def _forget_notes(self) -> None:
        old, self._notes = self._notes, {}
        for future in old.values():
            if not future.done():
                future.set_exception(_OutOfDateError())
                future.exception()  # it may be that nobody waits any more

    # -- the work ----------------------------------------------------------------------------------------

    async def _work_on_open(self) -> None:
        while True:
            await self._open_wake.wait()
            self._open_wake.clear()
            await self._bearing(self._do_open())

    async def _do_open(self) -> None:
        while self._stale.is_set():  # until no change has come for the pause
            self._stale.clear()
            pause, self._pause = self._pause, TYPING_PAUSE
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._stale.wait(), pause)
        for folder in self.folders.all():
            if folder.is_open_wanted and not await self._check_open(folder):
                return
        self._open_done.set()
        self._note_settled()
        await self._answer_notes()

    async def _work_on_rest(self) -> None:
        while True:
            await self._rest_wake.wait()
            self._rest_wake.clear()
            while wanting := [folder for folder in self.folders.all() if folder.is_wanted]:
                await self._open_done.wait()
                self._is_rest_busy = True
                await self._bearing(self._check_rest(wanting[0]))
                self._is_rest_busy = False
            self._note_settled()

    async def _bearing(self, work: Coroutine[Any, Any, None]) -> None:
        """Whatever goes wrong in the work is told, and the server goes on."""
        try:
            await work
        except Exception as error:
            self._complain(Failed(f"internal error: {type(error).__name__}: {error}"))

    def _note_settled(self) -> None:
        is_wanted = any(folder.is_wanted for folder in self.folders.all())
        if self._open_done.is_set() and not is_wanted and not self._is_rest_busy:
            self._settled.set()

    async def _check_open(self, folder: Folder) -> bool:
        """Looks at what is open in the folder. Whether that is still the newest text."""
        texts = self._texts(folder)
        if texts:
            job = CheckJob(folder.path, JobScope.OPEN, texts, self.units)
            answer = await self._of_open.run(job, self._stale)
            if answer is None or self._stale.is_set():
                self._open_wake.set()
                return False
            self._apply(folder, answer, texts)
        folder.is_open_wanted = False
        return True

    async def _check_rest(self, folder: Folder) -> None:
        """Looks at all of the folder."""
        folder.is_wanted = False
        texts = self._texts(folder)
        with self._working(folder.path):
            answer = await self._of_rest.run(CheckJob(folder.path, JobScope.ALL, texts, self.units))
        if answer is not None and folder in self.folders.all():
            self._apply(folder, answer, texts, everything=True)
            self._refresh()

    def _texts(self, folder: Folder) -> Texts:
        return tuple(
            (path, buffer.data)
            for path, buffer in sorted(self.buffers.items())
            if self.folders.of(path) is folder
        )

    def _apply(self, folder: Folder, answer: Answer, texts: Texts, *, everything: bool = False) -> None:
        """Takes what was found into account, except in buffers that have changed since."""
        if isinstance(answer, Failed):
            self._complain(answer)
        if not isinstance(answer, Checked):
            return
        found: dict[str, list[Mark]] = {path: [] for path in answer.paths}
        for mark in answer.marks:
            found[mark.path].append(mark)
        if everything:
            found.update({path: [] for path in folder.marks if path not in {*found, *self.buffers}})
        seen = dict(texts)
        for path, marks in found.items():
            buffer = self.buffers.get(path)
            is_current = seen.get(path) == (buffer.data if buffer is not None else None)
            # A folder within this one has a configuration of its own.
            if is_current and self.folders.of(path) is folder:
                folder.marks[path] = tuple(marks)
                self._show(path, tuple(marks))
                if not marks:
                    del folder.marks[path]

    def _show(self, path: str, marks: tuple[Mark, ...]) -> None:
        """Publishes what is new: the findings, or the version of the text that they are about."""
        buffer = self.buffers.get(path)
        shown = (buffer.version if buffer is not None else None, marks)
        if shown != self._shown.get(path, (None, ())):
            self._publish(path, marks)
            self._shown[path] = shown

    async def _answer_notes(self) -> None:
        while wanted := [path for path, known in self._notes.items() if not known.done()]:
            path = wanted[0]
            future = self._notes[path]
            folder = self.folders.of(path)
            job = MapJob(folder.path, path, self._texts(folder), self.units)
            answer = await self._of_open.run(job, self._stale)
            if answer is None or self._stale.is_set():
                self._open_wake.set()
                return
            if not future.done():
                future.set_result(answer.notes if isinstance(answer, Mapped) else ())


class _OutOfDateError(Exception):
    """The text has changed before its notes were there."""
