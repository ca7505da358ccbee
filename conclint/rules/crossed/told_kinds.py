"""Code that tells coroutine functions from others before it calls them: by asking, or by an answer kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.conditions.surroundings import is_same
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Class, Function, Key
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, DefKind, Op, Region, Site, SiteKind, Use

ASKING: Final = frozenset(
    {"iscoroutinefunction", "iscoroutine", "isawaitable", "is_async_callable", "is_coroutine_function"}
)


def called_name(body: Body, callee: int) -> str:
    """The last part of the name by which something is called, as written; empty for what has none."""
    node = graph.node(body, callee)
    if node[0] == Op.ATTR:
        return str(node[2])
    return str(node[1]) if node[0] == Op.GLOBAL else ""


def asks(body: Body) -> bool:
    """Whether a def asks whether something is a coroutine, or a function that makes one."""
    return any(called_name(body, site.callee) in ASKING for site in body.sites if site.kind == SiteKind.CALL)


def is_told_apart(evaluator: Evaluator, key: Key, number: int) -> bool:
    """Whether a def knows of what kind it is that a site hands on: it asks, a test around the site asks for
    the answer that was kept, or where that test comes out otherwise, the same is called and awaited."""
    body = evaluator.body(key)
    if asks(body):
        return True
    site = body.sites[number]
    for outer in graph.around(body, site.region):
        region = body.regions[outer]
        if region.kind in graph.TESTS and (
            _is_kept_answer(evaluator, key, body, region.value)
            or _awaits_otherwise(evaluator, key, region, site)
        ):
            return True
    return False


def _is_kept_answer(evaluator: Evaluator, key: Key, body: Body, test: int) -> bool:
    """Whether a test is made of what a class has kept of such a question, or of a function that asks it."""
    for value in graph.made_from(body, (test,)):
        node = body.values[value]
        if node[0] == Op.ATTR and graph.node(body, graph.base(node)) == (Op.PARAM, 0):
            if any(_is_answer(evaluator, *kept) for kept in _stored(evaluator, key, str(node[2]))):
                return True
        elif (call := graph.call(body, value)) is not None and any(
            isinstance(item, Function) and asks(evaluator.body(item.key))
            for item in evaluator.evaluate(key, call.callee).values
        ):
            return True
    return False


def _stored(evaluator: Evaluator, key: Key, name: str) -> Iterator[tuple[Key, int]]:
    """What the class of a method, or one above it, stores under an attribute of its objects."""
    owner = evaluator.enclosing_class(key)
    if owner is not None:
        for cls in evaluator.classes.ancestry(owner).classes:
            if isinstance(cls, Class):
                for method, value, _ in evaluator.classes.own_stores(cls).get(name, ()):
                    yield method, value


def _is_own_method(evaluator: Evaluator, key: Key, body: Body, value: int) -> bool:
    """Whether a value is a method that the class of the function defines, and that no object replaces."""
    node = graph.node(body, value)
    owner = evaluator.enclosing_class(key)
    if node[0] != Op.ATTR or owner is None or graph.node(body, graph.base(node)) != (Op.PARAM, 0):
        return False
    name = str(node[2])
    above = [cls for cls in evaluator.classes.ancestry(owner).classes if isinstance(cls, Class)]
    return (
        any(name in evaluator.classes.own_members(cls) for cls in above)
        and not any(name in evaluator.classes.own_stores(cls) for cls in above)
        and not any(name in evaluator.classes.own_members(cls) for cls in _derived(evaluator, owner))
    )


def _derived(evaluator: Evaluator, owner: Class) -> Iterator[Class]:
    """The classes of the same module that derive from a class."""
    module = evaluator.module(owner.key[0])
    for key in module.keys:
        is_other = key != owner.key and module.definition(key).kind == DefKind.CLASS
        if is_other and owner in evaluator.classes.ancestry(Class(key)).classes:
            yield Class(key)


def _is_answer(evaluator: Evaluator, key: Key, value: int) -> bool:
    body = evaluator.body(key)
    calls = (graph.call(body, item) for item in graph.made_from(body, (value,)))
    return any(call is not None and called_name(body, call.callee) in ASKING for call in calls)


def _awaits_otherwise(evaluator: Evaluator, key: Key, branch: Region, site: Site) -> bool:
    """Whether what a site hands on is called and awaited where the test of a branch comes out otherwise: not
    so of a method of the own class, whose kind no test can change."""
    body = evaluator.body(key)
    made = graph.made_from(body, [value for _, value in site.args])
    handed = [value for value in made if not _is_own_method(evaluator, key, body, value)]
    return any(
        other.use & Use.AWAITED
        and other.kind == SiteKind.CALL
        and any(
            body.regions[outer].value == branch.value
            and body.regions[outer].kind in graph.TESTS
            and body.regions[outer].extra != branch.extra
            for outer in graph.around(body, other.region)
        )
        and any(is_same(body, graph.bare(body, other.callee), graph.bare(body, value)) for value in handed)
        for other in body.sites
    )
