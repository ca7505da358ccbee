"""A light tokenizer: where the tokens of a text begin and end, found by one regular expression.

It knows no grammar; whoever relies on it must check what it says against what is known otherwise. Where an
f-string uses its own quotes inside, or has lines in a field (Python 3.12), the rest is found token by token.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

Token = tuple[int, int]
"""Where a token begins and ends."""

_STRING: Final = r"""
    '''[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'''
  | \"\"\"[^"\\]*(?:(?:\\.|"(?!\"\"))[^"\\]*)*\"\"\"
  | '[^'\\\r\n]*(?:\\(?:\r\n|.)[^'\\\r\n]*)*'
  | "[^"\\\r\n]*(?:\\(?:\r\n|.)[^"\\\r\n]*)*"
"""
_NUMBER: Final = r"""
    0[xX](?:_?[0-9a-fA-F])+ | 0[bB](?:_?[01])+ | 0[oO](?:_?[0-7])+
  | (?:[0-9](?:_?[0-9])*)?\.[0-9](?:_?[0-9])*(?:[eE][-+]?[0-9](?:_?[0-9])*)?[jJ]?
  | [0-9](?:_?[0-9])*\.?(?:[eE][-+]?[0-9](?:_?[0-9])*)?[jJ]?
"""
_OPERATOR: Final = r"""
    [()\[\]{},;~] | \.(?![0-9])(?:\.\.)? | :=? | ==? | ->
  | (?:\*\*|//|<<|>>|[-+*/%@&|^<>!])=? | [`$?]
"""
_TOKEN: Final = re.compile(
    rf"""
    [ \t\f\r\n]*(?:(?:\\\r?\n | \\\r | \#[^\r\n]*)[ \t\f\r\n]*)*
    (
        [a-zA-Z_][a-zA-Z_0-9]*(?![\w"'])
      | {_OPERATOR}
      | (?:[bBfFrRtTuU]{{1,2}})?(?:{_STRING})
      | {_NUMBER}
      | [^\W\d]\w*
      | \Z
      | .
    )
    """,
    re.VERBOSE | re.DOTALL,
)


_STRING_START: Final = re.compile(r"[bBfFrRtTuU]{0,2}[\"']")
COMMENT: Final = re.compile(r"#[^\r\n]*")
NEWLINE: Final = re.compile(r"(?<!\\)\r\n?|(?<![\\\r])\n")
"""The end of a line that no backslash continues."""


def is_string(word: str) -> bool:
    """Whether the token is a literal of a string or of bytes."""
    return _STRING_START.match(word) is not None


def begins_line(text: str, before: int, start: int) -> bool:
    """Whether a token outside of brackets begins a logical line; `before` is the end of the one before."""
    if not before:
        return True
    gap = text[before:start]
    if "\n" not in gap and "\r" not in gap:
        return False
    return "\\" not in gap or NEWLINE.search(COMMENT.sub("", gap)) is not None


def find_tokens(text: str) -> list[Token]:
    """The start and end offset of each token, and last an empty one at the end of the text."""
    tokens = [found.span(1) for found in _TOKEN.finditer(text)]
    if len(tokens) > 1 and tokens[-2][0] == tokens[-1][0]:
        tokens.pop()  # white space at the end is a match of its own
    if "{" not in text:
        return tokens
    for number, (start, end) in enumerate(tokens):
        if (
            text[start : start + 1] in STRING_PREFIXES
            and (found := _FORMATTED.match(text, start)) is not None
        ):
            word = text[start:end]
            if end >= found.end() and word.count("{") == word.count("}") and "}}" not in word:
                continue
            true_end = _formatted_end(text, found.end(), found[1], [], 0)
            if true_end < 0:  # nested too deeply, or no Python
                return [*tokens[:number], (start, len(text)), (len(text), len(text))]
            if true_end != end:
                return [*tokens[:number], *_tokens_from(text, start)]
    return tokens


def _tokens_from(text: str, position: int) -> Iterator[Token]:
    while True:
        match = _TOKEN.match(text, position)
        assert match is not None
        start, position = match.span(1)
        found = _FORMATTED.match(text, start)
        if found is not None:
            position = _formatted_end(text, found.end(), found[1], [], 0)
            position = len(text) if position < 0 else position
        yield start, position
        if start == position:
            return


# f-strings: what their replacement fields hold -------------------------------------------------------------

_FORMATTED: Final = re.compile(r"(?:[fFtT]|[fFtT][rR]|[rR][fFtT])('''|\"\"\"|'|\")")
_LITERAL_PART: Final = {
    quote: re.compile(rf"\{{\{{|\{{|{quote}|\\(?:N\{{[A-Z0-9 \-]*\}}|\{{\{{|[^{{])|" + ending, re.DOTALL)
    for quote, ending in (("'", r"\n"), ('"', r"\n"), ("'''", r"\Z"), ('"""', r"\Z"))
}
STRING_PREFIXES: Final = frozenset("fFrRtT")
_SPEC_PART: Final = re.compile(r"[{}]|\Z")
_MAX_FIELDS: Final = 201
"""How deeply replacement fields are looked into; CPython takes 150 levels of them."""


def formatted_string(text: str, start: int) -> tuple[int, list[Token]] | None:
    """Where the f-string that begins there ends, and the tokens in its fields, each in its braces; None for
    what is none. It may use its own quotes inside, as from Python 3.12 on. One without an end has none
    (-1), and the tokens up to the place where that is seen."""
    found = _FORMATTED.match(text, start)
    if found is None:
        return None
    tokens: list[Token] = []
    return _formatted_end(text, found.end(), found[1], tokens, 0), tokens


def _formatted_end(text: str, position: int, quote: str, tokens: list[Token], depth: int) -> int:
    parts = _LITERAL_PART[quote]
    while True:
        part = parts.search(text, position)
        if part is None or part[0] in ("", "\n"):
            return -1
        position = part.end()
        if part[0] == quote:
            return position
        if part[0] == "{":
            position = _field_end(text, position, tokens, depth)
            if position < 0:
                return -1


def _field_end(text: str, position: int, tokens: list[Token], depth: int) -> int:
    tokens.append((position - 1, position))
    if depth >= _MAX_FIELDS:
        return -1
    brackets = 0
    while True:
        found = _TOKEN.match(text, position)
        assert found is not None
        start, position = found.span(1)
        if start == position:
            return -1
        tokens.append((start, position))
        word = text[start]
        inner = _FORMATTED.match(text, start)
        if inner is not None:
            tokens.pop()
            position = _formatted_end(text, inner.end(), inner[1], tokens, depth + 1)
            if position < 0:
                return -1
        elif word in "([{":
            brackets += 1
        elif word == "}" and not brackets:
            return position
        elif word in ")]}":
            brackets -= 1
        elif word == ":" and not brackets:
            while True:
                part = _SPEC_PART.search(text, start + 1)
                assert part is not None
                start = part.start()
                if part[0] == "}":
                    tokens.append(part.span())
                    return part.end()
                if not part[0]:
                    return -1
                start = _field_end(text, part.end(), tokens, depth + 1) - 1
                if start < 0:
                    return -1
