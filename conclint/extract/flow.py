"""Compound statements: branches, loops, `try`, `with`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conclint.extract.binding import assign
from conclint.extract.expressions import expression
from conclint.extract.identifiers import identifier
from conclint.extract.narrowing import narrow
from conclint.extract.operations import operation
from conclint.extract.statements import COMPOUND, block
from conclint.summary.records import LoopFlags, Op, RegionKind, SiteKind, Use
from conclint.syntax.nodes import cst

if TYPE_CHECKING:
    from conclint.extract.scope import Scope

_SUPPRESSING = frozenset(("suppress", "raises", "assertRaises", "assertRaisesRegex", "ignored"))
"""Context managers after which the block goes on although their body left it by an exception."""


def if_(s: Scope, node: cst.If) -> bool:
    """`if`, `elif` …, `else`: a chain walked in a loop, as it may have thousands of links."""
    outer = s.region
    written = len(s.written)
    type_checking = s.type_checking
    ends: list[dict[str, int]] = []
    links: list[tuple[int, bool]] = []
    branch: cst.If | cst.Else | None = node
    leaves = False
    while isinstance(branch, cst.If):
        s.line = s.module.add_header(branch, branch.body)
        test = expression(s, branch.test)
        operation(s, branch.test, "bool", test)
        state = dict(s.env)
        rest_region = s.region
        s.enter_region(RegionKind.IF, test, 1)
        narrow(s, branch.test, 1)
        if _is_type_checking(branch.test):
            s.type_checking += 1
        leaves = block(s, branch.body)
        s.type_checking = type_checking
        links.append((test, leaves))
        if not leaves:
            ends.append(s.env)
        s.env = state
        s.region = rest_region
        narrow(s, branch.test, 0)
        branch = branch.orelse
        if branch is not None:
            s.enter_region(RegionKind.IF, test, 0)
    rest_leaves = False
    if branch is not None:
        rest_leaves = block(s, branch.body)
    if not rest_leaves:
        ends.append(s.env)
    s.join(ends, written)
    s.region = outer
    return _after_if(s, links, rest_leaves)


def _after_if(s: Scope, links: list[tuple[int, bool]], rest_leaves: bool) -> bool:
    """Enters the AFTER regions of a chain; True if every branch left."""
    falls = [not rest_leaves]  # whether the rest of the chain, from the end, can be come through
    for _, leaves in reversed(links[1:]):
        falls.append(falls[-1] or not leaves)
    if not falls[-1] and links[0][1]:
        return True
    for (test, leaves), rest_falls in zip(links, reversed(falls), strict=True):
        if leaves and rest_falls:
            s.enter_region(RegionKind.AFTER, test, 0)
        elif rest_falls:
            break
        else:
            s.enter_region(RegionKind.AFTER, test, 1)
            break
    return False


def _is_type_checking(test: cst.BaseExpression) -> bool:
    last = test.attr if isinstance(test, cst.Attribute) else test
    return isinstance(last, cst.Name) and last.value == "TYPE_CHECKING"


def for_(s: Scope, node: cst.For) -> bool:
    """`for`, `async for`"""
    s.line = s.module.add_header(node, node.body)
    outer = s.region
    asynchronous = node.asynchronous is not None
    site = s.reserve_site(node.iter)
    iterable = expression(s, node.iter)
    s.sites[site] = (SiteKind.ITERATE, iterable, (), outer, Use.ASYNC if asynchronous else 0)
    written = len(s.written)
    region = s.enter_region(RegionKind.FOR, iterable, 0)
    flags = LoopFlags.ASYNC if asynchronous else 0
    loop = s.begin_loop(region, flags, s.module.assigned.of_loop(node))
    assign(s, node.target, s.pure((Op.ELEM, iterable)), None)
    s.end_loop(loop, block(s, node.body))
    s.region = outer
    return _after_loop(s, node.orelse, loop.region, loop.breaks, written, False)


def while_(s: Scope, node: cst.While) -> bool:
    """`while`"""
    s.line = s.module.add_header(node, node.body)
    outer = s.region
    written = len(s.written)
    region = s.enter_region(RegionKind.WHILE, -1, 0)
    loop = s.begin_loop(region, 0, s.module.assigned.of_loop(node))
    test = expression(s, node.test)
    operation(s, node.test, "bool", test)
    s.regions[region][2] = test
    if _does_nothing(node.body):
        s.add_site(SiteKind.SPIN, node.test, test)
    loop.entry = dict(s.env)
    narrow(s, node.test, 1)
    s.end_loop(loop, block(s, node.body))
    s.region = outer
    found = s.values[test]
    endless = found[0] == Op.CONST and bool(found[1])
    if not endless:
        narrow(s, node.test, 0)
    return _after_loop(s, node.orelse, loop.region, loop.breaks, written, endless)


def _does_nothing(body: cst.BaseSuite) -> bool:
    """Whether a loop only asks its test again."""
    lines = body.body if isinstance(body, cst.IndentedBlock) else (body,)
    return all(
        isinstance(line, cst.SimpleStatementLine | cst.SimpleStatementSuite)
        and all(
            isinstance(item, cst.Pass | cst.Continue)
            or (isinstance(item, cst.Expr) and isinstance(item.value, cst.Ellipsis | cst.SimpleString))
            for item in line.body
        )
        for line in lines
    )


def _after_loop(
    s: Scope, orelse: cst.Else | None, region: int, breaks: list[dict[str, int]], written: int, endless: bool
) -> bool:
    ends = breaks
    if not endless:
        leaves = False
        if orelse is not None:
            outer = s.region
            s.enter_region(RegionKind.LOOP_ELSE, -1, region)
            leaves = block(s, orelse.body)
            s.region = outer
        if not leaves:
            ends = [s.env, *breaks]
    s.join(ends, written)
    return not ends


def try_(s: Scope, node: cst.Try | cst.TryStar) -> bool:
    """`try`: each handler begins with what held before or at the end of the try block."""
    outer = s.region
    written = len(s.written)
    before = dict(s.env)
    s.module.add_header(node, node.body)
    tried = s.enter_region(RegionKind.TRY, -1, 0)
    leaves = block(s, node.body)
    interrupted = (before, dict(s.env))
    if node.orelse is not None:
        s.region = outer
        s.enter_region(RegionKind.TRY_ELSE, -1, tried)
        leaves = block(s, node.orelse.body) or leaves
    ends = [] if leaves else [s.env]
    falling: list[int] = []
    for handler in node.handlers:
        s.region = outer
        s.join([dict(state) for state in interrupted], written)
        region, handler_leaves = _handler(s, handler, tried)
        if not handler_leaves:
            falling.append(region)
            ends.append(s.env)
    s.region = outer
    if node.finalbody is not None:
        finished = bool(ends)
        s.join(ends or [dict(state) for state in interrupted], written)
        s.enter_region(RegionKind.FINALLY, -1, tried)
        s.module.add_header(node.finalbody, node.finalbody.body)
        leaves_finally = block(s, node.finalbody.body)
        s.region = outer
        if leaves_finally or not finished:
            return True
    elif not ends:
        return True
    else:
        s.join(ends, written)
    if node.handlers and not falling:
        s.enter_region(RegionKind.AFTER_TRY, -1, tried)
    elif leaves and len(falling) == 1:
        s.enter_region(RegionKind.AFTER_TRY, -1, falling[0])
    return False


def _handler(s: Scope, node: cst.ExceptHandler | cst.ExceptStarHandler, tried: int) -> tuple[int, bool]:
    s.line = s.module.add_header(node, node.body)
    caught = -1 if node.type is None else expression(s, node.type)
    region = s.enter_region(RegionKind.EXCEPT, caught, tried)
    name = None
    if node.name is not None and isinstance(node.name.name, cst.Name):
        name = identifier(node.name.name.value)
        s.bind(name, s.pure((Op.CAUGHT, caught)))
    leaves = block(s, node.body)
    if name is not None:
        s.unbind(name)
    return region, leaves


def with_(s: Scope, node: cst.With) -> bool:
    """`with`, `async with`: each item runs within those before it."""
    s.line = s.module.add_header(node, node.body)
    outer = s.region
    asynchronous = node.asynchronous is not None
    suppresses = False
    for item in node.items:
        site = s.reserve_site(item.item)
        manager = expression(s, item.item)
        use = (Use.ASYNC if asynchronous else 0) | (Use.BOUND if item.asname is not None else 0)
        s.sites[site] = (SiteKind.ENTER, manager, (), s.region, use)
        s.enter_region(RegionKind.WITH, manager, int(asynchronous))
        if item.asname is not None:
            assign(s, item.asname.name, s.pure((Op.ENTER, manager)), item.item)
        suppresses = suppresses or _suppresses(item.item)
    leaves = block(s, node.body)
    s.region = outer
    return leaves and not suppresses


def _suppresses(node: cst.BaseExpression) -> bool:
    function: Any = node.func if isinstance(node, cst.Call) else None
    if isinstance(function, cst.Attribute):
        function = function.attr
    return isinstance(function, cst.Name) and function.value in _SUPPRESSING


COMPOUND.update(
    {cst.If: if_, cst.For: for_, cst.While: while_, cst.Try: try_, cst.TryStar: try_, cst.With: with_}
)
