"""How the time of a run grows with one shape of code: each shape at n, 2n and 4n.

    python benchmarks/growth.py [--shape NAME]… [--runs 5]

Prints CPU seconds (user and system, median of the runs, without the start of the command) and the ratio
per doubling. A shape marked `limited` grows so in libcst's parser, which conclint can't mend: there the
limits on a file hold.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

_ALLOWED: Final = 2.3
_BLOCKING: Final = "import time\n\n\ndef block():\n    time.sleep(1)\n\n\n"


class Shape(NamedTuple):
    """A text of a size, and the size to begin at."""

    text: Callable[[int], str]
    size: int
    limited: bool = False


def _lines(line: str, n: int) -> str:
    return "".join(line.format(i=i, j=i - 1) for i in range(1, n + 1))


def _in_coroutine(body: str) -> str:
    return f"{_BLOCKING}async def run(x):\n{body}    block()\n"


def _knot(n: int) -> str:
    stores = (
        f"    def m{i}(self):\n"
        f"        self.a{i} = self.a{(7 * i + 1) % n} or self.a{(3 * i + 2) % n} or self.a{(5 * i + 3) % n}\n"
        for i in range(n)
    )
    return f"{_BLOCKING}class Knot:\n{''.join(stores)}    async def run(self):\n        self.a0(block())\n"


SHAPES: Final = {
    "from-and-blanks": Shape(lambda n: f"import asyncio\nfrom{' ' * n}\n", 500_000),
    "findings": Shape(lambda n: _in_coroutine("    block()\n" * n), 1_000),
    "functions": Shape(lambda n: _BLOCKING + _lines("async def f{i}():\n    block()\n", n), 500),
    "calls-in-a-chain": Shape(
        lambda n: f"{_BLOCKING}def f0():\n    block()\n" + _lines("def f{i}():\n    f{j}()\n", n), 1_000
    ),
    "returns-in-a-chain": Shape(
        lambda n: f"{_BLOCKING}def f0():\n    return block\n" + _lines("def f{i}():\n    return f{j}()\n", n),
        1_000,
    ),
    "returns-in-a-ring": Shape(
        lambda n: (
            f"{_BLOCKING}def f0(x):\n    return f{n}(x)\n" + _lines("def f{i}(x):\n    return f{j}(x)\n", n)
        ),
        1_000,
    ),
    "knot-of-attributes": Shape(_knot, 200),
    "class-chain": Shape(
        lambda n: (
            f"{_BLOCKING}class C0:\n    def m(self):\n        block()\n"
            + _lines("class C{i}(C{j}):\n    pass\n", n)
            + f"async def run():\n    C{n}().m()\n"
        ),
        500,
    ),
    "elif": Shape(
        lambda n: _in_coroutine("    if x: y = block\n" + _lines("    elif x == {i}: y = print\n", n)), 300
    ),
    "stores": Shape(
        lambda n: (
            f"{_BLOCKING}class C:\n    def __init__(self):\n"
            + "        self.x = block\n" * n
            + "    async def run(self):\n        self.x()\n"
        ),
        1_000,
    ),
    "appends": Shape(lambda n: _in_coroutine("    held = []\n" + "    held.append(block)\n" * n), 1_000),
    "wrapper-sites": Shape(
        lambda n: (
            _BLOCKING
            + "import threading\ndef start(f):\n    threading.Thread(target=f).start()\nasync def run():\n"
            + "    start(block)\n" * n
        ),
        500,
    ),
    "noqa": Shape(lambda n: _in_coroutine("    block()  # noqa\n" * n), 1_000),
    "attributes": Shape(lambda n: _in_coroutine(f"    x{'.b' * n}()\n"), 400, limited=True),
    "links-of-calls": Shape(lambda n: _in_coroutine(f"    x{'.b()' * n}\n"), 200, limited=True),
    "sum": Shape(lambda n: _in_coroutine(f"    y = {' + '.join('x' * n)}\n"), 900, limited=True),
}


def cpu(text: str, runs: int) -> float:
    """The CPU seconds of a cold run on a module of that text."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        module = Path(folder, "module.py")
        module.write_text(text, encoding="utf-8")
        command = [str(Path(sys.executable).with_name("conclint")), "--no-cache", "-j1", str(module)]
        for _ in range(runs):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            done = subprocess.run(command, capture_output=True, cwd=folder, check=False, env=dict(os.environ))
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            if done.returncode not in (0, 1):
                raise SystemExit(done.stderr.decode())
            found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(found)


def main() -> None:
    """Prints the table; status 1 where a shape grows faster than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", action="append", choices=sorted(SHAPES), metavar="NAME")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    start = cpu(_in_coroutine(""), options.runs)
    print(f"{'shape':20}{'n':>9}{'n':>8}{'2n':>8}{'4n':>8}   per doubling")
    failed = False
    for name in options.shape or SHAPES:
        text, size, limited = SHAPES[name]
        times = [max(cpu(text(size * factor), options.runs) - start, 0.001) for factor in (1, 2, 4)]
        ratios = [times[1] / times[0], times[2] / times[1]]
        failed = failed or (not limited and max(ratios) > _ALLOWED)
        shown = "".join(f"{seconds:8.2f}" for seconds in times)
        mark = "   limited" if limited else ""
        print(f"{name:20}{size:9}{shown}   {ratios[0]:.2f} {ratios[1]:.2f}{mark}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
