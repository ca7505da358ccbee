"""Calls of the program's own functions and classes: their effects, as one caller sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from conclint.conditions.argument_conditions import reads_parameter
from conclint.conditions.optional_attributes import MissingParts
from conclint.conditions.stated_conditions import ArgumentCondition
from conclint.effects.bindings import Bindings, is_made_with, passes_on
from conclint.effects.cached_functions import CachedFunctions
from conclint.effects.dual_functions import AwaitedResults, DualFunctions, is_only_result, returns_result
from conclint.effects.effects import (
    CALLED,
    WAITING,
    WORK,
    Effect,
    Effects,
    Kind,
    Placement,
    Pointer,
    Witness,
    add,
    way_of,
)
from conclint.effects.forwarded_arguments import forwarded_arguments
from conclint.effects.frame import Frame, Run
from conclint.effects.hooks import hooked
from conclint.effects.placements import inherited_placements, place
from conclint.effects.self_calls import OwnMethods
from conclint.model.execution import ExecutionModel, Family
from conclint.resolve.arguments import EVERYTHING, Arguments
from conclint.resolve.calls import Target, callable_name, callables
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.in_memory import without_shadowed_methods
from conclint.resolve.values import (
    ITERATED,
    Above,
    Awaitable,
    Class,
    Function,
    Instance,
    Key,
    Parameter,
    Value,
    ValueSet,
)
from conclint.summary import body_graph as graph
from conclint.summary.records import DefKind, SiteKind

_MOST_RETURNED = 6
_MAX_LENGTH = 100
_SEVERAL = "only one of several things that may be called here"
_ATTRIBUTE_METHODS = frozenset({"__getattribute__", "__getattr__", "__setattr__", "__delattr__"})
_ATTRIBUTES = "for which attributes it does so, is not known"
_VALUES = "for which values it does so, is not known"

_GIVING_DATA = (Family.FILES.value, Family.HTTP.value, Family.SOCKETS.value, Family.SLEEP.value)
"""Families of waits that end in data, not in what somebody has put there: a queue may hold coroutines."""


class ProgramCalls:
    """Effects of calls of the program's functions; `effects_of` gives a function's own, as far as they are
    known, and `run` those of a call's arguments that the function calls."""

    def __init__(
        self, evaluator: Evaluator, effects_of: Callable[[Key], Effects], own: OwnMethods, run: Run
    ) -> None:
        self._evaluator = evaluator
        self._effects_of = effects_of
        self._own = own
        self._run = run
        self._parts = MissingParts(evaluator)
        self._dual = DualFunctions(evaluator)
        self._awaited = AwaitedResults(evaluator)
        self._cached = CachedFunctions(evaluator)
        self._undecided: dict[Key, set[Parameter | None]] = {}

    def function(self, frame: Frame, function: Function, arguments: Arguments) -> Effects:
        """The effects of running a function's body."""
        result: Effects = {}
        decoration = self._evaluator.decorations.of(function.key)
        if decoration.twin is not None and not frame.nesting and self._is_awaited(frame):
            function = function._replace(key=decoration.twin)
            decoration = self._evaluator.decorations.of(function.key)
        is_cached = decoration.is_cached
        if is_cached and self._cached.is_made_on_import(function.key):
            return result
        effects = self._effects_of(function.key)
        if not effects:
            return result
        # Kept once found: taking it back would bring the effects back that led to it, and so on for ever.
        undecided = self._undecided.setdefault(function.key, set())
        undecided |= _undecided(effects)
        symbol = callable_name(self._evaluator, function)
        is_coroutine = self._is_coroutine(function)
        beforehand = is_cached and self._cached.is_made_in_thread(function.key, frame.key[0])
        is_inherited = self._own.is_inherited(function)
        awaited = self._is_awaited(frame)
        is_for_attributes = self._evaluator.definition(function.key).name in _ATTRIBUTE_METHODS
        bindings = Bindings(self._evaluator, frame.key, function, arguments)
        for effect, inner in list(effects.items()):
            if inner.length > _MAX_LENGTH:
                continue  # an effect that only a cycle of calls still holds up
            is_aside = effect.kind in WORK and self._is_aside((function.key, effect), inner)
            if is_aside and awaited:
                continue
            if awaited and self._is_mistaken(function, effect, inner):
                continue
            if is_inherited and self._own.is_overridden(function, inner):
                continue
            witness = _raised(inner, (function.key, effect), symbol, frame.link.site, is_cached)
            if beforehand and effect.kind not in (Kind.CALLS, Kind.PLACES):
                witness = witness.assuming(f"a thread calls {symbol} beforehand")
            if is_aside and self._may_give_awaitable(function, arguments):
                if effect.kind is Kind.RUNS_LOOP:
                    continue  # it runs a loop for those alone that are on none
                witness = witness.assuming(f"{symbol} may return an awaitable instead")
            if effect.kind is not Kind.PLACES:
                steps = self._on_self(function.key, inner)
                witness = witness.assuming(*self._parts.reasons(function.receiver, steps))
            if is_for_attributes and self._is_for_some(function.key, effect, inner):
                witness = witness.assuming(_ATTRIBUTES, _ATTRIBUTES)
            if effect.dependence is not None:
                settled = bindings.settle(effect.dependence, doubts_branches=effect.kind in WAITING)
                if not settled.is_present:
                    continue
                effect = effect._replace(dependence=settled.dependence)
                witness = witness.assuming(*settled.reasons)
            if effect.parameter is not None and effect.kind in (Kind.CALLS, Kind.PLACES):
                if effect.parameter in undecided:
                    self._pass_on(result, effect, bindings.of(effect.parameter), witness)
                    continue
                bound = bindings.of_callable(effect.parameter)
                if (
                    awaited
                    and effect.kind is Kind.CALLS
                    and self._dual.is_aside_with(function.key, inner.site, bound.values)
                ):
                    continue
                given = bindings.given(inner) if callables(bound) else EVERYTHING
                if effect.model is not None and effect.family != CALLED:
                    passed = forwarded_arguments(self._evaluator, function, effect.parameter, arguments)
                    self._place(
                        frame,
                        result,
                        effect.model,
                        effect.family,
                        bound,
                        witness,
                        passed,
                        dependence=effect.dependence,
                    )
                elif effect.model is not None or is_coroutine:
                    does = self._called_by_coroutine(frame, bound, given, witness, effect)
                    self._place(
                        frame,
                        result,
                        ExecutionModel.EVENT_LOOP,
                        CALLED,
                        bound,
                        witness,
                        does=tuple(does.items()),
                    )
                else:
                    self._call_bound(frame, result, bound, given, witness, effect)
            elif not is_coroutine or (inner.site < 0 and frame.link.awaited):
                add(result, effect, witness)
            elif frame.link.awaited and self._evaluator.program.finder.is_installed(function.key[0]):
                # Nobody else can be told: a finding never points into a file that was not asked for.
                add(result, effect, witness.assuming(f"{symbol} is a coroutine of an installed package"))
        return result

    def _is_for_some(self, key: Key, effect: Effect, inner: Witness) -> bool:
        """Whether an effect of a method that gets each attribute stands under a test that the attribute's
        name does not decide."""
        body = self._evaluator.body(key)
        around = graph.around(body, body.sites[inner.site].region) if inner.site >= 0 else ()
        tests = [
            item.value for item in map(body.regions.__getitem__, around) if item.kind in graph.CONDITIONAL
        ]
        return bool(tests) and (
            effect.dependence is None or not all(reads_parameter(body, test, 1) for test in tests)
        )

    def _on_self(self, key: Key, witness: Witness) -> Iterator[tuple[Key, int]]:
        """The witness's site, and those of the methods that it leads through on the same object."""
        for step, inner in way_of(self._effects_of, key, witness, _MOST_RETURNED):
            yield step, inner.site
            if not inner.own:
                return

    def _is_mistaken(self, function: Function, effect: Effect, witness: Witness) -> bool:
        """Whether what an awaited plain function returns is what its call of a library's function gives:
        nothing that waits for data gives an awaitable, so its object is of another type than is stated."""
        return (
            effect.kind in WORK
            and effect.family in _GIVING_DATA
            and witness.next is None
            and self._evaluator.definition(function.key).kind == DefKind.FUNCTION
            and is_only_result(self._evaluator.body(function.key), witness.site)
        )

    def _is_aside(self, pointer: Pointer, witness: Witness) -> bool:
        """Whether the effect is on no way to an awaitable: in the function, or in one whose result it
        returns."""
        for key, inner in way_of(self._effects_of, pointer[0], witness, _MOST_RETURNED):
            if self._dual.is_aside(key, inner.site):
                return True
            if not returns_result(self._evaluator.body(key), inner.site):
                return False
        return False

    def _may_give_awaitable(self, function: Function, arguments: Arguments) -> bool:
        """Whether one of the things that a call may give is known to be an awaitable."""
        given = self._evaluator.results.returned(function, arguments)
        return any(isinstance(value, Awaitable) for value in given.values)

    def _is_awaited(self, frame: Frame) -> bool:
        """Whether what the call gives is wanted as an awaitable."""
        if frame.link.awaited:
            return True
        return not frame.nesting and self._awaited.wants(frame.key, frame.link.site)

    def _is_coroutine(self, function: Function) -> bool:
        definition = self._evaluator.definition(function.key)
        return definition.kind == DefKind.ASYNC_FUNCTION

    def _pass_on(self, result: Effects, effect: Effect, bound: ValueSet, witness: Witness) -> None:
        """A parameter that may run here or elsewhere: nothing is sure for what it is bound to, but a
        wrapper around this one is a wrapper too."""
        for value in bound.values:
            if isinstance(value, Parameter) and passes_on(self._evaluator, value):
                add(result, effect._replace(parameter=value), witness)

    def _place(
        self,
        frame: Frame,
        result: Effects,
        model: ExecutionModel,
        style: str,
        bound: ValueSet,
        witness: Witness,
        passed: Arguments = EVERYTHING,
        does: tuple[tuple[Effect, Witness], ...] = (),
        dependence: ArgumentCondition | None = None,
    ) -> None:
        """The callee hands its parameter to a model: what the parameter is bound to."""
        placement = Placement(
            witness.site, bound, passed, model, style, witness.symbol, via=witness.next, does=does
        )
        place(self._evaluator, self._effects_of, frame, result, placement, witness, dependence)

    def _called_by_coroutine(
        self, frame: Frame, bound: ValueSet, given: Arguments, witness: Witness, call: Effect
    ) -> Effects:
        """What a coroutine does by calling its parameter: where it runs, not where it is made."""
        told = tuple(value for value in bound.values if not isinstance(value, Parameter))
        found: Effects = {}
        if told:
            # what a callback places, it places itself; and what is awaited is the coroutine
            aside = frame._replace(placements=[], link=frame.link._replace(awaited=False))
            self._call_bound(aside, found, bound._replace(values=told), given, witness, call)
        return {effect: why for effect, why in found.items() if effect.kind in WORK}

    def _call_bound(
        self,
        frame: Frame,
        result: Effects,
        bound: ValueSet,
        given: Arguments,
        witness: Witness,
        call: Effect,
    ) -> None:
        """The callee runs its parameter: the effects of what the parameter is bound to, here."""
        values = without_shadowed_methods(callables(bound))
        names = call.parameter.attributes if call.parameter is not None else ()
        # the order of classes has chosen; iterating one object runs one method after the other
        is_one = any(isinstance(name, Above) for name in names) or (
            names[-1:] == (ITERATED,) and _is_of_one(values)
        )
        parts = [self._run(frame.nested(), Target(value, given)) for value in values]
        kinds = [{(effect.kind, effect.family) for effect in part} for part in parts]
        for value, part in zip(values, parts, strict=True):
            for effect, then in part.items():
                if not is_one and any((effect.kind, effect.family) not in others for others in kinds):
                    then = then.assuming(_SEVERAL, _SEVERAL)
                effect = effect._replace(
                    mask=effect.mask & call.mask, dependence=effect.dependence or call.dependence
                )
                if effect.kind == Kind.CALLS and isinstance(value, Parameter):
                    if passes_on(self._evaluator, value) or is_made_with(self._evaluator, value, frame.key):
                        add(result, effect, witness)
                    continue
                combined = witness._replace(
                    assumptions=witness.assumptions + then.assumptions + bound.incomplete,
                    length=witness.length + then.length - 1,
                    cause=then.cause,
                    reasons=witness.reasons + then.reasons,
                    then=then,
                    conditions=witness.conditions + then.conditions,
                )
                add(result, effect, combined)

    def _metaclass_calls(self, cls: Class) -> Iterator[Function]:
        """The `__call__` of the class's metaclass, which makes instances."""
        for owner in self._evaluator.classes.ancestry(cls).classes:
            if not isinstance(owner, Class):
                continue
            keywords = dict(self._evaluator.definition(owner.key).keywords)
            if "metaclass" in keywords:
                scope = self._evaluator.scope(owner.key)
                for meta in self._evaluator.evaluate(scope, keywords["metaclass"]).values:
                    if isinstance(meta, Class):
                        found = self._evaluator.classes.method(meta, "__call__", Instance(meta)).values
                        yield from (method for method in found if isinstance(method, Function))
                return

    def construction(self, frame: Frame, cls: Class, arguments: Arguments) -> Effects:
        """The effects of making an instance of a class."""
        is_made = self._evaluator.body(frame.key).sites[frame.link.site].kind == SiteKind.CALL
        receiver = Instance(cls, made=(frame.key, frame.link.site) if is_made and not frame.nesting else None)
        classes = self._evaluator.classes
        symbol = callable_name(self._evaluator, cls)
        result: Effects = {}
        made = classes.method(cls, "__init__", receiver)
        inits = made.values or classes.method(cls, "__post_init__", receiver).values
        makers = tuple(v for v in classes.method(cls, "__new__", cls).values if isinstance(v, Function))
        hooks = tuple(hooked(self._evaluator, cls, "__init__"))
        for method in (*self._metaclass_calls(cls), *makers, *inits, *hooks):
            for effect, witness in self._run(frame.nested(), Target(method, arguments)).items():
                if method in hooks and witness.conditions:  # a validator's tests are of what it is given
                    witness = witness.assuming(_VALUES, _VALUES)
                named = witness._replace(symbol=symbol) if isinstance(method, Function) else witness
                add(result, effect, named)
        frame.placements.extend(inherited_placements(self._evaluator, frame.link, cls))
        return result


