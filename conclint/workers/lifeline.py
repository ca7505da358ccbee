"""Ending with the parent, however that ends: a pipe of which it alone holds the writing end.

Nothing is ever written to it. The system closes it when the parent is gone, be it by `kill -9`.
"""

from __future__ import annotations

import os
import sys
import threading

if sys.platform != "win32":
    import fcntl
    import signal

    def arm(lifeline: int) -> None:
        """Has the system end this process's group, which is its own, when the parent ends.

        A signal and not only a thread that waits (see `watch`): to parse a file takes seconds at times, in
        which no thread gets its turn. Only Linux sends one, elsewhere this has no effect.
        """
        if sys.platform == "linux":
            signal.signal(signal.SIGIO, signal.SIG_DFL)  # which ends the process
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGIO})
            fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgrp())
            flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
            fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | fcntl.FASYNC)


def watch(lifeline: int) -> None:
    """Ends this process when the parent has ended, as soon as a thread gets its turn."""
    threading.Thread(target=_wait, args=(lifeline,), daemon=True, name="lifeline").start()


def _wait(lifeline: int) -> None:
    os.read(lifeline, 1)
    os._exit(1)
