"""Simple statements and blocks: each handler says whether control never comes out at its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from conclint.extract.annotations import annotation
from conclint.extract.binding import assign, import_, import_from, set_attribute, set_item
from conclint.extract.expressions import BUILTIN, expression, is_module, subscript_index, used_expression
from conclint.extract.identifiers import identifier
from conclint.extract.narrowing import narrow
from conclint.extract.operations import operation
from conclint.extract.operators import BINARY, guarded
from conclint.summary.records import LoopFlags, Op, RegionKind, SiteKind, StoreKind, Use
from conclint.syntax.nodes import cst

if TYPE_CHECKING:
    from conclint.extract.scope import Scope

Handler = Callable[["Scope", Any], bool]

_SILENT = (cst.SimpleString, cst.Ellipsis, cst.Integer)
"""Expression statements that do nothing: docstrings and placeholders."""


def block(s: Scope, suite: Any) -> bool:
    """Walks a suite. True if control always leaves it before its end."""
    outer = s.region
    if type(suite) is cst.IndentedBlock:
        leaves = statements(s, suite.body)
    else:
        s.line = s.module.add_line(suite, suite.trailing_whitespace)
        leaves = _small_statements(s, suite.body)
    s.region = outer
    return leaves


def statements(s: Scope, body: Any) -> bool:
    """Walks the statements of a block; leaves the region at the block's end the current one."""
    leaves = dead = False
    for statement in body:
        if leaves and not dead:
            dead = True  # what follows a `return` never runs
            s.enter_region(RegionKind.AFTER, s.constant(False), 1)
        kind = type(statement)
        if kind is cst.SimpleStatementLine:
            s.line = s.module.add_line(statement, statement.trailing_whitespace)
            if _small_statements(s, statement.body):
                leaves = True
        elif COMPOUND[kind](s, statement):
            leaves = True
    return leaves


def _small_statements(s: Scope, body: Any) -> bool:
    leaves = False
    for statement in body:
        if SIMPLE[type(statement)](s, statement):
            leaves = True
    return leaves


def _expression_statement(s: Scope, node: cst.Expr) -> bool:
    value = node.value
    if type(value) not in _SILENT:
        used_expression(s, value, Use.DROPPED)
        if type(value) is cst.Call and s.parent is None:
            s.module.note_exports_call(value)
    return False


def _assign(s: Scope, node: cst.Assign) -> bool:
    value = used_expression(s, node.value, Use.BOUND)
    for target in node.targets:
        assign(s, target.target, value, node.value)
        if s.parent is None:
            s.module.note_exports(target.target, node.value, False)
    return False


def _annotated(s: Scope, node: cst.AnnAssign) -> bool:
    declared = annotation(s, node.annotation.annotation)
    if node.value is None:
        if isinstance(node.target, (cst.Name, cst.Attribute)):
            assign(s, node.target, s.pure((Op.CAST, -1, declared)), None)
        return False
    value = used_expression(s, node.value, Use.BOUND)
    assign(s, node.target, s.pure((Op.CAST, value, declared)), None)
    if s.parent is None:
        s.module.note_exports(node.target, node.value, False)
    return False


def _augmented(s: Scope, node: cst.AugAssign) -> bool:
    target = node.target
    operator = BINARY[type(node.operator)]
    if isinstance(target, cst.Attribute):
        before = expression(s, target)
        base = s.values[before][1]
        value = s.add((Op.ARITH, operator, before, expression(s, node.value)))
        s.stores.append((StoreKind.ATTR, base, s.values[before][2], value, s.region))
        set_attribute(s, target, base, s.values[before][2], value)
    elif isinstance(target, cst.Subscript):
        site = s.reserve_site(target)
        base = expression(s, target.value)
        index = subscript_index(s, target)
        s.sites[site] = (SiteKind.ITEM, base, ((0, index),), s.region, 0)
        before = s.add((Op.ITEM, base, index))
        value = s.add((Op.ARITH, operator, before, expression(s, node.value)))
        s.regions[s.region][5] += 2
        s.stores.append((StoreKind.ITEM, base, index, value, s.region, len(s.values)))
        set_item(s, target, base, index, value)
    else:
        before = expression(s, target)
        value = s.add((Op.ARITH, operator, before, expression(s, node.value)))
        assign(s, target, value, None)
        if s.parent is None:
            s.module.note_exports(target, node.value, True)
    added = s.values[value][3]
    if s.values[before][0] not in BUILTIN and s.values[added][0] != Op.CONST:
        s.add_site(SiteKind.AUGMENT, target, before, 0, ((operator, added),))
    s.regions[s.region][4] += 1
    return False


