"""The guide's three experiments, on this machine, beside the figures that the guide gives.

    python benchmarks/guide.py [--size small|reference] [count] [urls] [crunch]

1. count: to 100 million twice: in sequence, in two threads, in two processes.
2. urls: 100 pages of a server on this machine that takes 0.2 s for each: in sequence, in threads, with
   asyncio (aiohttp where it is installed, else its own streams); and by a blocking library in coroutines.
3. crunch: eight sums over 10 million numbers: in sequence, in a pool of threads, in a pool of processes.

The guide's seconds are another machine's and another server's: what is to be the same is the proportion.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import os
import platform
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import Process
from pathlib import Path
from threading import Thread
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

SERVER: Final = Path(__file__).resolve().parent.parent / "fixtures" / "pairs" / "slow_server.py"
WORKERS: Final = 20


class Size(NamedTuple):
    """How much the experiments are given to do."""

    count: int
    urls: int
    latency: float
    chunks: int
    crunch: int


SIZES: Final = {
    "small": Size(2_000_000, 10, 0.05, 2, 1_000_000),
    "reference": Size(100_000_000, 100, 0.2, 8, 10_000_000),
}


class Row(NamedTuple):
    """One way to do it: how long it took here, and what the guide says of it."""

    name: str
    seconds: float
    guide: str


def timed(work: Callable[[], object]) -> float:
    """Seconds that the work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def count(limit: int) -> None:
    """Counts, as the guide does."""
    done = 0
    while done < limit:
        done += 1


def crunch(n: int) -> int:
    """Computes in pure Python."""
    return sum(i * i % 7 for i in range(n))


def count_twice(size: Size) -> Iterator[Row]:
    """The first experiment."""

    def in_sequence() -> None:
        count(size.count)
        count(size.count)

    def in_two(worker: type[Thread] | type[Process]) -> None:
        workers = [worker(target=count, args=(size.count,)) for _ in range(2)]
        for one in workers:
            one.start()
        for one in workers:
            one.join()

    yield Row("in sequence", timed(in_sequence), "1")
    yield Row("two threads", timed(lambda: in_two(Thread)), "1: the same time")
    yield Row("two processes", timed(lambda: in_two(Process)), "1/2: half the time")


@contextmanager
def slow_server(latency: float) -> Iterator[str]:
    """The address of the pairs' server, in a process of its own so that it shares no GIL with who asks."""
    program = (
        f"import sys; sys.path.insert(0, {str(SERVER.parent)!r}); from slow_server import slow_server\n"
        f"with slow_server({latency}) as url: print(url, flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-I", "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None and server.stdin is not None
        yield server.stdout.readline().strip()
        server.stdin.close()


def fetch(url: str) -> int:
    """One page, by a blocking library."""
    with urllib.request.urlopen(url) as response:
        return len(response.read())


async def fetch_blocking(url: str) -> int:
    """What CON101 reports."""
    return fetch(url)  # conclint: ignore[CON101]


async def fetch_async(url: str) -> int:
    """One page, by asyncio's streams."""
    host = urlsplit(url)
    reader, writer = await asyncio.open_connection(host.hostname, host.port)
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return len(answer)


async def gather_aiohttp(urls: Sequence[str]) -> int:
    """All pages at once, by aiohttp."""
    import aiohttp

    async def one(session: aiohttp.ClientSession, url: str) -> int:
        async with session.get(url) as response:
            return len(await response.read())

    async with aiohttp.ClientSession() as session:
        return len(await asyncio.gather(*(one(session, url) for url in urls)))


async def gather_pages(get: Callable[[str], Coroutine[Any, Any, int]], urls: Sequence[str]) -> int:
    """All pages, by coroutines under gather."""
    return len(await asyncio.gather(*(get(url) for url in urls)))


def fetch_pages(size: Size) -> Iterator[Row]:
    """The second experiment."""
    with slow_server(size.latency) as url:
        urls = [url] * size.urls

        def in_threads() -> None:
            with ThreadPoolExecutor(max_workers=WORKERS) as pool:
                list(pool.map(fetch, urls))

        def in_sequence() -> None:
            for one in urls:
                fetch(one)

        fetch(url)
        yield Row("in sequence", timed(in_sequence), "1: 20 s")
        yield Row(f"{WORKERS} threads", timed(in_threads), "0.08: 1.5 s")
        if importlib.util.find_spec("aiohttp"):
            import aiohttp

            name = f"asyncio, aiohttp {aiohttp.__version__}"
            yield Row(name, timed(lambda: asyncio.run(gather_aiohttp(urls))), "0.03: 0.5 s")
        else:
            name = "asyncio, its own streams"
            yield Row(name, timed(lambda: asyncio.run(gather_pages(fetch_async, urls))), "0.03: 0.5 s")
        blocked = timed(lambda: asyncio.run(gather_pages(fetch_blocking, urls)))
        yield Row("blocking calls in coroutines", blocked, "1: as in sequence")


def crunch_chunks(size: Size) -> Iterator[Row]:
    """The third experiment."""
    chunks = [size.crunch] * size.chunks
    cores = os.cpu_count() or 1

    def in_pool(pool: type[ThreadPoolExecutor] | type[ProcessPoolExecutor]) -> None:
        with pool(max_workers=cores) as executor:
            started: Executor = executor
            list(started.map(crunch, chunks))

    yield Row("in sequence", timed(lambda: [crunch(n) for n in chunks]), "1")
    yield Row(f"{cores} threads", timed(lambda: in_pool(ThreadPoolExecutor)), "1: no gain")
    yield Row(
        f"{cores} processes", timed(lambda: in_pool(ProcessPoolExecutor)), f"1/{cores}: one for each core"
    )


EXPERIMENTS: Final = {"count": count_twice, "urls": fetch_pages, "crunch": crunch_chunks}


def titles(size: Size) -> dict[str, str]:
    """The headings of the experiments."""
    return {
        "count": f"Count to {size.count:,} twice",
        "urls": f"Get {size.urls} pages of a server that takes {size.latency} s for each",
        "crunch": f"{size.chunks} sums over {size.crunch:,} numbers",
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("experiments", nargs="*", metavar="EXPERIMENT", help=", ".join(EXPERIMENTS))
    parser.add_argument("--size", choices=SIZES, default="reference")
    options = parser.parse_args()
    size = SIZES[options.size]
    chosen = options.experiments or list(EXPERIMENTS)
    if unknown := set(chosen) - set(EXPERIMENTS):
        parser.error(f"there is no experiment {sorted(unknown)[0]!r}")
    print(f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores")
    for name in chosen:
        print(f"\n{titles(size)[name]}\n{'':30}{'here':>9}{'of the first':>15}   the guide")
        first = 0.0
        for row in EXPERIMENTS[name](size):
            first = first or row.seconds
            print(f"{row.name:30}{row.seconds:7.2f} s{row.seconds / first:15.2f}   {row.guide}", flush=True)


if __name__ == "__main__":
    main()
