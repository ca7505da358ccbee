"""Simple statements."""

from __future__ import annotations

from typing import Any

from conclint.syntax.align.aligner import NODES, Aligner
from conclint.syntax.nodes import cst


def optional(c: Aligner, node: Any, at: int) -> int:
    return at if node is None else NODES[type(node)](c, node, at)


def _expression(c: Aligner, node: Any, at: int) -> int:
    return NODES[type(node.value)](c, node.value, at)


def _assign(c: Aligner, node: Any, at: int) -> int:
    for target in node.targets:
        inner = target.target
        at = NODES[type(inner)](c, inner, at) + 1
    return NODES[type(node.value)](c, node.value, at)


def _annotated(c: Aligner, node: Any, at: int) -> int:
    inner = node.annotation.annotation
    at = NODES[type(node.target)](c, node.target, at)
    at = NODES[type(inner)](c, inner, at + 1)
    return at if node.value is None else NODES[type(node.value)](c, node.value, at + 1)


def _augmented(c: Aligner, node: Any, at: int) -> int:
    at = NODES[type(node.target)](c, node.target, at)
    return NODES[type(node.value)](c, node.value, at + 1)


def _return(c: Aligner, node: Any, at: int) -> int:
    return optional(c, node.value, at + 1)


def _raise(c: Aligner, node: Any, at: int) -> int:
    at = optional(c, node.exc, at + 1)
    return at if node.cause is None else optional(c, node.cause.item, at + 1)


def _assert(c: Aligner, node: Any, at: int) -> int:
    at = NODES[type(node.test)](c, node.test, at + 1)
    return at if node.msg is None else NODES[type(node.msg)](c, node.msg, at + 1)


def _del(c: Aligner, node: Any, at: int) -> int:
    return NODES[type(node.target)](c, node.target, at + 1)


def _keyword(c: Aligner, node: Any, at: int) -> int:
    return at + 1


def _names(c: Aligner, node: Any, at: int) -> int:
    return at + 2 * len(node.names)


def _import(c: Aligner, node: Any, at: int) -> int:
    return _aliases(c, node.names, at + 1)


def _import_from(c: Aligner, node: Any, at: int) -> int:
    dots = len(node.relative)
    at += 1 + dots // 3 + dots % 3  # three dots are one token
    at = optional(c, node.module, at) + 1
    if isinstance(node.names, cst.ImportStar):
        return at + 1
    return _aliases(c, node.names, at) + (2 if node.lpar is not None else 0)


def _lazy_import(c: Aligner, node: Any, at: int) -> int:
    return _import(c, node, at + 1)


def _lazy_import_from(c: Aligner, node: Any, at: int) -> int:
    return _import_from(c, node, at + 1)


def _aliases(c: Aligner, aliases: Any, at: int) -> int:
    for alias in aliases:
        at = NODES[type(alias.name)](c, alias.name, at)
        if alias.asname is not None:
            at += 2
        if type(alias.comma) is cst.Comma:
            at += 1
    return at


def _type_alias(c: Aligner, node: Any, at: int) -> int:
    at = type_parameters(c, node.type_parameters, at + 2)
    return NODES[type(node.value)](c, node.value, at + 1)


def type_parameters(c: Aligner, node: Any, at: int) -> int:
    if node is None:
        return at
    at += 1
    for parameter in node.params:
        inner = parameter.param
        at += 1 if type(inner) is cst.TypeVar else 2
        bound = getattr(inner, "bound", None)
        if bound is not None:
            at = NODES[type(bound)](c, bound, at + 1)
        if parameter.default is not None:
            at += 2 if parameter.star else 1
            at = NODES[type(parameter.default)](c, parameter.default, at)
        if type(parameter.comma) is cst.Comma:
            at += 1
    return at + 1


NODES.update(
    {
        cst.Expr: _expression,
        cst.Assign: _assign,
        cst.AnnAssign: _annotated,
        cst.AugAssign: _augmented,
        cst.Return: _return,
        cst.Raise: _raise,
        cst.Assert: _assert,
        cst.Del: _del,
        cst.Pass: _keyword,
        cst.Break: _keyword,
        cst.Continue: _keyword,
        cst.Global: _names,
        cst.Nonlocal: _names,
        cst.Import: _import,
        cst.ImportFrom: _import_from,
        cst.TypeAlias: _type_alias,
    }
)
if hasattr(cst, "LazyImport"):  # libcst 1.9
    NODES[cst.LazyImport] = _lazy_import
    NODES[cst.LazyImportFrom] = _lazy_import_from
