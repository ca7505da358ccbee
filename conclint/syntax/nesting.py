"""How deeply a text is nested, told from its tokens: libcst's parser crashes or stalls on what is too deep.

Measured with libcst 1.9 on an 8 MB stack: 3,000 nested brackets crash it, and so do 5,000 links of `elif`,
`and` or `lambda`. 1,000 chained calls take it three seconds and 1,600 ten; nested patterns of `case` take two
to four times as long with each level, three seconds for ten: these it is given in pieces
(`conclint.syntax.pieces`).
"""

from __future__ import annotations

import re
import string
import sys
from collections.abc import Sequence
from typing import Final, NamedTuple

from conclint.syntax.tokens import STRING_PREFIXES, Token, begins_line, formatted_string

MAX_BRACKETS: Final = 200
"""CPython refuses more, too."""
MAX_OPERATORS: Final = 20_000
"""Operators in one expression, those in brackets within it not counted."""
MAX_NESTED: Final = 2000
"""Of these, those whose right side holds the next: libcst takes four times as long for twice as many."""
MAX_LINKS: Final = 10_000
"""Calls, subscripts and attributes in one chain; CPython takes 9,000 at most."""
MAX_IN_FIELD: Final = 250
"""Operators, links and brackets in one field of an f-string."""
MAX_ELIFS: Final = 6000
"""Links of `elif` in one statement; CPython takes 5,000 at most."""


MAX_STEPS: Final = 400_000
"""Steps of parsing a file: one for each token and line, more for what is nested, as that takes libcst longer.
A step takes some 10 to 30 µs."""
_MANY_TOKENS: Final = 20_000
_LONG: Final = 400_000
"""A file with more tokens or characters is looked at token by token."""
_FEW_BRACKETS: Final = 30
"""So is one with more in a string."""
_NESTED_STEPS: Final = 13
"""Levels of nested operators that cost a step more, each."""

_FAST_CHAIN: Final = 128
"""Links or operators of a chain that libcst takes no long time for."""
_FAST_PATTERNS: Final = 4
"""Levels of brackets in a pattern of `case`, likewise."""
_FEW_TOKENS: Final = 500
"""A statement with no more has no chain that takes long."""

_SHALLOW_BRACKETS: Final = 50
_SHALLOW_OPERATORS: Final = 250
"""What surely needs no large stack."""
_FEW_OPERATORS: Final = 250 if sys.platform == "win32" else MAX_NESTED
"""A file with no more in all of it is fine on the main thread's stack: 1 MB on Windows, elsewhere 8."""


class TooDeep(NamedTuple):
    """Where nesting goes beyond what can be parsed, and in which way."""

    message: str
    offset: int
    fault: str = "too deeply nested"


class Nesting(NamedTuple):
    """Whether the text needs a large stack, where it is nested too deeply for any, and whether libcst would
    take a long time for it as a whole."""

    deep: bool
    too_deep: TooDeep | None
    slow: bool = False


def measure_nesting(text: str, tokens: Sequence[Token]) -> Nesting:
    """The nesting of a text; what most files are spared is the look at each token."""
    if (
        len(tokens) <= _MANY_TOKENS
        and len(text) <= _LONG
        and sum(map(text.count, _OPERATORS)) <= _FEW_OPERATORS
        and not _has_nested_string(text, tokens)
        and not _has_long_statement(text, tokens)
    ):
        depth = _bracket_depth(text, tokens)
        if depth <= _FAST_PATTERNS or (depth <= _SHALLOW_BRACKETS and _CASE.search(text) is None):
            return _SHALLOW
    return _measure_lines(text, tokens)


def _has_long_statement(text: str, tokens: Sequence[Token]) -> bool:
    """Whether there are so many tokens without two words next to each other, as there are where a statement
    ends (a keyword or a literal ends such a run, too; chains of many of these are found by their number)."""
    if len(tokens) <= _FEW_TOKENS:
        return False
    kinds = "".join([text[start : start + 1] for start, _ in tokens]).translate(_WORDS_AND_CLOSERS)
    runs = kinds.replace("ww", "w w").replace(")w", ") w").split(" ")
    return len(max(runs, key=len)) > _FEW_TOKENS


def _bracket_depth(text: str, tokens: Sequence[Token]) -> int:
    """How deeply brackets are nested; no more than one above what is shallow."""
    single = "".join([text[start] for start, end in tokens if end - start == 1])
    brackets = _NO_BRACKETS.sub("", single)
    depth = 0
    while brackets and depth <= _SHALLOW_BRACKETS:
        inner = brackets.replace("()", "").replace("[]", "").replace("{}", "")
        if inner == brackets:  # unbalanced, or of different kinds
            return _SHALLOW_BRACKETS + 1
        brackets = inner
        depth += 1
    return depth


