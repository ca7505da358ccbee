"""A pool of worker processes, as an executor."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import suppress
from importlib import import_module
from queue import Empty, SimpleQueue
from typing import Any, BinaryIO, NamedTuple, Protocol, TypeVar, cast

from conclint.workers.forking import Fork, end, fork_off
from conclint.workers.frames import encode_frame, read_frame
from conclint.workers.isolated import python_command
from conclint.workers.worker import serve

T = TypeVar("T")


class _Task(NamedTuple):
    future: Future[Any]
    frame: Callable[[], bytes]


class _Channel(NamedTuple):
    """A worker's answers, and what it is asked."""

    answers: BinaryIO
    questions: BinaryIO

    def close(self) -> None:
        for stream in (self.questions, self.answers):
            with suppress(OSError):
                stream.close()


class _Source(Protocol):
    """Where workers come from."""

    def connect(self) -> _Channel:
        """A new worker. Raises OSError."""

    def close(self) -> None:
        """Waits for the workers, whose channels are closed."""

    def kill(self) -> None:
        """Ends the workers, whatever they are doing."""


class ProcessPool(Executor):
    """Up to `jobs` processes, each started when all others are busy; each imports the modules of `preload`
    and calls `prepare` with the arguments first. They are forks `of_this` process where it can be forked.

    The call that a worker dies of fails with BrokenExecutor, and another worker takes its place. Where none
    can be had, all that nobody has begun fails so. The daemon threads here, one for each worker, keep no
    process alive.
    """

    def __init__(
        self,
        jobs: int,
        preload: Sequence[str],
        prepare: Callable[..., object],
        *arguments: object,
        fork: bool = hasattr(os, "fork") and hasattr(socket, "send_fds"),
        of_this: bool = False,
    ) -> None:
        self._jobs = jobs
        self._prepare = encode_frame((prepare, arguments))
        self._source: _Source = (
            _ForkedOfThis(jobs, preload) if of_this else _Forked(preload) if fork else _Spawned()
        )
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._unfinished = 0
        self._is_open = True
        self._lock = threading.Lock()

    def submit(self, function: Callable[..., T], /, *arguments: Any, **keywords: Any) -> Future[T]:
        """Has a worker call the function, which is importable by its name, with positional arguments."""
        assert not keywords
        frame = encode_frame((function, arguments))
        return self._put(_Task(Future(), lambda: frame))

    def submit_later(self, function: Callable[..., T], arguments: Callable[[], tuple[Any, ...]]) -> Future[T]:
        """The same, with arguments that are asked for only when a worker comes to it."""
        return self._put(_Task(Future(), lambda: encode_frame((function, arguments()))))

    def _put(self, task: _Task) -> Future[Any]:
        with self._lock:
            if not self._is_open:
                raise BrokenExecutor("no worker process can be had")
            self._unfinished += 1
            self._tasks.put(task)
            if len(self._threads) < min(self._jobs, self._unfinished):
                thread = threading.Thread(target=self._attend, daemon=True, name="conclint worker")
                self._threads.append(thread)
                thread.start()
        return task.future

    @property
    def is_open(self) -> bool:
        """Whether it takes more to do."""
        return self._is_open

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Ends the workers when they have done what was asked for; that is always waited for."""
        self._end(cancel_futures)
        for thread in self._threads:
            thread.join()
        self._source.close()

    def kill_workers(self) -> None:
        """Ends the workers at once."""
        self._end(cancel=True)
        self._source.kill()
        for thread in self._threads:
            thread.join(1)

    def _end(self, cancel: bool) -> None:
        with self._lock:
            self._is_open = False
            if cancel:
                self._drop_tasks(lambda future: future.cancel())
            for _ in self._threads:
                self._tasks.put(None)

    def _drop_tasks(self, tell: Callable[[Future[Any]], object]) -> None:
        with suppress(Empty):
            while True:
                task = self._tasks.get_nowait()
                if task is not None:
                    tell(task.future)

    def _attend(self) -> None:
        """Has one worker do one task after the other."""
        channel: _Channel | None = None
        while (task := self._tasks.get()) is not None:
            if not task.future.set_running_or_notify_cancel():
                continue
            try:
                if channel is None:
                    channel = self._source.connect()
                    channel.questions.write(self._prepare)
            except OSError:
                self._close_for_good()
                _break(task.future)
                break
            try:
                channel.questions.write(task.frame())
                channel.questions.flush()
                succeeded, result = read_frame(channel.answers)
            except Exception:  # EOFError, OSError, or whatever pickle makes of half an answer
                channel.close()
                channel = None
                succeeded = None
            with self._lock:
                self._unfinished -= 1
            if succeeded is None:
                _break(task.future)
            elif succeeded:
                task.future.set_result(result)
            else:
                task.future.set_exception(result)
        if channel is not None:
            channel.close()

    def _close_for_good(self) -> None:
        with self._lock:
            self._is_open = False
            self._drop_tasks(_break)
            for _ in self._threads:
                self._tasks.put(None)


def _break(future: Future[Any]) -> None:
    if future.running() or future.set_running_or_notify_cancel():
        future.set_exception(BrokenExecutor("a worker process died"))


class _ForkedOfThis:
    """Workers that are forked from this process, all at once, before it has threads; one that takes the place
    of another comes from elsewhere."""

    def __init__(self, jobs: int, preload: Sequence[str]) -> None:
        for name in preload:
            import_module(name)
        self._preload = preload
        self._forks: list[Fork] = []
        self._others: _Forked | None = None
        self._lock = threading.Lock()
        for _ in range(jobs):
            with suppress(OSError):
                self._forks.append(fork_off(serve, self._forks))
        self._unused = list(self._forks)

    def connect(self) -> _Channel:
        with self._lock:
            if self._unused:
                with socket.socket(fileno=os.dup(self._unused.pop().channel)) as ours:
                    return _Channel(ours.makefile("rb"), ours.makefile("wb"))
            if self._others is None:
                self._others = _Forked(self._preload)
            return self._others.connect()

    def close(self) -> None:
        for fork in self._forks:
            fork.bury()
        self._forks.clear()
        if self._others is not None:
            self._others.close()

    def kill(self) -> None:
        for fork in self._forks:
            end(fork)
        self._forks.clear()
        if self._others is not None:
            self._others.kill()


class _Spawned:
    """Workers that are started one by one. When this process has gone, each ends with what it is doing."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []

    def connect(self) -> _Channel:
        process = subprocess.Popen(
            python_command("from conclint.workers.worker import attend; attend()"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._processes.append(process)
        return _Channel(cast(BinaryIO, process.stdout), cast(BinaryIO, process.stdin))

    def close(self) -> None:
        for process in self._processes:
            process.wait()

    def kill(self) -> None:
        for process in self._processes:
            process.kill()
        self.close()


if sys.platform != "win32":
    import signal

    class _Forked:
        """Workers that are forked from one process, which has imported what they need."""

        def __init__(self, preload: Sequence[str]) -> None:
            self._control, theirs = socket.socketpair()
            lifeline, self._lifeline = os.pipe()
            code = f"from conclint.workers.worker import fork_workers; fork_workers({lifeline}, {preload!r})"
            try:
                self._process = subprocess.Popen(
                    python_command(code),
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    pass_fds=[lifeline],
                    start_new_session=True,
                )
            except BaseException:
                self._control.close()
                os.close(self._lifeline)
                raise
            finally:
                theirs.close()
                os.close(lifeline)

        def connect(self) -> _Channel:
            ours, theirs = socket.socketpair()
            with ours, theirs:
                socket.send_fds(self._control, [b"\0"], [theirs.fileno()])
                return _Channel(ours.makefile("rb"), ours.makefile("wb"))

        def close(self) -> None:
            self._control.close()
            self._process.wait()
            os.close(self._lifeline)

        def kill(self) -> None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self.close()
else:
    _Forked = _Spawned
