"""Chains that go on inside installed packages: which library that is, and why such a chain is less sure.

What a library does on the way to the network it does each time. A file that it opens is as a rule its own
small one, read once; a lock is free; and whether it comes to any of that may be up to a setting.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Final

from conclint.conditions.argument_conditions import reads_parameter
from conclint.conditions.path_conditions import FIRST_TIMES, LEFT_OPEN
from conclint.effects.bindings import ARGUMENT_UNKNOWN
from conclint.effects.effects import Kind
from conclint.effects.solver import EffectSolver
from conclint.model.execution import Family
from conclint.resolve.values import Key
from conclint.rules.chains import Hop
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, RegionKind

_UNMISTAKABLE: Final = frozenset(
    family.value for family in (Family.HTTP, Family.SOCKETS, Family.SLEEP, Family.SUBPROCESS, Family.DATABASE)
)
_ASKING: Final = (*graph.TESTS, RegionKind.WHILE, RegionKind.CASE)
_MOST_ASKED: Final = 100


def library_of(engine: EffectSolver, chain: Sequence[Hop]) -> str:
    """The import name of the installed package that a chain goes into first; empty where it doesn't."""
    library_at = engine.evaluator.program.finder.library_at
    return next((found for hop in chain if (found := library_at(hop.key[0]))), "")


def own_part(engine: EffectSolver, chain: Sequence[Hop]) -> Sequence[Hop]:
    """The calls of a chain that stand in the program, where it ends inside a library; else all of them."""
    is_installed = engine.evaluator.program.finder.is_installed
    if not is_installed(chain[-1].key[0]):
        return chain
    inside = next(number for number, hop in enumerate(chain) if is_installed(hop.key[0]))
    return chain[:inside] or chain


def doubts_inside(
    engine: EffectSolver, chain: Sequence[Hop], family: str | None, reasons: Sequence[str]
) -> tuple[str, ...]:
    """Why what a chain does inside libraries is less sure than the same in the program: not for packages that
    the user has asked for by name."""
    finder = engine.evaluator.program.finder
    inside = [hop for hop in chain if finder.is_installed(hop.key[0])]
    if not inside or finder.is_asked_for(finder.library_at(inside[0].key[0])):
        return ()
    library = finder.library_at(inside[-1].key[0])
    if chain[-1] == inside[-1] and family not in _UNMISTAKABLE:
        return (f"{library} may do it for itself, or seldom", "it is not sure to take long there")
    left_open = any(reason == ARGUMENT_UNKNOWN or reason.endswith(LEFT_OPEN) for reason in reasons)
    asked = max(_asked(engine, hop, family, left_open=left_open) for hop in inside)
    doubts = (f"{library} may be configured otherwise", "most calls need not come to that")
    return doubts[: int(asked)]


class _Asked(IntEnum):
    """How a call in a library stands to tests of what is set elsewhere, or of arguments that nobody knows:
    under none; it goes on where none of them has ended it before; it is done only where one of them holds."""

    NOTHING = 0
    UNLESS_ENDED = 1
    ELSE_NOTHING = 2


def _asked(engine: EffectSolver, hop: Hop, family: str | None, *, left_open: bool) -> _Asked:
    body = engine.evaluator.body(hop.key)
    if hop.site < 0:
        return _Asked.NOTHING
    is_method = engine.evaluator.enclosing_class(hop.key) is not None
    found = _Asked.NOTHING
    for number in graph.around(body, body.sites[hop.site].region):
        region = body.regions[number]
        if region.kind not in _ASKING or _waits_otherwise(engine, hop.key, number, family):
            continue
        is_only = region.kind in (RegionKind.IF, RegionKind.CASE)
        if is_only and left_open and reads_parameter(body, region.value, int(is_method)):
            return _Asked.ELSE_NOTHING
        rarity = engine.hedges.rarity(hop.key, number)
        if rarity == (FIRST_TIMES,) or not (rarity or _reads_setting(body, region.value, is_method)):
            continue
        if is_only:
            return _Asked.ELSE_NOTHING
        if not rarity:  # one doubt of the chain's own says that already
            found = _Asked.UNLESS_ENDED
    return found


def _waits_otherwise(engine: EffectSolver, key: Key, number: int, family: str | None) -> bool:
    """Whether the other branch of an `if` waits for the same: then it does so whatever the test says."""
    body = engine.evaluator.body(key)
    region = body.regions[number]
    others = [
        other
        for other, item in enumerate(body.regions)
        if item.kind == region.kind == RegionKind.IF
        and item.value == region.value
        and item.parent == region.parent
        and item.extra != region.extra
    ]
    return any(
        graph.is_inside(body, body.sites[link.site].region, other)
        and any(
            effect.kind is Kind.WAITS and effect.family == family
            for effect in engine.site_effects(key, link, [])
        )
        for other in others
        for link in engine.links(key)
    )


def _reads_setting(body: Body, test: int, is_method: bool) -> bool:
    todo = [test]
    for _ in range(_MOST_ASKED):
        if not todo:
            return False
        value = todo.pop()
        node = graph.node(body, value)
        site = graph.call(body, value)
        if site is not None:
            receiver = graph.node(body, graph.receiver(body, site))
            if receiver[0] == Op.ATTR or (is_method and receiver == (Op.PARAM, 0)):
                return True
            todo += [passed for _, passed in site.args if passed >= 0]
        elif node[0] == Op.ATTR or node[0] == Op.GLOBAL:
            return True
        else:
            todo += graph.parts(node)
    return True
