"""The code at the place of a finding: the function around it as a tree, with places and parents."""

from __future__ import annotations

import dataclasses
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from conclint.files.lines import LINE
from conclint.model.finding import Position
from conclint.rules.advice.import_places import Head
from conclint.syntax.decoding import DecodingError, decode_source
from conclint.syntax.nodes import cst
from conclint.syntax.parsing import SourceError, check_brackets, parse_checked
from conclint.syntax.positions import Lines, locate
from conclint.syntax.tokens import find_tokens

if TYPE_CHECKING:
    from libcst import CSTNode, Module

Node: TypeAlias = "CSTNode"

_HEADER: Final = "if 1:\n"
"""Stands before the lines of a function that is indented, so that they can be parsed by themselves."""
_NEAR: Final = 8
_ON_PURPOSE: Final = re.compile(
    r"(?i)\b(?:intentional(?:ly)?|deliberate(?:ly)?|on purpose)\b.*\b(?:block|sync|wait)"
    r"|\b(?:block|sync|wait)\w*\b.*\b(?:intentional(?:ly)?|deliberate(?:ly)?|on purpose)\b"
)
_MOST: Final = 400_000
"""Characters of a function beyond which it is not parsed a second time."""


class Extent(NamedTuple):
    """The lines of a function, with its decorators or without; all of a module where both are 0."""

    first: int
    last: int


class Fragment:
    """A function's text, or a module's, as a tree."""

    def __init__(self, text: str, offset: int, skipped: int) -> None:
        """`offset`: lines of the file before the text; `skipped`: lines before it that are not the file's."""
        self.text = text
        self._tree = _tree_of(text)
        self._lines = Lines(text)
        self._offset = offset - skipped
        self._first = offset
        self.skipped = len(_HEADER) if skipped else 0
        self.parents: dict[int, Node] = {}
        self.nodes: list[Node] = []
        self._spans: dict[int, tuple[int, int]] = {}
        """Where in `nodes` a node stands, and where what comes after all that it is made of."""
        self._names: dict[int, dict[str, list[cst.Name]]] = {}
        self.found: dict[tuple[str, int], object] = {}
        """What was found out about parts of it, by what that is and the part's identity."""
        if self._tree is not None:
            self._walk(self._tree)
            places = locate(self._tree, {id(node) for node in self.nodes}, set(), False)
            self._starts, self._ends = places.starts, places.ends

    def before(self, text: str) -> int:
        """How many characters of the file's text come before the fragment."""
        return sum(len(line) for line in LINE.findall(text)[: self._first])

    def _walk(self, root: Node) -> None:
        """Numbers the nodes so that what a node is made of follows it."""
        todo: list[Node | int] = [root]
        while todo:
            node = todo.pop()
            if isinstance(node, int):
                self._spans[id(self.nodes[node])] = node, len(self.nodes)
                continue
            todo.append(len(self.nodes))
            self.nodes.append(node)
            for child in children(node):
                self.parents[id(child)] = node
                todo.append(child)

    def start(self, node: Node) -> int:
        """Where a node begins, parentheses of its own left out."""
        return self._starts[id(node)]

    def end(self, node: Node) -> int:
        """Where it ends."""
        return self._ends[id(node)]

    def knows(self, node: Node) -> bool:
        """Whether the node has a place: not so within an f-string."""
        return id(node) in self._starts and id(node) in self._ends

    def inner(self, node: Node) -> str:
        """Its text, without parentheses of its own."""
        return self.text[self.start(node) : self.end(node)]

    def code(self, node: Node) -> str:
        """Its text with the parentheses."""
        inner = self.inner(node)
        for left, right in zip(getattr(node, "lpar", ()), getattr(node, "rpar", ()), strict=True):
            del left, right
            inner = f"({inner})"
        return inner

    def position(self, start: int, end: int) -> Position:
        """The place in the file of what stands between two offsets."""
        line, column = self._lines.place(start)
        end_line, end_column = self._lines.place(end)
        return Position(line + self._offset, column + 1, end_line + self._offset, end_column + 1)

    def place_of(self, node: Node) -> Position:
        """The place in the file of a node."""
        return self.position(self.start(node), self.end(node))

    @cached_property
    def _by_place(self) -> dict[Position, list[Node]]:
        found: dict[Position, list[Node]] = {}
        for node in self.nodes:
            if id(node) in self._starts and isinstance(node, (cst.BaseExpression, cst.BaseStatement)):
                found.setdefault(self.place_of(node), []).append(node)
        return found

    def at(self, position: Position) -> Node | None:
        """The expression at a place of the file, the outermost of several; else the statement."""
        if self._tree is None:
            return None
        found = self._by_place.get(position, [])
        return next(
            (node for node in found if isinstance(node, cst.BaseExpression)), found[0] if found else None
        )

    def parent(self, node: Node) -> Node | None:
        """What a node is directly part of."""
        return self.parents.get(id(node))

    def above(self, node: Node) -> Iterator[Node]:
        """What the node is part of, innermost first."""
        found = self.parent(node)
        while found is not None:
            yield found
            found = self.parent(found)

    def function_of(self, node: Node) -> cst.FunctionDef | None:
        """The function that a node stands in, the innermost of several."""
        return next((item for item in self.above(node) if isinstance(item, cst.FunctionDef)), None)

    def inside(self, node: Node) -> Iterator[Node]:
        """The node and all that it is made of."""
        span = self._spans.get(id(node))
        if span is not None:
            yield from self.nodes[span[0] : span[1]]
            return
        todo = [node]
        while todo:
            found = todo.pop()
            yield found
            todo.extend(children(found))

    def contains(self, outer: Node, node: Node) -> bool:
        """Whether a node of the fragment stands within another one, or is it."""
        first, end = self._spans[id(outer)]
        return first <= self._spans[id(node)][0] < end

    def names(self, function: Node) -> dict[str, list[cst.Name]]:
        """The names that stand in a function, each with its places in the order of `inside`; found once."""
        found = self._names.get(id(function))
        if found is None:
            found = self._names[id(function)] = {}
            for node in self.inside(function):
                if isinstance(node, cst.Name):
                    found.setdefault(node.value, []).append(node)
        return found

    def branches(self, block: cst.IndentedBlock) -> list[cst.If]:
        """The `if` statements of a block, in order; found once for all of its places."""
        found = self.found.get(("branches", id(block)))
        if not isinstance(found, list):
            found = [line for line in block.body if isinstance(line, cst.If)]
            self.found["branches", id(block)] = found
        return found

    def has(self, node: Node, position: Position) -> bool:
        """Whether a place of the file lies within a node."""
        return self.has_any(node, (position,))

    def has_any(self, node: Node, positions: Iterable[Position]) -> bool:
        """Whether one of these places of the file lies within a node."""
        own = self.place_of(node)
        begin, end = (own.line, own.column), (own.end_line, own.end_column)
        return any(begin <= (at.line, at.column) and (at.end_line, at.end_column) <= end for at in positions)


