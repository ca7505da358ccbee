"""Worker processes for work on many files' bytes: small chunks of equal size, and no crash stops the run.

Parsing holds the GIL, so processes, not threads. What is sent to a worker and back is plain data, which
any `concurrent.futures` executor can carry.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from typing import Final, Generic, TypeVar

from conclint.process.gc_control import paused
from conclint.workers.forking import can_fork
from conclint.workers.process_pool import ProcessPool

R = TypeVar("R")
C = TypeVar("C")

_CHUNK_LEAST: Final = 32 << 10
_CHUNK_MOST: Final = 256 << 10
_CHUNKS_PER_JOB: Final = 8
_IN_FLIGHT_PER_JOB: Final = 2
_PRELOAD: Final = ["libcst", "conclint.extract.extraction", "conclint.summary.codec"]


class Work(Generic[R, C]):
    """What is to be done for each of some items, known by number.

    `function` is importable by name and gets the item's bytes; `read` gives them, or None if there is
    nothing to do any more; `crashed` is the result for an item whose worker died of it. `pays` is the
    number of bytes from which worker processes are worth their start; where it is negative, nothing is done
    in this process that can be done in another.
    """

    def __init__(
        self,
        function: Callable[[bytes], R],
        sizes: Sequence[int],
        read: Callable[[int], bytes | None],
        crashed: C,
        pays: int,
    ) -> None:
        self.function = function
        self.sizes = sizes
        self.read = read
        self.crashed = crashed
        self.pays = pays

    def chunk(self, numbers: Sequence[int]) -> tuple[list[int], list[bytes]]:
        """Those of the items that are still there, and their bytes."""
        pairs = [(number, data) for number in numbers if (data := self.read(number)) is not None]
        return [number for number, _ in pairs], [data for _, data in pairs]


class Workers:
    """A pool that is started when there is enough to do, used until closed, and replaced when it breaks.

    `jobs` of 0 or None means as many as there are processors. Where processes can't be had (in a sandbox,
    in an executable that can't start Python) or aren't wanted (inside a daemon process, of which there are
    as many as processors already) everything is done in this one. `start` makes another executor, `always`
    uses it however little there is to do.
    """

    def __init__(
        self,
        jobs: int | None = None,
        start: Callable[[int], Executor] | None = None,
        *,
        always: bool = False,
    ) -> None:
        self.jobs = jobs or processors()
        self._start = start or _start_pool
        self._always = always
        self._pool: Executor | None = None
        self._usable = self.jobs > 1 and not _in_daemon()
        self._probed = False

    def run(self, work: Work[R, C]) -> Iterator[tuple[int, R | C]]:
        """The result for each item, in no particular order."""
        total = sum(work.sizes)
        pays = self._always or work.pays < 0 or (len(work.sizes) > 1 and total >= work.pays)
        if not self._usable or not pays:
            yield from self._run_here(work, range(len(work.sizes)))
            return
        waiting = deque(_chunks(work.sizes, self.jobs))
        flying: dict[Future[list[R]], list[int]] = {}
        try:
            while waiting or flying:
                suspects: list[list[int]] = []
                while waiting and len(flying) < _IN_FLIGHT_PER_JOB * self.jobs and not suspects:
                    numbers, datas = work.chunk(waiting.popleft())
                    if not numbers:
                        continue
                    future = self._submit(work.function, datas)
                    if future is None:
                        suspects.append(numbers)
                    else:
                        flying[future] = numbers
                if flying:
                    for future in wait(flying, return_when=FIRST_COMPLETED).done:
                        numbers = flying.pop(future)
                        results = _results(future)
                        if results is None:
                            suspects.append(numbers)
                        else:
                            yield from zip(numbers, results, strict=True)
                if suspects:
                    # The pool may be broken, and with it all that is in flight: one of these is guilty.
                    for future, numbers in flying.items():
                        results = _results(future)
                        if results is None:
                            suspects.append(numbers)
                        else:
                            yield from zip(numbers, results, strict=True)
                    flying.clear()
                    self._drop_broken()
                    yield from self._try_apart(work, suspects)
                    if not self._usable:
                        rest = [number for numbers in waiting for number in numbers]
                        waiting.clear()
                        yield from self._run_here(work, rest)
        except BaseException:
            self.close(cancel=True)
            raise

    @property
    def is_working(self) -> bool:
        """Whether there are worker processes."""
        return isinstance(self._pool, ProcessPool) and self._pool.is_open

    def begin(
        self, function: Callable[[bytes], R], read: Callable[[], list[bytes]]
    ) -> Future[list[R]] | None:
        """The function over items, done by a worker in the background; `read` gives the items when it comes
        to that. None where there are no such workers."""
        if not self._usable or self._start is not _start_pool:
            return None
        try:
            if self._pool is None:
                self._pool = self._start(self.jobs)
            if isinstance(self._pool, ProcessPool):
                return self._pool.submit_later(_apply, lambda: (function, read()))
        except (BrokenExecutor, OSError, ImportError, NotImplementedError):
            pass
        return None

    def close(self, *, cancel: bool = False) -> None:
        """Ends the worker processes; `cancel` doesn't wait for what they are doing."""
        pool, self._pool = self._pool, None
        if cancel and isinstance(pool, ProcessPool):
            pool.kill_workers()
        elif pool is not None:
            pool.shutdown(wait=not cancel, cancel_futures=True)

    def stay_here(self) -> None:
        """For a fork of the process whose workers these are: it does everything itself."""
        self._usable = False
        self._pool = None

    def _run_here(self, work: Work[R, C], numbers: Sequence[int]) -> Iterator[tuple[int, R | C]]:
        for number in numbers:
            data = work.read(number)
            if data is not None:
                yield number, _apply(work.function, [data])[0]

    def _try_apart(self, work: Work[R, C], suspects: list[list[int]]) -> Iterator[tuple[int, R | C]]:
        """Each chunk by itself, and, of a chunk that breaks its worker again, each item by itself."""
        if not self._probed:
            self._probed = True
            probe = self._submit(len, [b""])
            if probe is None or _results(probe) is None:
                # Not a single worker lives: this is no place for processes.
                self._usable = False
                self.close(cancel=True)
        chunks = deque(sorted(suspects))
        while chunks:
            numbers, datas = work.chunk(chunks.popleft())
            if not numbers:
                continue
            if not self._usable:
                yield from self._run_here(work, numbers)
                continue
            future = self._submit(work.function, datas)
            results = _results(future) if future is not None else None
            if results is not None:
                yield from zip(numbers, results, strict=True)
                continue
            self._drop_broken()
            if len(numbers) == 1:
                yield numbers[0], work.crashed
            else:
                chunks.extendleft([number] for number in reversed(numbers))

    def _drop_broken(self) -> None:
        """Ends a pool in which a worker has died, unless it is one that goes on with another."""
        if not (isinstance(self._pool, ProcessPool) and self._pool.is_open):
            self.close()

    def _submit(self, function: Callable[[bytes], R], datas: list[bytes]) -> Future[list[R]] | None:
        try:
            if self._pool is None:
                self._pool = self._start(self.jobs)
            return self._pool.submit(_apply, function, datas)
        except (BrokenExecutor, OSError, ImportError, NotImplementedError):
            return None