def _measure_lines(text: str, tokens: Sequence[Token]) -> Nesting:
    """The same, exactly: counted within logical lines."""
    depth = operators = links = branches = run = before = 0
    steps = len(tokens) + text.count("\n") + 2 * sum(map(text.count, ("{", "def ", "class ", "lambda")))
    deep = slow = False
    outer: list[tuple[int, int, int, int]] = []
    chains: dict[int, int] = {}
    pattern = -1  # deepest bracket of the pattern, in a line that may be a `case`
    kind = last = -1
    for start, end in tokens:
        if not depth and begins_line(text, before, start):
            operators = links = branches = run = 0
            word = text[start:end]
            column = start - text.rfind("\n", 0, start)
            if word == "if":
                chains[column] = 0
            elif word == "elif":
                chains[column] = chains.get(column, 0) + 1
                deep = deep or chains[column] > _SHALLOW_OPERATORS
                if chains[column] > MAX_ELIFS:
                    return Nesting(True, TooDeep(f"more than {MAX_ELIFS} links of elif", start))
            pattern = 0 if word == "case" else -1
        before = end
        if text[start : start + 1] in STRING_PREFIXES and "{" in text[start:end]:
            message, more = _measure_fields(text, start)
            steps += more
            if message:
                return Nesting(True, TooDeep(message, start))
        one_before, last = last, kind
        kind = _KINDS.get(text[start : start + 1], -1)
        if kind < 0:
            continue
        if kind == _OPEN:
            links += 1
            outer.append((operators, links, branches, run))
            operators = links = branches = run = 0
            depth += 1
            steps += depth
            if pattern >= 0:
                pattern = max(pattern, depth)
            if depth > MAX_BRACKETS:
                return Nesting(True, TooDeep(f"more than {MAX_BRACKETS} nested brackets", start))
        elif kind == _CLOSE:
            depth = max(depth - 1, 0)
            operators, links, branches, run = outer.pop() if outer else (0, 0, 0, 0)
        elif kind == _DOT:
            links += 1
        elif kind == _COMMA:
            operators = links = branches = run = 0
        elif kind != _WORD or text[start:end] in _OPERATOR_WORDS:
            operators += 1
            links = 0
            slow = slow or (pattern > _FAST_PATTERNS and not depth)
            word = text[start:end]
            if word in ("else", "lambda"):
                branches += 1
            elif word in ("not", "**") or (kind == last == one_before == _OPERATOR):
                run += 1
            elif last != _OPERATOR:
                run = 0
            steps += max(branches, run) // _NESTED_STEPS
            if max(branches, run) > MAX_NESTED:
                return Nesting(True, TooDeep(f"more than {MAX_NESTED} nested operators", start))
            if not depth and text.startswith(("if", ":"), start):
                pattern = -1
        if operators > MAX_OPERATORS:
            return Nesting(True, TooDeep(f"more than {MAX_OPERATORS} operators in one expression", start))
        if links > MAX_LINKS:
            return Nesting(True, TooDeep(f"more than {MAX_LINKS} links in one chain of calls", start))
        longest = max(operators, links)
        slow = slow or longest > _FAST_CHAIN
        deep = deep or depth > _SHALLOW_BRACKETS or longest > _SHALLOW_OPERATORS
    if steps > MAX_STEPS:
        message = f"more than {MAX_STEPS:,} tokens, those in deep nests counted several times"
        return Nesting(True, TooDeep(message, 0, "too large"))
    return Nesting(deep, None, slow)


def _has_nested_string(text: str, tokens: Sequence[Token]) -> bool:
    if "{" not in text:
        return False
    return any(
        end - start > _FEW_BRACKETS
        and text[start] in STRING_PREFIXES
        and sum(text.count(bracket, start, end) for bracket in "([{") > _FEW_BRACKETS
        for start, end in tokens
    )


def _measure_fields(text: str, start: int) -> tuple[str, int]:
    """What is nested too deeply in an f-string's fields, which are not parsed in pieces; and their steps."""
    found = formatted_string(text, start)
    if found is None:
        return "", 0
    depth = operators = 0
    steps = len(found[1])
    for first, end in found[1]:
        kind = _KINDS.get(text[first], -1)
        if kind == _OPEN:
            depth += 1
            steps += depth
            if depth > MAX_BRACKETS:
                return f"more than {MAX_BRACKETS} nested brackets", steps
        elif kind == _CLOSE:
            depth = max(depth - 1, 0)
            operators = operators if depth else 0
        if kind in (_OPEN, _DOT, _OPERATOR) or (kind == _WORD and text[first:end] in _OPERATOR_WORDS):
            operators += text[first] != ":"
            if operators > MAX_IN_FIELD:
                return f"more than {MAX_IN_FIELD} operators and links in a field of an f-string", steps
    return "", steps


_OPEN, _CLOSE, _DOT, _COMMA, _WORD, _STRING, _OPERATOR = range(7)
_KINDS: Final = {
    **dict.fromkeys("([{", _OPEN),
    **dict.fromkeys(")]}", _CLOSE),
    ".": _DOT,
    ",": _COMMA,
    ";": _COMMA,
    **dict.fromkeys("aeilno", _WORD),
    **dict.fromkeys("'\"", _STRING),
    **dict.fromkeys("+-*/%@&|^~<>=!:", _OPERATOR),
}
"""By the first character of a token. Strings with a prefix are left out: as operands they follow names."""
_OPERATOR_WORDS: Final = frozenset(("and", "or", "not", "if", "else", "in", "is", "lambda", "await"))
_OPERATORS: Final = (*"+-*/%@&|^~<>=!:.", "and", "or", "not", "if", "else", "in", "is", "lambda", "await")
_NO_BRACKETS: Final = re.compile(r"[^()\[\]{}]+")
_CASE: Final = re.compile(r"^[ \t\f]*case\b", re.MULTILINE)
_WORDS_AND_CLOSERS: Final = {
    **dict.fromkeys(map(ord, string.ascii_letters + string.digits + "_'\""), "w"),
    **dict.fromkeys(map(ord, "]}"), ")"),
}
_SHALLOW: Final = Nesting(False, None)
