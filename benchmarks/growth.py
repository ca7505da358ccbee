"""How the time of a run grows with one shape of code: each shape at n, 2n and 4n.

    python benchmarks/growth.py [--shape NAME]… [--runs 5]
    python benchmarks/growth.py --package FOLDER

Prints CPU seconds (user and system, median of the runs, without the start of the command) and the ratio
per doubling. n is the first size that takes over half a second, so that what is measured is not the start;
less where the limits on a file don't allow for 4n. A shape marked `limited` grows so in libcst's parser,
which conclint can't mend: there the limits on a file hold. For a package it prints the CPU seconds of a cold
run, of a bare parse of the same files, and their ratio.
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
_ENOUGH: Final = 0.5
"""CPU seconds from which on growth is measured."""
_BLOCKING: Final = "import time\n\n\ndef block():\n    time.sleep(1)\n\n\n"


class Shape(NamedTuple):
    """A module of a size, or several by name, the size to begin at, and the largest that is analysed."""

    text: Callable[[int], str | dict[str, str]]
    size: int
    limited: bool = False
    most: int = sys.maxsize


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


def _stars(n: int) -> dict[str, str]:
    imports, calls = _lines("from m{i} import *\n", n), _lines("    f{i}()\n", n)
    return {
        **{f"m{i}.py": f"def f{i}():\n    pass\n" for i in range(1, n + 1)},
        "module.py": f"{imports}{_BLOCKING}async def run():\n{calls}    block()\n",
    }


SHAPES: Final = {
    "from-and-blanks": Shape(lambda n: f"import asyncio\nfrom{' ' * n}\n", 500_000),
    "findings": Shape(lambda n: _in_coroutine("    block()\n" * n), 1_000),
    "functions": Shape(lambda n: _BLOCKING + _lines("async def f{i}():\n    block()\n", n), 800),
    "calls-in-a-chain": Shape(
        lambda n: (
            f"{_BLOCKING}def f0():\n    block()\n"
            + _lines("def f{i}():\n    f{j}()\n", n)
            + f"async def run():\n    f{n}()\n"
        ),
        1_000,
    ),
    "returns-in-a-chain": Shape(
        lambda n: (
            f"{_BLOCKING}def f0():\n    return block\n"
            + _lines("def f{i}():\n    return f{j}()\n", n)
            + f"async def run():\n    f{n}()()\n"
        ),
        900,
    ),
    "returns-in-a-ring": Shape(
        lambda n: (
            f"{_BLOCKING}def f0(x):\n    return f{n}(x) or block\n"
            + _lines("def f{i}(x):\n    return f{j}(x)\n", n)
            + f"async def run():\n    f{n}(1)()\n"
        ),
        600,
    ),
    "knot-of-attributes": Shape(_knot, 500),
    "class-chain": Shape(
        lambda n: (
            f"{_BLOCKING}class C0:\n    def m(self):\n        block()\n"
            + _lines("class C{i}(C{j}):\n    pass\n", n)
            + f"async def run():\n    C{n}().m()\n"
        ),
        1_500,
    ),
    "elif": Shape(
        lambda n: _in_coroutine("    if x: y = block\n" + _lines("    elif x == {i}: y = print\n", n)),
        1_500,
        most=6_000,
    ),
    "stores": Shape(
        lambda n: (
            f"{_BLOCKING}class C:\n    def __init__(self):\n"
            + "        self.x = block\n" * n
            + "    async def run(self):\n        self.x()\n"
        ),
        3_000,
    ),
    "appends": Shape(lambda n: _in_coroutine("    held = []\n" + "    held.append(block)\n" * n), 1_500),
    "wrapper-sites": Shape(
        lambda n: (
            _BLOCKING
            + "import threading\ndef start(f):\n    threading.Thread(target=f).start()\nasync def run():\n"
            + "    start(block)\n" * n
        ),
        2_500,
    ),
    "objects": Shape(
        lambda n: (
            f"{_BLOCKING}\n\nclass Node:\n    def __init__(self, name):\n        self.name = name\n\n"
            "    def attach(self, value):\n        self.value = value\n\n\n"
            "async def build(server):\n"
            + _lines("    o{i} = Node({i})\n    o{i}.attach({i})\n    server.add(o{i})\n", n)
        ),
        1_500,
    ),
    "noqa": Shape(lambda n: _in_coroutine("    block()  # noqa\n" * n), 1_200),
    "items-of-a-dict": Shape(
        lambda n: _in_coroutine(
            "    d = {}\n" + _lines("    d['k{i}'] = block\n", n) + _lines("    d['k{i}']()\n", n)
        ),
        700,
    ),
    "called-by-one": Shape(
        lambda n: (
            _BLOCKING
            + _lines("def f{i}():\n    block()\n", n)
            + "def every():\n"
            + _lines("    f{i}()\n", n)
            + "async def run():\n    every()\n"
        ),
        900,
    ),
    "same-names": Shape(
        lambda n: (
            _BLOCKING
            + _lines(
                "class C{i}:\n    def m(self):\n        block()\nasync def f{i}(x):\n    C{i}().m()\n", n
            )
        ),
        350,
    ),
    "ignores": Shape(lambda n: _in_coroutine("    block()  # conclint: ignore[CON102]\n" * n), 1_000),
    "star-imports": Shape(_stars, 250),
    "re-exports": Shape(
        lambda n: {
            f"m{n}.py": _BLOCKING,
            **{f"m{i}.py": f"from m{i + 1} import block\n" for i in range(n)},
            "module.py": "from m0 import block\nasync def run():\n    block()\n",
        },
        250,
    ),
    "attributes": Shape(lambda n: _in_coroutine(f"    x{'.b' * n}()\n"), 400, limited=True),
    "links-of-calls": Shape(lambda n: _in_coroutine(f"    x{'.b()' * n}\n"), 200, limited=True),
    "sum": Shape(lambda n: _in_coroutine(f"    y = {' + '.join('x' * n)}\n"), 900, limited=True),
}


def cpu(text: str | dict[str, str], runs: int) -> float:
    """The CPU seconds of a cold run on a module of that text, or on modules by name."""
    with tempfile.TemporaryDirectory() as folder:
        for name, source in (text if isinstance(text, dict) else {"module.py": text}).items():
            Path(folder, name).write_text(source, encoding="utf-8")
        return statistics.median(_cold_run(folder) for _ in range(runs))


def _cold_run(folder: str) -> float:
    return _seconds([str(Path(sys.executable).with_name("conclint")), "--no-cache", "-j1", "."], folder)


def _seconds(command: list[str], folder: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, cwd=folder, check=False, env=dict(os.environ))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr.decode())
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


_PARSE: Final = """
import pathlib, sys, libcst
for path in pathlib.Path().rglob("*.py"):
    try:
        libcst.parse_module(path.read_bytes())
    except Exception as error:
        print(path, error)
