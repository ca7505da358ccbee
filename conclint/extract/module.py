"""The walk's driver: a whole file, one def after the other."""

from __future__ import annotations

from conclint.extract import comprehensions, flow, patterns
from conclint.extract.definitions import walk_body
from conclint.extract.module_record import ModuleRecord
from conclint.extract.scope import Scope
from conclint.extract.statements import statements
from conclint.summary.records import DefKind, Op
from conclint.syntax.nodes import cst

_HANDLERS = (comprehensions, flow, patterns)
"""Imported for the handlers they register."""


def walk_module(text: str, tree: cst.Module) -> ModuleRecord[Scope]:
    """Walks a whole file: the module's own code first, then each def after the one that contains it."""
    record: ModuleRecord[Scope] = ModuleRecord(text, tree)
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
