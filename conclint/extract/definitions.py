"""Functions, lambdas and classes: what their statement evaluates here; their bodies are walked later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conclint.extract.annotations import annotation
from conclint.extract.expressions import EXPRESSIONS, expression, used_expression
from conclint.extract.identifiers import identifier
from conclint.extract.operations import operation
from conclint.extract.statements import COMPOUND, block, type_parameters
from conclint.summary.records import DefFlags, DefKind, Op, ParamKind, SiteKind, Use
from conclint.syntax.nodes import cst

if TYPE_CHECKING:
    from conclint.extract.scope import Scope


def function(s: Scope, node: cst.FunctionDef) -> bool:
    """`def`, `async def`"""
    name = identifier(node.name.value)
    kind = DefKind.FUNCTION if node.asynchronous is None else DefKind.ASYNC_FUNCTION
    sites = _decorators(s, node.decorators)
    s.line = s.module.add_header(node, node.body)
    inner = s.inner(kind, name, node)
    inner.header = s.line
    inner.decorators = [value for value, _ in sites]
    names = s.type_names
    if node.type_parameters is not None:
        inner.type_names = s.type_names = names | type_parameters(node.type_parameters)
        _bounds(s, node.type_parameters)
    _parameters(s, inner, node.params)
    if node.returns is not None:
        inner.returned = annotation(s, node.returns.annotation)
    s.type_names = names
    if _is_stub(node.body):
        inner.flags |= DefFlags.STUB
    _finish(s, inner, name, sites)
    return False


def class_(s: Scope, node: cst.ClassDef) -> bool:
    """`class`"""
    name = identifier(node.name.value)
    sites = _decorators(s, node.decorators)
    s.line = s.module.add_header(node, node.body)
    inner = s.inner(DefKind.CLASS, name, node)
    inner.header = s.line
    inner.decorators = [value for value, _ in sites]
    names = s.type_names
    if node.type_parameters is not None:
        inner.type_names = s.type_names = names | type_parameters(node.type_parameters)
        _bounds(s, node.type_parameters)
    for base in node.bases:
        value = annotation(s, base.value)
        inner.bases.append(s.pure((Op.STAR, value)) if base.star else value)
    for keyword in node.keywords:
        word = "**" if keyword.keyword is None else identifier(keyword.keyword.value)
        inner.keywords.append((word, expression(s, keyword.value)))
    s.type_names = names
    if _is_stub(node.body):
        inner.flags |= DefFlags.STUB
    _finish(s, inner, name, sites)
    if node.bases:
        operation(s, node.bases[0].value, "class", s.pure((Op.DEF, inner.index)))
    return False


def lambda_(s: Scope, node: cst.Lambda) -> int:
    """A lambda: a def whose body is one `return`."""
    inner = s.inner(DefKind.LAMBDA, "<lambda>", node)
    inner.line = s.line
    _parameters(s, inner, node.params)
    return s.pure((Op.DEF, inner.index))


def _decorators(s: Scope, decorators: Any) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for decorator in decorators:
        s.line = s.module.add_line(decorator, decorator.trailing_whitespace)
        site = s.reserve_site(decorator.decorator)
        found.append((expression(s, decorator.decorator), site))
    return found


def _finish(s: Scope, inner: Scope, name: str, sites: list[tuple[int, int]]) -> None:
    value = s.pure((Op.DEF, inner.index))
    for decorator, site in sites:
        s.sites[site] = (SiteKind.DECORATE, decorator, ((0, value),), s.region, 0)
    s.bind(name, value)


def _bounds(s: Scope, node: cst.TypeParameters) -> None:
    for parameter in node.params:
        bound = getattr(parameter.param, "bound", None)
        if bound is not None:
            annotation(s, bound)
        if parameter.default is not None:
            annotation(s, parameter.default)


def _parameters(s: Scope, inner: Scope, params: cst.Parameters) -> None:
    groups = (
        (params.posonly_params, ParamKind.POSITIONAL_ONLY),
        (params.params, ParamKind.NORMAL),
        ((params.star_arg,), ParamKind.STAR),
        (params.kwonly_params, ParamKind.KEYWORD_ONLY),
        ((params.star_kwarg,), ParamKind.DOUBLE_STAR),
    )
    for group, kind in groups:
        for param in group:
            if isinstance(param, cst.Param):
                declared = -1 if param.annotation is None else annotation(s, param.annotation.annotation)
                default = -1 if param.default is None else expression(s, param.default)
                name = identifier(param.name.value)
                value = inner.pure((Op.PARAM, len(inner.params)))
                inner.params.append((name, kind, default, declared))
                inner.bind(name, value)


def _is_stub(body: Any) -> bool:
    statements = body.body
    if isinstance(body, cst.IndentedBlock):
        small: list[Any] = []
        for statement in statements:
            if not isinstance(statement, cst.SimpleStatementLine):
                return False
            small += statement.body
    else:
        small = list(statements)
    return all(_does_nothing(statement) for statement in small)


def _does_nothing(statement: Any) -> bool:
    if isinstance(statement, cst.Pass):
        return True
    if isinstance(statement, cst.Expr):
        return isinstance(statement.value, (cst.Ellipsis, cst.SimpleString, cst.ConcatenatedString))
    if isinstance(statement, cst.Raise):
        raised = statement.exc
        if isinstance(raised, cst.Call):
            raised = raised.func
        return isinstance(raised, cst.Name) and raised.value == "NotImplementedError"
    return False


def walk_body(s: Scope) -> None:
    """Walks the body of a def that its parent's walk has found."""
    node = s.node
    if isinstance(node, cst.Lambda):
        value = used_expression(s, node.body, Use.RETURNED)
        s.returns.append((value, 0))
    else:
        block(s, node.body)  # type: ignore[attr-defined]
    s.bound = {name for name, _, _ in s.bindings}


EXPRESSIONS[cst.Lambda] = lambda_
COMPOUND[cst.FunctionDef] = function
COMPOUND[cst.ClassDef] = class_