def _is_of_one(values: Sequence[Value]) -> bool:
    """Whether methods are all of one class's instances."""
    receivers = {value.receiver if isinstance(value, Function) else value for value in values}
    classes = {item.cls if isinstance(item, Instance) else item for item in receivers}
    return len(classes) == 1


def _raised(inner: Witness, pointer: Pointer, symbol: str, site: int, is_cached: bool) -> Witness:
    """The witness of an effect that comes up from a function, where a site calls it."""
    kind = pointer[1].kind
    witness = Witness(
        inner.assumptions,
        inner.length + 1,
        symbol,
        site,
        inner.cause,
        inner.reasons,
        pointer,
        conditions=inner.conditions,
    )
    if inner.hedges:
        witness = witness.assuming(*(f"{symbol} {hedge}" for hedge in inner.hedges))
    if is_cached and kind not in (Kind.CALLS, Kind.PLACES):
        witness = witness.assuming(f"{symbol} is cached: only the first call does the work")
        if kind not in WAITING:  # and that, as a rule, for a secret or a file that stays
            witness = witness.assuming(f"what {symbol} computes stays computed")
    return witness


def _undecided(effects: Effects) -> set[Parameter | None]:
    """The parameters that the function runs on more than one model, as its branches decide: called here
    and handed to a thread, or handed to the loop and to a thread."""
    models: dict[Parameter | None, set[ExecutionModel | None]] = {}
    chosen: set[Parameter | None] = set()
    """Those that run where an argument says, which a call decides."""
    for effect in effects:
        if effect.kind in (Kind.CALLS, Kind.PLACES):
            if effect.dependence is not None and effect.dependence.is_about_executor:
                chosen.add(effect.parameter)
                continue
            called = effect.kind == Kind.CALLS or effect.family == CALLED
            models.setdefault(effect.parameter, set()).add(None if called else effect.model)
    return {parameter for parameter, found in models.items() if len(found) > 1 or parameter in chosen}
