"""What runs in a worker process, and in the one that forks them."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import BinaryIO, NoReturn

from conclint.workers.frames import encode_frame, read_frame


def attend() -> NoReturn:
    """A worker that speaks on standard input and output."""
    source, target = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else writes there must not disturb the answers
    _work(source, target)


def serve(channel: int) -> NoReturn:
    """A worker that was forked of the process that it works for."""
    gc.freeze()
    ends = socket.socket(fileno=channel)
    _work(ends.makefile("rb"), ends.makefile("wb"))


if sys.platform != "win32":
    from conclint.workers.lifeline import arm, watch

    def fork_workers(lifeline: int, preload: Sequence[str]) -> NoReturn:
        """Imports the modules, once for all workers, and forks one for each socket that comes in over
        standard input, until that is closed. This process has no threads, so a fork of it is sound."""
        arm(lifeline)
        for name in preload:
            import_module(name)
        gc.freeze()  # what all share stays shared: the collector would write to each object
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no zombies
        control = socket.socket(fileno=0)
        while True:
            _, handles, _, _ = socket.recv_fds(control, 1, 1)
            if not handles:
                os._exit(0)
            try:
                pid = os.fork()
            except OSError:
                pid = -1  # the other end sees that nobody is there
            if pid == 0:
                break
            os.close(handles[0])
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), control.detach())
        watch(lifeline)
        channel = socket.socket(fileno=handles[0])
        _work(channel.makefile("rb"), channel.makefile("wb"))


def _work(source: BinaryIO, target: BinaryIO) -> NoReturn:
    """Calls functions until nobody asks any more: first that which prepares this process, whose result nobody
    wants, then others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the main process, which ends its workers
    status = 1
    try:
        prepare, arguments = read_frame(source)
        prepare(*arguments)
        while True:
            function, arguments = read_frame(source)
            target.write(_answer(function, arguments))
            target.flush()
    except (EOFError, OSError):
        status = 0
    except BaseException:
        if os.environ.get("CONCLINT_DEBUG"):
            import traceback

            traceback.print_exc()
    os._exit(status)  # nothing here is worth taking apart


def _answer(function: object, arguments: tuple[object, ...]) -> bytes:
    try:
        assert callable(function)
        return encode_frame((True, function(*arguments)))
    except Exception as error:
        try:
            return encode_frame((False, error))
        except Exception:
            return encode_frame((False, RuntimeError(f"{type(error).__name__}: {error}")))
