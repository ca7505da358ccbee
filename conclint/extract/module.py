"""A module's record while its file is walked, and the walk's driver."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from conclint.extract import comprehensions, flow, patterns
from conclint.extract.definitions import walk_body
from conclint.extract.identifiers import walrus_names
from conclint.extract.literals import literal_strings
from conclint.extract.scope import Scope
from conclint.extract.statements import statements
from conclint.extract.targets import AssignedNames
from conclint.model.summary import DefKind, Op
from conclint.source.nodes import cst

if TYPE_CHECKING:
    pass

_HANDLERS = (comprehensions, flow, patterns)
"""Imported for the handlers they register."""


Line = tuple[cst.CSTNode, cst.CSTNode]
"""A logical line: the node that begins it, and the whitespace that follows its last token."""


class ModuleRecord:
    """What the defs of a file share while they are walked."""

    __slots__ = (
        "_keys",
        "assigned",
        "exports",
        "exports_known",
        "imports",
        "lines",
        "modules",
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
        self.modules: frozenset[str] = frozenset()  # globals that only `import` binds
        self.exports: tuple[str, ...] | None = None
        self.exports_known = True
        self.scopes: list[Scope] = []
        self.waiting: deque[Scope] = deque()
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

    def add_import(self, s: Scope, module: str, level: int, name: str | None, bound: str, flags: int) -> int:
        """Lists an imported name. (Its line is filled in when positions are known.)"""
        self.imports.append((module, level, name, bound, flags, s.line))
        return len(self.imports) - 1

    def add_def(self, parent: Scope, kind: int, name: str, node: cst.CSTNode) -> Scope:
        """A def found in `parent`, whose body will be walked after the parent's."""
        key = f"{parent.key}.{name}" if parent.parent is not None else name
        count = self._keys[key] = self._keys.get(key, 0) + 1
        if count > 1:
            key = f"{key}#{count}"
        found = Scope(self, parent, kind, key, node)
        self.waiting.append(found)
        return found

    def note_exports(
        self, s: Scope, target: cst.BaseExpression, value: cst.BaseExpression, more: bool
    ) -> None:
        """Follows the stores to `__all__`."""
        if s.parent is not None or type(target) is not cst.Name or target.value != "__all__":
            return
        self._add_exports(literal_strings(value), more)

    def note_exports_call(self, s: Scope, node: cst.Call) -> None:
        """Follows `__all__.extend(…)` and `__all__.append(…)`."""
        function = node.func
        if (
            s.parent is None
            and type(function) is cst.Attribute
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


def walk_module(text: str, tree: cst.Module) -> ModuleRecord:
    """Walks a whole file: the module's own code first, then each def after the one that contains it."""
    record = ModuleRecord(text, tree)
    top = Scope(record, None, DefKind.MODULE, "<module>", tree)
    statements(top, tree.body)
    top.region = 0
    top.bound = {name for name, _, _ in top.bindings}
    record.modules = _imported_modules(top)
    while record.waiting:
        walk_body(record.waiting.popleft())
    return record


def _imported_modules(top: Scope) -> frozenset[str]:
    """The module's names that nothing but `import` binds (`from … import` may bind any object)."""
    found: dict[str, bool] = {}
    for name, value, _ in top.bindings:
        op, *operands = top.values[value]
        plain = op == Op.IMPORT and top.module.imports[operands[0]][2] is None
        found[name] = plain and found.get(name, True)
    return frozenset(name for name, plain in found.items() if plain)


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
