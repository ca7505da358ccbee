"""Expressions: how many tokens each has, and where those asked for are."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

from conclint.syntax.align.aligner import NODES, Aligner, AlignmentError
from conclint.syntax.nodes import cst
from conclint.syntax.positions import count_parts


def _leaf(c: Aligner, node: Any, at: int) -> int:
    after = at + 1 + 2 * len(node.lpar)
    if id(node) in c.wanted:
        c.note(node, at + len(node.lpar), after - len(node.lpar))
    return after


def _done(c: Aligner, node: Any, first: int, after: int) -> int:
    if id(node) in c.wanted:
        c.note(node, first, after)
    return after + len(node.rpar)


def _call(c: Aligner, node: Any, at: int) -> int:
    first = at + len(node.lpar)
    inner = node.func
    at = arguments(c, node.args, NODES[type(inner)](c, inner, first) + 1) + 1
    end = c.tokens[at - 1][1]
    key = id(node)
    c.starts[key] = c.tokens[first][0]
    c.ends[key] = end
    return at + len(node.rpar)


def arguments(c: Aligner, arguments: Any, at: int) -> int:
    for argument in arguments:
        if argument.star:
            at += 1
        if argument.keyword is not None:
            at += 2
        inner = argument.value
        at = NODES[type(inner)](c, inner, at)
        if type(argument.comma) is cst.Comma:
            at += 1
    return at


def _attribute(c: Aligner, node: Any, at: int) -> int:
    first = at + len(node.lpar)
    inner = node.value
    at = NODES[type(inner)](c, inner, first) + 2
    key = id(node)
    if key in c.wanted:
        c.starts[key] = c.tokens[first][0]
        c.ends[key] = c.tokens[at - 1][1]
    return at + len(node.rpar)


def _subscript(c: Aligner, node: Any, at: int) -> int:
    first = at + len(node.lpar)
    inner = node.value
    at = NODES[type(inner)](c, inner, first) + 1
    for element in node.slice:
        part = element.slice
        if type(part) is cst.Index:
            if part.star:
                at += 1
            at = NODES[type(part.value)](c, part.value, at)
        else:
            if part.lower is not None:
                at = NODES[type(part.lower)](c, part.lower, at)
            at += 1
            if part.upper is not None:
                at = NODES[type(part.upper)](c, part.upper, at)
            if type(part.second_colon) is cst.Colon:
                at += 1
            if part.step is not None:
                at = NODES[type(part.step)](c, part.step, at)
        if type(element.comma) is cst.Comma:
            at += 1
    return _done(c, node, first, at + 1)


def _await(c: Aligner, node: Any, at: int) -> int:
    first = at + len(node.lpar)
    return _done(c, node, first, NODES[type(node.expression)](c, node.expression, first + 1))


def _unary(c: Aligner, node: Any, at: int) -> int:
    first = at + len(node.lpar)
    return _done(c, node, first, NODES[type(node.expression)](c, node.expression, first + 1))


def _binary(c: Aligner, node: Any, at: int) -> int:
    spine = [node]
    at += len(node.lpar)
    firsts = [at]
    left = node.left
    while type(left) is cst.BinaryOperation or type(left) is cst.BooleanOperation:
        spine.append(left)
        at += len(left.lpar)
        firsts.append(at)
        left = left.left
    at = NODES[type(left)](c, left, at)
    while spine:
        operation = spine.pop()
        right = operation.right
        at = _done(c, operation, firsts.pop(), NODES[type(right)](c, right, at + 1))
    return at


def _comparison(c: Aligner, node: Any, at: int) -> int:
    first = at + len(node.lpar)
    at = NODES[type(node.left)](c, node.left, first)
    for target in node.comparisons:
        kind = type(target.operator)
        at += 2 if kind is cst.NotIn or kind is cst.IsNot else 1
        at = NODES[type(target.comparator)](c, target.comparator, at)
    return _done(c, node, first, at)


def _conditional(c: Aligner, node: Any, at: int) -> int:
    first = at + len(node.lpar)
    at = NODES[type(node.body)](c, node.body, first)
    at = NODES[type(node.test)](c, node.test, at + 1)
    at = NODES[type(node.orelse)](c, node.orelse, at + 1)
    return _done(c, node, first, at)


def _lambda(c: Aligner, node: Any, at: int) -> int:
    first = at + len(node.lpar)
    at = parameters(c, node.params, first + 1)
    return _done(c, node, first, NODES[type(node.body)](c, node.body, at + 1))


def _named(c: Aligner, node: Any, at: int) -> int:
    first = at + len(node.lpar)
    at = NODES[type(node.target)](c, node.target, first)
    return _done(c, node, first, NODES[type(node.value)](c, node.value, at + 1))


def _yield(c: Aligner, node: Any, at: int) -> int:
    first = at + len(node.lpar)
    at = first + 1
    inner = node.value
    if inner is not None:
        if type(inner) is cst.From:
            inner = inner.item
            at += 1
        at = NODES[type(inner)](c, inner, at)
    return _done(c, node, first, at)


def _elements(c: Aligner, elements: Any, at: int) -> int:
    for element in elements:
        inner = element.value
        kind = type(element)
        if kind is cst.Element:
            at = NODES[type(inner)](c, inner, at)
        elif kind is cst.DictElement:
            at = NODES[type(element.key)](c, element.key, at)
            at = NODES[type(inner)](c, inner, at + 1)
        elif kind is cst.StarredElement:
            at += len(element.lpar)
            at = NODES[type(inner)](c, inner, at + 1) + len(element.rpar)
        else:
            at = NODES[type(inner)](c, inner, at + 1)
        if type(element.comma) is cst.Comma:
            at += 1
    return at


def _tuple(c: Aligner, node: Any, at: int) -> int:
    first = at + len(node.lpar)
    return _done(c, node, first, _elements(c, node.elements, first))


def _display(c: Aligner, node: Any, at: int) -> int:
    first = at + len(node.lpar)
    return _done(c, node, first, _elements(c, node.elements, first + 1) + 1)


def _starred(c: Aligner, node: Any, at: int) -> int:
    first = at + len(node.lpar)
    after = NODES[type(node.value)](c, node.value, first + 1)
    if id(node) in c.wanted:
        c.note(node, first, after)
    at = after + len(node.rpar)
    return at + 1 if type(node.comma) is cst.Comma else at


def _element(c: Aligner, node: Any, at: int) -> int:
    return _elements(c, (node,), at)


def _generator(c: Aligner, node: Any, at: int) -> int:
    first = at + len(node.lpar)
    at = NODES[type(node.elt)](c, node.elt, first)
    return _done(c, node, first, _clauses(c, node.for_in, at))


def _comprehension(c: Aligner, node: Any, at: int) -> int:
    first = at + len(node.lpar)
    at = first + 1
    if type(node) is cst.DictComp:
        at = NODES[type(node.key)](c, node.key, at) + 1
        at = NODES[type(node.value)](c, node.value, at)
    elif hasattr(node, "elt"):
        at = NODES[type(node.elt)](c, node.elt, at)
    else:  # {**value for …}
        at = NODES[type(node.value)](c, node.value, at + 1)
    return _done(c, node, first, _clauses(c, node.for_in, at) + 1)


def _clauses(c: Aligner, clause: Any, at: int) -> int:
    while clause is not None:
        at += 1 if clause.asynchronous is None else 2
        at = NODES[type(clause.target)](c, clause.target, at)
        at = NODES[type(clause.iter)](c, clause.iter, at + 1)
        for condition in clause.ifs:
            at = NODES[type(condition.test)](c, condition.test, at + 1)
        clause = clause.inner_for_in
    return at


def _concatenated(c: Aligner, node: Any, at: int) -> int:
    closing = 0
    first = at + len(node.lpar)
    outermost = node
    while type(node) is cst.ConcatenatedString:
        at += len(node.lpar)
        closing += len(node.rpar)
        at = NODES[type(node.left)](c, node.left, at)
        node = node.right
    at = NODES[type(node)](c, node, at) + closing
    if id(outermost) in c.wanted:
        c.note(outermost, first, at - len(outermost.rpar))
    return at


def _formatted(c: Aligner, node: Any, at: int) -> int:
    first = at + len(node.lpar)
    start = c.tokens[first][0]
    end = count_parts(node, start, c.wanted, c.starts, c.ends)
    if not c.text.startswith(node.start, start) or not c.text.endswith(node.end, start, end):
        raise AlignmentError  # lines within the braces: their indentation is known to the whole tree only
    at = bisect_left(c.tokens, (end,), first)
    if id(node) in c.wanted:
        c.note(node, first, at)
    return at + len(node.rpar)


def parameters(c: Aligner, node: Any, at: int) -> int:
    for param in node.posonly_params:
        at = _parameter(c, param, at)
    slash = node.posonly_ind
    if type(slash) is cst.ParamSlash:
        at += 2 if type(slash.comma) is cst.Comma else 1
    for param in node.params:
        at = _parameter(c, param, at)
    star = node.star_arg
    if type(star) is cst.Param:
        at = _parameter(c, star, at)
    elif type(star) is cst.ParamStar:
        at += 2
    for param in node.kwonly_params:
        at = _parameter(c, param, at)
    if node.star_kwarg is not None:
        at = _parameter(c, node.star_kwarg, at)
    return at


def _parameter(c: Aligner, node: Any, at: int) -> int:
    at += 1
    if type(node.star) is str and node.star:
        at += 1
    if node.annotation is not None:
        inner = node.annotation.annotation
        at = NODES[type(inner)](c, inner, at + 1)
    if node.default is not None:
        at = NODES[type(node.default)](c, node.default, at + 1)
    return at + 1 if type(node.comma) is cst.Comma else at


NODES.update(
    {
        cst.Name: _leaf,
        cst.Integer: _leaf,
        cst.Float: _leaf,
        cst.Imaginary: _leaf,
        cst.SimpleString: _leaf,
        cst.Ellipsis: _leaf,
        cst.ConcatenatedString: _concatenated,
        cst.FormattedString: _formatted,
        cst.Call: _call,
        cst.Attribute: _attribute,
        cst.Subscript: _subscript,
        cst.Await: _await,
        cst.UnaryOperation: _unary,
        cst.BinaryOperation: _binary,
        cst.BooleanOperation: _binary,
        cst.Comparison: _comparison,
        cst.IfExp: _conditional,
        cst.Lambda: _lambda,
        cst.NamedExpr: _named,
        cst.Yield: _yield,
        cst.Tuple: _tuple,
        cst.List: _display,
        cst.Set: _display,
        cst.Dict: _display,
        cst.Element: _element,
        cst.StarredElement: _starred,
        cst.GeneratorExp: _generator,
        cst.ListComp: _comprehension,
        cst.SetComp: _comprehension,
        cst.DictComp: _comprehension,
    }
)
for _kind, _handler in (("TemplatedString", _formatted), ("StarredDictComp", _comprehension)):
    if hasattr(cst, _kind):  # libcst 1.9
        NODES[getattr(cst, _kind)] = _handler