class SourceFile:
    """A file's text, function by function: each is parsed when it is first asked for."""

    def __init__(self, data: bytes | None, cells: Sequence[tuple[int, int]] = ()) -> None:
        """`cells`: the first line of each cell of a notebook, and the line after its last."""
        try:
            text = decode_source(data) if data is not None else ""
        except DecodingError:
            text = ""
        self._lines: list[str] = LINE.findall(text)
        self._held: tuple[Extent, Fragment] | None = None
        self._cells = cells
        self._heads: dict[int, Head] = {}
        self._bindings: dict[tuple[str, str], bool] = {}
        self._texts: dict[str, bool] = {}
        self._uses: dict[str, list[int]] = {}

    @cached_property
    def newline(self) -> str:
        """What ends its lines, where all end alike; a line feed where they don't."""
        ends = {line[len(line.rstrip("\r\n")) :] for line in self._lines} - {""}
        return ends.pop() if len(ends) == 1 else "\n"

    def _part(self, line: int) -> tuple[int, int]:
        """The lines that are one text of their own around a line: the file, or a cell of a notebook."""
        return next((cell for cell in self._cells if cell[0] <= line < cell[1]), (1, len(self._lines) + 1))

    def head(self, line: int) -> Head:
        """The imports at the head of the text around a line."""
        first, end = self._part(line)
        if first not in self._heads:
            self._heads[first] = Head("".join(self._lines[first - 1 : end - 1]))
        return self._heads[first]

    def head_position(self, line: int, offset: int) -> Position:
        """The place of an offset in that text."""
        first, end = self._part(line)
        number, column = Lines("".join(self._lines[first - 1 : end - 1])[: offset + 1]).place(offset)
        at = (number + first - 1, column + 1)
        return Position(*at, *at)

    def has_line(self, text: str) -> bool:
        """Whether a line of the file is that text."""
        return any(line.startswith(text) and line.strip() == text for line in self._lines)

    def has_word(self, word: str) -> bool:
        """Whether the file has a word in it."""
        found = re.compile(rf"(?<!\w){word}(?!\w)")
        return any(word in line and found.search(line) is not None for line in self._lines)

    def uses(self, attribute: str, beside: Extent) -> int:
        """How many lines beside those of a function name an attribute of the own object; one of them is
        where it is made."""
        found = self._uses.get(attribute)
        if found is None:
            pattern = re.compile(rf"\bself\.{attribute}\b")
            lines = enumerate(self._lines, 1)
            found = [line for line, text in lines if attribute in text and pattern.search(text) is not None]
            self._uses[attribute] = found
        return len(found) - bisect_right(found, beside.last) + bisect_left(found, beside.first)

    def blocks_on_purpose(self, first: int, line: int) -> bool:
        """Whether a comment on a line or shortly before it says that the code there blocks on purpose;
        `first` is where its function begins."""
        near = self._lines[max(first, line - _NEAR) - 1 : line]
        return any("#" in item and _ON_PURPOSE.search(item.partition("#")[2]) is not None for item in near)

    def binds(self, name: str, line: str) -> bool:
        """Whether a line may bind the name to something else than an import line does."""
        if (name, line) not in self._bindings:
            found = re.compile(
                rf"\s*(?:async\s+def|def|class)\s+{name}\b|\s*{name}\s*(?::[^=]*)?=(?!=)|.*\bas\s+{name}\b"
                rf"|\s*from\s.*\bimport\b.*\b{name}\b"
            )
            lines = (item for item in self._lines if name in item)
            self._bindings[name, line] = any(
                found.match(item) is not None and item.strip() != line for item in lines
            )
        return self._bindings[name, line]

    def matches(self, pattern: re.Pattern[str]) -> bool:
        """Whether a line of the file has in it what a pattern describes."""
        return any(pattern.search(line) is not None for line in self._lines)

    def has(self, text: str) -> bool:
        """Whether the file has a text in it."""
        if text not in self._texts:
            self._texts[text] = any(text in line for line in self._lines)
        return self._texts[text]

    def fragment(self, extent: Extent) -> Fragment:
        """The tree of these lines."""
        if self._held is None or self._held[0] != extent:
            self._held = extent, self._parse(extent)
        return self._held[1]

    def _parse(self, extent: Extent) -> Fragment:
        first = max(extent.first, 1)
        lines = self._lines[first - 1 : extent.last or None]
        indented = bool(lines) and lines[0][:1].isspace()
        header = _HEADER if indented else ""
        return Fragment(header + "".join(lines), first - 1, bool(header))


