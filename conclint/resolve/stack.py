"""Room for deep recursion: what goes deep goes on with a stack of its own.

Python's limit on recursion is one number for the whole process, which belongs to the program that conclint
runs in (flake8, an editor's server), and on some versions the stack of C ends sooner. So neither is touched:
where a thread has used up its share of frames, the work goes on in another thread while this one waits. What
is found out does not depend on it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final, TypeVar

from conclint.process.large_stack import on_own_stack

T = TypeVar("T")

_FRAMES: Final = 350
"""Frames after which a thread hands on what it has to do: far enough from the 1,000 that Python allows by
default for what is done between two looks at the stack."""
_STACKS: Final = (8 << 20,)


def is_deep() -> bool:
    """Whether this thread has used up its share of frames."""
    try:
        sys._getframe(_FRAMES)
    except ValueError:
        return False
    return True


def with_room(work: Callable[[], T]) -> T:
    """The result of `work`, done where there is room for some hundred frames more; its exceptions are raised
    here."""
    return afresh(work) if is_deep() else work()


def afresh(work: Callable[[], T]) -> T:
    """The result of `work`, done on a stack of its own: it has the same room wherever it is asked for."""
    return on_own_stack(work, _STACKS)
