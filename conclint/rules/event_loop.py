"""The cells of the event loop that known calls decide: they wait there, or compute there for long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from conclint.conditions.failures import RETRIES, is_failure
from conclint.conditions.path_conditions import RARE
from conclint.conditions.stated_conditions import ArgumentCondition
from conclint.effects.bindings import ARGUMENT_UNKNOWN, Bindings
from conclint.effects.effects import WAITING, Effect, Effects, Kind, Placement, Witness
from conclint.model.context import Context
from conclint.model.execution import EffectKind, ExecutionModel
from conclint.model.finding import Binding
from conclint.model.symbols import short_name
from conclint.resolve.arguments import EVERYTHING, Arguments
from conclint.resolve.calls import Link, callable_name
from conclint.resolve.values import External, ExternalMethod, Function, Key, Parameter, Partial, unwrapped
from conclint.rules.advice.allowed import subject_of
from conclint.rules.advice.change import Advice
from conclint.rules.chains import Hop, hops, placer_of
from conclint.rules.drafts import Draft, ModuleView, doubted, draft_at
from conclint.rules.entry_points import Starts
from conclint.rules.fact_severity import severity_of_call
from conclint.rules.guide import rule_for
from conclint.rules.loop_callbacks import LOOPS
from conclint.rules.loop_messages import is_deadlock, message_of
from conclint.rules.program_phases import PHASE_DOUBTS, context_of
from conclint.rules.registry import Rule
from conclint.summary import body_graph as graph
from conclint.summary.records import DefKind, Use

if TYPE_CHECKING:
    from conclint.rules.advice.site import Place

_LOOP = ExecutionModel.EVENT_LOOP
_KINDS: Final = {
    Kind.WAITS: EffectKind.WAITS,
    Kind.COMPUTES_GIL: EffectKind.COMPUTES_GIL,
    Kind.COMPUTES_NOGIL: EffectKind.COMPUTES_NOGIL,
}
_FAR = (5, 8)
_CONDITIONS = (3, 6)
"""Beyond these numbers of calls and of conditions a chain is a step less sure each."""
_WHEN_READY: Final = frozenset(
    {
        "os.write", "os.writev", "socket.socket.send", "socket.socket.sendto", "socket.socket.sendmsg",
        "os.read", "os.readv", "socket.socket.accept", "socket.socket.recv", "socket.socket.recv_into",
        "socket.socket.recvfrom", "socket.socket.recvfrom_into", "socket.socket.recvmsg",
        "paramiko.Channel.recv", "paramiko.Channel.recv_stderr", "paramiko.Channel.send",
        "paramiko.Channel.send_stderr",
        "builtins.input", "sys.stdin.readline",
        "os.waitid", "os.waitpid", "os.wait4",
    }
)  # fmt: skip
"""Reads that wait for something to come, and give what came; writes that wait for room, and take what there
is room for: not in a callback that is told so. A terminal gives whole lines; the descriptor of a process is
ready to be read when that has ended."""
_BESIDES: Final = "what the call does first, each time, is reported already"


def effects_on_loop(view: ModuleView, key: Key, effects: Effects, starts: Starts) -> Iterator[Draft]:
    """What the known calls behind one site of a function on the loop do that stops it."""
    has_other = any(rule_of(effect) is not None and not _fails_first(w) for effect, w in effects.items())
    for effect, witness in effects.items():
        rule = rule_of(effect)
        if rule is None:
            continue
        if key in starts.readers and witness.cause in _WHEN_READY and not _is_repeated(view, key, witness):
            continue
        if has_other and _fails_first(witness):
            witness = doubted(witness, [_BESIDES])
        depends = effect.dependence
        if depends is not None and depends.is_for_few:
            witness = doubted(witness, ["it blocks for some values of an argument only"])
        elif (
            depends is not None and effect.kind in WAITING and _is_left_open(view, key, witness.site, depends)
        ):
            witness = doubted(witness, [ARGUMENT_UNKNOWN])
        own = short_name(view.module.symbol(key))
        rare = [f"{own} {hedge}" for hedge in witness.hedges if hedge in RARE and hedge != RETRIES]
        witness = doubted(witness, (*rare, *starts.doubts_at(view, key, witness.site)))
        context = starts.context_at(view, key, witness.site)
        yield draft_of(view, hops(view.engine, key, witness), rule, effect, witness, context)


def _is_repeated(view: ModuleView, key: Key, witness: Witness) -> bool:
    """Whether a call stands in a loop: then only the first is known to find something."""
    body = view.engine.evaluator.body(key)
    return graph.loop_of(body, body.sites[witness.site].region) >= 0


def _is_left_open(view: ModuleView, key: Key, site: int, depends: ArgumentCondition) -> bool:
    """Whether a function that is called asks for an argument that nobody here knows: not where the branch is
    the function's own."""
    region = view.engine.evaluator.body(key).sites[site].region if site >= 0 else 0
    own = view.engine.hedges.dependence(key, region) if region else None
    return any(part.is_branch for part in depends.parts if own is None or part not in own.parts)


