"""The byte-level index: what it must see, against the syntax tree where it can, and that it never fails."""

from __future__ import annotations

import ast
import keyword
import marshal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conclint.source.index import ROOT_WORDS, mentions, scan

PACKAGE = Path(__file__).parents[2] / "conclint"


@pytest.mark.parametrize(
    ("source", "imports"),
    [
        ("import a", [("a", ())]),
        ("import a.b as c, d", [("a.b", ()), ("d", ())]),
        ("import a, \\\n  b.c", [("a", ()), ("b.c", ())]),
        ("from a import b", [("a", ("b",))]),
        ("from a.b import c as d, e", [("a.b", ("c", "e"))]),
        ("from . import x", [(".", ("x",))]),
        ("from .. import(x)", [("..", ("x",))]),
        ("from ...a.b import x", [("...a.b", ("x",))]),
        ("from .imports import x", [(".imports", ("x",))]),
        ("from . a import x", [(".a", ("x",))]),
        ("from a import *", [("a", ("*",))]),
        ("from a import (\n    b,  # not (c), d\n    e as f,\n)", [("a", ("b", "e"))]),
        ("from a import b, \\\n  c", [("a", ("b", "c"))]),
        ("from a \\\n  import b", [("a", ("b",))]),
        ("if x: import a", [("a", ())]),
        ("x = 1; from a import b; import c", [("a", ("b",)), ("c", ())]),
        ("try:\n\timport a\r\nexcept ImportError:\r\n\timport b\r\n", [("a", ()), ("b", ())]),
        ("x = 1\rimport a\r", [("a", ())]),
        ("\ufeffimport a", [("a", ())]),
        ("import a # b, c", [("a", ())]),
        ("import größe", [("größe", ())]),
        ("import a\nimport a", [("a", ())]),
        ("important = 1\nfrom_ = 2\nimports(x)", []),
        ("# import a\nx = 'import b'", []),
    ],
)
def test_imports(source: str, imports: list[tuple[str, tuple[str, ...]]]) -> None:
    assert list(scan(source.encode()).imports) == imports


@pytest.mark.parametrize(
    ("header", "bases"),
    [
        ("class A: pass", []),
        ("class A(): pass", []),
        ("class A(B, c.D): pass", [("B", "B"), ("D", "c.D")]),
        ("class A(\n    B,\n    c . D,\n): pass", [("B", "B"), ("D", "c.D")]),
        ("class A(B[int, C], metaclass=M): pass", [("B", "B")]),
        ("class A(B[Dict[str, 'x)']], x='(', y=C): pass", [("B", "B")]),
        ("class A(B,  # (no, C)\n  D): pass", [("B", "B"), ("D", "D")]),
        (
            "class A(six.with_metaclass(M, B)): pass",
            [("with_metaclass", "six.with_metaclass"), ("M", "M"), ("B", "B")],
        ),
        ("class A(make(B), C): pass", [("make", "make"), ("B", "B"), ("C", "C")]),
        ("class A[T: (int, str)](B[T]): pass", [("B", "B")]),
        ("class A[T](B): pass", [("B", "B")]),
        ("class A(*BASES): pass", [("BASES", "BASES")]),
        ("class A (B): pass", [("B", "B")]),
        ("class A \\\n  (B): pass", [("B", "B")]),
    ],
)
def test_bases(header: str, bases: list[tuple[str, str]]) -> None:
    assert scan(header.encode()).classes == (("A", tuple(bases)),)


def test_functions_and_methods_are_named_once() -> None:
    source = b"def f(): 0\nclass A:\n    async  def g(self): 0\n    def f(self): 0\nif x:\n\tdef h[T](): 0"
    assert scan(source).functions == ("f", "g", "h")


@pytest.mark.parametrize(
    ("source", "root"),
    [
        ("async def f(): pass", True),
        ("async  def f(): pass", True),
        ("async\tdef f(): pass", True),
        ("async \\\n def f(): pass", True),
        ("x = 1; async def f(): pass", True),
        ("from threading import Timer", True),
        ("loop.call_soon(f)", True),
        ("pool.submit(f)", True),
        ("run_in_executor(None, f)", True),
        ("def f(): return requests.get('x')", False),
        ("import gevent", False),
        ("", False),
    ],
)
def test_roots(source: str, root: bool) -> None:
    data = source.encode()
    assert scan(data).is_root is root
    assert scan(data).is_root is root


def test_words_are_those_the_file_contains() -> None:
    assert scan(b"import threading, asyncio\nasync def f(): ...").words == ("async def", "asyncio", "hread")
    assert set(scan(" ".join(ROOT_WORDS).encode()).words) == set(ROOT_WORDS)


