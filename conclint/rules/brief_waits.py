"""Waits that are over soon: the end was asked for before (`self._stop.set()`, then `thread.join()`), a thread
tells that it has begun, or the call says how long it waits at most."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from conclint.catalog.facts import CallableFact
from conclint.effects.solver import EffectSolver
from conclint.model.execution import Family
from conclint.model.severity import Severity
from conclint.resolve.arguments import arguments_of, stated_argument
from conclint.resolve.evaluate import Evaluator
from conclint.rules.chains import Hop
from conclint.rules.stated_numbers import number_of
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, RegionKind, Site, SiteKind, StoreKind

_BOUNDED: Final = (Family.JOINS, Family.LOCKS, Family.QUEUES)
_ENDS_OF_PROCESS: Final = frozenset({"subprocess.Popen.communicate", "subprocess.Popen.wait"})
_SELECTING: Final = frozenset(
    {"select.select", "selectors.BaseSelector.select", "selectors.DefaultSelector.select"}
)
_ASKING: Final = frozenset({"cancel", "kill", "set", "shutdown", "stop", "terminate"})
_PUTTING: Final = frozenset({"put", "put_nowait"})
_ON_ITS_LOOP: Final = "call_soon_threadsafe"
_RUNNING: Final = re.compile(
    r"_*(?:\w+_)?(?:active|alive|closed|closing|done|exit|finished|keep_going|quit|running|shutdown|stop|stopped"
    r"|stopping|terminate)(?:_\w+)?_*"
)
"""Flags that say whether something goes on."""


def most_of_wait(engine: EffectSolver, fact: CallableFact, chain: Sequence[Hop]) -> Severity:
    """The worst that a wait can be."""
    if fact.family not in _BOUNDED and fact.name not in _SELECTING | _ENDS_OF_PROCESS:
        return Severity.CRITICAL
    last = chain[-1]
    seconds = _limit(engine.evaluator, fact, last)
    most = Severity.CRITICAL if seconds is None else Severity.of_milliseconds(1000 * seconds)
    if is_asked_to_end(engine, fact, chain):
        return min(most, Severity.WARNING)
    if fact.name == "threading.Event.wait" and _has_just_begun(engine.evaluator, last):
        return min(most, Severity.WARNING)
    return most


def is_asked_to_end(engine: EffectSolver, fact: CallableFact, chain: Sequence[Hop]) -> bool:
    """Whether a thread, process or pool that is joined was told to end before."""
    is_join = fact.family is Family.JOINS and fact.name.endswith(".join")
    return is_join and any(_asks_for_end(engine.evaluator, hop) for hop in chain)


def is_killed(engine: EffectSolver, fact: CallableFact, hop: Hop) -> bool:
    """Whether the process whose end is waited for was killed before, in the same function."""
    if fact.name not in _ENDS_OF_PROCESS:
        return False
    body = engine.evaluator.body(hop.key)
    place = body.sites[hop.site]
    receiver = graph.receiver(body, place)
    process = graph.node(body, receiver)
    return receiver >= 0 and any(
        graph.node(body, site.callee)[-1] == "kill"
        and not site.args
        and graph.node(body, graph.receiver(body, site)) == process
        and graph.is_inside(body, place.region, site.region)
        for site in body.sites[: hop.site]
        if site.kind == SiteKind.CALL and graph.receiver(body, site) >= 0
    )


def _limit(evaluator: Evaluator, fact: CallableFact, hop: Hop) -> float | None:
    """The seconds after which a call gives up, where that is one number."""
    if not any(parameter.name == "timeout" for parameter in fact.signature or ()):
        return None
    site = evaluator.body(hop.key).sites[hop.site]
    return number_of(evaluator, stated_argument(fact.signature, "timeout", arguments_of(hop.key, site.args)))


def _asks_for_end(evaluator: Evaluator, hop: Hop) -> bool:
    """Whether something is told to end before a step of a chain, in the same function: each of several, too,
    but not what is waited for again and again."""
    body = evaluator.body(hop.key)
    place = body.sites[hop.site]
    if any(body.regions[loop].kind == RegionKind.WHILE for loop in graph.loops_around(body, place.region)):
        return False
    told = any(_tells(body, site) for site in body.sites[: hop.site] if site.kind == SiteKind.CALL)
    return told or any(
        store.kind == StoreKind.ATTR
        and _RUNNING.fullmatch(str(store.name)) is not None
        and isinstance(graph.node(body, store.value)[-1], bool)
        for store in body.stores
    )


def _tells(body: Body, site: Site) -> bool:
    callee = graph.node(body, site.callee)
    if callee[0] != Op.ATTR:
        return False
    given = [graph.node(body, value) for _, value in site.args]
    if callee[2] in _ASKING:
        return not given
    if callee[2] == _ON_ITS_LOOP:
        return bool(given) and given[0][-1] == "stop"
    return callee[2] in _PUTTING and bool(given) and _is_sentinel(given[0])


def _is_sentinel(node: graph.Node) -> bool:
    is_named_so = node[0] in (Op.GLOBAL, Op.ATTR) and str(node[-1]).strip("_").isupper()
    return node == (Op.CONST, None) or is_named_so


def _has_just_begun(evaluator: Evaluator, hop: Hop) -> bool:
    """Whether a wait is for an event that the function has made for a thread that it starts."""
    body = evaluator.body(hop.key)
    event = graph.call(body, graph.receiver(body, body.sites[hop.site]))
    if event is None or graph.node(body, event.callee)[-1] != "Event":
        return False
    return any(
        graph.node(body, site.callee)[-1] == "start" and not site.args
        for site in body.sites[: hop.site]
        if site.kind == SiteKind.CALL
    )
