"""The language server in the tests' own process, as `harness.command` has the command: all but the start of
an interpreter, and of the processes that analyse, which takes longer than most sessions.

For tests that look at what the server answers. One that is a process of its own, `Editor(command=SERVER)`, is
for those that are about that: its streams, its exit status, signals, processes that die, what is imported.
"""

from __future__ import annotations

import asyncio
import atexit
import io
import os
from asyncio.subprocess import Process
from collections.abc import Coroutine
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any, TypeVar

import pytest
from pygls.io_ import StdoutWriter

from conclint.server import session
from conclint.server.action_features import register_actions
from conclint.server.app import Server
from conclint.server.jobs import Answer, Job
from conclint.server.wire import HEADER_LIMIT, serve
from conclint.server.worker_client import Analyst

Result = TypeVar("Result")

_loop: asyncio.AbstractEventLoop | None = None
_idle: list[tuple[Process, int | None]] = []
"""Processes that analyse, of sessions that have ended, each with its lifeline."""


def run_here(conversation: Coroutine[Any, Any, Result]) -> Result:
    """As `asyncio.run`, in a loop that is kept: the processes that analyse belong to it."""
    global _loop
    if _loop is None:
        _loop = asyncio.new_event_loop()
        atexit.register(_end)
    return _loop.run_until_complete(_alone(conversation))


async def _alone(conversation: Coroutine[Any, Any, Result]) -> Result:
    """Ends what it leaves running."""
    try:
        return await conversation
    finally:
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


class _KeptAnalyst(Analyst):
    """Leaves its process to the sessions to come, unless that is in the middle of a job: then it is ended, as
    ever. One process serves several folders in an editor too."""

    _is_busy = False

    async def run(self, job: Job, stale: asyncio.Event | None = None) -> Answer | None:
        self._is_busy = True
        try:
            return await super().run(job, stale)
        finally:
            self._is_busy = False

    def close(self) -> None:
        process = self._process
        if process is not None and process.returncode is None and not self._is_busy:
            _idle.append((process, self._lifeline))
            self._process = self._lifeline = None
        super().close()

    async def _started(self, folder: str) -> Process:
        while self._process is None and _idle:
            process, lifeline = _idle.pop()
            if process.returncode is None:
                self._process, self._lifeline = process, lifeline
        return await super()._started(folder)


def _end() -> None:
    """Ends the processes that are left, and the loop."""
    assert _loop is not None
    for process, lifeline in _idle:
        process.kill()
        _loop.run_until_complete(process.wait())
        if lifeline is not None:
            os.close(lifeline)
    _loop.close()


class ServerHere:
    """A server for one editor, at a port of this machine, working in the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._before = Path.cwd()

    async def start(self) -> tuple[str, int]:
        """Where it listens."""
        os.chdir(self._folder)
        self.status: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._listener = await asyncio.start_server(self._speak, "127.0.0.1", 0, limit=HEADER_LIMIT)
        host, port = self._listener.sockets[0].getsockname()
        return host, port

    async def _speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server = _made()
        server.protocol.set_writer(writer)
        try:
            self.status.set_result(await serve(reader, server.protocol, server.complain))
        finally:
            server.session.stop()
            writer.close()

    def stop(self) -> None:
        self._listener.close()
        os.chdir(self._before)


def answered(sent: bytes) -> tuple[int, bytes, str]:
    """What a server comes to that is sent this, and then nothing more: its status, its answers, its log."""

    async def session() -> int:
        stream = asyncio.StreamReader(limit=HEADER_LIMIT)
        stream.feed_data(sent)
        stream.feed_eof()
        server = _made()
        server.protocol.set_writer(StdoutWriter(answers))
        try:
            return await serve(stream, server.protocol, server.complain)
        finally:
            server.session.stop()

    answers = _Answers()
    with redirect_stderr(io.StringIO()) as log:
        status = run_here(session())
    return status, answers.getvalue(), log.getvalue()


class _Answers(io.BytesIO):
    """Can be read when the server has closed it."""

    def close(self) -> None:
        """Nothing."""


def _made() -> Server:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "Analyst", _KeptAnalyst)
        server = Server()
    register_actions(server)
    return server
