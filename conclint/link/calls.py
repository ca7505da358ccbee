"""Call sites to their targets: what a site of a body may run, with what arguments."""

from __future__ import annotations

from typing import NamedTuple

from conclint.link.arguments import Arguments, arguments_of
from conclint.link.evaluate import Evaluator
from conclint.link.values import (
    NONE,
    Class,
    Container,
    ContextManager,
    Display,
    ExternalInstance,
    ExternalMethod,
    Function,
    Generator,
    Instance,
    Key,
    Known,
    Literal,
    Value,
)
from conclint.model.summary import DefFlags, Op, Site, SiteKind, Use


class Target(NamedTuple):
    """One thing that a site may run."""

    value: Value
    arguments: Arguments


class Link(NamedTuple):
    """A site with all it may run.

    `groups` are run one after the other (entering, then leaving, a context manager); within a group the
    targets exclude each other. `partial` where something unknown may be run instead.
    """

    site: int
    groups: tuple[tuple[Target, ...], ...]
    partial: bool
    reasons: tuple[str, ...]
    awaited: bool


def link_site(evaluator: Evaluator, key: Key, number: int, site: Site) -> Link | None:
    """What the site runs; None where it runs nothing that matters. Raises NeedModule."""
    kind = site.kind
    if kind == SiteKind.CALL:
        callee = evaluator.evaluate(key, site.callee)
        if not callee.values:
            return None
        arguments = arguments_of(key, site.args)
        targets = tuple(Target(value, arguments) for value in callee.values if not isinstance(value, Literal))
        if not targets:
            return None
        awaited = bool(site.use & Use.AWAITED)
        return Link(number, (targets,), callee.partial, callee.reasons, awaited)
    if kind == SiteKind.ENTER:
        return _special(evaluator, key, number, site, ("__enter__", "__exit__"))
    if kind == SiteKind.ITERATE:
        return _special(evaluator, key, number, site, ("__iter__", "__next__"))
    if kind == SiteKind.ITEM:
        return _special(evaluator, key, number, site, ("__getitem__",))
    if kind == SiteKind.ATTR:
        return _property(evaluator, key, number, site)
    return None


def _special(evaluator: Evaluator, key: Key, number: int, site: Site, names: tuple[str, ...]) -> Link | None:
    if site.use & Use.ASYNC:
        return None
    item = evaluator.evaluate(key, site.callee)
    groups: list[tuple[Target, ...]] = []
    values = [value for value in item.values if value != NONE]
    for name in names:
        targets: list[Target] = []
        for value in values:
            targets.extend(invoked(evaluator, value, name))
        if targets:
            groups.append(tuple(targets))
    if not groups:
        return None
    return Link(number, tuple(groups), item.partial, item.reasons, False)


def invoked(evaluator: Evaluator, value: Value, name: str) -> list[Target]:
    if isinstance(value, (Generator, ContextManager)):
        wanted = "__next__" if isinstance(value, Generator) else "__enter__"
        if name != wanted:
            return []
        arguments = Arguments(spread=True)
        if value.site is not None:
            key, number = value.site
            arguments = arguments_of(key, evaluator.body(key).sites[number].args)
        return [Target(value, arguments)]
    if isinstance(value, Instance):
        methods = evaluator.classes.method(value.cls, name, value).values
        return [Target(_started(evaluator, method), Arguments(spread=True)) for method in methods]
    if isinstance(value, ExternalInstance) and evaluator.catalog.method(value.dotted, name) is not None:
        return [Target(ExternalMethod(value.dotted, name), Arguments())]
    return []


def _started(evaluator: Evaluator, method: Value) -> Value:
    """The method, or what runs when it is a generator that is iterated at once."""
    if isinstance(method, Function):
        definition = evaluator.module(method.key[0]).definition(method.key[1])
        if definition.flags & DefFlags.GENERATOR:
            return Generator(method, ())
    return method


def _property(evaluator: Evaluator, key: Key, number: int, site: Site) -> Link | None:
    node = evaluator.body(key).values[site.callee]
    if node[0] != Op.ATTR or not isinstance(node[1], int):
        return None
    base = evaluator.evaluate(key, node[1])
    targets: list[Target] = []
    for value in base.values:
        if isinstance(value, Instance):
            targets.extend(
                Target(getter, Arguments())
                for getter in evaluator.classes.property_of(value.cls, str(node[2]), value)
            )
    if not targets:
        return None
    return Link(number, (tuple(targets),), base.partial, base.reasons, False)


def callable_name(evaluator: Evaluator, value: Value) -> str:
    """The dotted name by which a reader knows a callable."""
    if isinstance(value, Function):
        return evaluator.module(value.key[0]).symbol(value.key[1])
    if isinstance(value, (Generator, ContextManager)):
        return callable_name(evaluator, value.function)
    if isinstance(value, Class):
        return evaluator.module(value.key[0]).symbol(value.key[1])
    if isinstance(value, Instance):
        return callable_name(evaluator, value.cls)
    if isinstance(value, ExternalMethod):
        return f"{value.dotted}.{value.name}"
    if isinstance(value, (Display, Container)):
        return evaluator.container_kind(value)
    for field in ("dotted", "target"):
        inner = getattr(value, field, None)
        if isinstance(inner, str):
            return evaluator.catalog.canonical(inner)
        if inner is not None:
            return callable_name(evaluator, inner)
    return "a parameter"


def callables(item: Known) -> list[Value]:
    """The candidates that can be called at all."""
    return [value for value in item.values if not isinstance(value, Literal)]
