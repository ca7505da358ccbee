"""The stages of extraction, one after the other."""

from __future__ import annotations

import sys
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from conclint.extract.assembly import finish
from conclint.extract.module import walk_module
from conclint.syntax.decoding import decode_source
from conclint.syntax.parsing import check_brackets, parse_checked, with_large_stack
from conclint.syntax.tokens import find_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conclint.summary.records import ModuleSummary
    from conclint.syntax.nesting import Nesting
    from conclint.syntax.tokens import Token

_RECURSION_LIMIT: Final = 100_000
"""For deeply nested files. Python 3.10 spends the stack of C on each call, so they get a large one, too."""


def extract(data: bytes) -> ModuleSummary:
    """See `conclint.extract.extract_summary`."""
    text = decode_source(data)
    tokens = find_tokens(text)
    source_hash = blake2b(data, digest_size=16).digest()
    nesting = check_brackets(text, tokens)
    if not nesting.deep:
        try:
            return _summarise(text, tokens, nesting, source_hash)
        except RecursionError:
            pass
    return with_large_stack(lambda: _summarise_deep(text, tokens, nesting, source_hash))


def _summarise(text: str, tokens: Sequence[Token], nesting: Nesting, source_hash: bytes) -> ModuleSummary:
    parsed = parse_checked(text, tokens, nesting)
    record = walk_module(text, parsed.tree)
    summary = finish(record, tokens, source_hash, parsed.layout)
    # The record and its scopes know each other. Apart they die at once, and with them the tree, which the
    # garbage collector would need a seventh of the parser's time to find.
    record.scopes.clear()
    return summary


def _summarise_deep(
    text: str, tokens: Sequence[Token], nesting: Nesting, source_hash: bytes
) -> ModuleSummary:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _RECURSION_LIMIT))
    try:
        return _summarise(text, tokens, nesting, source_hash)
    finally:
        sys.setrecursionlimit(limit)
