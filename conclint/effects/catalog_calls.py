"""Calls of what the catalog knows: the effects it states, and the callables that a call runs or places."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from conclint.catalog.facts import CallableFact
from conclint.catalog.facts import EffectKind as Stated
from conclint.conditions.stated_conditions import (
    if_executor_of,
    if_this_loop,
    judge_conditions,
    unless_in_memory,
)
from conclint.effects.deadlocks import is_held_across_await, is_held_for_long, is_released_at_once
from conclint.effects.effects import Effect, Effects, Kind, Placement, Witness, add, add_all
from conclint.effects.executor_exits import EXECUTOR_EXIT, FUTURE_RESULTS, doubts_of_exit, is_done_by_then
from conclint.effects.frame import Frame, Run
from conclint.effects.hooks import hooked_at
from conclint.effects.log_handlers import LogHandlers
from conclint.effects.loop_affinity import LOOP_BOUND
from conclint.effects.loop_starts import LoopStarts
from conclint.effects.own_loop_setters import ENDED_BY, loop_that_sets
from conclint.effects.placements import place
from conclint.effects.registered_callbacks import RegisteredCallbacks
from conclint.effects.set_by_then import EVENT_WAITS, is_set_by_then
from conclint.effects.switched_off import is_switched_off
from conclint.model.execution import ALL_MODELS, Confidence, ExecutionModel, Family, Weight
from conclint.resolve.arguments import EVERYTHING, Arguments, stated_argument
from conclint.resolve.calls import Target, callables, invoked, iterated, protocol_targets
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.handing import given_parameter, handed_arguments, handed_over, placing_model
from conclint.resolve.in_memory import IN_MEMORY
from conclint.resolve.loop_origins import KEPT_LOOP, OF_KEPT_LOOP, OTHER_LOOP, THIS_LOOP, loop_given_by
from conclint.resolve.values import (
    External,
    ExternalInstance,
    ExternalMethod,
    Function,
    Key,
    Parameter,
    Value,
    ValueSet,
)
from conclint.summary import body_graph as graph
from conclint.summary.records import DefKind, Op, SiteKind

_LOGS = ("logging.", "loguru.")
_LOGGERS = frozenset({"logging.Logger", "loguru._logger.Logger"})
_KINDS = {
    Stated.WAITS: Kind.WAITS,
    Stated.COMPUTES_GIL: Kind.COMPUTES_GIL,
    Stated.COMPUTES_NOGIL: Kind.COMPUTES_NOGIL,
}
LAZY = frozenset({"builtins.map", "builtins.filter"})
_CONSUMING = frozenset(
    {
        "all", "any", "deque", "dict", "enumerate", "extend", "frozenset", "join", "list", "max", "min",
        "next", "set", "sorted", "sum", "tuple", "update", "zip",
    }
)  # fmt: skip
"""What goes through an iterator that it is given, or is mostly gone through itself."""


class CatalogCalls:
    """Effects of calls of things outside the program; `effects_of` gives those of the program's own functions
    that they place, `run` those of what they call."""

    def __init__(self, evaluator: Evaluator, effects_of: Callable[[Key], Effects], run: Run) -> None:
        self._evaluator = evaluator
        self._effects_of = effects_of
        self._run = run
        self._handlers = LogHandlers(evaluator)
        self._callbacks = RegisteredCallbacks(evaluator)
        self._loop_starts = LoopStarts(evaluator)

    def function(self, frame: Frame, value: External, arguments: Arguments) -> Effects:
        """The effects of a call of a function or class."""
        catalog = self._evaluator.catalog
        if (
            value.dotted == "builtins.iter"
            and len(arguments.positional) == 2
            and not self._is_gone_through(frame)
        ):
            return {}  # `iter(f, end)` calls f where it is iterated
        if value.dotted.startswith("builtins.") or value.dotted == "os.fspath":
            invoked_here: Effects = {}
            for target in protocol_targets(self._evaluator, value.dotted, arguments):
                add_all(invoked_here, self._run(frame.nested(), target))
            if invoked_here:
                return invoked_here
        cls = catalog.klass(value.dotted)
        if cls is not None:
            made = catalog.method(cls.name, "__init__")
            return self._fact(frame, made, arguments, value, cls.name) if made is not None else {}
        if value.dotted == "functools.partial" and arguments.positional:
            return self._bound_coroutines(frame, arguments)
        fact = catalog.function(value.dotted)
        if fact is None:
            return {}
        found = self._fact(frame, fact, arguments, value)
        if value.dotted.rpartition(".")[2] in catalog.running:
            self._add_registered(found, frame, value)
        return self._logged(frame, value, found) if value.dotted.startswith(_LOGS) else found

    def _bound_coroutines(self, frame: Frame, arguments: Arguments) -> Effects:
        """What coroutine functions do with what is bound to them: whoever calls them, it is on a loop."""
        found: Effects = {}
        bound = Arguments(arguments.positional[1:], arguments.keywords, spread=True)
        for target in self._evaluator.passed(arguments.positional[0]).values:
            if isinstance(target, Function) and self._is_coroutine(target.key):
                add_all(found, self._run(frame.nested(), Target(target, bound)))
        return found

    def _logged(self, frame: Frame, called: Value, found: Effects) -> Effects:
        """The effects with those of the handlers that a log call runs."""
        for target in self._handlers.targets(frame.key, frame.link.site, called):
            reasons = self._handlers.reasons(frame.key[0])
            for effect, witness in self._run(frame.nested(), target).items():
                add(found, effect, witness.assuming(*reasons))
        return found

    def method(self, frame: Frame, value: ExternalMethod, arguments: Arguments) -> Effects:
        """The effects of a call of a method."""
        fact = self._evaluator.catalog.method(value.dotted, value.name)
        found = self._fact(frame, fact, arguments, value, value.dotted) if fact is not None else {}
        catalog = self._evaluator.catalog
        if value.name in catalog.running and catalog.runs_registered(value.dotted, value.name):
            self._add_registered(found, frame, value)
        owners = self._evaluator.catalog.ancestry(value.dotted)
        if not frame.nesting and any(value.name in hook.by for owner in owners for hook in owner.hooks):
            for method in hooked_at(self._evaluator, frame.key, frame.link.site, value.name):
                add_all(found, self._run(frame.nested(), Target(method, Arguments(spread=True))))
        return self._logged(frame, value, found) if value.dotted in _LOGGERS else found

    def _add_registered(self, found: Effects, frame: Frame, called: Value) -> None:
        """Adds what a call runs of what the program registered with the object; what it starts is placed."""
        if frame.nesting:
            return
        site = frame.link.site
        for item in self._callbacks.run_by(frame.key, site, called):
            if item.is_started and item.registering.model is not None:
                model, style = item.registering.model, item.registering.style
                placement = Placement(site, item.values, Arguments(spread=True), model, style, item.name)
                witness = Witness(0, 1, item.name, site, item.name).assuming(*item.reasons)
                place(self._evaluator, self._effects_of, frame, found, placement, witness)
                continue
            for target in callables(item.values):
                ran = self._run(frame.nested(), Target(target, Arguments(spread=True)))
                for effect, witness in ran.items():
                    if not _is_awaited(item.registering.bridge, called, witness.cause):
                        add(found, effect, witness.assuming(*item.reasons, *item.values.reasons))

    def call(self, frame: Frame, value: ExternalInstance, arguments: Arguments) -> Effects:
        """The effects of a call of an instance, which a file must state by name: what is said of all other
        methods of a class is not said of calling its instances."""
        fact = self._evaluator.catalog.method(value.dotted, "__call__")
        if fact is None or fact.by_star:
            return {}
        return self._fact(frame, fact, arguments, ExternalMethod(value.dotted, "__call__"), value.dotted)

    def _fact(
        self, frame: Frame, fact: CallableFact, arguments: Arguments, called: Value, receiver: str = ""
    ) -> Effects:
        if fact.coroutine:
            return {}
        result: Effects = {}
        if fact.runs_loop and not frame.link.awaited:
            witness = Witness(0, 1, fact.name, frame.link.site, fact.name)
            add(result, Effect(Kind.RUNS_LOOP, "", ALL_MODELS), witness)
        if fact.name in LOOP_BOUND and not self._made_its_loop(frame):
            effect = Effect(Kind.USES_LOOP, "", ExecutionModel.THREAD.bit)
            add(result, effect, Witness(0, 1, fact.name, frame.link.site, fact.name))
        if fact.iterates is not None:
            self._iterate(result, frame, fact, arguments)
        if fact.effect in _KINDS:
            if fact.effect is Stated.WAITS or fact.weight >= Weight.HEAVY:
                self._own_effect(result, frame, fact, _KINDS[fact.effect], arguments, called)
            return result
        if fact.family is not None:  # it places its argument and waits for the end
            self._own_effect(result, frame, fact, Kind.WAITS, arguments, called)
        placing = fact.placing
        if placing is None or (placing.in_coroutine and not self._is_coroutine(frame.key)):
            return result
        bound = handed_over(self._evaluator, fact, placing, arguments)
        if bound is None:
            return result
        each = placing.arguments.startswith("each:")
        given = handed_arguments(self._evaluator, fact, placing, arguments)
        if fact.effect is Stated.CALLS:
            if fact.name in LAZY and not self._is_consumed(frame.key, frame.link.site):
                return result  # runs where it is iterated
            given = self._items_of(given) if each else given
            for target in callables(bound):
                add_all(result, self._run(frame.nested(), Target(target, given)))
            return result
        model = placing_model(self._evaluator, fact, placing, arguments, receiver)
        if model is not None:
            site = frame.link.site
            placement = Placement(
                site, bound, given, model, placing.style, fact.name, each, phase=placing.phase
            )
            witness = Witness(0, 1, fact.name, site, fact.name)
            place(self._evaluator, self._effects_of, frame, result, placement, witness)
        elif placing.executor_parameter:
            self._leave_executor_to_caller(result, frame, fact, arguments, bound)
        elif not frame.nesting:
            self._leave_to_caller(result, frame, fact)
        return result

    def _leave_executor_to_caller(
        self, result: Effects, frame: Frame, fact: CallableFact, arguments: Arguments, bound: ValueSet
    ) -> None:
        """Work for a pool that the function is given (`loop.run_in_executor(pool, work)`): of what kind that
        is the callers know."""
        placing = fact.placing
        assert placing is not None
        passed = stated_argument(fact.signature, placing.executor_parameter, arguments)
        pool = given_parameter(self._evaluator, passed) if passed is not None else None
        if pool is None:
            return
        site = frame.link.site
        witness = Witness(0, 1, fact.name, site, fact.name)
        for model in (ExecutionModel.THREAD, ExecutionModel.PROCESS):
            placement = Placement(site, bound, EVERYTHING, model, placing.style, fact.name)
            place(
                self._evaluator,
                self._effects_of,
                frame,
                result,
                placement,
                witness,
                if_executor_of(pool, model),
            )

    def _made_its_loop(self, frame: Frame) -> bool:
        """Whether the loop that a method is called of may be one that the caller has made itself, where none
        runs (`except RuntimeError: loop = asyncio.new_event_loop()`): no other thread runs that."""
        body = self._evaluator.body(frame.key)
        receiver = graph.receiver(body, body.sites[frame.link.site])
        made = graph.made_from(body, [receiver]) if receiver >= 0 else ()
        return any(
            isinstance(function, External)
            and loop_given_by(self._evaluator.catalog.canonical(function.dotted)) == OTHER_LOOP
            for value in made
            if (call := graph.call(body, value)) is not None
            for function in self._evaluator.evaluate(frame.key, call.callee).values
        )

    def _is_coroutine(self, key: Key) -> bool:
        return self._evaluator.definition(key).kind == DefKind.ASYNC_FUNCTION

    def _leave_to_caller(self, result: Effects, frame: Frame, fact: CallableFact) -> None:
        """Work for a pool of which only the interface is stated (`pool: Executor`): what kind of pool it is
        the callers know."""
        body = self._evaluator.body(frame.key)
        site = body.sites[frame.link.site]
        receiver = graph.node(body, graph.receiver(body, site))
        if receiver[0] == Op.PARAM and site.kind == SiteKind.CALL:
            method = str(graph.node(body, site.callee)[2])
            pool = Parameter(frame.key, graph.number(receiver), (method,))
            witness = Witness(0, 1, fact.name, frame.link.site, fact.name)
            add(result, Effect(Kind.CALLS, "", ALL_MODELS, pool), witness)

    def _items_of(self, arguments: Arguments) -> Arguments:
        """The arguments of a callable that is called for each item of the iterables passed."""
        items = (self._evaluator.element(self._evaluator.passed(item)) for item in arguments.positional)
        return Arguments(tuple(items), (), arguments.spread)

    def _own_effect(
        self,
        result: Effects,
        frame: Frame,
        fact: CallableFact,
        kind: Kind,
        arguments: Arguments,
        called: Value,
    ) -> None:
        if frame.link.awaited:
            return  # what is awaited does not block: the type must be another
        if fact.name in FUTURE_RESULTS and is_done_by_then(self._evaluator.body(frame.key), frame.link.site):
            return
        if (
            fact.name in EVENT_WAITS
            and not frame.nesting
            and (
                is_set_by_then(self._evaluator, frame.key, frame.link.site)
                or self._loop_starts.are_waited_for(frame.key, frame.link.site)
            )
        ):
            return
        if fact.family is Family.HTTP and is_switched_off(self._evaluator, frame.key, fact.name):
            return
        verdict = judge_conditions(self._evaluator, fact, arguments)
        if not verdict.present:
            return
        self._waits_for_loop(result, frame, fact, called, arguments)
        if fact.family is Family.DATABASE:
            opened = self._evaluator.results.opened(called, arguments)
            if opened == IN_MEMORY:
                return
            if opened is not None and verdict.dependence is None:
                verdict = verdict._replace(dependence=unless_in_memory(opened))
        family = fact.family.value if fact.family is not None else "compute"
        effect = Effect(kind, family, ALL_MODELS, dependence=verdict.dependence)
        witness = Witness(0, 1, fact.name, frame.link.site, fact.name)
        if verdict.assumption:
            witness = witness.assuming(verdict.assumption)
        for _ in range(self._doubts(frame, fact)):
            witness = witness.assuming(f"{fact.name} blocks often, not always")
        add(result, effect, witness)

    def _waits_for_loop(
        self, result: Effects, frame: Frame, fact: CallableFact, called: Value, arguments: Arguments
    ) -> None:
        """That it waits for what a loop will do, which that loop never does while it is stopped by this."""
        loop = self._evaluator.results.opened(called, arguments) if fact.name in FUTURE_RESULTS else None
        if loop is None and fact.name in ENDED_BY and not frame.nesting:
            loop = loop_that_sets(self._evaluator, frame.key, frame.link.site, ENDED_BY[fact.name])
        if loop in (THIS_LOOP, KEPT_LOOP) or isinstance(loop, Parameter):
            effect = Effect(
                Kind.WAITS_FOR_ITSELF, "loop", ExecutionModel.EVENT_LOOP.bit, dependence=if_this_loop(loop)
            )
            witness = Witness(0, 1, fact.name, frame.link.site, fact.name)
            add(result, effect, witness.assuming(OF_KEPT_LOOP) if loop == KEPT_LOOP else witness)

    def _doubts(self, frame: Frame, fact: CallableFact) -> int:
        """How many doubts there are that a fact, which the catalog may state with some, holds at the site."""
        doubts = Confidence.HIGH - fact.confidence
        if frame.nesting:
            return doubts
        lock, _, method = fact.name.rpartition(".")
        if fact.family is Family.LOCKS and method == "acquire":
            entered = self._evaluator.catalog.method(lock, "__enter__")
            if entered is not None and is_released_at_once(self._evaluator, frame.key, frame.link.site):
                doubts = Confidence.HIGH - entered.confidence
        if not doubts:
            return doubts
        if fact.name == EXECUTOR_EXIT:
            found = doubts_of_exit(self._evaluator.body(frame.key), frame.link.site)
            return doubts if found is None else found
        if fact.family is Family.LOCKS and is_held_across_await(
            self._evaluator, frame.key, frame.link.site, fact.name
        ):
            return 0
        if fact.family is Family.LOCKS and is_held_for_long(self._evaluator, frame.key, frame.link.site):
            return min(doubts, 1)
        return doubts

    def _is_gone_through(self, frame: Frame) -> bool:
        """Whether the iterator that a call gives is iterated in the same body, by a loop or by what takes its
        items; not where it is handed on to who may iterate it."""
        key, number = frame.key, frame.link.site
        body = self._evaluator.body(key)
        results = {index for index, node in enumerate(body.values) if node[:2] == (Op.CALL, number)}
        for site in body.sites:
            if site.kind in (SiteKind.ITERATE, SiteKind.CONTAINS) and site.callee in results:
                return True
            if site.kind == SiteKind.CALL and any(value in results for _, value in site.args):
                name = graph.node(body, site.callee)[-1]
                if name in _CONSUMING:
                    return True
        return False

    def _is_consumed(self, key: Key, number: int) -> bool:
        """Whether the result of a lazy call is iterated or handed on in the same body."""
        body = self._evaluator.body(key)
        results = {index for index, node in enumerate(body.values) if node[:2] == (Op.CALL, number)}
        return any(
            (site.kind == SiteKind.ITERATE and site.callee in results)
            or any(value in results for _, value in site.args)
            for site in body.sites
        )

    def _iterate(self, result: Effects, frame: Frame, fact: CallableFact, arguments: Arguments) -> None:
        passed = stated_argument(fact.signature, fact.iterates or "", arguments)
        if passed is None:
            return
        for value in self._evaluator.passed(passed).values:
            only_next = fact.name == "builtins.next"
            targets = invoked(self._evaluator, value, "__next__") if only_next else ()
            for target in targets or itertools.chain(*iterated(self._evaluator, value)):
                add_all(result, self._run(frame.nested(), target))


def _is_awaited(bridge: str, called: Value, cause: str) -> bool:
    """Whether a library awaits what its own objects wait for in a callable that one of its methods runs."""
    is_bridged = bridge and isinstance(called, ExternalMethod) and called.dotted.startswith(bridge)
    return bool(is_bridged) and cause.split(".", 1)[0] == bridge.split(".", 1)[0]
