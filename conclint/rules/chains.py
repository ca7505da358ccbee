"""Chains: from a reported call down to the primitive, built from witnesses when reporting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from conclint.effects.effects import Placement, Pointer, Witness
from conclint.effects.solver import EffectSolver
from conclint.model.finding import Position
from conclint.resolve.program import Module
from conclint.resolve.values import Key
from conclint.summary.codec import span_of

_MAX_STEPS = 60
_MOST_WRAPPERS: Final = 20


class Hop(NamedTuple):
    """One call of a chain: where it stands (a site of a def), and what is called."""

    key: Key
    site: int
    symbol: str


def hops(engine: EffectSolver, key: Key, witness: Witness) -> list[Hop]:
    """The calls from the site of `witness` in `key` to the primitive, in order."""
    return list(_follow(engine, key, witness, set()))[:_MAX_STEPS]


def _follow(engine: EffectSolver, key: Key, witness: Witness, seen: set[Pointer]) -> Iterator[Hop]:
    yield Hop(key, witness.site, witness.symbol)
    last: Hop | None = None
    if witness.next is not None:
        inner = list(_descend(engine, witness.next, seen))
        last = inner[-1] if inner else None
        yield from inner[:-1] if witness.then is not None else inner
    then = witness.then
    if then is not None:
        if last is not None:
            yield last._replace(symbol=then.symbol)
        if then.next is not None:
            yield from _continue(engine, then, seen)


def _continue(engine: EffectSolver, then: Witness, seen: set[Pointer]) -> Iterator[Hop]:
    """What follows the call of a parameter: the effect of what it was bound to."""
    if then.next is None:
        return
    inner = list(_descend(engine, then.next, seen))
    if then.then is None:
        yield from inner
        return
    yield from inner[:-1]
    if inner:
        yield inner[-1]._replace(symbol=then.then.symbol)
    yield from _continue(engine, then.then, seen)


def _descend(engine: EffectSolver, pointer: Pointer, seen: set[Pointer]) -> Iterator[Hop]:
    if pointer in seen:
        return
    key, effect = pointer
    witness = engine.effects_of(key).get(effect)
    if witness is not None and witness.site >= 0:  # without a site: a comment states the effect
        yield from _follow(engine, key, witness, {*seen, pointer})


def placer_of(engine: EffectSolver, placement: Placement) -> str:
    """The name of what really places the callable, at the end of the wrappers."""
    symbol, pointer = placement.symbol, placement.via
    for _ in range(_MOST_WRAPPERS):
        witness = engine.effects_of(pointer[0]).get(pointer[1]) if pointer is not None else None
        if witness is None:
            break
        symbol, pointer = witness.symbol, witness.next
    return symbol


def position_of(module: Module, key: Key, site: int) -> tuple[Position, tuple[int, int]]:
    """Where a site is, and the first and last physical line of its statement."""
    start = module.definition(key).start
    span = span_of(module.body(key), site)
    position = Position(start + span.line, span.column + 1, start + span.end_line, span.end_column + 1)
    return position, (start + span.first, start + span.last)
