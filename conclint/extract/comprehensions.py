"""Comprehensions and generator expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conclint.extract.binding import assign
from conclint.extract.expressions import EXPRESSIONS, expression
from conclint.extract.narrowing import Change, narrow
from conclint.extract.pending import UNBOUND
from conclint.extract.targets import bound_names
from conclint.summary.records import DefKind, LoopFlags, Op, RegionKind, SiteKind, Use
from conclint.syntax.nodes import cst

if TYPE_CHECKING:
    from conclint.extract.scope import Scope

_KINDS: dict[type, str] = {
    cst.ListComp: "list",
    cst.SetComp: "set",
    cst.DictComp: "dict",
    cst.GeneratorExp: "generator",
}


def comprehension(s: Scope, node: Any) -> int:
    """A comprehension or generator expression. Its targets don't leak; a walrus in it does."""
    kind = _KINDS.get(type(node), "dict")
    outer = s.region
    clause: cst.CompFor | None = node.for_in
    assert clause is not None
    names: list[str] = []
    link: cst.CompFor | None = clause
    while link is not None:
        bound_names(link.target, names)
        link = link.inner_for_in
    iterable = _iterate(s, clause)
    saved_env = s.env
    hidden = s.kind == DefKind.CLASS
    if hidden:
        s.env = {}  # a class body's names are not seen from the comprehensions in it
    saved = [(name, s.env.get(name, UNBOUND)) for name in names]
    saved_names = s.inside_comprehension
    s.inside_comprehension = saved_names | frozenset(names)
    changes: list[Change] = []
    lazy = LoopFlags.LAZY if kind == "generator" else 0
    while True:
        asynchronous = LoopFlags.ASYNC if clause.asynchronous is not None else 0
        s.enter_region(RegionKind.COMP, iterable, asynchronous | lazy)
        assign(s, clause.target, s.pure((Op.ELEM, iterable)), None, s.bind_hidden)
        for condition in clause.ifs:
            test = expression(s, condition.test)
            narrow(s, condition.test, 1, changes)
            s.enter_region(RegionKind.IF, test, 1)
        if clause.inner_for_in is None:
            break
        clause = clause.inner_for_in
        iterable = _iterate(s, clause)
    if kind == "dict":
        key = expression(s, node.key) if isinstance(node, cst.DictComp) else UNBOUND
        element = expression(s, node.value)
    else:
        key = UNBOUND
        element = expression(s, node.elt)
    s.region = outer
    s.restore(reversed(changes))
    s.inside_comprehension = saved_names
    if hidden:
        s.env = saved_env
    else:
        for name, value in saved:
            s.env[name] = value
    return s.add((Op.COMP, kind, element, key))


def _iterate(s: Scope, clause: cst.CompFor) -> int:
    site = s.reserve_site(clause.iter)
    value = expression(s, clause.iter)
    use = Use.ASYNC if clause.asynchronous is not None else 0
    s.sites[site] = (SiteKind.ITERATE, value, (), s.region, use)
    return value


for _kind in ("ListComp", "SetComp", "DictComp", "StarredDictComp", "GeneratorExp"):
    if hasattr(cst, _kind):
        EXPRESSIONS[getattr(cst, _kind)] = comprehension
