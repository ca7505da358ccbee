"""One call, measured: how much faster two threads are than one, and how long another thread stands still.

A speed-up alone says little on a machine that others use too: a call that releases the GIL gains nothing
where the second core is taken. So another Python thread is watched during the call: it beats every half
millisecond, which it can only do while it has the GIL. And where the system tells (Linux does, since 2.6.23,
in /proc/.../schedstat), the time that a thread queued for a core is taken off both.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Sequence
from enum import Enum
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

Call = Callable[[], object]

_BEAT = 0.0005
_QUIET_BEATS = 20
_WINDOW = 0.06
_MOST_CALLS = 1000
_ROUNDS = 5
_MORE_ROUNDS = 10

_HELD_FROM = 0.6
_HELD_AT_LEAST = 0.35
_NO_GAIN = 1.5
_RELEASED_TO = 0.1
_RELEASED_WITH_GAIN = 0.3
_GAIN = 1.4
_LOSS = 0.8


class Verdict(Enum):
    """What a measurement says of a call."""

    HOLDS = "holds"
    RELEASES = "releases"
    UNDECIDED = "undecided"


class Spread(NamedTuple):
    """Repeated values: the median, with the lower and the upper quartile."""

    median: float
    low: float
    high: float


class Watch(NamedTuple):
    """What another thread saw of a stretch of work: its longest stop as a share of one call; and how long it
    was kept waiting in all, as a share of the stretch: `least` without the time that it queued for a core,
    `most` with it (a thread that waits for the GIL asks for a core now and then, so the truth is between)."""

    stop: float
    least: float
    most: float


class Measurement(NamedTuple):
    """One callable: `seconds` of a call on one thread alone; `speed_up` of two threads over one; and what
    another thread saw meanwhile, as in Watch."""

    seconds: float
    speed_up: Spread
    stop: Spread
    least: Spread
    most: Spread
    rounds: int

    @property
    def verdict(self) -> Verdict:
        return decide(self.least.median, self.most.median, self.speed_up.median)


def decide(least: float, most: float, speed_up: float) -> Verdict:
    """The verdict on a call during which another thread waited between `least` and `most` of its time, and of
    which two threads make so many times as many as one. UNDECIDED where the two don't agree, or neither is
    clear. A call that lets the other thread run releases the GIL even where two threads gain nothing: a lock
    or a pool of its own may be in the way, or the machine's second core taken. Where two threads lose, they
    take turns: it gives the GIL away and asks for it again all the time."""
    if most >= _HELD_FROM and least >= _HELD_AT_LEAST and speed_up <= _NO_GAIN:
        return Verdict.HOLDS
    gains = speed_up >= _GAIN
    if least <= _RELEASED_TO and (gains or (most < _HELD_AT_LEAST and speed_up >= _LOSS)):
        return Verdict.RELEASES
    if least <= _RELEASED_WITH_GAIN and gains:
        return Verdict.RELEASES
    return Verdict.UNDECIDED


def has_gil() -> bool:
    """Whether this interpreter has a GIL that is on; without one there is nothing to hold."""
    enabled: Callable[[], bool] | None = getattr(sys, "_is_gil_enabled", None)
    return enabled is None or enabled()


def spread(values: Sequence[float]) -> Spread:
    """The median and the quartiles of at least one value."""
    if len(values) == 1:
        return Spread(values[0], values[0], values[0])
    low, middle, high = quantiles(values, n=4, method="inclusive")
    return Spread(middle, low, high)


def measure(call: Call, rounds: int = _ROUNDS, more: int = _MORE_ROUNDS) -> Measurement:
    """The call, measured `rounds` times, and up to `more` times again while nothing is clear.

    The call must give the same work each time, on two threads at once too. Raises what the call raises.
    """
    call()  # imports, caches, and the pages of the data: not what is measured
    seconds = min(_timed(call, 1), _timed(call, 1))
    number = max(1, min(_MOST_CALLS, round(_WINDOW / max(seconds, 1e-9))))
    alone: list[float] = []
    gains: list[float] = []
    watches: list[Watch] = []
    while True:
        watches.append(watch(call, number))
        one = _timed_on_threads(call, number, 1)  # not this one: memory is handled differently there
        two = _timed_on_threads(call, number, 2)
        alone.append(one / number)
        gains.append(2 * one / two)
        if len(gains) < rounds:
            continue
        found = Measurement(
            median(alone),
            spread(gains),
            spread([seen.stop for seen in watches]),
            spread([seen.least for seen in watches]),
            spread([seen.most for seen in watches]),
            len(gains),
        )
        if found.verdict is not Verdict.UNDECIDED or len(gains) >= rounds + more:
            return found


def watch(call: Call, number: int = 1) -> Watch:
    """What another thread sees while this one makes `number` calls."""
    beats: list[float] = []
    ended = threading.Event()

    def beat() -> None:
        now, sleep, note, over = time.perf_counter, time.sleep, beats.append, ended.is_set
        while not over():
            note(now())
            sleep(_BEAT)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        while len(beats) < _QUIET_BEATS:
            time.sleep(_BEAT)
        queued = _standing(thread.native_id).queued
        start = time.perf_counter()
        for _ in range(number):
            call()
        end = time.perf_counter()
        queued = _standing(thread.native_id).queued - queued
        time.sleep(2 * _BEAT)
    finally:
        ended.set()
        thread.join()
    return _seen(beats, start, end, number, queued)


def _seen(beats: Sequence[float], start: float, end: float, number: int, queued: float) -> Watch:
    quiet = [moment for moment in beats if moment < start]
    usual = median(after - before for before, after in pairwise(quiet))
    during = [start, *(moment for moment in beats if start <= moment <= end), end]
    gaps = [after - before for before, after in pairwise(during)]
    # A little late is the system's clock and scheduler: only what is beyond twice the usual counts.
    late = sum(max(0.0, gap - 2 * usual) for gap in gaps)
    whole = max(end - start, 1e-9)
    return Watch(min(1.0, max(gaps) * number / whole), max(0.0, late - queued) / whole, late / whole)


class _Standing(NamedTuple):
    """Seconds that a thread ran so far, and that it stood ready without a core."""

    ran: float
    queued: float


def _standing(thread: int | None = None) -> _Standing:
    """Of this thread, or of one by its native id; zeros where the system doesn't tell."""
    try:
        place = "thread-self" if thread is None else f"self/task/{thread}"
        ran, queued, *_ = Path(f"/proc/{place}/schedstat").read_bytes().split()
        return _Standing(int(ran) / 1e9, int(queued) / 1e9)
    except (OSError, ValueError):
        return _Standing(0.0, 0.0)


def _timed(call: Call, number: int) -> float:
    """Seconds for so many calls on this thread, without those it queued for a core to go on with them.

    A thread that waits for the GIL wakes up every few milliseconds to ask for it, and queues for a core each
    time: the queueing is shared out in proportion to running and waiting, and only the former's is taken off.
    """
    before, start = _standing(), time.perf_counter()
    for _ in range(number):
        call()
    whole, after = time.perf_counter() - start, _standing()
    ran, queued = after.ran - before.ran, after.queued - before.queued
    slept = max(0.0, whole - ran - queued)
    return whole - queued * ran / (ran + slept) if queued > 0 and ran > 0 else whole


def _timed_on_threads(call: Call, number: int, count: int) -> float:
    """Seconds until each of `count` new threads made so many calls."""
    times: list[float] = []
    failures: list[BaseException] = []
    together = threading.Barrier(count)

    def run() -> None:
        together.wait()
        try:
            times.append(_timed(call, number))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return max(times)
