"""Who calls a function, as far as the modules show that advice is about: whether it can be made a coroutine
function without breaking them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from conclint.resolve.values import Class, Function, Key
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, DefFlags, DefKind, Op, SiteKind

PLAIN_MODULES: Final = ("abc", "builtins", "collections", "dataclasses", "enum", "typing")
"""Modules whose classes call nothing of a class that derives from them."""


def can_be_coroutine(view: ModuleView, key: Key, paths: Iterable[str]) -> bool:
    """Whether a plain function can be made a coroutine function: in these modules and its own only coroutines
    call it, it is handed to nobody, and no class above or below has a plain one in its place."""
    module = view.engine.evaluator.module(key[0])
    definition = module.definition(key)
    if (
        definition.kind != DefKind.FUNCTION
        or definition.flags & DefFlags.GENERATOR
        or definition.decorators
        or (definition.name.startswith("__") and definition.name.endswith("__"))
    ):
        return False
    return not _is_inherited(view, key, definition.name) and all(
        _is_only_awaited(view, path, key, definition.name) for path in sorted({key[0], *paths})
    )


def _is_inherited(view: ModuleView, key: Key, name: str) -> bool:
    """Whether a class above has the method too, or may have it."""
    evaluator = view.engine.evaluator
    owner = evaluator.enclosing_class(key)
    if owner is None:
        return False
    above = evaluator.classes.ancestry(owner)
    return above.incomplete or any(
        name in evaluator.classes.own_members(item)
        if isinstance(item, Class)
        else item.dotted.split(".", 1)[0] not in PLAIN_MODULES
        for item in above.classes
        if item != owner
    )


def _is_only_awaited(view: ModuleView, path: str, key: Key, name: str) -> bool:
    """Whether a module does no more with a function than call it in coroutines."""
    evaluator = view.engine.evaluator
    module = evaluator.module(path)
    bound = {number for number, item in enumerate(module.summary.imports) if item.name == name}
    for own in module.keys:
        definition = module.definition(own)
        is_other = own != key and definition.name == name and definition.kind == DefKind.FUNCTION
        if is_other and _overrides(view, own, key):
            return False
        body = evaluator.body(own)
        used = [number for number, node in enumerate(body.values) if _names(node, name, bound)]
        for value in used:
            is_bound_only = body.values[value][0] == Op.IMPORT and not _is_used(body, value)
            if is_bound_only or not _is(view, own, value, key):
                continue
            if definition.kind != DefKind.ASYNC_FUNCTION or not _is_only_called(body, value):
                return False
    return True


def _names(node: graph.Node, name: str, bound: set[int]) -> bool:
    """Whether a value is read by a function's name."""
    if node[0] == Op.IMPORT:
        return graph.number(node) in bound
    return node[0] in (Op.ATTR, Op.GLOBAL, Op.FREE) and node[-1] == name


def _is(view: ModuleView, own: Key, value: int, key: Key) -> bool:
    """Whether a value may be the function; so where nothing is known of it."""
    found = view.engine.evaluator.evaluate(own, value)
    functions = [item for item in found.values if isinstance(item, Function)]
    return any(item.key == key for item in functions) or (found.incomplete and not found.values)


def _is_only_called(body: Body, value: int) -> bool:
    """Whether a value is used for nothing but calls."""
    called = any(site.kind == SiteKind.CALL and site.callee == value for site in body.sites)
    users = graph.users(body).get(value, [])
    given = any(passed == value for site in body.sites for _, passed in site.args)
    calls = all(graph.called_site(body.values[user]) >= 0 for user in users)
    return called and calls and not given


def _is_used(body: Body, value: int) -> bool:
    """Whether anything is done with a value but that it is given a name."""
    return (
        any(value in (site.callee, *(passed for _, passed in site.args)) for site in body.sites)
        or bool(graph.users(body).get(value))
        or any(returned == value for returned, _ in body.returns)
    )


def _overrides(view: ModuleView, own: Key, key: Key) -> bool:
    """Whether a method takes another one's place in a class that derives from its class."""
    evaluator = view.engine.evaluator
    cls, owner = evaluator.enclosing_class(own), evaluator.enclosing_class(key)
    return cls is not None and owner is not None and owner in evaluator.classes.ancestry(cls).classes


def awaited_counterpart(view: ModuleView, key: Key, names: Iterable[str]) -> str:
    """The coroutine function by one of these names beside a function: in its class, or in its module."""
    module = view.engine.evaluator.module(key[0])
    beside = {
        module.definition(own).name: module.definition(own).kind
        for own in module.keys[1:]
        if module.scope(own) == module.scope(key)
    }
    return next((name for name in names if beside.get(name) == DefKind.ASYNC_FUNCTION), "")