"""


def compare(folder: str) -> None:
    """Prints what a package takes, and what its bare parse takes."""
    run = _cold_run(folder)
    parse = _seconds([sys.executable, "-c", _PARSE], folder)
    print(f"{Path(folder).resolve().name:24} parse {parse:7.2f}   run {run:7.2f}   ratio {run / parse:.2f}")


def _size(shape: Shape, start: float) -> int:
    """The size to begin at: what takes long enough, if the file may be that large."""
    size = shape.size
    while not shape.limited and 8 * size <= shape.most and cpu(shape.text(size), 1) - start < _ENOUGH:
        size *= 2
    return size


def main() -> None:
    """Prints the table; status 1 where a shape grows faster than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", action="append", choices=sorted(SHAPES), metavar="NAME")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--package", action="append", metavar="FOLDER", default=[])
    options = parser.parse_args()
    for folder in options.package:
        compare(folder)
    if options.package:
        return
    start = cpu(_in_coroutine(""), options.runs)
    print(f"{'shape':20}{'n':>9}{'n':>8}{'2n':>8}{'4n':>8}   per doubling")
    failed = False
    for name in options.shape or SHAPES:
        shape = SHAPES[name]
        text, limited, size = shape.text, shape.limited, _size(shape, start)
        times = [max(cpu(text(size * factor), options.runs) - start, 0.001) for factor in (1, 2, 4)]
        ratios = [times[1] / times[0], times[2] / times[1]]
        failed = failed or (not limited and max(ratios) > _ALLOWED)
        shown = "".join(f"{seconds:8.2f}" for seconds in times)
        mark = "   limited" if limited else ""
        print(f"{name:20}{size:9}{shown}   {ratios[0]:.2f} {ratios[1]:.2f}{mark}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
