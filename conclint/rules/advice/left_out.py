"""Methods that do nothing but call another, in whose place a library's class would run that in a thread."""

from __future__ import annotations

from typing import NamedTuple

from conclint.resolve.values import Class, External, Key
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, SiteKind


class Default(NamedTuple):
    """A class of a library, and the plain method that its own coroutine method runs in a thread."""

    owner: str
    method: str


def default_of(view: ModuleView, key: Key) -> Default | None:
    """What runs in the place of a coroutine method, if that is left out."""
    evaluator = view.engine.evaluator
    owner = view.module.enclosing_class(key)
    if owner is None or view.module.definition(key).decorators:
        return None
    name = view.module.definition(key).name
    for base in evaluator.classes.ancestry(owner).classes:
        if isinstance(base, Class) and base != owner and name in evaluator.classes.own_members(base):
            return None
        if not isinstance(base, External):
            continue
        for fact in evaluator.catalog.ancestry(base.dotted):
            method = fact.in_threads.get(name)
            if method is not None and _only_calls(evaluator.body(key), method):
                return Default(fact.name.rpartition(".")[2], method)
    return None


def _only_calls(body: Body, method: str) -> bool:
    """Whether a body returns what another method of the receiver gives for the body's own arguments, and that
    is all."""
    if len(body.sites) != 1 or len(body.returns) != 1 or body.sites[0].kind != SiteKind.CALL:
        return False
    (site,) = body.sites
    callee = graph.node(body, site.callee)
    is_own = callee[0] == Op.ATTR and callee[2] == method
    if not is_own or graph.node(body, graph.base(callee)) != (Op.PARAM, 0):
        return False
    given = [graph.node(body, graph.bare(body, value))[0] for _, value in site.args]
    return graph.call(body, body.returns[0][0]) is site and set(given) <= {Op.PARAM}
