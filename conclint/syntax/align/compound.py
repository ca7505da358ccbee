"""Blocks and compound statements."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from conclint.syntax.align.aligner import NODES, Aligner, AlignmentError
from conclint.syntax.align.expressions import arguments, parameters
from conclint.syntax.align.simple import optional, type_parameters
from conclint.syntax.nodes import cst


def statements(c: Aligner, body: Iterable[Any], at: int) -> int:
    for statement in body:
        if type(statement) is cst.SimpleStatementLine:
            at = _simple_line(c, statement, at)
        else:
            at = NODES[type(statement)](c, statement, at)
    return at


def _simple_line(c: Aligner, line: Any, at: int) -> int:
    c.starts[id(line)] = c.tokens[at][0]
    for statement in line.body:
        at = NODES[type(statement)](c, statement, at)
        if type(statement.semicolon) is cst.Semicolon:
            at += 1
    end = c.tokens[at - 1][1]
    c.marks[id(line.trailing_whitespace)] = end
    following = c.tokens[at][0]
    if c.text.find("\n", end, following) < 0 and at < len(c.tokens) - 1 and "\r" not in c.text[end:following]:
        raise AlignmentError
    return at


def _suite(c: Aligner, suite: Any, at: int) -> int:
    """A suite, from its colon."""
    colon = c.tokens[at][1]
    if type(suite) is cst.IndentedBlock:
        c.marks[id(suite.header)] = colon
        return statements(c, suite.body, at + 1)
    c.marks[id(suite.leading_whitespace)] = colon
    return _simple_line(c, suite, at + 1)


def _if(c: Aligner, node: Any, at: int) -> int:
    while type(node) is cst.If:
        c.starts[id(node)] = c.tokens[at][0]
        at = _suite(c, node.body, NODES[type(node.test)](c, node.test, at + 1))
        node = node.orelse
    return at if node is None else _else(c, node, at)


def _else(c: Aligner, node: Any, at: int) -> int:
    if node is None:
        return at
    c.starts[id(node)] = c.tokens[at][0]
    return _suite(c, node.body, at + 1)


def _for(c: Aligner, node: Any, at: int) -> int:
    c.starts[id(node)] = c.tokens[at][0]
    at += 1 if node.asynchronous is None else 2
    at = NODES[type(node.target)](c, node.target, at)
    at = NODES[type(node.iter)](c, node.iter, at + 1)
    return _else(c, node.orelse, _suite(c, node.body, at))


def _while(c: Aligner, node: Any, at: int) -> int:
    c.starts[id(node)] = c.tokens[at][0]
    at = NODES[type(node.test)](c, node.test, at + 1)
    return _else(c, node.orelse, _suite(c, node.body, at))


def _try(c: Aligner, node: Any, at: int) -> int:
    c.starts[id(node)] = c.tokens[at][0]
    at = _suite(c, node.body, at + 1)
    for handler in node.handlers:
        c.starts[id(handler)] = c.tokens[at][0]
        at += 2 if type(handler) is cst.ExceptStarHandler else 1
        at = optional(c, handler.type, at)
        if handler.name is not None:
            at = NODES[type(handler.name.name)](c, handler.name.name, at + 1)
        at = _suite(c, handler.body, at)
    return _else(c, node.finalbody, _else(c, node.orelse, at))


def _with(c: Aligner, node: Any, at: int) -> int:
    c.starts[id(node)] = c.tokens[at][0]
    at += 1 if node.asynchronous is None else 2
    if type(node.lpar) is cst.LeftParen:
        at += 1
    for item in node.items:
        at = NODES[type(item.item)](c, item.item, at)
        if item.asname is not None:
            inner = item.asname.name
            at = NODES[type(inner)](c, inner, at + 1)
        if type(item.comma) is cst.Comma:
            at += 1
    if type(node.rpar) is cst.RightParen:
        at += 1
    return _suite(c, node.body, at)


def _decorators(c: Aligner, decorators: Any, at: int) -> int:
    for decorator in decorators:
        c.starts[id(decorator)] = c.tokens[at][0]
        inner = decorator.decorator
        at = NODES[type(inner)](c, inner, at + 1)
        c.marks[id(decorator.trailing_whitespace)] = c.tokens[at - 1][1]
    return at


def _function(c: Aligner, node: Any, at: int) -> int:
    at = _decorators(c, node.decorators, at)
    c.starts[id(node)] = c.tokens[at][0]
    at += 2 if node.asynchronous is None else 3
    at = parameters(c, node.params, type_parameters(c, node.type_parameters, at) + 1) + 1
    if node.returns is not None:
        inner = node.returns.annotation
        at = NODES[type(inner)](c, inner, at + 1)
    return _suite(c, node.body, at)


def _class(c: Aligner, node: Any, at: int) -> int:
    at = _decorators(c, node.decorators, at)
    c.starts[id(node)] = c.tokens[at][0]
    at = type_parameters(c, node.type_parameters, at + 2)
    if type(node.lpar) is cst.LeftParen:
        at = arguments(c, node.keywords, arguments(c, node.bases, at + 1)) + 1
    return _suite(c, node.body, at)


def _match(c: Aligner, node: Any, at: int) -> int:
    c.starts[id(node)] = c.tokens[at][0]
    at = NODES[type(node.subject)](c, node.subject, at + 1)
    c.marks[id(node.whitespace_after_colon)] = c.tokens[at][1]
    at += 1
    for case in node.cases:
        c.starts[id(case)] = c.tokens[at][0]
        at = _pattern(c, case.pattern, at + 1)
        if case.guard is not None:
            at = NODES[type(case.guard)](c, case.guard, at + 1)
        at = _suite(c, case.body, at)
    return at


def _pattern(c: Aligner, node: Any, at: int) -> int:
    kind = type(node)
    comma = 1 if type(getattr(node, "comma", None)) is cst.Comma else 0
    if kind is cst.MatchSequenceElement:
        return _pattern(c, node.value, at) + comma
    if kind is cst.MatchStar:
        return at + 2 + comma
    if kind is cst.MatchMappingElement:
        return _pattern(c, node.pattern, NODES[type(node.key)](c, node.key, at) + 1) + comma
    if kind is cst.MatchKeywordElement:
        return _pattern(c, node.pattern, at + 2) + comma
    if kind is cst.MatchOrElement:
        return _pattern(c, node.pattern, at) + (1 if type(node.separator) is cst.BitOr else 0)
    if kind is cst.MatchValue or kind is cst.MatchSingleton:
        return NODES[type(node.value)](c, node.value, at)
    at += len(node.lpar)
    if kind is cst.MatchAs:
        if node.pattern is None:
            at += 1
        else:
            at = _pattern(c, node.pattern, at) + (0 if node.name is None else 2)
    elif kind is cst.MatchList or kind is cst.MatchTuple:
        brackets = 1 if kind is cst.MatchList and node.lbracket is not None else 0
        at += brackets
        for element in node.patterns:
            at = _pattern(c, element, at)
        at += brackets
    elif kind is cst.MatchMapping:
        at += 1
        for element in node.elements:
            at = _pattern(c, element, at)
        if node.rest is not None:
            at += 2
        if node.trailing_comma is not None:
            at += 1
        at += 1
    elif kind is cst.MatchClass:
        at = NODES[type(node.cls)](c, node.cls, at) + 1
        for element in (*node.patterns, *node.kwds):
            at = _pattern(c, element, at)
        at += 1
    elif kind is cst.MatchOr:
        for element in node.patterns:
            at = _pattern(c, element, at)
    return at + len(node.rpar)


NODES.update(
    {
        cst.If: _if,
        cst.For: _for,
        cst.While: _while,
        cst.Try: _try,
        cst.TryStar: _try,
        cst.With: _with,
        cst.FunctionDef: _function,
        cst.ClassDef: _class,
        cst.Match: _match,
    }
)
