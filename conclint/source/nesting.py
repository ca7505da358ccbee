"""How deeply a text is nested, told from its tokens: libcst's parser crashes or stalls on what is too deep.

Measured with libcst 1.9 on an 8 MB stack: 3,000 nested brackets crash it, and so do 5,000 links of `elif`,
`and` or `lambda`; 1,000 chained calls take it two seconds and 3,000 nineteen; nested patterns of `case` take
four times as long with each level, seventeen seconds for eleven.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Final, NamedTuple

MAX_BRACKETS: Final = 200
"""CPython refuses more, too."""
MAX_OPERATORS: Final = 4000
"""Operators in one expression, those in brackets within it not counted."""
MAX_LINKS: Final = 2000
"""Calls, subscripts and attributes in one chain."""
MAX_ELIFS: Final = 4000
"""Links of `elif` in one statement."""
MAX_PATTERNS: Final = 8
"""Nested brackets in a pattern of `case`."""

_SHALLOW_BRACKETS: Final = 50
_SHALLOW_OPERATORS: Final = 250
"""What surely needs no large stack."""
_FEW_OPERATORS: Final = 250 if sys.platform == "win32" else MAX_OPERATORS
"""A file with no more in all of it is fine on the main thread's stack: 1 MB on Windows, elsewhere 8."""

Token = tuple[int, int]


class TooDeep(NamedTuple):
    """Where nesting goes beyond what can be parsed, and in which way."""

    message: str
    offset: int


class Nesting(NamedTuple):
    """Whether the text needs a large stack, and where it is nested too deeply for any."""

    deep: bool
    too_deep: TooDeep | None


def measure_nesting(text: str, tokens: Sequence[Token]) -> Nesting:
    """The nesting of a text; what most files are spared is the look at each token."""
    if sum(map(text.count, _OPERATORS)) <= _FEW_OPERATORS and not _has_nested_string(text, tokens):
        depth = _bracket_depth(text, tokens)
        if depth <= MAX_PATTERNS or (depth <= _SHALLOW_BRACKETS and "case" not in text):
            return _SHALLOW
    return _measure_lines(text, tokens)


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
    depth = operators = links = before = 0
    deep = False
    outer: list[tuple[int, int]] = []
    chains: dict[int, int] = {}
    pattern = -1  # deepest bracket of the pattern, in a line that may be a `case`
    for start, end in tokens:
        if not depth and (not before or _NEWLINE.search(text, before, start)):
            operators = links = 0
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
        if _is_nested_string(text, start, end):
            return Nesting(True, TooDeep(f"more than {MAX_BRACKETS} nested braces", start))
        kind = _KINDS.get(text[start : start + 1])
        if kind is None:
            continue
        if kind == _OPEN:
            links += 1
            outer.append((operators, links))
            operators = links = 0
            depth += 1
            if pattern >= 0:
                pattern = max(pattern, depth)
            if depth > MAX_BRACKETS:
                return Nesting(True, TooDeep(f"more than {MAX_BRACKETS} nested brackets", start))
        elif kind == _CLOSE:
            depth = max(depth - 1, 0)
            operators, links = outer.pop() if outer else (0, 0)
        elif kind == _DOT:
            links += 1
        elif kind == _COMMA:
            operators = links = 0
        elif kind != _WORD or text[start:end] in _OPERATOR_WORDS:
            operators += 1
            links = 0
            if pattern > MAX_PATTERNS and not depth:
                return Nesting(True, TooDeep(f"more than {MAX_PATTERNS} nested patterns", start))
            if not depth and text.startswith(("if", ":"), start):
                pattern = -1
        if operators > MAX_OPERATORS:
            return Nesting(True, TooDeep(f"more than {MAX_OPERATORS} operators in one expression", start))
        if links > MAX_LINKS:
            return Nesting(True, TooDeep(f"more than {MAX_LINKS} links in one chain of calls", start))
        deep = deep or depth > _SHALLOW_BRACKETS or max(operators, links) > _SHALLOW_OPERATORS
    return Nesting(deep, None)


def _has_nested_string(text: str, tokens: Sequence[Token]) -> bool:
    if text.count("{") <= MAX_BRACKETS:
        return False
    return any(_is_nested_string(text, start, end) for start, end in tokens if end - start > MAX_BRACKETS)


def _is_nested_string(text: str, start: int, end: int) -> bool:
    """Whether a string's braces are nested too deeply."""
    if end - start <= MAX_BRACKETS or text.count("{", start, end) <= MAX_BRACKETS:
        return False
    depth = deepest = 0
    for found in _BRACE.finditer(text, start, end):
        depth = depth + 1 if found.group() == "{" else max(depth - 1, 0)
        deepest = max(deepest, depth)
    return deepest > MAX_BRACKETS


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
_NEWLINE: Final = re.compile(r"(?<!\\)\r\n?|(?<![\\\r])\n")
"""The end of a line that no backslash continues."""
_BRACE: Final = re.compile(r"[{}]")
_SHALLOW: Final = Nesting(False, None)