def _fails_first(witness: Witness) -> bool:
    """Whether only a failure on the way leads to the wait (the pause before a second try)."""
    return any(is_failure(reason) for reason in witness.reasons)


def effects_of_bound(view: ModuleView, key: Key, placement: Placement, starts: Starts) -> Iterator[Draft]:
    """What is bound at a site and runs on the loop: reported here, unless its own file can see it."""
    outside = _outside_effects(view, key, placement, starts)
    for effect, witness in (*bound_effects(view, placement, starts), *outside):
        rule = rule_of(effect)
        if rule is None:
            continue
        if placement.phase is not None:
            witness = doubted(witness, PHASE_DOUBTS[placement.phase])
        context = context_of(placement.phase)
        chain = hops(view.engine, key, witness)
        by = placer_of(view.engine, placement)
        yield draft_of(view, chain, rule, effect, witness, context, placed_by=by)


def _outside_effects(
    view: ModuleView, key: Key, placement: Placement, starts: Starts
) -> Iterator[tuple[Effect, Witness]]:
    """What functions of libraries do that a site hands to the loop (`loop.call_soon(time.sleep, 1)`), or
    gives to a function that it hands over, or that the object of a method holds which it hands over."""
    engine = view.engine
    link = engine.link_at(key, placement.site)
    if link is None or placement.each:
        return
    for value in placement.callables.values:
        target = unwrapped(value)
        arguments = placement.arguments
        if isinstance(target, (External, ExternalMethod)):
            found = engine.transfer.of_handed_over(key, link, value, arguments)
            for effect, witness in found.items():
                if witness.assumptions > 1:  # how it is called is less sure than where it is written out
                    continue
                if placement.via is not None:  # a method of the program hands it over
                    witness = witness._replace(
                        length=witness.length + 1, symbol=placement.symbol, next=placement.via, then=witness
                    )
                yield effect, doubted(witness, placement.callables.reasons)
        elif isinstance(target, Function):
            if isinstance(value, Partial):
                arguments = engine.evaluator.results.with_partial(value, arguments)
            for effect, witness in _given_effects(view, key, link, target, arguments, starts):
                yield effect, doubted(witness, placement.callables.reasons)


def _given_effects(
    view: ModuleView, key: Key, link: Link, function: Function, arguments: Arguments, starts: Starts
) -> Iterator[tuple[Effect, Witness]]:
    engine = view.engine
    if engine.evaluator.definition(function.key).kind == DefKind.ASYNC_FUNCTION:
        return
    bindings = Bindings(engine.evaluator, key, function, arguments)
    for call, inner in engine.effects_of(function.key).items():
        if call.kind is not Kind.CALLS or call.parameter is None or call.dependence is not None:
            continue
        if function.key in starts.on_loop and call.parameter.is_part and _knows(view, call.parameter):
            continue  # it is reported where it is called
        bound = bindings.of_callable(call.parameter)
        for value in bound.values:
            if not isinstance(value, (External, ExternalMethod)):
                continue
            name = callable_name(engine.evaluator, function)
            for effect, then in engine.transfer.of_handed_over(key, link, value, EVERYTHING).items():
                reasons = (*inner.reasons, *bound.reasons, *then.reasons)
                doubts = inner.assumptions + len(bound.reasons) + bound.incomplete + then.assumptions
                witness = Witness(
                    doubts, inner.length + 1, name, link.site, then.cause, reasons, (function.key, call), then
                )
                yield effect._replace(mask=effect.mask & call.mask), witness


