"""Library calls that take some milliseconds for one text, document or image, made on the event loop for each
item of data whose amount is not known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from conclint.catalog.facts import EffectKind as Stated
from conclint.cost.cost import CostTerm
from conclint.effects.solver import EffectSolver
from conclint.model.execution import EffectKind, ExecutionModel
from conclint.model.severity import Severity
from conclint.model.symbols import short_name
from conclint.resolve.calls import callable_name
from conclint.resolve.values import Key
from conclint.rules.advice.allowed import subject_of
from conclint.rules.advice.change import Advice
from conclint.rules.chains import Hop
from conclint.rules.drafts import Draft, ModuleView, draft_at
from conclint.rules.guide import rule_for
from conclint.summary import body_graph as graph
from conclint.summary.records import LoopFlags

if TYPE_CHECKING:
    from conclint.rules.advice.site import Place

_LOOP = ExecutionModel.EVENT_LOOP
_FAMILY = "compute"
_MANY = "how many items there are is not known"
_EARLY = "the loop may be left at the first item that fits"


def repeated_call(view: ModuleView, key: Key, part: CostTerm, doubts: tuple[str, ...]) -> Draft | None:
    """The draft for a part of a function on the loop that makes such a call again and again."""
    unit = part.cost.unit
    if unit is None or not unit.repeated or part.site < 0:
        return None
    engine = view.engine
    fact = engine.evaluator.catalog.function(unit.name)
    link = engine.link_at(key, part.site)
    if fact is None or link is None or not link.groups:
        return None
    kind = EffectKind.COMPUTES_NOGIL if fact.effect is Stated.COMPUTES_NOGIL else EffectKind.COMPUTES_GIL
    rule = rule_for(kind, _LOOP, _FAMILY)
    if rule is None:
        return None
    chain = [Hop(key, part.site, _called(view, key, part.site))]
    chain += [Hop(inner, site, _called(view, inner, site)) for inner, site in unit.chain]
    chain[-1] = chain[-1]._replace(symbol=unit.name)
    name = short_name(chain[0].symbol)
    where = "in a loop" if len(chain) == 1 else f"for each item, by `{short_name(unit.name)}`"

    def advise(place: Place) -> Advice:
        from conclint.rules.advice import build

        subject = subject_of(view, chain, unit.name, _FAMILY)
        if kind is EffectKind.COMPUTES_GIL:
            return build.instead_of_computing(place, subject, view.runtime, is_call=len(chain) > 1)
        return build.instead_of_waiting(place, subject)

    return draft_at(
        view,
        key,
        part.site,
        rule,
        f"`{name}` computes {where}: the event loop stops until all items are done",
        advise=advise,
        reasons=[
            _MANY,
            *doubts,
            *[_EARLY] * _ends_early(engine, chain),
            *(["the thing called here may be something else too"] * link.incomplete),
        ],
        chain=chain,
        model=_LOOP,
        effect=kind,
        family=_FAMILY,
        cause=unit.name,
        severity=min(rule.severity, Severity.WARNING),
    )


def _ends_early(engine: EffectSolver, chain: Sequence[Hop]) -> bool:
    """Whether the calls of a chain stand in loops alone that may be left at any item, and keep no account
    of those before it (as what fills a budget does)."""
    found = []
    for hop in chain:
        body = engine.evaluator.body(hop.key)
        found += [body.regions[loop].extra for loop in graph.loops_around(body, body.sites[hop.site].region)]
    return bool(found) and all(extra & LoopFlags.BREAKS and not extra & LoopFlags.CARRIED for extra in found)


def _called(view: ModuleView, key: Key, site: int) -> str:
    link = view.engine.link_at(key, site)
    if link is None or not link.groups:
        return "something"
    return callable_name(view.engine.evaluator, link.groups[0][0].value)
