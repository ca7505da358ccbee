"""Who else has an object that only one thread at a time may use, such as a database session."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final

from conclint.catalog.facts import Trait
from conclint.resolve.arguments import bind
from conclint.resolve.values import ExternalMethod, Function, Key
from conclint.rules.advice.sending import traits_of
from conclint.rules.chains import Hop
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import Op, Site, SiteKind

_MOST_STEPS: Final = 20
_PASSING: Final = tuple(
    (Op.GLOBAL, name) for name in ("enumerate", "iter", "list", "reversed", "sorted", "zip")
)
"""What goes through its first argument."""


class Held(Enum):
    """How the work at the end of a chain gets such an object: it makes it, or the code at the place does; it
    is kept in an attribute or a global name, so that other calls use the same; the function at the place is
    given it."""

    MADE = "made"
    KEPT = "kept"
    GIVEN = "given"


def holding_of(view: ModuleView, hops: Sequence[Hop]) -> Held:
    """How the object whose method is called at the last of these hops is held."""
    body = view.engine.evaluator.body(hops[-1].key)
    if hops[-1].site < 0:
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
        passed = _passed(view, hops[at - 1], hops[at].key, found)
        if passed is None:
            return Held.GIVEN  # through a decorator's wrapper, say
        value = passed
    return Held.MADE


def _origin(view: ModuleView, key: Key, value: int) -> Held | int:
    """Where a function has a value from; the number of the parameter that it comes by."""
    body = view.engine.evaluator.body(key)
    for _ in range(_MOST_STEPS):
        node = graph.node(body, value)
        if node[0] == Op.PARAM:
            return graph.number(node)
        if node[0] in (Op.GLOBAL, Op.IMPORT, Op.ATTR):
            return Held.KEPT
        made = graph.call(body, value)
        if node[0] in (Op.NARROW, Op.CAST, Op.AWAIT):
            value = graph.operand(node)
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


def _gives_part(view: ModuleView, key: Key, site: Site) -> bool:
    """Whether what a method gives works with the object that the method is of, as a query does with its
    session."""
    values = view.engine.evaluator.evaluate(key, site.callee).values
    return any(
        isinstance(value, ExternalMethod) and Trait.ONE_AT_A_TIME in traits_of(view, f"{value.dotted}.x")
        for value in values
    )


def _passed(view: ModuleView, hop: Hop, key: Key, parameter: int) -> int | None:
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
