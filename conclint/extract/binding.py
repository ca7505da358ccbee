"""Stores: assignment targets and imports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conclint.extract.expressions import BUILTIN, expression, is_module, subscript_index
from conclint.extract.identifiers import identifier
from conclint.extract.targets import import_name
from conclint.summary.records import ImportFlags, Op, SiteKind, StoreKind
from conclint.syntax.nodes import cst

if TYPE_CHECKING:
    from collections.abc import Callable

    from conclint.extract.scope import Scope

    Bind = Callable[[str, int], None]


def assign(s: Scope, target: Any, value: int, source: cst.CSTNode | None, bind: Bind | None = None) -> None:
    """Stores `value` in a target.

    `source` is the node that gave the value, where unpacking it is a site (not so for the elements of
    what is iterated already). `bind` takes names; by default, those of the scope.
    """
    kind = type(target)
    if kind is cst.Name:
        (bind or s.bind)(identifier(target.value), value)
    elif kind is cst.Attribute:
        base = expression(s, target.value)
        name = identifier(target.attr.value)
        s.stores.append((StoreKind.ATTR, base, name, value, s.region))
        set_attribute(s, target, base, name, value)
    elif kind is cst.Subscript:
        base = expression(s, target.value)
        index = subscript_index(s, target)
        s.regions[s.region][5] += 1
        s.stores.append((StoreKind.ITEM, base, index, value, s.region, len(s.values)))
        set_item(s, target, base, index, value)
    elif kind is cst.Tuple or kind is cst.List:
        _unpack(s, target.elements, value, source, bind)
    else:
        expression(s, target)


def set_attribute(s: Scope, target: cst.Attribute, base: int, name: str, value: int) -> None:
    """The site of a store to an attribute, unless to a module's."""
    if not is_module(s, base):
        s.add_site(SiteKind.SET_ATTR, target, s.pure((Op.ATTR, base, name)), 0, ((0, value),))


def set_item(s: Scope, target: cst.Subscript, base: int, index: int, value: int) -> None:
    """The site of a store to an item, unless of what is written out as a builtin collection."""
    if s.values[base][0] not in BUILTIN:
        s.add_site(SiteKind.SET_ITEM, target, base, 0, ((0, index), (1, value)))


def _unpack(s: Scope, elements: Any, value: int, source: cst.CSTNode | None, bind: Bind | None) -> None:
    known = s.values[value]
    starred = next((k for k, element in enumerate(elements) if type(element) is cst.StarredElement), None)
    if (
        (known[0] == Op.TUPLE or known[0] == Op.LIST)
        and starred is None
        and len(known) == len(elements) + 1
        and all(s.values[item][0] != Op.STAR for item in known[1:])
    ):
        for element, item in zip(elements, known[1:], strict=True):
            assign(s, element.value, item, None, bind)
        return
    if starred is not None and _is_spelled(s, known, len(elements) - 1):
        after = len(elements) - 1 - starred
        items = known[1:]
        middle = s.add((Op.LIST, *items[starred : len(items) - after]))
        parts = (*items[:starred], middle, *items[len(items) - after :])
        for element, item in zip(elements, parts, strict=True):
            assign(s, element.value, item, None, bind)
        return
    if source is not None:
        s.add_site(SiteKind.ITERATE, source, value)
    for position, element in enumerate(elements):
        if position == starred:
            rest = s.add((Op.COMP, "list", s.pure((Op.ELEM, value)), -1))
            assign(s, element.value, rest, None, bind)
            continue
        if starred is not None and position > starred:
            position -= len(elements)
        item = s.pure((Op.ITEM, value, s.constant(position)))
        assign(s, element.value, item, None, bind)


def _is_spelled(s: Scope, known: tuple[Any, ...], least: int) -> bool:
    """Whether a value is a collection written out, with so many elements at least."""
    return (
        (known[0] == Op.TUPLE or known[0] == Op.LIST)
        and len(known) > least
        and all(s.values[item][0] != Op.STAR for item in known[1:])
    )


def dotted(node: cst.BaseExpression | None) -> str:
    """The text of a dotted name."""
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    if isinstance(node, cst.Name):
        parts.append(node.value)
    return ".".join(reversed(parts))


def import_(s: Scope, node: Any) -> None:
    """`import a, b.c as d`"""
    for alias in node.names:
        module, bound = dotted(alias.name), identifier(import_name(alias))
        package, _, name = module.rpartition(".")
        if alias.asname is not None and package and bound == module.split(".", 1)[0]:
            # `import redis.asyncio as redis`: by its record it would be `import redis.asyncio`
            _bind_import(s, package, 0, name, bound)
        else:
            _bind_import(s, module, 0, None, bound)


def import_from(s: Scope, node: Any) -> None:
    """`from a import b`, with dots and stars."""
    module = dotted(node.module)
    level = len(node.relative)
    if isinstance(node.names, cst.ImportStar):
        s.module.add_import(s.line, module, level, "*", "", _flags(s))
        return
    for alias in node.names:
        name = dotted(alias.name)
        _bind_import(s, module, level, name, identifier(import_name(alias)))


def _bind_import(s: Scope, module: str, level: int, name: str | None, bound: str) -> None:
    index = s.module.add_import(s.line, module, level, name, bound, _flags(s))
    s.bind(bound, s.pure((Op.IMPORT, index)))


def _flags(s: Scope) -> int:
    return ImportFlags.TYPE_CHECKING if s.type_checking else 0
