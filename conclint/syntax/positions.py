"""Where nodes are in the text: one pass of libcst's code generator that only counts characters.

The generator is libcst's own, so a position is what `PositionProvider` says (parentheses around an
expression are not part of it); it is taken for the asked nodes only, at a tenth of the provider's cost.
"""

from __future__ import annotations

from bisect import bisect_right
from contextlib import AbstractContextManager
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from libcst._nodes.internal import CodegenState

from conclint.files.lines import LINE_END
from conclint.syntax.nodes import cst

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from libcst import CSTNode, FormattedString, Module


class Lines:
    """Turns offsets into lines (from 1) and columns (characters, from 0).

    Lines end where Python's do: at LF, CR LF and CR; a form feed ends none.
    """

    __slots__ = ("_starts",)

    def __init__(self, text: str) -> None:
        if "\r" in text:
            starts = [0, *(found.end() for found in LINE_END.finditer(text))]
        else:
            starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
        self._starts = starts

    def line(self, offset: int) -> int:
        """The line that holds the character at `offset`."""
        return bisect_right(self._starts, offset)

    def offset(self, line: int, column: int) -> int:
        """The offset of what `place` says is there. Raises IndexError for a line that there isn't."""
        return self._starts[line - 1] + column

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of the character at `offset`."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1]


class Places(NamedTuple):
    """Offsets by the `id` of nodes: where the nodes asked for begin and end, and where marks begin; and the
    comments with their offsets, if they were asked for."""

    starts: dict[int, int]
    ends: dict[int, int]
    marks: dict[int, int]
    comments: list[tuple[int, str]]

    def moved(self, original: Callable[[int], int]) -> Places:
        """The same in another text, by what gives an offset in it."""
        starts, ends, marks = (
            {key: original(offset) for key, offset in offsets.items()} for offsets in self[:3]
        )
        return Places(starts, ends, marks, [(original(offset), text) for offset, text in self.comments])


def locate(module: Module, nodes: set[int], marks: set[int], comments: bool) -> Places:
    """The places of the nodes whose `id` is in `nodes`, and the offsets where those in `marks` begin.

    Marks are for nodes without a position of their own: whitespace at the end of a header or statement.
    """
    places = Places({}, {}, {}, [])
    kind = _CommentCounter if comments else _Counter
    module._codegen(kind(module.default_indent, module.default_newline, nodes, marks, places))
    return places


class _Nothing(AbstractContextManager[None]):
    __slots__ = ()

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


_NOTHING = _Nothing()


class _Noted(AbstractContextManager[None]):
    """Notes the counter's offset on entry and exit."""

    __slots__ = ("_counter", "_key")

    def __init__(self, counter: _Counter, key: int) -> None:
        self._counter = counter
        self._key = key

    def __enter__(self) -> None:
        self._counter.places.starts[self._key] = self._counter.offset

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._counter.places.ends[self._key] = self._counter.offset


class _Counter(CodegenState):
    """A state of the code generator that keeps an offset instead of the tokens."""

    __slots__ = ("_marks", "_nodes", "indent_width", "offset", "places")

    def __init__(
        self, default_indent: str, default_newline: str, nodes: set[int], marks: set[int], places: Places
    ) -> None:
        super().__init__(default_indent, default_newline)
        self.offset = 0
        self.indent_width = 0
        self.places = places
        self._nodes = nodes
        self._marks = marks

    def increase_indent(self, value: str) -> None:
        self.indent_tokens.append(value)
        self.indent_width += len(value)

    def decrease_indent(self) -> None:
        self.indent_width -= len(self.indent_tokens.pop())

    def add_indent_tokens(self) -> None:
        self.offset += self.indent_width

    def add_token(self, value: str) -> None:
        self.offset += len(value)

    def before_codegen(self, node: CSTNode) -> None:
        key = id(node)
        if key in self._marks:
            self.places.marks[key] = self.offset

    def record_syntactic_position(  # type: ignore[override]
        self, node: CSTNode, *, start_node: CSTNode | None = None, end_node: CSTNode | None = None
    ) -> AbstractContextManager[None]:
        key = id(node)
        return _Noted(self, key) if key in self._nodes else _NOTHING


class _CommentCounter(_Counter):
    """Notes the comments too. (A token that begins with `#` may be part of an f-string.)"""

    __slots__ = ()

    def before_codegen(self, node: CSTNode) -> None:
        if type(node) is cst.Comment:
            self.places.comments.append((self.offset, node.value))
        super().before_codegen(node)


def count_parts(
    node: FormattedString, start: int, nodes: set[int], starts: dict[int, int], ends: dict[int, int]
) -> int:
    """Notes the places of the asked nodes within an f-string, whose text begins at `start`; gives its end."""
    counter = _Counter("", "\n", nodes, set(), Places(starts, ends, {}, []))
    counter.offset = start + len(node.start)
    for part in node.parts:
        part._codegen(counter)
    return counter.offset + len(node.end)
