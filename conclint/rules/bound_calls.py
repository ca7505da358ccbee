"""What coroutines do by calling what they are given: they are where it blocks, and their callers are where it
is known.

Who waits is the coroutine, wherever the callback comes from: the finding stands at its call, and the chain
begins at the call that binds. Where the two are in different files, both places are given: which one is
reported is decided when all callers are known (`conclint.run.bindings`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from conclint.effects.effects import CALLED, Effect, Kind, Placement, Pointer, Witness
from conclint.model.context import Context
from conclint.model.finding import Binding
from conclint.resolve.values import Key, Parameter
from conclint.rules.chains import Hop, hops, position_of
from conclint.rules.drafts import Draft, ModuleView, doubted
from conclint.rules.entry_points import Starts
from conclint.rules.event_loop import draft_of, rule_of
from conclint.rules.memos import AdviceMemos
from conclint.rules.registry import Rule
from conclint.summary.records import Assertion, DefKind, Op, SiteKind

_MOST_HANDED: Final = 20
_NAMES: Final = (Op.GLOBAL, Op.FREE, Op.IMPORT, Op.ATTR)
"""Values that mention a function, by what stands last in them."""


def effects_in_coroutines(
    view: ModuleView, key: Key, placement: Placement, starts: Starts
) -> Iterator[Draft]:
    """What is bound at a site and called by a coroutine."""
    for effect, witness in placement.does:
        rule = rule_of(effect)
        then = witness.then
        if rule is None or then is None:
            continue
        chain = hops(view.engine, key, witness)
        through = _through(view, witness)
        if through and len(chain) > len(through) and chain[len(through)].key == through[-1]:
            yield from _drafts(view, rule, effect, witness, chain, through, starts)


def _drafts(
    view: ModuleView,
    rule: Rule,
    effect: Effect,
    witness: Witness,
    chain: list[Hop],
    through: list[Key],
    starts: Starts,
) -> Iterator[Draft]:
    key, coroutine = chain[0].key, through[-1]
    finder = view.engine.evaluator.program.finder
    is_outside = any(finder.is_installed(path) for path, _ in through)
    others = tuple((path, _name(view, (path, name))) for path, name in through if path != key[0])
    place, _ = position_of(view.module, key, chain[0].site)
    binding = Binding(
        key[0], view.shown(key[0]), view.module.symbol(key), place, others, is_here=bool(others)
    )
    bound = witness.then.next[0] if witness.then is not None and witness.then.next is not None else None
    if others and bound not in starts.on_loop:  # else its own file tells, where it is registered
        yield draft_of(
            view,
            chain,
            rule,
            effect,
            witness,
            None,
            placed_by=chain[0].symbol,
            binding=None if is_outside else binding,
        )
    module = view.engine.evaluator.module(coroutine[0])
    if is_outside or module.definition(coroutine).assertion == Assertion.NONBLOCKING:
        return
    inner = chain[len(through) :]
    context: Context | None = None
    if coroutine[0] == key[0]:
        witness = doubted(witness, starts.doubts_at(view, coroutine, inner[0].site))
        context = starts.context_at(view, coroutine, inner[0].site)
        there = view
    else:
        there = view._replace(module=module, effects={}, placements={}, memos=AdviceMemos())
    yield draft_of(
        there,
        inner,
        rule,
        effect,
        witness,
        context,
        ahead=chain[: len(through)],
        binding=binding._replace(is_here=False),
    )


def _through(view: ModuleView, witness: Witness) -> list[Key]:
    """The coroutines that hand on what is bound, the one that calls it last."""
    found: list[Key] = []
    pointer: Pointer | None = witness.next
    while pointer is not None and len(found) < _MOST_HANDED:
        key, effect = pointer
        found.append(key)
        if effect.kind is Kind.CALLS:
            return found
        inner = view.engine.effects_of(key).get(effect)
        pointer = inner.next if inner is not None else None
    return []


def _name(view: ModuleView, key: Key) -> str:
    return view.engine.evaluator.definition(key).name


def bound_in(view: ModuleView, names: Collection[str]) -> tuple[list[Draft], tuple[str, ...]]:
    """What coroutines of other modules do with what this one gives to functions of these names; and its own
    coroutine functions that hand on there what they are given. Of the rest of the module nothing is asked.
    Raises NeedModule."""
    nowhere = Starts(frozenset(), {}, {}, view.entries)
    imports = view.module.summary.imports
    meant = {*names, *(item.bound for item in imports if item.name in names)}
    mentions: set[tuple[object, object]] = {
        (op, name) for op in (Op.GLOBAL, Op.FREE, Op.ATTR) for name in meant
    }
    mentions |= {(Op.IMPORT, number) for number, item in enumerate(imports) if item.bound in meant}
    drafts: list[Draft] = []
    handing: set[str] = set()
    for key in view.keys:
        values = view.engine.evaluator.body(key).values
        if not any((node[0], node[-1]) in mentions for node in values if node[0] in _NAMES):
            continue
        sites = view.engine.evaluator.body(key).sites
        for link in view.engine.links(key):
            placements: list[Placement] = []
            if sites[link.site].kind == SiteKind.CALL:
                view.engine.site_effects(key, link, placements)
            for placement in placements:
                if placement.style == CALLED:
                    drafts += effects_in_coroutines(view, key, placement, nowhere)
        if _is_binder(view, key):
            handing.add(_name(view, key))
    return drafts, tuple(sorted(handing))


def binders(view: ModuleView) -> tuple[str, ...]:
    """The names of the module's coroutine functions that call what they are given, or hand it on to one that
    does."""
    return tuple(sorted({_name(view, key) for key in view.keys if _is_binder(view, key)}))


def _is_binder(view: ModuleView, key: Key) -> bool:
    is_coroutine = view.module.definition(key).kind == DefKind.ASYNC_FUNCTION
    return is_coroutine and any(_calls_given(effect, key) for effect in view.engine.effects_of(key))


def _calls_given(effect: Effect, key: Key) -> bool:
    is_call = effect.kind is Kind.CALLS or (effect.kind is Kind.PLACES and effect.family == CALLED)
    return is_call and isinstance(effect.parameter, Parameter) and effect.parameter.key == key
