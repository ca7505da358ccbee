"""A module's record while its file is walked: what its defs share."""

from __future__ import annotations

from collections import deque
from typing import Any, Generic, TypeVar

from conclint.extract.identifiers import walrus_names
from conclint.extract.literal_texts import literal_strings
from conclint.extract.operator_methods import operators_defined
from conclint.extract.targets import AssignedNames
from conclint.syntax.nodes import cst

S = TypeVar("S")

Line = tuple[cst.CSTNode, cst.CSTNode]
"""A logical line: the node that begins it, and the whitespace that follows its last token."""


class ModuleRecord(Generic[S]):
    """What the defs of a file share while they are walked; `S` is the type of their scopes."""

    __slots__ = (
        "_keys",
        "assigned",
        "exports",
        "exports_known",
        "imports",
        "lines",
        "modules",
        "operators",
        "scopes",
        "text",
        "tree",
        "waiting",
    )

    def __init__(self, text: str, tree: cst.Module) -> None:
        self.text = text
        self.tree = tree
        self.lines: list[Line] = []
        self.imports: list[tuple[str, int, str | None, str, int, int]] = []
        self.operators = operators_defined(text)
        self.modules: frozenset[str] = frozenset()  # globals that only `import` binds
        self.exports: tuple[str, ...] | None = None
        self.exports_known = True
        self.scopes: list[S] = []
        self.waiting: deque[S] = deque()
        self.assigned = AssignedNames(walrus_names(text))
        self._keys: dict[str, int] = {}

    def add_line(self, start: cst.CSTNode, end: cst.CSTNode) -> int:
        """Numbers a logical line."""
        self.lines.append((start, end))
        return len(self.lines) - 1

    def add_header(self, start: cst.CSTNode, body: Any) -> int:
        """Numbers the logical line of a compound statement's header."""
        if type(body) is cst.IndentedBlock:
            return self.add_line(start, body.header)
        return self.add_line(start, body.leading_whitespace)

    def add_match_header(self, node: cst.Match) -> int:
        """Numbers the logical line of `match …:`."""
        return self.add_line(node, node.whitespace_after_colon)

    def add_import(self, line: int, module: str, level: int, name: str | None, bound: str, flags: int) -> int:
        """Lists a name that a logical line imports. (Its line is filled in when positions are known.)"""
        self.imports.append((module, level, name, bound, flags, line))
        return len(self.imports) - 1

    def new_key(self, outer: str, name: str) -> str:
        """The key of a def of that name inside the def whose key is `outer` ("" for the module)."""
        key = f"{outer}.{name}" if outer else name
        count = self._keys[key] = self._keys.get(key, 0) + 1
        return key if count == 1 else f"{key}#{count}"

    def note_exports(self, target: cst.BaseExpression, value: cst.BaseExpression, more: bool) -> None:
        """Follows the stores to `__all__` in the module's own code."""
        if type(target) is not cst.Name or target.value != "__all__":
            return
        self._add_exports(literal_strings(value), more)

    def note_exports_call(self, node: cst.Call) -> None:
        """Follows `__all__.extend(…)` and `__all__.append(…)` in the module's own code."""
        function = node.func
        if (
            type(function) is cst.Attribute
            and type(function.value) is cst.Name
            and function.value.value == "__all__"
        ):
            word = function.attr.value
            found = None
            if len(node.args) == 1:
                argument = node.args[0].value
                if word == "extend":
                    found = literal_strings(argument)
                elif word == "append":
                    found = literal_strings(cst.List(elements=[cst.Element(value=argument)]))
            self._add_exports(found, True)

    def _add_exports(self, found: tuple[str, ...] | None, more: bool) -> None:
        if found is None:
            self.exports_known = False
        elif more:
            self.exports = (self.exports or ()) + found
        else:
            self.exports = found
            self.exports_known = True


def last_mark(node: Any) -> cst.CSTNode:
    """The whitespace after the last simple statement of a suite."""
    while True:
        if isinstance(node, cst.IndentedBlock):
            node = node.body[-1]
        elif isinstance(node, (cst.SimpleStatementLine, cst.SimpleStatementSuite)):
            return node.trailing_whitespace
        elif isinstance(node, cst.Match):
            node = node.cases[-1].body
        elif isinstance(node, (cst.Try, cst.TryStar)):
            node = node.finalbody or node.orelse or (node.handlers[-1] if node.handlers else node.body)
        elif isinstance(node, (cst.If, cst.For, cst.While)):
            node = node.orelse or node.body
        else:
            node = node.body