def _return(s: Scope, node: cst.Return) -> bool:
    value = s.constant(None) if node.value is None else used_expression(s, node.value, Use.RETURNED)
    s.returns.append((value, s.region))
    for loop in s.loops:
        loop.flags |= LoopFlags.BREAKS
    return True


def _raise(s: Scope, node: cst.Raise) -> bool:
    if node.exc is not None:
        raised = expression(s, node.exc)
        if not isinstance(node.exc, cst.Call):
            s.add_site(SiteKind.RAISE, node.exc, raised)
    if node.cause is not None:
        expression(s, node.cause.item)
    return True


def _assert(s: Scope, node: cst.Assert) -> bool:
    test = expression(s, node.test)
    operation(s, node.test, "bool", test)
    if node.msg is not None:
        guarded(s, node.test, test, 0, node.msg)
    narrow(s, node.test, 1)
    return isinstance(node.test, cst.Name) and node.test.value == "False"


def _del(s: Scope, node: cst.Del) -> bool:
    _delete(s, node.target)
    return False


def _delete(s: Scope, target: Any) -> None:
    if isinstance(target, cst.Name):
        name = identifier(target.value)
        made = _only_named(s, name)
        if made is not None:
            s.add_site(SiteKind.DISCARD, target, made)
        s.unbind(name)
    elif isinstance(target, cst.Attribute):
        base = expression(s, target.value)
        if not is_module(s, base):
            s.add_site(SiteKind.DELETE, target, s.pure((Op.ATTR, base, identifier(target.attr.value))))
    elif isinstance(target, cst.Subscript):
        base = expression(s, target.value)
        index = subscript_index(s, target)
        if s.values[base][0] not in BUILTIN:
            s.add_site(SiteKind.DELETE, target, base, 0, ((0, index),))
        s.regions[s.region][5] += 1
    elif isinstance(target, (cst.Tuple, cst.List)):
        for element in target.elements:
            _delete(s, element.value)


def _only_named(s: Scope, name: str) -> int | None:
    """What a call made, where a local variable is the only name that it has here."""
    if not s.is_function or name in s.declared or not s.is_bound(name):
        return None
    value = s.read(name)
    has_other = any(held == value for other, held in s.env.items() if other != name)
    return value if s.values[value][0] == Op.CALL and not has_other else None


def _global(s: Scope, node: cst.Global) -> bool:
    if s.parent is not None:
        for item in node.names:
            s.declare(identifier(item.name.value), StoreKind.GLOBAL, -1)
    return False


def _nonlocal(s: Scope, node: cst.Nonlocal) -> bool:
    for item in node.names:
        name = identifier(item.name.value)
        s.declare(name, StoreKind.FREE, s.nonlocal_owner(name))
    return False


def _break(s: Scope, node: cst.Break) -> bool:
    if s.loops:
        s.loops[-1].breaks.append(dict(s.env))
        s.loops[-1].flags |= LoopFlags.BREAKS
    return True


def _continue(s: Scope, node: cst.Continue) -> bool:
    if s.loops:
        s.loops[-1].continues.append(dict(s.env))
    return True


def _pass(s: Scope, node: cst.Pass) -> bool:
    return False


def _import(s: Scope, node: cst.Import) -> bool:
    import_(s, node)
    return False


def _import_from(s: Scope, node: cst.ImportFrom) -> bool:
    import_from(s, node)
    return False


def _type_alias(s: Scope, node: cst.TypeAlias) -> bool:
    before = s.type_names
    s.type_names = before | type_parameters(node.type_parameters)
    value = annotation(s, node.value)
    s.type_names = before
    s.bind(identifier(node.name.value), value)
    return False


def type_parameters(node: cst.TypeParameters | None) -> frozenset[str]:
    """The names of a list of type parameters."""
    if node is None:
        return frozenset()
    return frozenset(parameter.param.name.value for parameter in node.params)


SIMPLE: dict[type, Handler] = {
    cst.Expr: _expression_statement,
    cst.Assign: _assign,
    cst.AnnAssign: _annotated,
    cst.AugAssign: _augmented,
    cst.Return: _return,
    cst.Raise: _raise,
    cst.Assert: _assert,
    cst.Del: _del,
    cst.Global: _global,
    cst.Nonlocal: _nonlocal,
    cst.Break: _break,
    cst.Continue: _continue,
    cst.Pass: _pass,
    cst.Import: _import,
    cst.ImportFrom: _import_from,
    cst.TypeAlias: _type_alias,
}
if hasattr(cst, "LazyImport"):  # libcst 1.9
    SIMPLE[cst.LazyImport] = _import
    SIMPLE[cst.LazyImportFrom] = _import_from

COMPOUND: dict[type, Handler] = {}
"""By kind of statement; filled by the modules of the compound statements."""
