"""Where the code is that made the object whose method a chain of calls ends in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from conclint.resolve.values import Class, Function, Instance, Key
from conclint.rules.advice.sessions import passed_at
from conclint.rules.chains import Hop
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import Op, SiteKind

_SAME: Final = (Op.ENTER, Op.ITEM, Op.ELEM, *graph.WRAPPERS)
_MOST_STEPS: Final = 20


def files_got_from(view: ModuleView, hops: Sequence[Hop]) -> Iterator[str]:
    """The files of the classes and functions that the object of a chain's last call is got from, back through
    what its functions are given."""
    body = view.engine.evaluator.body(hops[-1].key)
    if hops[-1].site < 0:
        return
    site = body.sites[hops[-1].site]
    value = graph.receiver(body, site) if site.kind == SiteKind.CALL else site.callee
    for at in range(len(hops) - 1, -1, -1):
        parameter = -1
        for part in _back(view, hops[at].key, value):
            node = graph.node(view.engine.evaluator.body(hops[at].key), part)
            parameter = graph.number(node) if node[0] == Op.PARAM else -1
            yield from _files(view, hops[at].key, part)
        passed = passed_at(view, hops[at - 1], hops[at].key, parameter) if at and parameter >= 0 else None
        if passed is None:
            return
        value = passed


def _back(view: ModuleView, key: Key, value: int) -> Iterator[int]:
    """A value, and what it is a part of or is given by, in one function."""
    body = view.engine.evaluator.body(key)
    for _ in range(_MOST_STEPS):
        if value < 0:
            return
        yield value
        node, made = graph.node(body, value), graph.call(body, value)
        if node[0] == Op.ATTR:
            value = graph.base(node)
        elif node[0] in _SAME:
            value = graph.operand(node)
        elif made is not None:
            value = made.callee
        else:
            return


def _files(view: ModuleView, key: Key, value: int) -> Iterator[str]:
    for item in view.engine.evaluator.evaluate(key, value).values:
        if isinstance(item, Instance):
            yield item.cls.key[0]
        elif isinstance(item, Function | Class):
            yield item.key[0]