def _knows(view: ModuleView, part: Parameter) -> bool:
    """Whether it is known what a part of a method's own object is."""
    return bool(view.engine.evaluator.constructions.of_part(part, view.module.path).values)


def bound_effects(view: ModuleView, placement: Placement, starts: Starts) -> Iterator[tuple[Effect, Witness]]:
    """What the plain functions do that a site hands to the loop, but those that their own file tells of."""
    evaluator = view.engine.evaluator
    for value in placement.callables.values:
        target = unwrapped(value)
        if not isinstance(target, Function) or target.key in starts.on_loop:
            continue
        if evaluator.definition(target.key).kind == DefKind.ASYNC_FUNCTION:
            continue
        for effect, inner in view.engine.effects_of(target.key).items():
            yield (
                effect,
                Witness(
                    inner.assumptions + len(placement.callables.reasons) + placement.callables.incomplete,
                    inner.length + 1,
                    callable_name(evaluator, target),
                    placement.site,
                    inner.cause,
                    (*placement.callables.reasons, *inner.reasons),
                    (target.key, effect),
                ),
            )


def rule_of(effect: Effect) -> Rule | None:
    """The rule that reports an effect on the loop, if any does."""
    kind = _KINDS.get(effect.kind)
    if kind is None or not effect.mask & _LOOP.bit:
        return None
    return rule_for(kind, _LOOP, effect.family)


def draft_of(
    view: ModuleView,
    chain: Sequence[Hop],
    rule: Rule,
    effect: Effect,
    witness: Witness,
    context: Context | None,
    *,
    placed_by: str = "",
    ahead: Sequence[Hop] = (),
    binding: Binding | None = None,
) -> Draft:
    """The finding at the first call of a chain; `ahead` are the calls that lead there.

    Where `placed_by` something, the call at the place is another one, which no example can rewrite.
    """
    witness = _doubting(witness)
    deadlock = is_deadlock(view, chain, witness.cause, rule)
    message = message_of(chain, witness, rule, deadlock=deadlock)
    fact = view.engine.evaluator.catalog.function(witness.cause)

    def advise(place: Place) -> Advice:
        from conclint.rules.advice import build

        subject = subject_of(view, chain, witness.cause, effect.family)
        if deadlock and subject.fact is not None:  # its note says when the wait is harmless
            subject = subject._replace(fact=replace(subject.fact, note=None))
        if placed_by and len(chain) > 1 and _is_awaited(view, chain[0]):
            return build.instead_of_waiting_within(subject, chain[0].symbol, chain[1].symbol)
        if placed_by:
            return build.instead_of_registering(subject, by_loop=placed_by.startswith(LOOPS))
        if effect.kind is Kind.COMPUTES_GIL:
            return build.instead_of_computing(place, subject, view.runtime, is_call=True)
        return build.instead_of_waiting(place, subject)

    return draft_at(
        view,
        chain[0].key,
        chain[0].site,
        rule,
        message,
        advise=advise,
        reasons=witness.reasons,
        assumptions=witness.assumptions,
        chain=(*ahead, *chain),
        model=_LOOP,
        effect=_KINDS[effect.kind],
        family=effect.family,
        cause=witness.cause,
        severity=rule.severity
        if deadlock
        else severity_of_call(view.engine, rule, fact, chain, witness.reasons),
        context=context,
        binding=binding,
    )


def _is_awaited(view: ModuleView, hop: Hop) -> bool:
    """Whether a step of a chain awaits what it calls."""
    sites = view.engine.evaluator.body(hop.key).sites
    return hop.site >= 0 and bool(sites[hop.site].use & Use.AWAITED)


def _doubting(witness: Witness) -> Witness:
    """The witness with a doubt for each thing that makes it likely that some branch on the way rules the
    chain out: many calls, many conditions."""
    doubts = [f"it is {witness.length} calls away"] * sum(witness.length > far for far in _FAR)
    many = [f"it takes {witness.conditions} conditions on the way"]
    return doubted(witness, doubts + many * sum(witness.conditions > count for count in _CONDITIONS))
