"""What comments on functions assert about their effects."""

from __future__ import annotations

from conclint.effects.effects import Effect, Effects, Kind, Witness
from conclint.model.execution import ALL_MODELS, Family
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Key
from conclint.summary.records import Assertion


def as_asserted(evaluator: Evaluator, key: Key, effects: Effects) -> Effects:
    """The effects of a function, where a comment on its `def` says whether it blocks: what its body
    shows then counts for what it hands to other models only. The witness has no site."""
    module = evaluator.module(key[0])
    assertion = module.definition(key).assertion
    if assertion == Assertion.NONE:
        return effects
    result = {effect: witness for effect, witness in effects.items() if effect.kind is Kind.PLACES}
    if assertion == Assertion.BLOCKS:
        symbol = module.symbol(key)
        waits = Effect(Kind.WAITS, Family.OTHER.value, ALL_MODELS)
        result[waits] = Witness(0, 0, symbol, -1, symbol)
    return result
