"""Costs in words: how sure it is that something computes for long, how much, and where."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.cost.cost import Cost
from conclint.effects.solver import EffectSolver
from conclint.resolve.calls import callable_name
from conclint.rules.chains import Hop


def doubts_of(cost: Cost) -> list[str]:
    """What is assumed in saying that it computes for long: nothing for a known number of operations, one
    thing for nested counting, two for less."""
    if cost.is_sure:
        return [f"how long `{cost.known}` takes depends on its data"] if cost.known else []
    doubts = [
        "how far it counts is not known" if cost.counting else "how much data it goes through is not known"
    ]
    if cost.counting < 2 and not cost.grows:
        doubts.append("it may take only a moment")
    return doubts


def amount_of(cost: Cost) -> str:
    """The known number of operations, in words for a message; empty if it is not known."""
    return f" (some {_rounded(cost.operations)} operations)" if cost.is_sure and not cost.known else ""


def inner_hops(engine: EffectSolver, cost: Cost) -> Iterator[Hop]:
    """The calls from the measured function to the one that does most of the work."""
    for key, site in cost.chain:
        link = engine.link_at(key, site)
        if link is not None and link.groups:
            yield Hop(key, site, callable_name(engine.evaluator, link.groups[0][0].value))


def cause_of(engine: EffectSolver, cost: Cost, otherwise: str) -> str:
    """The name of what does most of the work."""
    if cost.known:
        return cost.known
    if cost.worker is None:
        return otherwise
    return engine.evaluator.symbol(cost.worker)


def _rounded(operations: float) -> str:
    if operations >= 1e12:
        return "10^" + str(len(str(int(min(operations, 1e300)))) - 1)
    digits = max(0, len(str(int(operations))) - 2)
    return f"{round(operations / 10**digits) * 10**digits:,.0f}"