@pytest.mark.parametrize("extra", [0, 40])
def test_mentions_are_whole_identifiers(extra: int) -> None:
    words = ["in_background", "ground", "größe", "absent", *(f"word{number}" for number in range(extra))]
    data = "x.in_background(f) # größe\nword7x = 1".encode()
    assert mentions(data, words) == {"in_background", "größe"}
    assert mentions(data, []) == set()


def test_everything_the_tree_has_is_seen() -> None:
    """On conclint's own source: imports, classes with bases and functions, none missing."""
    seen = 0
    for path in sorted(PACKAGE.rglob("*.py")):
        data = path.read_bytes()
        index = scan(data)
        classes = dict(index.classes)
        modules: dict[str, set[str]] = {}
        for module, names in index.imports:
            modules.setdefault(module, set()).update(names)
        for node in ast.walk(ast.parse(data)):
            match node:
                case ast.Import():
                    assert {alias.name for alias in node.names} <= modules.keys()
                case ast.ImportFrom():
                    assert {alias.name for alias in node.names} <= modules[
                        "." * node.level + (node.module or "")
                    ]
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    assert node.name in index.functions
                case ast.ClassDef():
                    bases = {text for _, text in classes[node.name]}
                    assert {ast.unparse(base).split("[")[0] for base in node.bases} <= bases
                case _:
                    continue
            seen += 1
    assert seen > 100


@given(st.binary())
@example(b"from x import (" * 50)
@example(b"class A(" * 50)
@example(b"class A[" * 50)
@example(b"from " * 50 + b"\\\n" * 50)
@example(b"import \\")
@example(b"from x import (#")
@example(b"class A('\\")
@example(b"class \xff(\xfe.\xff): pass")
def test_any_bytes_give_an_index(data: bytes) -> None:
    index = scan(data)
    assert marshal.loads(marshal.dumps(tuple(index), 2)) == tuple(index)
    mentions(data, ["x", "é"])


SOUP = st.lists(
    st.sampled_from(
        [b"from", b"import", b"class", b"def", b"async", b"A", b"b.c", b"(", b")", b"[", b"]", b",", b":",
         b";", b" ", b"\n", b"\\\n", b"\r\n", b"#", b'"', b"'", b"*", b"as", b".", b"=", b"\xff", b"\t"]
    ),
    max_size=60,
).map(b"".join)  # fmt: skip


@given(SOUP)
def test_any_tokens_give_an_index(data: bytes) -> None:
    index = scan(data)
    for name, bases in index.classes:
        assert name
        assert all(last and text.endswith(last) for last, text in bases)


NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,6}", fullmatch=True).filter(
    lambda name: not keyword.iskeyword(name)
)
DOTTED = st.lists(NAMES, min_size=1, max_size=3).map(".".join)
GAP = st.sampled_from([" ", "  ", "\t", " \\\n "])
ITEM_GAP = st.sampled_from([" ", "\n  ", "  # a (comment), with import x\n "])


@given(st.integers(0, 3), DOTTED, st.lists(NAMES, min_size=1, max_size=4, unique=True), st.data())
def test_written_in_any_way_an_import_is_seen(
    level: int, module: str, names: list[str], data: st.DataObject
) -> None:
    gap = data.draw(GAP)
    inner = data.draw(ITEM_GAP)
    items = f",{inner}".join(names)
    wrapped = f"({inner}{items},{inner})" if inner != " " else items
    source = f"x = 1\nfrom{gap}{'.' * level}{module}{gap}import{gap}{wrapped}\n"
    ast.parse(source)
    assert scan(source.encode()).imports == (("." * level + module, tuple(names)),)


def test_unclosed_brackets_cost_linear_time() -> None:
    started = time.process_time()
    scan(b"from x import (\n" * 100_000)
    scan(b"class A(\n" * 3_000)
    assert time.process_time() - started < 10  # a second; quadratic would be minutes


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param(lambda n: b"import asyncio\nfrom" + b" " * n + b"\n", id="from-and-blanks"),
        pytest.param(lambda n: b"from a import (x\n" * (n // 17), id="parentheses-that-never-close"),
        pytest.param(lambda n: b"from a import (x\n" * (n // 17) + b")", id="one-that-closes"),
        pytest.param(lambda n: b'class A("' + b'\\"' * (n // 2), id="a-string-that-never-closes"),
    ],
)
def test_half_a_megabyte_of_any_shape_is_scanned_in_seconds(shape: Callable[[int], bytes]) -> None:
    started = time.process_time()
    scan(shape(500_000))
    assert time.process_time() - started < 5  # hours, if each byte were looked at again for each other