def _apply(function: Callable[[bytes], R], datas: Sequence[bytes]) -> list[R]:
    """The function over a chunk; in a worker, importable by its name."""
    # A parse makes millions of objects that die by reference count: the collector would find nothing.
    with paused():
        return [function(data) for data in datas]


def _results(future: Future[list[R]]) -> list[R] | None:
    try:
        return future.result()
    except (BrokenExecutor, OSError):
        return None


def _chunks(sizes: Sequence[int], jobs: int) -> list[list[int]]:
    """The items' numbers in chunks of about equal bytes, the biggest items first.

    Small last chunks let the workers finish together.
    """
    limit = min(max(sum(sizes) // (jobs * _CHUNKS_PER_JOB), _CHUNK_LEAST), _CHUNK_MOST)
    chunks: list[list[int]] = []
    room = 0
    for number in sorted(range(len(sizes)), key=lambda item: (-sizes[item], item)):
        if not chunks or sizes[number] > room:
            chunks.append([])
            room = limit
        chunks[-1].append(number)
        room -= sizes[number]
    return chunks


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _start_pool(jobs: int) -> Executor:
    return ProcessPool(jobs, _PRELOAD, _prepare, of_this=can_fork())


def _prepare() -> None:
    """A worker has nothing else to do before its first chunk."""


def _in_daemon() -> bool:
    """Whether this is a daemon process of `multiprocessing`, which is imported then."""
    processes = sys.modules.get("multiprocessing.process")
    return processes is not None and processes.current_process().daemon
