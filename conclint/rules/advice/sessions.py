"""Who else has an object that only one thread at a time may use, such as a database session."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final

from conclint.resolve.arguments import bind
from conclint.resolve.values import External, ExternalInstance, ExternalMethod, Function, Key
from conclint.rules.advice.sending import is_used_in_turn
from conclint.rules.advice.shared_state import is_locked, text_of
from conclint.rules.chains import Hop
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import DefFlags, Op, RegionKind, Site, SiteKind

_MOST_STEPS: Final = 20
_PASSING: Final = tuple(
    (Op.GLOBAL, name) for name in ("enumerate", "iter", "list", "reversed", "sorted", "zip")
)
"""What goes through its first argument."""
_SESSIONS: Final = ("sqlalchemy.orm.", "sqlmodel.")
_DIALECTS: Final = "sqlalchemy.dialects."
_SERVERS: Final = ("postgres", "mysql", "mariadb", "mssql", "oracle", "snowflake", "cockroachdb", "redshift")
"""How the addresses of databases begin that are not SQLite's."""
_SCOPED: Final = "sqlalchemy.orm.scoped_session"
"""Calling it gives the session of a thread, which all tasks of an event loop share."""

_PONY_SESSION: Final = "db_session"
"""What Pony's session is called, by whatever name a program has it."""


class Held(Enum):
    """How the work at the end of a chain gets such an object: it makes it, or the code at the place does; it
    is kept in an attribute or a global name, so that other calls use the same; the function at the place is
    given it."""

    MADE = "made"
    KEPT = "kept"
    GIVEN = "given"


def opens_session(view: ModuleView, hops: Sequence[Hop]) -> bool:
    """Whether a function of a chain, below the place, works in a session of Pony's that it opens itself, as
    its decorator or a `with` around the next call."""
    evaluator = view.engine.evaluator
    for hop in hops[1:]:
        scope = evaluator.scope(hop.key)
        if any(_is_pony(view, scope, item) for item in evaluator.definition(hop.key).decorators):
            return True
        body = evaluator.body(hop.key)
        around = graph.around(body, body.sites[hop.site].region) if hop.site >= 0 else ()
        for number in around:
            region = body.regions[number]
            if region.kind == RegionKind.WITH and _is_pony(view, hop.key, region.value):
                return True
    return False


def _is_pony(view: ModuleView, key: Key, value: int) -> bool:
    """Whether a value is called as a session of Pony's is."""
    return value >= 0 and text_of(view, key, value).rpartition(".")[2] == _PONY_SESSION


def holding_of(view: ModuleView, hops: Sequence[Hop]) -> Held:
    """How the object whose method is called at the last of these hops is held. What is done with it under a
    thread's lock of the program is as good as one's own; but for sessions, of which each thread may have
    another."""
    body = view.engine.evaluator.body(hops[-1].key)
    if hops[-1].site < 0:
        return Held.MADE
    if not hops[-1].symbol.startswith(_SESSIONS) and any(_is_under_lock(view, hop) for hop in hops[1:]):
        return Held.MADE
    site = body.sites[hops[-1].site]
    value = graph.receiver(body, site) if site.kind == SiteKind.CALL else site.callee
    if value < 0 and graph.node(body, site.callee) in _PASSING and site.args:
        value = site.args[0][1]
    for at in range(len(hops) - 1, -1, -1):
        found = _origin(view, hops[at].key, value)
        if isinstance(found, Held):
            return found
        if at == 0:
            return Held.GIVEN
        passed = passed_at(view, hops[at - 1], hops[at].key, found)
        if passed is None:
            return Held.GIVEN  # through a decorator's wrapper, say
        value = passed
    return Held.MADE


