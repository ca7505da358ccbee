"""What CPython compiles and libcst refuses, or takes too long for, is analysed; every place stays right."""

from __future__ import annotations

import ast
import sys
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conclint.extract import extract_summary
from conclint.summary.codec import decode_body, decode_spans
from conclint.summary.records import SiteKind
from conclint.syntax import parsing
from conclint.syntax.grafting import parse_pieces
from conclint.syntax.nodes import parse_module as parse_plain
from conclint.syntax.parsing import SourceError, check_syntax, parse_module
from conclint.syntax.pieces import cut
from conclint.syntax.tokens import find_tokens
from harness.longer import LONGER


def calls_by_ast(text: str) -> list[tuple[int, int, int, int]]:
    """The calls outside of lambdas and comprehensions: line, column, end line, end column."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            assert node.end_lineno is not None and node.end_col_offset is not None
            found.append((node.lineno, node.col_offset, node.end_lineno, node.end_col_offset))
    return sorted(found)


def calls_of(text: str) -> list[tuple[int, int, int, int]]:
    """The same, by the summary's sites."""
    summary = extract_summary(text.encode())
    found = []
    for definition, encoded in zip(summary.defs, summary.bodies, strict=True):
        body = decode_body(encoded)
        for site, span in zip(body.sites, decode_spans(body), strict=True):
            if site.kind == SiteKind.CALL:
                first, last = definition.start + span.line, definition.start + span.end_line
                found.append((first, span.column, last, span.end_column))
    return sorted(found)


REFUSED = {
    "blanks and a backslash": "class P:\n\\\n    pass\nclass Q:\n  \\\n    f()\n  g()\nh()\n",
    "several of these": "if x:\n  \\\n   \\\n      f()\n  g()\n",
    "a form feed in indentation": "class A:\n  \f  async def f(self):\n        g()\n",
    "a tab after blanks": "def f(x):\n    if x:\n    \tg()\n    h(1)\n",
    "a tab that makes up blanks": "if x:\n    if y:\n  \t  f()\n",
    "an annotated name in parentheses": (
        "def f():\n    (x): int = g()\n    ((x).y): h(1) = 3; (z): int\n    g()\n"
    ),
    "an annotated attribute": "if 1: (f(g()).x): int = 3\n",
    "nested patterns": "match f():\n case [[[[[[[[[{1: P(x=[[[a]]])}]]]]]]]]] if g(): h()\n",
    "a pattern over lines": "match x:\n case (\n  [[[[[[[[[\n  a]]]]]]]]]  # why\n ): h()\n",
    "many literals": "x = (\n" + '"a"\n' * 3300 + 'f"{f()}"\n)\ng()\n',
    "many literals of bytes": "x = (" + "b'a' " * 3300 + ")\ng()\n",
    "many operators": "x = " + " and ".join(["f()"] * 4500) + "\n",
    "many terms": "x = (\n" + " + f()\n - 3 * g() ** -1\n" * 500 + ")\nh()\n",
    "many calls": "x = a" + "\\\n .b(f())" * 900 + "\n",
    "a form feed and CR LF": "class A:\r\n  \f  f()\r\n  \f  g(  \r\n  1)\r\n",
}
"""What libcst 1.9 refuses, or takes over ten seconds for."""


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_calls_are_found_where_they_are(text: str) -> None:
    assert calls_of(text) == calls_by_ast(text)
    assert check_syntax(text.encode()) is None


WRONG = {
    "tabs and blanks in conflict": ("if x:\n        f()\n\tg()\n", 3),
    "no level of that column": ("if x:\n    \tf()\n  g()\n", 3),
    "an annotated tuple": ("f()\n(x, y): int = 3\n", 2),
    "an annotated call": ("f()\n(x()): int = 3\n", 2),
    "an error besides": ("if x:\n    if y:\n    \tf()\n    g(\nh()\n)) = 3\n", 6),
}


