"""Methods of the program's classes that a library's methods call: validators, computed fields."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Class, External, Function, Instance, Key, Value
from conclint.summary import body_graph as graph
from conclint.summary.records import DefKind, Op, SiteKind


def hooked(evaluator: Evaluator, cls: Class, by: str) -> Iterator[Function]:
    """What calling a method of a library's class runs of one that derives from it."""
    owners = evaluator.classes.ancestry(cls).classes
    hooks = [
        hook
        for owner in owners
        if isinstance(owner, External)
        for fact in evaluator.catalog.ancestry(owner.dotted)
        for hook in fact.hooks
        if by in hook.by
    ]
    if not hooks:
        return
    decorators = {name for hook in hooks for name in hook.decorated}
    names = {name for hook in hooks for name in hook.methods}
    seen: set[str] = set()
    for owner in owners:
        if not isinstance(owner, Class):
            continue
        module = evaluator.module(owner.key[0])
        for key in module.children(owner.key):
            definition = module.definition(key)
            if definition.kind != DefKind.FUNCTION or definition.name in seen:
                continue
            if definition.name in names or not decorators.isdisjoint(evaluator.decorations.names(key)):
                seen.add(definition.name)
                yield Function(key, Instance(cls))


def hooked_at(evaluator: Evaluator, key: Key, site: int, by: str) -> Iterator[Function]:
    """The same for a call of such a method at a site, on a class or an instance."""
    body = evaluator.body(key)
    here = body.sites[site]
    node = body.values[here.callee] if here.kind == SiteKind.CALL else (Op.UNKNOWN,)
    if node[0] != Op.ATTR or node[2] != by:
        return
    for value in evaluator.evaluate(key, graph.base(node)).values:
        cls = _class_of(value)
        if cls is not None:
            yield from hooked(evaluator, cls, by)


def _class_of(value: Value) -> Class | None:
    if isinstance(value, Instance):
        return value.cls
    return value if isinstance(value, Class) else None
