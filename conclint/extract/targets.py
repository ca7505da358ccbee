"""Which names statements bind: found before a loop is walked, since its beginning must know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conclint.extract.identifiers import identifier
from conclint.syntax.nodes import cst

if TYPE_CHECKING:
    from collections.abc import Sequence


def bound_names(target: Any, names: list[str]) -> None:
    """Adds the names that an assignment target binds."""
    kind = type(target)
    if kind is cst.Name:
        names.append(target.value)
    elif kind is cst.Tuple or kind is cst.List:
        for element in target.elements:
            bound_names(element.value, names)
    elif kind is cst.StarredElement:
        bound_names(target.value, names)


def import_name(alias: cst.ImportAlias) -> str:
    """The name that an import alias binds."""
    if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
        return alias.asname.name.value
    node = alias.name
    while isinstance(node, cst.Attribute):
        node = node.value  # type: ignore[assignment]
    return node.value


class AssignedNames:
    """The names bound in loop bodies, each loop scanned once."""

    __slots__ = ("_found", "_walrus")

    def __init__(self, walrus: Sequence[str]) -> None:
        self._found: dict[int, list[str]] = {}
        self._walrus = walrus

    def of_loop(self, loop: cst.For | cst.While) -> list[str]:
        """The names that the loop's target and body bind, once each, in order of appearance.

        Names that a walrus binds anywhere in the file are among them, as expressions aren't scanned.
        """
        found = self._found.get(id(loop))
        if found is None:
            names: list[str] = []
            if isinstance(loop, cst.For):
                bound_names(loop.target, names)
            self._block(loop.body, names)
            names += self._walrus
            found = self._found[id(loop)] = list(dict.fromkeys(map(identifier, names)))
        return found

    def _block(self, block: Any, names: list[str]) -> None:
        for statement in block.body:
            kind = type(statement)
            if kind is cst.SimpleStatementLine:
                for small in statement.body:
                    _small(small, names)
            elif kind in _COMPOUND:
                _COMPOUND[kind](self, statement, names)
            else:
                _small(statement, names)

    def _if(self, node: Any, names: list[str]) -> None:
        while type(node) is cst.If:
            self._block(node.body, names)
            node = node.orelse
        self._else(node, names)

    def _else(self, node: Any, names: list[str]) -> None:
        if node is not None:
            self._block(node.body, names)

    def _loop(self, node: Any, names: list[str]) -> None:
        names += self.of_loop(node)
        self._else(node.orelse, names)

    def _try(self, node: Any, names: list[str]) -> None:
        self._block(node.body, names)
        for handler in node.handlers:
            if handler.name is not None:
                bound_names(handler.name.name, names)
            self._block(handler.body, names)
        self._else(node.orelse, names)
        self._else(node.finalbody, names)

    def _with(self, node: Any, names: list[str]) -> None:
        for item in node.items:
            if item.asname is not None:
                bound_names(item.asname.name, names)
        self._block(node.body, names)

    def _match(self, node: Any, names: list[str]) -> None:
        for case in node.cases:
            pattern_names(case.pattern, names)
            self._block(case.body, names)

    def _definition(self, node: Any, names: list[str]) -> None:
        names.append(node.name.value)


def pattern_names(pattern: Any, names: list[str]) -> None:
    """Adds the names that a pattern of `match` captures."""
    if isinstance(pattern, cst.MatchAs):
        if pattern.pattern is not None:
            pattern_names(pattern.pattern, names)
        if pattern.name is not None:
            names.append(pattern.name.value)
    elif isinstance(pattern, cst.MatchStar):
        if pattern.name is not None:
            names.append(pattern.name.value)
    elif isinstance(pattern, cst.MatchSequence):
        for element in pattern.patterns:
            pattern_names(element, names)
    elif isinstance(pattern, cst.MatchSequenceElement):
        pattern_names(pattern.value, names)
    elif isinstance(pattern, cst.MatchMapping):
        for entry in pattern.elements:
            pattern_names(entry.pattern, names)
        if pattern.rest is not None:
            names.append(pattern.rest.value)
    elif isinstance(pattern, cst.MatchClass):
        for element in pattern.patterns:
            pattern_names(element.value, names)
        for keyword in pattern.kwds:
            pattern_names(keyword.pattern, names)
    elif isinstance(pattern, cst.MatchOr):
        for choice in pattern.patterns:
            pattern_names(choice.pattern, names)


def _small(node: Any, names: list[str]) -> None:
    kind = type(node)
    if kind is cst.Assign:
        for target in node.targets:
            bound_names(target.target, names)
    elif kind is cst.AugAssign or kind is cst.AnnAssign or kind is cst.Del:
        bound_names(node.target, names)
    elif kind in _IMPORTS:
        if not isinstance(node.names, cst.ImportStar):
            names += map(import_name, node.names)
    elif kind is cst.TypeAlias:
        names.append(node.name.value)


_IMPORTS = {
    getattr(cst, kind)
    for kind in ("Import", "ImportFrom", "LazyImport", "LazyImportFrom")
    if hasattr(cst, kind)
}
_COMPOUND: dict[type, Any] = {
    cst.If: AssignedNames._if,
    cst.For: AssignedNames._loop,
    cst.While: AssignedNames._loop,
    cst.Try: AssignedNames._try,
    cst.TryStar: AssignedNames._try,
    cst.With: AssignedNames._with,
    cst.Match: AssignedNames._match,
    cst.FunctionDef: AssignedNames._definition,
    cst.ClassDef: AssignedNames._definition,
}
