"""A light tokenizer: where the tokens of a text begin and end, found by one regular expression.

It knows no grammar. An f-string that uses its own quotes inside (Python 3.12) confuses it; whoever relies
on it must check what it says against what is known otherwise.
"""

from __future__ import annotations

import re
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
    return tokens
