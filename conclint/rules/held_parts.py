"""What a method on the loop does by calling a part of its own object (`self.device.read()`) that was given to
the constructor: whoever makes the object knows what the part is."""

from __future__ import annotations

from typing import Final

from conclint.effects.bindings import is_made_with
from conclint.effects.effects import Effects, Kind, Witness, add, way_of
from conclint.model.symbols import short_name
from conclint.resolve.arguments import EVERYTHING, Arguments, arguments_of
from conclint.resolve.calls import callables
from conclint.resolve.values import Above, Key, Parameter
from conclint.rules.drafts import ModuleView
from conclint.rules.event_loop import rule_of
from conclint.summary.records import SiteKind

_MOST_STEPS: Final = 20
_SEVERAL: Final = "only one of several things that the object may have been made with"


def effects_of_parts(view: ModuleView, key: Key, effects: Effects) -> Effects:
    """What the parts of the own object do that a site calls; nothing of those whose makers are not known.
    Raises NeedModule."""
    result: Effects = {}
    for effect, witness in effects.items():
        part = effect.parameter
        if effect.kind is not Kind.CALLS or part is None:
            continue
        if _is_part(part, key) or is_made_with(view.engine.evaluator, part, key):
            for found, then in _done_by(view, key, part, witness).items():
                if rule_of(found) is not None:
                    dependence = found.dependence or effect.dependence
                    add(result, found._replace(mask=found.mask & effect.mask, dependence=dependence), then)
    return result


def _is_part(part: Parameter, key: Key) -> bool:
    if part.key != key or part.position or not part.attributes:
        return False
    first = part.attributes[0]
    return not isinstance(first, Above) and first.isidentifier()


def _done_by(view: ModuleView, key: Key, part: Parameter, call: Witness) -> Effects:
    engine = view.engine
    link = engine.link_at(key, call.site)
    if link is None:
        return {}
    bound = engine.evaluator.constructions.of_part(part, key[0])
    values = callables(bound)
    made = [engine.transfer.of_handed_over(key, link, value, _given(view, key, call)) for value in values]
    owner = short_name(engine.evaluator.symbol(part.key)).rpartition(".")[0]
    known = f"each `{owner}` is made with it"
    result: Effects = {}
    for number, effects in enumerate(made):
        for effect, then in effects.items():
            others = [other for place, other in enumerate(made) if place != number]
            is_shared = all(any(item.kind is effect.kind for item in other) for other in others)
            witness = _joined(call, then).assuming(known, *bound.reasons)
            if bound.incomplete or not is_shared:
                witness = witness.assuming(_SEVERAL)
            add(result, effect, witness)
    return result


def _joined(call: Witness, then: Witness) -> Witness:
    """The way to the call of a part, and on from there."""
    witness = then if call.next is None else call._replace(length=call.length + then.length - 1, then=then)
    return witness._replace(
        assumptions=call.assumptions + then.assumptions,
        cause=then.cause,
        reasons=(*call.reasons, *then.reasons),
        conditions=call.conditions + then.conditions,
    )


def _given(view: ModuleView, key: Key, call: Witness) -> Arguments:
    """What the part is called with, where it is written."""
    *_, (last, witness) = way_of(view.engine.effects_of, key, call, _MOST_STEPS)
    if witness.next is not None or witness.then is not None or witness.site < 0:
        return EVERYTHING
    site = view.engine.evaluator.body(last).sites[witness.site]
    return arguments_of(last, site.args) if site.kind == SiteKind.CALL else EVERYTHING
