"""The state of laying a tree against tokens, and the table of what each kind of node does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conclint.syntax.tokens import Token


class AlignmentError(Exception):
    """The tokens are not found to be those of the tree."""


class Aligner:
    """The tokens, the nodes wanted, and the offsets found so far, by the `id` of their nodes."""

    __slots__ = ("ends", "marks", "starts", "text", "tokens", "wanted")

    def __init__(self, text: str, tokens: Sequence[Token], wanted: set[int]) -> None:
        self.text = text
        self.tokens = tokens
        self.wanted = wanted
        self.starts: dict[int, int] = {}
        self.ends: dict[int, int] = {}
        self.marks: dict[int, int] = {}

    def note(self, node: Any, first: int, after: int) -> None:
        """Notes that the node goes from token `first` to the one before `after`."""
        key = id(node)
        self.starts[key] = self.tokens[first][0]
        self.ends[key] = self.tokens[after - 1][1]


Handler = Callable[[Aligner, Any, int], int]
"""Takes a node and the number of its first token, gives the number of the token after it."""

NODES: Final[dict[type, Handler]] = {}
"""By kind of node; filled by the modules of expressions and statements."""
