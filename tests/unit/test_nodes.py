"""The lean twins of libcst's nodes: the tree is libcst's, node by node, and libcst stays as it was."""

from __future__ import annotations

import dataclasses
import gc
import hashlib
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, ClassVar

import libcst
import pytest

from conclint.extract import extract_summary
from conclint.summary.codec import encode_module
from conclint.syntax import nodes
from conclint.syntax.parsing import SourceError, parse_module

ROOT = Path(__file__).parents[2]
PATHS = [*sorted(ROOT.glob("conclint/resolve/*.py")), *sorted(ROOT.glob("tests/unit/test_extract*.py"))]
RARE = """
import a.b as c, d ; from . import (e, f as g,)
from .. x import *
type A[T: int, *U, **V] = dict[T, U]
class B[T](C, metaclass=M): x: int = 1; y: str
@d
async def f[T](a, /, b: int = 1, *args: t, c, d=2, **kwargs) -> t:
    global g; nonlocal h
    async with a as b, c: pass
    async for x, in y: await z
    else: return
    with (a as b, c,): yield (yield from x)
    del a, (b), c[1:2, ::3, ...]
    assert a, b
    raise A from b
def g(*, a, b): return lambda x, *y, z=1, **k: x if y else not z
try: pass
except A as e: ...
else: pass
finally: pass
try: pass
except* (A, B): raise
match x:
    case {"a": 1, **rest} if rest: pass
    case [A(b, c=d), *_] | (None as e): pass
    case -1 + 2j | "s" "t" | a.b: pass
while a <= b < c is not d not in e: break
else: continue
for x in *a, b: x += 1; y @= 2; (z := 3)
if a and b or c: pass
elif d: pass
else: pass
f"a{x!r:>{width}}b{y=}" 'd'; rb'c' B'd'
{*a, 1}; {**b, 1: 2}; [x async for x in a if b if c]; {x for x in y}; {k: v for k, v in z}; (x for x in y)
print(*a, k=1, **b)(  # comment
    1_0, 1.5e3, 2j, ~-+a, a // b ** c @ d << e >> f & g | h ^ i % j,
)
"""


def assert_same(twin: Any, node: Any) -> None:
    """Goes through both trees at once."""
    if isinstance(node, libcst.CSTNode):
        assert type(twin) is getattr(nodes.cst, type(node).__name__)
        for field in dataclasses.fields(node):
            assert_same(getattr(twin, field.name), getattr(node, field.name))
    elif isinstance(node, (list, tuple)):
        assert len(twin) == len(node)
        for one, other in zip(twin, node, strict=True):
            assert_same(one, other)
    else:
        assert twin == node


def test_this_libcst_has_twins() -> None:
    assert nodes.cst is not libcst
    assert issubclass(nodes.cst.Call, nodes.cst.BaseExpression)
    assert not issubclass(nodes.cst.Call, libcst.CSTNode)


@pytest.mark.parametrize("text", [RARE, *[path.read_text(encoding="utf-8") for path in PATHS]])
def test_the_tree_is_libcsts(text: str) -> None:
    tree = parse_module(text)
    assert_same(tree, libcst.parse_module(text))
    assert tree.code == text


def test_expressions_are_made_of_twins_too() -> None:
    assert_same(nodes.parse_expression("a[b] | None"), libcst.parse_expression("a[b] | None"))


def is_untouched() -> bool:
    try:
        libcst.Name("")
    except libcst.CSTValidationError:
        return sys.modules["libcst"] is libcst and type(libcst.parse_module("x")) is libcst.Module
    return False


def test_libcst_is_as_before() -> None:
    parse_module("x = 1\n")
    assert is_untouched()
    with pytest.raises(SourceError):
        parse_module("x = (\n")
    assert is_untouched()


def test_no_other_thread_sees_the_twins() -> None:
    seen = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            if sys.modules["libcst"] is not libcst:
                seen.append(sys.modules["libcst"])

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        workers = [
            threading.Thread(target=lambda: [parse_module("x = f(1)\n") for _ in range(200)])
            for _ in range(3)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    finally:
        done.set()
        watcher.join()
        sys.setswitchinterval(before)
    assert not seen
    assert is_untouched()


WITHOUT = """
import hashlib, sys
sys._is_gil_enabled = lambda: False
from pathlib import Path
import libcst
from conclint.extract import extract_summary
from conclint.summary.codec import encode_module
from conclint.syntax import nodes
assert nodes.cst is libcst
for path in sys.argv[1:]:
    print(hashlib.sha1(encode_module(extract_summary(Path(path).read_bytes()))).hexdigest())
"""


def test_summaries_are_the_same_without_twins(tmp_path: Path) -> None:
    rare = tmp_path / "rare.py"
    rare.write_text(RARE, encoding="utf-8")
    paths = [str(path) for path in [rare, *PATHS[:10]]]
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT, *paths], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert run.stdout.split() == [
        hashlib.sha1(encode_module(extract_summary(Path(path).read_bytes()))).hexdigest() for path in paths
    ]


class Watcher:
    """In a cycle with itself: only the collector finds it, and it notes what `libcst` is meanwhile."""

    seen: ClassVar[list[object]] = []

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        Watcher.seen.append(sys.modules["libcst"])


def test_no_finalizer_runs_while_the_copy_is_there() -> None:
    """Up to Python 3.11 an allocation starts the collector, and with it finalizers, even in C code."""
    Watcher.seen.clear()
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()  # each collection looks at no more than what is made from here on
    try:
        for allocations in range(5, 200, 5):  # until the collector starts
            gc.disable()
            for _ in range(3):
                Watcher()
            gc.set_threshold(allocations, 1, 1)
            gc.enable()
            nodes.parse_module("f(a, [b, c])\n" * 100)
            gc.collect()
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
        gc.enable()
    assert len(Watcher.seen) == 39 * 3
    assert all(found is libcst for found in Watcher.seen)