class Place(NamedTuple):
    """Where advice is wanted: a place in a function's text, both read when they are asked for."""

    file: SourceFile
    extent: Extent
    position: Position

    @property
    def fragment(self) -> Fragment:
        """The function around the place."""
        return self.file.fragment(self.extent)

    @property
    def node(self) -> Node | None:
        """The expression or statement at the place; None where the file has none there now."""
        return self.fragment.at(self.position)


def children(node: Node) -> list[Node]:
    """What a node is directly made of, in order."""
    found: list[Node] = []
    for name in _fields(type(node)):
        value: Any = getattr(node, name)
        if isinstance(value, cst.CSTNode):
            found.append(value)
        elif isinstance(value, (tuple, list)):
            found.extend(item for item in value if isinstance(item, cst.CSTNode))
    return found


_KNOWN: Final[dict[type, tuple[str, ...]]] = {}


def _fields(kind: type) -> tuple[str, ...]:
    found = _KNOWN.get(kind)
    if found is None:
        names: tuple[str, ...] = getattr(kind, "__struct_fields__", ())
        found = names or tuple(field.name for field in dataclasses.fields(kind))
        _KNOWN[kind] = found = tuple(name for name in found if not name.startswith(("whitespace", "leading")))
    return found


def _tree_of(text: str) -> Module | None:
    """The tree; None where the text is no Python by itself, or was laid out anew to be parsed."""
    if not text or len(text) > _MOST:
        return None
    try:
        tokens = find_tokens(text)
        nesting = check_brackets(text, tokens)
        if nesting.deep:
            return None
        parsed = parse_checked(text, tokens, nesting)
    except (SourceError, RecursionError, MemoryError):
        return None
    return parsed.tree if parsed.layout is None else None