@pytest.mark.parametrize(("text", "line"), WRONG.values(), ids=WRONG.keys())
def test_what_is_no_python_stays_none(text: str, line: int) -> None:
    with pytest.raises(SyntaxError) as expected:
        compile(text, "<text>", "exec")
    with pytest.raises(SourceError) as caught:
        parse_module(text)
    assert caught.value.line == expected.value.lineno == line


def test_code_that_may_be_for_a_newer_python_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the compiler stopped, the parser did not."""
    error = SyntaxError("invalid syntax", ("<source>", 1, 5, "", 1, 6))
    monkeypatch.setattr(parsing, "_compile", lambda _: error)
    monkeypatch.setattr(parsing, "_NEWEST", (4, 0))
    with pytest.raises(SourceError) as caught:
        parse_module('x = t"a"\ndef f(:\n')
    running = ".".join(map(str, sys.version_info[:2]))
    told = f"in Python {running}, which runs conclint; code for a newer Python needs that one"
    assert caught.value.message == f"invalid syntax ({told})"
    assert (caught.value.line, caught.value.column) == (1, 5)
    with pytest.raises(SourceError) as caught:
        parse_module("def f(:\n\n# a comment\nx = 1\n")
    assert caught.value.message == "invalid syntax"


def test_code_for_a_python_that_the_parser_does_not_know_is_told_as_such(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parsing, "_compile", lambda _: ast.Module([], []))
    with pytest.raises(
        SourceError, match=r"^valid in Python 3\.\d+, but libcst [\d.]+ cannot parse it: "
    ) as caught:
        parse_module("x = 1\ny = a new thing\n")
    assert caught.value.line == 2


def test_comments_hold_for_the_lines_they_stand_on() -> None:
    summary = extract_summary(b"class A:\n  \f  f()  # noqa: X1\n  \f  g(\n  1)  # conclint: ignore[X2]\n")
    found = [(item.first, item.last, item.line, item.column) for item in summary.directives]
    assert found == [(2, 2, 2, 11), (3, 4, 4, 7)]


SLOW = {
    "sum": lambda n: "x = " + " + ".join(["1"] * n),
    "calls": lambda n: "x = a" + ".b()" * n,
    "subscripts": lambda n: "x = a" + "[0]" * n,
    "attributes": lambda n: "x = a" + ".b" * n,
    "dotted patterns": lambda n: "match x:\n case a" + ".b" * n + ": pass",
}


@pytest.mark.parametrize("shape", SLOW.values(), ids=SLOW.keys())
def test_time_grows_with_the_length_of_a_chain(shape: Callable[[int], str]) -> None:
    """libcst would take from three to forty seconds for 2,900 of each, the most that CPython 3.11 takes."""
    started = time.process_time()
    extract_summary(f"{shape(2900)}\n".encode())
    assert time.process_time() - started < 3


def in_field(code: str) -> str:
    return f'x = f"{{{code}}}"\n'


CRASHING = {
    "brackets in an f-string": in_field("(" * 3000 + "a" + ")" * 3000),
    "operators in an f-string": in_field("not " * 3000 + "a"),
    "calls in an f-string": in_field("a" + ".b()" * 1000),
    "its own quotes inside": in_field("(" * 3000 + '"a"' + ")" * 3000),
    "a quote that hides": 'x = f"{"\'"}" + ' + "(" * 3000 + "a" + ")" * 3000 + " + 'x'\n",
    "lines in a field": in_field("\n" + "(" * 3000 + "a" + ")" * 3000),
    "f-strings in f-strings": "x = " + "f'{" * 300 + "a" + "}'" * 300 + "\n",
    "f-strings without an end": "f'{(\n" * 50_000,
    "many statements": "x\n" * 300_000,
    "many nests": ("f(" * 190 + ")" * 190 + "\n") * 100,
    "many nested operators": ("x = " + "a if b else " * 1000 + "c\n") * 20,
}
"""What libcst 1.9 would crash on, or take more than ten seconds for."""


@pytest.mark.parametrize("text", CRASHING.values(), ids=CRASHING.keys())
def test_what_would_crash_or_take_long_is_refused(text: str) -> None:
    with pytest.raises(SourceError, match=r"too (deeply nested|large) to be analysed"):
        parse_module(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('f"{a["b"]}" + c', ['f"{a["b"]}"', "+", "c"]),
        ('f"{"\'"}" + (\'x\')', ['f"{"\'"}"', "+", "(", "'x'", ")"]),
        ('f"{\n1}" + b', ['f"{\n1}"', "+", "b"]),
        ("f'{x!r:>{w}}' b", ["f'{x!r:>{w}}'", "b"]),
        ("f'{{' f'{{{a['x']}}}' b", ["f'{{'", "f'{{{a['x']}}}'", "b"]),
        ("f'{x:{'a'}}' y", ["f'{x:{'a'}}'", "y"]),
        ("f'\\N{DASH}{a['x']}' b", ["f'\\N{DASH}{a['x']}'", "b"]),
    ],
)
def test_an_f_string_is_one_token_whatever_it_holds(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in find_tokens(text)] == [*expected, ""]


# Any program ---------------------------------------------------------------------------------------------

_LEAVES = st.sampled_from(["a", "1", "f()", "'s'", "a.b", "(a)", "[1]", "not_", "-1", "f'{g()}'"])
_EXPRESSIONS = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "//", "**", "@", "|", "&", "<<"]), inner).map(
            lambda parts: " ".join(parts)
        ),
        st.tuples(inner, st.sampled_from([" and ", " or ", " < ", " if a else ", " not in "]), inner).map(
            lambda parts: f"({''.join(parts)})"
        ),
        inner.map(lambda part: f"({part}).m(x, k=1)[0]"),
        inner.map(lambda part: f"-{part}"),
        inner.map(lambda part: f"(lambda *v: {part})"),
        st.tuples(inner, inner).map(lambda parts: f"f({parts[0]},\n  *{parts[1]})"),
    ),
    max_leaves=5,
)


@settings(max_examples=30 * LONGER, deadline=None)
@given(
    st.lists(_EXPRESSIONS, min_size=1, max_size=3),
    st.sampled_from([" + ", " * ", "-", " | ", " ** "]),
    st.integers(1, 8),
)
def test_a_tree_in_pieces_is_the_whole_one(parts: list[str], operator: str, times: int) -> None:
    text = f"x = ({operator.join(parts * times)})" + ".c()" * times + "\n"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("conclint.syntax.pieces._CHAIN", 3)
        found = cut(text, find_tokens(text))
    tree, whole = parse_pieces(found), parse_plain(text)
    assert tree.code == text
    assert repr(tree) == repr(whole)


_LINES = st.sampled_from(
    ["f()", "g(1,\n2)", "(x): int = f(g())", "x = 'a' 'b'", "# a comment", "h(h())  # b \\", ""]
)


@settings(max_examples=30 * LONGER, deadline=None)
@given(
    st.lists(
        st.tuples(_LINES, st.integers(0, 3), st.sampled_from(["", "\f", " \f", "\\\n"]), st.booleans()),
        max_size=12,
    ),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_any_layout_keeps_its_places(lines: list[tuple[str, int, str, bool]], newline: str) -> None:
    text = ""
    level = 0
    for line, wanted, noise, tabbed in lines:
        if wanted > level:
            text += _indented(level, "", False) + "if f():\n"
            level += 1
        elif line and not line.startswith("#"):
            level = min(level, wanted)
        text += _indented(level, noise, tabbed) + (line or "pass") + "\n"
    text += _indented(level, "", False) + "pass\n"
    text = text.replace("\n", newline)
    try:
        expected = calls_by_ast(text)
    except SyntaxError:
        with pytest.raises(SourceError):
            extract_summary(text.encode())
        return
    assert calls_of(text) == expected


def _indented(level: int, noise: str, tabbed: bool) -> str:
    """Eight columns a level, behind what CPython doesn't count."""
    if noise == "\\\n":
        return " " * (8 * level) + noise + "   " if level else noise
    return noise + ("       \t" if tabbed else " " * 8) * level
