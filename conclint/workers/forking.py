"""Forks of this process: they know all that it knows, and end when it does.

A fork is sound only in a process that has no other threads; on macOS the system's own libraries have some.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final, NamedTuple, NoReturn

from conclint.workers.lifeline import watch


class Fork(NamedTuple):
    """A fork: what it is spoken to through; it ends when `held` is closed, at the latest."""

    pid: int
    channel: int
    held: int

    def bury(self) -> None:
        """Waits for its end. Only where it is bound to come: what it waits for is closed here."""
        os.close(self.channel)
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        os.close(self.held)

    @property
    def handles(self) -> tuple[int, int]:
        """What of it is open in this process, and is to be closed in other forks."""
        return self.channel, self.held


def can_fork() -> bool:
    """Whether this process can be forked."""
    return sys.platform not in ("win32", "darwin") and threading.active_count() == 1


if sys.platform != "win32":
    import gc
    import signal
    import socket

    from conclint.workers.lifeline import arm

    _ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def fork_off(run: Callable[[int], object], others: Iterable[Fork]) -> Fork:
        """A fork that runs this, with its end of the channel, and ends; `others` are forks of this process,
        too. Raises OSError where there can't be one."""
        ours, theirs = socket.socketpair()
        lifeline, held = os.pipe()
        # A handler that raises, in the fork, would have that unwind as if it were this process.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        try:
            pid = os.fork()
            if not pid:
                _be_fork(run, theirs.detach(), lifeline, [ours.fileno(), held, *_handles(others)])
        except OSError:
            ours.close()
            os.close(held)
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            theirs.close()
            os.close(lifeline)
        return Fork(pid, ours.detach(), held)

    def _be_fork(run: Callable[[int], object], channel: int, lifeline: int, closed: list[int]) -> NoReturn:
        status = 1
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the first process, which ends this
            for number in (signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
            os.setpgid(0, 0)
            for handle in closed:
                os.close(handle)
            arm(lifeline)
            watch(lifeline)
            nowhere = os.open(os.devnull, os.O_RDWR)
            for handle in (0, 1):
                os.dup2(nowhere, handle)
            gc.disable()
            run(channel)
            status = 0
        except BaseException:
            if os.environ.get("CONCLINT_DEBUG"):
                import traceback

                traceback.print_exc()
        finally:
            os._exit(status)  # nothing here is worth taking apart, and nothing is this process's own

    def end(fork: Fork) -> None:
        """Ends it, whatever it does."""
        with suppress(ProcessLookupError):
            os.kill(fork.pid, signal.SIGKILL)
        fork.bury()
else:

    def fork_off(run: Callable[[int], object], others: Iterable[Fork]) -> Fork:
        """There are no forks on Windows."""
        raise OSError

    def end(fork: Fork) -> None:
        """There is none."""


def _handles(forks: Iterable[Fork]) -> list[int]:
    return [handle for fork in forks for handle in fork.handles]
