"""The Python that the analysed code runs on, as far as a recommendation or a verdict depends on it."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Gil(Enum):
    """Whether threads of the program compute at the same time."""

    ENABLED = "enabled"
    FREE_THREADED = "free-threaded"
    BOTH = "both"


class Runtime(NamedTuple):
    """The lowest version of Python that the program supports, and what it expects of the GIL."""

    version: tuple[int, int]
    gil: Gil = Gil.ENABLED

    @property
    def has_interpreters(self) -> bool:
        """Whether `concurrent.futures.InterpreterPoolExecutor` is there."""
        return self.version >= (3, 14)
