"""A light tokenizer: where the tokens of a text begin and end, found by one regular expression.

It knows no grammar. An f-string that uses its own quotes inside (Python 3.12) confuses it; whoever relies
on it must check what it says against what is known otherwise.
"""

from __future__ import annotations

import re
from typing import Final

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


def find_tokens(text: str) -> list[tuple[int, int]]:
    """The start and end offset of each token, and last an empty one at the end of the text."""
    tokens = [found.span(1) for found in _TOKEN.finditer(text)]
    if len(tokens) > 1 and tokens[-2][0] == tokens[-1][0]:
        tokens.pop()  # white space at the end is a match of its own
    return tokens
