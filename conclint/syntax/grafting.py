"""The trees of a text's pieces, put together to the tree of the text; see `conclint.syntax.pieces`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from libcst import CSTNode

from conclint.syntax import nodes
from conclint.syntax.nodes import cst
from conclint.syntax.pieces import Cut, Kind, Piece

if TYPE_CHECKING:
    from libcst import Module

_FIELDS: Final[dict[Any, tuple[str, ...]]] = {}
_TARGETS: Final = (cst.Name, cst.Attribute, cst.Subscript)


class PieceError(Exception):
    """A piece is not what must stand at its place."""


def parse_pieces(cut: Cut) -> Module:
    """The tree of the text that was cut. Raises PieceError, and what libcst's parser does."""
    known: dict[str, Any] = {}
    for piece in cut.pieces:
        known[piece.name] = _graft(_parse(piece), known)
    tree: Module = _graft(nodes.parse_module(cut.text), known)
    return tree


def _parse(piece: Piece) -> Any:
    if piece.kind is Kind.PATTERN:
        statement: Any = nodes.parse_module(f"match _:\n case {piece.text}:\n  pass\n").body[0]
        return statement.cases[0].pattern
    node: Any = nodes.parse_expression(f"({piece.text})")
    if piece.kind is Kind.TARGET and type(node) not in _TARGETS:
        raise PieceError("only a name, attribute or item can be annotated")
    _set(node, "lpar", tuple(node.lpar)[1:])
    _set(node, "rpar", tuple(node.rpar)[:-1])
    return node


def _graft(root: Any, known: Mapping[str, Any]) -> Any:
    """The tree with the known ones at the places of their names."""
    if not known:
        return root
    found = _known_for(root, known)
    if found is not None:
        return found
    todo = [root]
    while todo:
        node = todo.pop()
        for name, value in _fields(node):
            if isinstance(value, (tuple, list)):
                items = [_known_for(item, known) for item in value]
                todo += [old for old, new in zip(value, items, strict=True) if new is None]
                if any(item is not None for item in items):
                    whole = [old if new is None else new for old, new in zip(value, items, strict=True)]
                    _set(node, name, tuple(whole))
            elif (found := _known_for(value, known)) is not None:
                _set(node, name, found)
            else:
                todo.append(value)
    return root


def _known_for(node: Any, known: Mapping[str, Any]) -> Any:
    """The tree that the node stands for, in the node's parentheses."""
    kind = type(node)
    if kind is cst.MatchAs:
        word = node.name.value if node.pattern is None and node.name is not None else ""
    elif kind is cst.Name or kind is cst.SimpleString:
        word = node.value
    else:
        return None
    found = known.get(word)
    if found is not None and node.lpar:
        _set(found, "lpar", (*node.lpar, *found.lpar))
        _set(found, "rpar", (*found.rpar, *node.rpar))
    return found


def _fields(node: Any) -> Iterator[tuple[str, Any]]:
    for name in _field_names(type(node)):
        value = getattr(node, name)
        if value is not None and type(value) is not str:
            yield name, value


def _field_names(kind: Any) -> tuple[str, ...]:
    known = _FIELDS.get(kind)
    if known is None:
        if dataclasses.is_dataclass(kind):
            known = tuple(field.name for field in dataclasses.fields(kind))
        else:
            known = getattr(kind, "__struct_fields__", ())
        _FIELDS[kind] = known
    return known


def _set(node: Any, name: str, value: Any) -> None:
    if isinstance(node, CSTNode):
        object.__setattr__(node, name, value)  # frozen
    else:
        setattr(node, name, value)
