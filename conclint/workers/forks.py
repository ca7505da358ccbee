"""Work shared with forks of this process: what it knows each of them knows, and nothing is sent there."""

from __future__ import annotations

import marshal
import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from struct import Struct
from typing import Any, Final

from conclint.workers.forking import Fork, end, fork_off

_TURN: Final = Struct("=H")
_MOST_TURNS: Final = 1 << 10
"""So many fit into a pipe, on any system."""


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
    started: list[Fork] = []

    def answer(channel: int) -> None:
        parting()
        done = [(number, work(number)) for number in _taken(turns, waiting)]
        with os.fdopen(channel, "wb") as stream:
            marshal.dump(done, stream)

    try:
        for _ in range(forks):
            with suppress(OSError):  # no more processes: this one does it all
                started.append(fork_off(answer, started))
        for number in _taken(turns, waiting):
            yield number, work(number)
        while started:
            answers = _read_all(started[0].channel)
            started.pop(0).bury()
            with suppress(EOFError, ValueError, TypeError):
                yield from marshal.loads(answers)
    finally:
        os.close(waiting)
        for fork in started:
            end(fork)


def _taken(turns: Sequence[range], waiting: int) -> Iterator[int]:
    while turn := os.read(waiting, _TURN.size):
        yield from turns[_TURN.unpack(turn)[0]]


def _read_all(handle: int) -> bytes:
    parts = []
    while part := os.read(handle, 1 << 20):
        parts.append(part)
    return b"".join(parts)
