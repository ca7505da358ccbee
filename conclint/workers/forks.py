"""Work shared with forks of this process: what it knows each of them knows, and nothing is sent there.

A fork is sound only in a process that has no other threads. The forks end when this process does.
"""

from __future__ import annotations

import gc
import marshal
import os
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from struct import Struct
from typing import Any, Final, NamedTuple, NoReturn

from conclint.workers.lifeline import watch

_TURN: Final = Struct("=H")
_MOST_TURNS: Final = 1 << 10
"""So many fit into a pipe, on any system."""


def can_fork() -> bool:
    """Whether this process can be forked."""
    return hasattr(os, "fork") and threading.active_count() == 1


class _Fork(NamedTuple):
    """What it answers can be read from `answers`; it ends when `held` is closed, at the latest."""

    pid: int
    answers: int
    held: int


def in_forks(
    work: Callable[[int], Any], count: int, forks: int, parting: Callable[[], object]
) -> Generator[tuple[int, Any], None, None]:
    """What the work gives for the numbers from 0 to `count`, which can be marshalled, in no particular order.
    This process and the forks take turns of neighbours. Numbers of a fork that died have none. `parting` is
    called first in each fork.
    """
    stride = max(-(-count // _MOST_TURNS), 1)
    turns = [range(start, min(start + stride, count)) for start in range(0, count, stride)]
    waiting, ours = os.pipe()
    os.write(ours, b"".join(map(_TURN.pack, range(len(turns)))))
    os.close(ours)
    started: list[_Fork] = []

    def answer() -> bytes:
        for fork in started:
            os.close(fork.held)
        parting()
        return marshal.dumps([(number, work(number)) for number in _taken(turns, waiting)])

    try:
        for _ in range(forks):
            with suppress(OSError):  # no more processes: this one does it all
                started.append(_start(answer))
        for number in _taken(turns, waiting):
            yield number, work(number)
        while started:
            answers = _read_all(started[0].answers)
            _bury(started.pop(0))
            with suppress(EOFError, ValueError, TypeError):
                yield from marshal.loads(answers)
    finally:
        os.close(waiting)
        for fork in started:
            _end(fork)


def _taken(turns: Sequence[range], waiting: int) -> Iterator[int]:
    while turn := os.read(waiting, _TURN.size):
        yield from turns[_TURN.unpack(turn)[0]]


if sys.platform != "win32":
    import signal

    from conclint.workers.lifeline import arm

    _ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def _start(answer: Callable[[], bytes]) -> _Fork:
        """A fork that answers and ends. Raises OSError where there can't be one."""
        answers, theirs = os.pipe()
        lifeline, held = os.pipe()
        # A handler that raises, in the fork, would have that unwind as if it were this process.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        try:
            pid = os.fork()
        except OSError:
            for handle in (answers, held):
                os.close(handle)
            raise
        else:
            if not pid:
                os.close(held)
                _be_fork(answer, theirs, lifeline)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            os.close(theirs)
            os.close(lifeline)
        return _Fork(pid, answers, held)

    def _be_fork(answer: Callable[[], bytes], target: int, lifeline: int) -> NoReturn:
        status = 1
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the first process, which ends this
            for number in (signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
            os.setpgid(0, 0)
            arm(lifeline)
            watch(lifeline)
            gc.disable()
            with os.fdopen(target, "wb") as stream:
                stream.write(answer())
            status = 0
        except BaseException:
            if os.environ.get("CONCLINT_DEBUG"):
                import traceback

                traceback.print_exc()
        finally:
            os._exit(status)  # nothing here is worth taking apart, and nothing is this process's own

    def _end(fork: _Fork) -> None:
        with suppress(ProcessLookupError):
            os.kill(fork.pid, signal.SIGKILL)
        _bury(fork)
else:

    def _start(answer: Callable[[], bytes]) -> _Fork:
        """There are no forks on Windows."""
        raise OSError

    def _end(fork: _Fork) -> None:
        _bury(fork)


def _read_all(handle: int) -> bytes:
    parts = []
    while part := os.read(handle, 1 << 20):
        parts.append(part)
    return b"".join(parts)


def _bury(fork: _Fork) -> None:
    os.close(fork.answers)
    os.close(fork.held)
    with suppress(ChildProcessError):
        os.waitpid(fork.pid, 0)
