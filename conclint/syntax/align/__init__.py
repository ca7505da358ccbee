"""Where nodes are in the text, by laying the tree against the text's tokens.

A tree that was parsed from a text has its tokens in the same order, and each kind of node has a known
number of its own, so counting tokens through the tree gives each node's place; at a third of what the code
generator costs. What the light tokenizer got wrong shows at the end of the statement: the tokens don't
end where its line does. Then `align` gives up, and `conclint.syntax.positions` does it the slow way.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conclint.syntax.align.aligner import Aligner, AlignmentError
from conclint.syntax.align.compound import statements
from conclint.syntax.positions import Places

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from libcst import Module

    from conclint.syntax.tokens import Token

__all__ = ["AlignmentError", "align"]

_TO_LINE_END = re.compile(r"[^\r\n]*")


def align(tree: Module, text: str, tokens: Sequence[Token], nodes: set[int], comments: bool) -> Places:
    """The places of the nodes whose `id` is in `nodes`, of all statements, the ends of headers and statements
    as marks, and the comments, if asked for.

    Raises AlignmentError where the tokens are not found to be the tree's.
    """
    aligner = Aligner(text, tokens, nodes)
    try:
        at = statements(aligner, tree.body, 0)
    except (IndexError, KeyError):
        raise AlignmentError from None
    if at != len(tokens) - 1:
        raise AlignmentError
    found = list(_comments(text, tokens)) if comments else []
    return Places(aligner.starts, aligner.ends, aligner.marks, found)


def _comments(text: str, tokens: Sequence[Token]) -> Iterator[tuple[int, str]]:
    end = 0
    for start, after in tokens:
        at = text.find("#", end, start)
        while at >= 0:
            found = _TO_LINE_END.match(text, at, start)
            assert found is not None
            yield at, found.group()
            at = text.find("#", found.end(), start)
        end = after
