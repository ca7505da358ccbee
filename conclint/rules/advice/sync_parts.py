"""Clients that are made with parts which only the synchronous one takes, such as a transport: an async client
takes none of these."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from conclint.catalog.facts import CallableFact
from conclint.resolve.values import Class, External, Instance, Key
from conclint.rules.advice.got_from import files_got_from
from conclint.rules.chains import Hop
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import Op, Site, SiteKind

_MAKE: Final = re.compile(r"Make the \w+ an? [\w.]+(?: \([^)]*\))?\.")
"""The note that says of which class the client should be."""
_PARTS: Final = ("transport", "mounts", "event_hooks", "http_client")
_AUTH: Final = "auth"


def without_other_client(view: ModuleView, hops: Sequence[Hop], fact: CallableFact) -> CallableFact:
    """A fact without the advice to make the client another one, where the code that may have made it gives it
    parts that the other doesn't take."""
    if len(hops) > 1 or fact.note is None or not _MAKE.fullmatch(fact.note):
        return fact  # the note is told of what is called at the place itself
    package = fact.name.partition(".")[0]
    files = dict.fromkeys((hops[-1].key[0], *files_got_from(view, hops)))
    return replace(fact, note=None) if any(_has_parts(view, path, package) for path in files) else fact


def _has_parts(view: ModuleView, path: str, package: str) -> bool:
    """Whether a module makes a client of a package with such a part; found out once."""
    held = view.memos.sync_parts.get((path, package))
    if held is None:
        held = any(_making(view, path, package))
        if view.engine.is_settled:
            view.memos.sync_parts[path, package] = held
    return held


def _making(view: ModuleView, path: str, package: str) -> Iterator[bool]:
    evaluator = view.engine.evaluator
    module = evaluator.module(path)
    for key in module.keys:
        for site in evaluator.body(key).sites:
            given = dict(site.args) if site.kind == SiteKind.CALL else {}
            is_given = not given.keys().isdisjoint(_PARTS) or _is_own(view, key, given.get(_AUTH, -1))
            yield is_given and _makes_client(view, key, site, package)


def _makes_client(view: ModuleView, key: Key, site: Site, package: str) -> bool:
    catalog = view.engine.evaluator.catalog
    names = (
        catalog.canonical(value.dotted)
        for value in view.engine.evaluator.evaluate(key, site.callee).values
        if isinstance(value, External)
    )
    return any(name.partition(".")[0] == package and name.rpartition(".")[2][:1].isupper() for name in names)


def _is_own(view: ModuleView, key: Key, value: int) -> bool:
    """Whether a value is an object of the program's own class, or a function of it: no pair of name and
    password."""
    body = view.engine.evaluator.body(key)
    if value < 0 or graph.node(body, value)[0] in (Op.CONST, Op.TUPLE):
        return False
    values = view.engine.evaluator.evaluate(key, value).values
    return any(isinstance(item, Instance | Class) for item in values)
