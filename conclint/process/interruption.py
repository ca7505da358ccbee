"""Signals that end the command: it unwinds, so that what it has begun is tidied up, and then ends.

Worker processes need none of this: they end with the process that started them, however that ends.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Final

_ENDING: Final = ("SIGTERM", "SIGHUP", "SIGBREAK")


class Interrupted(SystemExit):
    """A signal asked the process to end; the exit status is the one that shells know it by."""


def unwind_when_asked_to_end() -> None:
    """Has signals that would end this process at once raise Interrupted first, in the main thread; what is
    ignored (`nohup`) stays so. A second signal ends the process at once."""
    if threading.current_thread() is not threading.main_thread():
        return
    for name in _ENDING:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _unwind)


def _unwind(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)
    raise Interrupted(128 + number)