def _origin(view: ModuleView, key: Key, value: int, steps: int = _MOST_STEPS) -> Held | int:
    """Where a function has a value from; the number of the parameter that it comes by."""
    body = view.engine.evaluator.body(key)
    for step in range(steps):
        node = graph.node(body, value)
        if node[0] == Op.PHI:
            left = (steps - step) // 2
            origins = [_origin(view, key, part, left) for part in graph.parts(node)]
            return next((item for item in origins if item is not Held.MADE), Held.MADE)
        if node[0] == Op.PARAM:
            return graph.number(node)
        if node[0] in (Op.GLOBAL, Op.IMPORT, Op.ATTR):
            values = view.engine.evaluator.evaluate(key, value).values
            is_class = bool(values) and all(isinstance(item, External) for item in values)
            return Held.MADE if is_class else Held.KEPT
        made = graph.call(body, value)
        if node[0] in (Op.NARROW, Op.CAST, Op.AWAIT, Op.ENTER):
            value = graph.operand(node)
        elif made is not None and _gives_kept(view, key, made):
            return Held.KEPT
        elif made is not None and graph.node(body, made.callee) in _PASSING and made.args:
            value = made.args[0][1]
        elif made is not None and graph.receiver(body, made) >= 0:
            value = graph.receiver(body, made)  # `self.session.query(A).all()`
            if graph.node(body, value)[0] in (Op.IMPORT, Op.GLOBAL):
                return Held.MADE  # `orm.Session(engine)`
            if not _gives_part(view, key, made):
                return Held.MADE
        else:
            return Held.MADE
    return Held.MADE


def _is_under_lock(view: ModuleView, hop: Hop) -> bool:
    body = view.engine.evaluator.body(hop.key)
    return hop.site >= 0 and is_locked(view, hop.key, body, body.sites[hop.site].region)


def may_be_in_memory(view: ModuleView, hops: Sequence[Hop]) -> bool:
    """Whether nothing in the modules of a chain says that a database is another than SQLite's memory, of
    which SQLAlchemy gives each thread an empty one."""
    evaluator = view.engine.evaluator
    for path in {hop.key[0] for hop in hops}:
        module = evaluator.module(path)
        modules = [f"{item.module}.{item.name}" for item in module.summary.imports]
        if any(name.startswith(_DIALECTS) and "sqlite" not in name for name in modules):
            return False
        addresses = [
            node[1]
            for key in module.keys
            for node in evaluator.body(key).values
            if node[0] == Op.CONST and isinstance(node[1], str) and "://" in node[1]
        ]
        if any(text.startswith(_SERVERS) for text in addresses):
            return False
    return True


def _gives_kept(view: ModuleView, key: Key, made: Site) -> bool:
    """Whether a call gives what others are given too: what a function of the program keeps, or the session
    of a scope."""
    evaluator = view.engine.evaluator
    for value in evaluator.evaluate(key, made.callee).values:
        if isinstance(value, ExternalInstance) and evaluator.catalog.canonical(value.dotted) == _SCOPED:
            return True
        if isinstance(value, Function) and _returns_kept(view, value.key):
            return True
    return False


def _returns_kept(view: ModuleView, key: Key) -> bool:
    """Whether a function returns what an attribute or a global name holds."""
    evaluator = view.engine.evaluator
    if evaluator.definition(key).flags & DefFlags.GENERATOR:
        return False
    body = evaluator.body(key)
    returned = [graph.node(body, value) for value, _ in body.returns if value >= 0]
    kept = [node for node in returned if node[0] in (Op.GLOBAL, Op.ATTR)]
    return bool(kept) and all(node in kept or node == (Op.CONST, None) for node in returned)


def _gives_part(view: ModuleView, key: Key, site: Site) -> bool:
    """Whether what a method gives works with the object that the method is of, as a query does with its
    session."""
    values = view.engine.evaluator.evaluate(key, site.callee).values
    return any(
        isinstance(value, ExternalMethod) and is_used_in_turn(view, f"{value.dotted}.{value.name}")
        for value in values
    )


def passed_at(view: ModuleView, hop: Hop, key: Key, parameter: int) -> int | None:
    """The value that the call at a hop passes for a parameter of the function which it calls."""
    evaluator = view.engine.evaluator
    body = evaluator.body(hop.key)
    for link in view.engine.links(hop.key):
        if link.site != hop.site:
            continue
        for target in (item for group in link.groups for item in group):
            if isinstance(target.value, Function) and target.value.key == key:
                arguments = target.arguments
                if target.value.receiver is not None:
                    owner = graph.receiver(body, body.sites[hop.site])
                    arguments = arguments.prepend((hop.key, owner))
                found = bind(evaluator.definition(key), parameter, arguments)
                if isinstance(found, tuple) and len(found) == 2 and found[0] == hop.key:
                    return found[1] if isinstance(found[1], int) and found[1] >= 0 else None
    return None
