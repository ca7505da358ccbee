"""The transfer function: what a call site does, given what is known of the things it may run."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from conclint.catalog.facts import CallableFact, Placing
from conclint.catalog.facts import Effect as Stated
from conclint.link.arguments import EVERYTHING, Arguments, Passed, arguments_of
from conclint.link.calls import Link, Target, callable_name, callables, invoked, iterated, protocol_targets
from conclint.link.conditions import Dependence, Truth, depends_hold, judge_conditions, stated_argument
from conclint.link.evaluate import Evaluator
from conclint.link.values import (
    Awaitable,
    Class,
    Container,
    ContextManager,
    Display,
    External,
    ExternalInstance,
    ExternalMethod,
    Function,
    Generator,
    Instance,
    Key,
    Known,
    Literal,
    Parameter,
    Partial,
    SuperOf,
    Value,
    to_index,
    union,
)
from conclint.model.execution import ALL_MODELS, Confidence, ExecutionModel, Family, Weight
from conclint.model.summary import Assertion, DefFlags, DefKind, Op, SiteKind
from conclint.propagate.effects import Effect, Effects, Kind, Placement, Witness, add

_CALLED = "call"
"""The style of what a coroutine calls: on the loop, but by no callback."""
_MAX_NESTING = 6
_MAX_LENGTH = 100
_KINDS = {
    Stated.WAITS: Kind.WAITS,
    Stated.COMPUTES_GIL: Kind.COMPUTES_GIL,
    Stated.COMPUTES_NOGIL: Kind.COMPUTES_NOGIL,
}
_LAZY = frozenset({"builtins.map", "builtins.filter"})
_SEVERAL = "only one of several things that may be called here"
_HELD = "a lock that is held briefly is usually free"
_ELSE = "the thing called here may be something else too"


class Transfer:
    """Effects of sites. `effects_of` gives the effects of a function, as far as they are known."""

    def __init__(self, evaluator: Evaluator, effects_of: Callable[[Key], Effects]) -> None:
        self._evaluator = evaluator
        self._undecided: dict[Key, set[Parameter | None]] = {}
        self._effects_of = effects_of

    def link_effects(self, key: Key, link: Link, placements: list[Placement]) -> Effects:
        """The effects of all that the site may run; placements it makes are appended."""
        result: Effects = {}
        for group in link.groups:
            group = self._awaitable(group) if link.awaited else group
            made: list[list[Placement]] = [[] for _ in group]
            parts = [self._target(key, link, target, made[number], 0) for number, target in enumerate(group)]
            placements.extend(_agreed(made))
            for number, part in enumerate(parts):
                for effect, witness in part.items():
                    add(result, effect, self._weighed(key, effect, witness, number, parts, link))
        return result

    def _awaitable(self, group: tuple[Target, ...]) -> tuple[Target, ...]:
        """The targets without the functions that can't be what is awaited, where others are coroutines (a
        client that is one of a synchronous and an asynchronous class)."""
        kinds = [self._kind(target.value) for target in group]
        if DefKind.ASYNC_FUNCTION not in kinds:
            return group
        return tuple(target for target, kind in zip(group, kinds, strict=True) if kind != DefKind.FUNCTION)

    def _kind(self, value: Value) -> int | None:
        if not isinstance(value, Function):
            return None
        return self._evaluator.module(value.key[0]).definition(value.key[1]).kind

    def _weighed(
        self, key: Key, effect: Effect, witness: Witness, number: int, parts: list[Effects], link: Link
    ) -> Witness:
        """The witness with the assumptions that come from the site itself."""
        reasons = list(link.reasons)
        if self._enters_lock(key, effect, witness, link):
            reasons += [_HELD, _HELD]
        if effect.kind not in (Kind.CALLS, Kind.PLACES):
            kinds = (effect.kind, effect.family)
            for other_number, other in enumerate(parts):
                if other_number != number and all((e.kind, e.family) != kinds for e in other):
                    reasons += [_SEVERAL, _SEVERAL]
                    break
            if link.partial:
                reasons.append(_ELSE)
        if not reasons:
            return witness
        return _assume(witness, *reasons)

    def _enters_lock(self, key: Key, effect: Effect, witness: Witness, link: Link) -> bool:
        """Whether the site enters a lock that the program made itself (a read-write lock, say)."""
        if effect.kind is not Kind.WAITS or effect.family != Family.LOCKS.value or witness.next is None:
            return False
        return self._evaluator.body(key).sites[link.site].kind == SiteKind.ENTER

    def _target(
        self, key: Key, link: Link, target: Target, placements: list[Placement], nesting: int
    ) -> Effects:
        value = target.value
        if nesting > _MAX_NESTING:
            return {}
        if isinstance(value, Function):
            found = self._function(key, link, value, target.arguments, placements, nesting)
            return self._of_own_method(key, link, value, found) if not nesting else found
        if isinstance(value, (Generator, ContextManager)):
            return self._body_of(key, link, value.function, target.arguments, placements, nesting)
        if isinstance(value, Class):
            return self._construct(key, link, value, target.arguments, placements, nesting)
        if isinstance(value, External):
            return self._external(key, link, value, target.arguments, placements, nesting)
        if isinstance(value, ExternalMethod):
            fact = self._evaluator.catalog.method(value.dotted, value.name)
            if fact is None:
                return {}
            return self._fact(key, link, fact, target.arguments, placements, nesting, value.dotted)
        if isinstance(value, Partial):
            arguments = self._evaluator.results.with_partial(value, target.arguments)
            return self._target(key, link, Target(value.target, arguments), placements, nesting + 1)
        if isinstance(value, Instance):
            result: Effects = {}
            for method in self._evaluator.classes.method(value.cls, "__call__", value).values:
                inner = Target(method, target.arguments)
                result.update(self._target(key, link, inner, placements, nesting + 1))
            return result
        if isinstance(value, Parameter):
            if link.awaited:
                return {}  # a coroutine function, then: a callable that blocks would not be awaited
            name = self._parameter_name(value)
            effect = Effect(Kind.CALLS, "", ALL_MODELS, value)
            return {effect: Witness(0, 1, name, link.site, name)}
        return {}

    def _of_own_method(self, key: Key, link: Link, function: Function, effects: Effects) -> Effects:
        """The effects of a call of the receiver's own method, marked as such: a caller that knows the
        receiver's class may find that it overrides the method."""
        receiver = function.receiver
        if not isinstance(receiver, Instance) or receiver.own is None or receiver.own.attributes:
            return effects
        site = self._evaluator.body(key).sites[link.site]
        node = self._evaluator.body(key).values[site.callee]
        if node[0] != Op.ATTR or site.kind not in (SiteKind.CALL, SiteKind.ATTR):
            return effects
        name = str(node[2])
        if any(isinstance(v, SuperOf) for v in self._evaluator.evaluate(key, to_index(node[1])).values):
            owner = self._evaluator.module(receiver.own.key[0]).enclosing_class(receiver.own.key[1])
            if owner is None:
                return effects
            name = f"super {(receiver.own.key[0], owner)} {name}"
        if name.startswith("__") or (site.kind == SiteKind.CALL and link.awaited):
            return {effect: witness._replace(own=name) for effect, witness in effects.items()}
        result = {effect: witness._replace(own=name) for effect, witness in effects.items()}
        parameter = receiver.own._replace(attributes=(name,))
        symbol = callable_name(self._evaluator, function)
        add(result, Effect(Kind.CALLS, "", ALL_MODELS, parameter), Witness(0, 1, symbol, link.site, symbol))
        return result

    def _is_overridden(self, function: Function, witness: Witness, depth: int = 0) -> bool:
        """Whether an effect comes from a method that the receiver's class overrides."""
        receiver = function.receiver
        if (
            not witness.own
            or witness.next is None
            or not isinstance(receiver, Instance)
            or depth > _MAX_NESTING
        ):
            return False
        held = self._evaluator.classes.attribute(receiver, witness.own).values
        methods = [value for value in held if isinstance(value, Function)]
        if methods and all(value.key != witness.next[0] for value in methods):
            return True
        inner = self._effects_of(witness.next[0]).get(witness.next[1])
        return inner is not None and self._is_overridden(function, inner, depth + 1)

    def _is_inherited(self, function: Function) -> bool:
        """Whether the function is a method that the receiver's class inherits."""
        receiver = function.receiver
        if not isinstance(receiver, Instance):
            return False
        owner = self._evaluator.module(function.key[0]).enclosing_class(function.key[1])
        return owner is not None and receiver.cls.key != (function.key[0], owner)

    def _passes_on(self, parameter: Parameter) -> bool:
        """Whether the callers' callers may be asked too: for an argument itself or an item of it, and for
        the receiver's methods; a method of another argument is asked of the next caller only."""
        if not parameter.reads_attribute:
            return True
        module = self._evaluator.module(parameter.key[0])
        return parameter.position == 0 and module.enclosing_class(parameter.key[1]) is not None

    def _bound_method(self, key: Key, effect: Effect, function: Function, arguments: Arguments) -> Known:
        """What the receiver's method in an effect is for this caller: nothing new where the class that
        was assumed has the same; the caller's own receiver's besides, which its callers may know."""
        assert effect.parameter is not None
        bound = self._bound(key, effect.parameter, function, arguments)
        receiver = function.receiver
        if not isinstance(receiver, Instance) or effect.parameter.key != function.key:
            return bound
        if effect.parameter.position or len(effect.parameter.attributes) != 1:
            return bound
        name = effect.parameter.attributes[0]
        module = self._evaluator.module(function.key[0])
        owner = module.enclosing_class(function.key[1])
        if owner is None:
            return bound
        assumed = self._evaluator.classes.attribute(Instance(Class((function.key[0], owner))), name)
        had = {v.key for v in assumed.values if isinstance(v, Function) and not self._is_stub(v)}
        values = [v for v in bound.values if not (isinstance(v, Function) and v.key in had)]
        if receiver.own is not None and not receiver.own.attributes:
            values.append(receiver.own._replace(attributes=(name,)))
        return bound._replace(values=tuple(dict.fromkeys(values)))

    def _is_stub(self, function: Function) -> bool:
        definition = self._evaluator.module(function.key[0]).definition(function.key[1])
        return bool(definition.flags & DefFlags.STUB)

    def _parameter_name(self, value: Parameter) -> str:
        module = self._evaluator.module(value.key[0])
        name = module.definition(value.key[1]).params[value.position].name
        return ".".join((name, *value.attributes))

    # -- functions and classes of the program ---------------------------------------------------

    def _function(
        self,
        key: Key,
        link: Link,
        function: Function,
        arguments: Arguments,
        placements: list[Placement],
        nesting: int,
    ) -> Effects:
        definition = self._evaluator.module(function.key[0]).definition(function.key[1])
        if definition.flags & DefFlags.GENERATOR and definition.kind != DefKind.ASYNC_FUNCTION:
            return {}  # runs where it is iterated
        return self._body_of(key, link, function, arguments, placements, nesting)

    def _body_of(
        self,
        key: Key,
        link: Link,
        function: Function,
        arguments: Arguments,
        placements: list[Placement],
        nesting: int,
    ) -> Effects:
        definition = self._evaluator.module(function.key[0]).definition(function.key[1])
        symbol = callable_name(self._evaluator, function)
        coroutine = definition.kind == DefKind.ASYNC_FUNCTION
        result: Effects = {}
        is_cached = self._evaluator.decorations.of(function.key).is_cached
        if is_cached and self._is_prewarmed(function.key):
            return result
        effects = self._effects_of(function.key)
        # Kept once found: taking it back would bring the effects back that led to it, and so on for ever.
        undecided = self._undecided.setdefault(function.key, set())
        undecided |= _undecided(effects)
        is_inherited = self._is_inherited(function)
        for effect, inner in list(effects.items()):
            if inner.length > _MAX_LENGTH:
                continue  # an effect that only a cycle of calls still holds up
            if is_inherited and self._is_overridden(function, inner):
                continue
            witness = Witness(
                inner.assumptions,
                inner.length + 1,
                symbol,
                link.site,
                inner.cause,
                inner.reasons,
                (function.key, effect),
                conditions=inner.conditions,
            )
            if inner.hedges and effect.kind is Kind.WAITS:
                witness = _assume(witness, *(f"{symbol} {hedge}" for hedge in inner.hedges))
            if is_cached and effect.kind not in (Kind.CALLS, Kind.PLACES):
                witness = _assume(witness, f"{symbol} is cached: only the first call does the work")
                if effect.kind is not Kind.WAITS:  # and that, as a rule, for a secret or a file that stays
                    witness = _assume(witness, f"what {symbol} computes stays computed")
            if effect.dependence is not None:
                settled = self._settle(key, effect.dependence, function, arguments)
                if settled is False:
                    continue
                if isinstance(settled, str):
                    effect, witness = effect._replace(dependence=None), _assume(witness, settled)
                elif isinstance(settled, Dependence) or settled is None:
                    effect = effect._replace(dependence=settled)
            if effect.parameter in undecided and effect.kind in (Kind.CALLS, Kind.PLACES):
                self._pass_on(key, result, effect, function, arguments, witness)
            elif effect.kind == Kind.PLACES and effect.parameter is not None and effect.model is not None:
                bound = self._bound_method(key, effect, function, arguments)
                self._place(
                    result, placements, effect.model, effect.family, bound, EVERYTHING, witness, False
                )
            elif effect.kind == Kind.CALLS and effect.parameter is not None:
                bound = self._bound_method(key, effect, function, arguments)
                if coroutine:
                    loop = ExecutionModel.EVENT_LOOP
                    self._place(result, placements, loop, _CALLED, bound, EVERYTHING, witness, False)
                else:
                    given = self._given(function, arguments, inner) if callables(bound) else EVERYTHING
                    self._call_bound(result, key, link, bound, given, witness, effect, placements, nesting)
            elif not coroutine or (inner.site < 0 and link.awaited):
                add(result, effect, witness)
            elif link.awaited and self._evaluator.program.finder.is_installed(function.key[0]):
                # Nobody else can be told: a finding never points into a file that was not asked for.
                add(result, effect, _assume(witness, f"{symbol} is a coroutine of an installed package"))
        return result

    def _pass_on(
        self,
        key: Key,
        result: Effects,
        effect: Effect,
        function: Function,
        arguments: Arguments,
        witness: Witness,
    ) -> None:
        """A parameter that may run here or elsewhere: nothing is sure for what it is bound to, but a
        wrapper around this one is a wrapper too."""
        assert effect.parameter is not None
        for value in self._bound(key, effect.parameter, function, arguments).values:
            if isinstance(value, Parameter) and self._passes_on(value):
                add(result, effect._replace(parameter=value), witness)

    def as_asserted(self, key: Key, effects: Effects) -> Effects:
        """The effects of a function, where a comment on its `def` says whether it blocks: what its body
        shows then counts for what it hands to other models only. The witness has no site."""
        module = self._evaluator.module(key[0])
        assertion = module.definition(key[1]).assertion
        if assertion == Assertion.NONE:
            return effects
        result = {effect: witness for effect, witness in effects.items() if effect.kind is Kind.PLACES}
        if assertion == Assertion.BLOCKS:
            symbol = module.symbol(key[1])
            waits = Effect(Kind.WAITS, Family.OTHER.value, ALL_MODELS)
            result[waits] = Witness(0, 0, symbol, -1, symbol)
        return result

    def _is_prewarmed(self, key: Key) -> bool:
        """Whether the module calls its cached function while it is imported."""
        module_key = (key[0], 0)
        body = self._evaluator.body(module_key)
        for site in body.sites:
            if site.kind == SiteKind.CALL and body.values[site.callee][0] in (Op.DEF, Op.GLOBAL, Op.PHI):
                for value in self._evaluator.evaluate(module_key, site.callee).values:
                    if isinstance(value, Function) and value.key == key:
                        return True
        return False

    def _call_bound(
        self,
        result: Effects,
        key: Key,
        link: Link,
        bound: Known,
        given: Arguments,
        witness: Witness,
        call: Effect,
        placements: list[Placement],
        nesting: int,
    ) -> None:
        """The callee runs its parameter: the effects of what the parameter is bound to, here."""
        for value in callables(bound):
            inner = self._target(key, link, Target(value, given), placements, nesting + 1)
            for effect, then in inner.items():
                effect = effect._replace(
                    mask=effect.mask & call.mask, dependence=effect.dependence or call.dependence
                )
                if effect.kind == Kind.CALLS and isinstance(value, Parameter):
                    if self._passes_on(value):
                        add(result, effect, witness)
                    continue
                combined = witness._replace(
                    assumptions=witness.assumptions + then.assumptions + bound.partial,
                    length=witness.length + then.length - 1,
                    cause=then.cause,
                    reasons=witness.reasons + then.reasons,
                    then=then,
                    conditions=witness.conditions + then.conditions,
                )
                add(result, effect, combined)

    def _given(self, function: Function, arguments: Arguments, call: Witness) -> Arguments:
        """What a function passes where it calls its parameter, as this caller of the function knows it."""
        if call.next is not None or call.site < 0:
            return EVERYTHING
        site = self._evaluator.body(function.key).sites[call.site]
        if site.kind != SiteKind.CALL:
            return EVERYTHING
        written = arguments_of(function.key, site.args)
        if written.spread:
            return EVERYTHING

        def seen(passed: Passed) -> Known:
            item = self._evaluator.passed(passed)
            return self._evaluator.results.substitute(item, function, arguments)

        positional = tuple(seen(item) for item in written.positional)
        return Arguments(positional, tuple((name, seen(item)) for name, item in written.keywords))

    def _settle(
        self, key: Key, dependence: Dependence, function: Function, arguments: Arguments
    ) -> Dependence | str | bool | None:
        """False: the effect is absent. None: it is there. A dependence: the caller's caller decides.
        A string: it is assumed to be there, for this reason."""
        bound = self._bound(key, dependence.parameter, function, arguments)
        if len(bound.values) == 1 and isinstance(bound.values[0], Parameter) and not bound.partial:
            return dependence._replace(parameter=bound.values[0])
        truth = depends_hold(self._evaluator, bound, dependence)
        if truth is Truth.NO:
            return False
        if truth is Truth.YES:
            return None
        return "the effect depends on an argument that is not known" if dependence.is_doubtful else None

    def _bound(self, key: Key, parameter: Parameter, function: Function, arguments: Arguments) -> Known:
        """What a parameter in an effect of `function` is bound to by this call."""
        plain = parameter._replace(attributes=())
        captured = any(name == plain for name, _ in function.closure)
        if plain.key != function.key and not captured:
            if self._encloses(plain.key, key):
                return Known((parameter,))
            return Known(partial=True)
        return self._evaluator.results.argument(parameter, function, arguments)

    def _encloses(self, outer: Key, inner: Key) -> bool:
        if outer[0] != inner[0]:
            return False
        defs = self._evaluator.module(inner[0]).summary.defs
        index = inner[1]
        while index > 0 and index != outer[1]:
            index = defs[index].parent
        return index == outer[1]

    def _construct(
        self,
        key: Key,
        link: Link,
        cls: Class,
        arguments: Arguments,
        placements: list[Placement],
        nesting: int,
    ) -> Effects:
        receiver = Instance(cls)
        classes = self._evaluator.classes
        result: Effects = {}
        made = classes.method(cls, "__init__", receiver)
        inits = made.values or classes.method(cls, "__post_init__", receiver).values
        makers = tuple(v for v in classes.method(cls, "__new__", cls).values if isinstance(v, Function))
        for method in (*makers, *inits):
            inner = self._target(key, link, Target(method, arguments), placements, nesting + 1)
            symbol = callable_name(self._evaluator, cls)
            for effect, witness in inner.items():
                named = witness._replace(symbol=symbol) if isinstance(method, Function) else witness
                add(result, effect, named)
        for base in classes.ancestry(cls).classes:
            if not isinstance(base, External):
                continue
            for fact in self._evaluator.catalog.ancestry(base.dotted):
                for runs in fact.runs:
                    if runs.model is ExecutionModel.EVENT_LOOP:
                        continue
                    for name in runs.methods:
                        found = classes.method(cls, name, receiver).values
                        functions = tuple(v for v in found if isinstance(v, Function))
                        if functions:
                            placements.append(
                                Placement(
                                    link.site,
                                    Known(functions),
                                    Arguments(),
                                    runs.model,
                                    runs.style,
                                    callable_name(self._evaluator, cls),
                                )
                            )
        return result

    # -- what the catalog knows -----------------------------------------------------------------

    def _external(
        self,
        key: Key,
        link: Link,
        value: External,
        arguments: Arguments,
        placements: list[Placement],
        nesting: int,
    ) -> Effects:
        catalog = self._evaluator.catalog
        if value.dotted.startswith("builtins."):
            invoked_here: Effects = {}
            for target in protocol_targets(self._evaluator, value.dotted, arguments):
                for effect, witness in self._target(key, link, target, placements, nesting + 1).items():
                    add(invoked_here, effect, witness)
            if invoked_here:
                return invoked_here
        cls = catalog.klass(value.dotted)
        if cls is not None:
            made = catalog.method(cls.name, "__init__")
            if made is None:
                return {}
            return self._fact(key, link, made, arguments, placements, nesting, cls.name)
        fact = catalog.function(value.dotted)
        if fact is None:
            return {}
        return self._fact(key, link, fact, arguments, placements, nesting, "")

    def _fact(
        self,
        key: Key,
        link: Link,
        fact: CallableFact,
        arguments: Arguments,
        placements: list[Placement],
        nesting: int,
        receiver: str,
    ) -> Effects:
        if fact.coroutine:
            return {}
        result: Effects = {}
        if fact.iterates is not None:
            self._iterate(result, key, link, fact, arguments, placements, nesting)
        if fact.effect in _KINDS:
            if fact.effect is Stated.WAITS or fact.weight >= Weight.HEAVY:
                self._own_effect(result, link, fact, _KINDS[fact.effect], arguments)
            return result
        if fact.family is not None:  # it places its argument and waits for the end
            self._own_effect(result, link, fact, Kind.WAITS, arguments)
        placing = fact.placing
        if placing is None:
            return result
        bound = self._handed_over(fact, placing, arguments)
        if bound is None:
            return result
        each = placing.arguments.startswith("each:")
        rest = self._rest(fact, arguments)
        if fact.effect is Stated.CALLS:
            if fact.name in _LAZY and not self._is_consumed(key, link.site):
                return result  # runs where it is iterated
            given = self._items_of(rest) if each else rest
            for target in callables(bound):
                inner = self._target(key, link, Target(target, given), placements, nesting + 1)
                for effect, witness in inner.items():
                    add(result, effect, witness)
            return result
        model = placing.model
        if model is None:
            model = self._model(fact, arguments, receiver)
        if model is not None:
            witness = Witness(0, 1, fact.name, link.site, fact.name)
            first = len(placements)
            self._place(result, placements, model, placing.style, bound, rest, witness, each)
            if placing.phase is not None:
                placements[first:] = [item._replace(phase=placing.phase) for item in placements[first:]]
        return result

    def _handed_over(self, fact: CallableFact, placing: Placing, arguments: Arguments) -> Known | None:
        """The callables that the call hands over, those of a list of them too; None if it passes none."""
        parts: list[Known] = []
        for name in (placing.callable, *placing.also):
            argument = stated_argument(fact.signature, name, arguments)
            if argument is None:
                continue
            bound = self._evaluator.passed(argument)
            if placing.also and len(bound.values) == 1 and isinstance(bound.values[0], (Display, Container)):
                bound = self._evaluator.containers.values_in(bound.values[0])
            parts.append(bound)
        return union(parts) if parts else None

    def _items_of(self, arguments: Arguments) -> Arguments:
        """The arguments of a callable that is called for each item of the iterables passed."""
        items = (self._evaluator.element(self._evaluator.passed(item)) for item in arguments.positional)
        return Arguments(tuple(items), (), arguments.spread)

    def _own_effect(
        self, result: Effects, link: Link, fact: CallableFact, kind: Kind, arguments: Arguments
    ) -> None:
        if link.awaited:
            return  # what is awaited does not block: the type must be another
        verdict = judge_conditions(self._evaluator, fact, arguments)
        if not verdict.present:
            return
        family = fact.family.value if fact.family is not None else "compute"
        effect = Effect(kind, family, ALL_MODELS, dependence=verdict.dependence)
        witness = Witness(0, 1, fact.name, link.site, fact.name)
        if verdict.assumption:
            witness = _assume(witness, verdict.assumption)
        for _ in range(Confidence.HIGH - fact.confidence):
            witness = _assume(witness, f"{fact.name} blocks often, not always")
        add(result, effect, witness)

    def _is_consumed(self, key: Key, number: int) -> bool:
        """Whether the result of a lazy call is iterated or handed on in the same body."""
        body = self._evaluator.body(key)
        results = {index for index, node in enumerate(body.values) if node[:2] == (Op.CALL, number)}
        return any(
            (site.kind == SiteKind.ITERATE and site.callee in results)
            or any(value in results for _, value in site.args)
            for site in body.sites
        )

    def _iterate(
        self,
        result: Effects,
        key: Key,
        link: Link,
        fact: CallableFact,
        arguments: Arguments,
        placements: list[Placement],
        nesting: int,
    ) -> None:
        passed = stated_argument(fact.signature, fact.iterates or "", arguments)
        if passed is None:
            return
        for value in self._evaluator.passed(passed).values:
            only_next = fact.name == "builtins.next"
            targets = invoked(self._evaluator, value, "__next__") if only_next else ()
            for target in targets or itertools.chain(*iterated(self._evaluator, value)):
                inner = self._target(key, link, target, placements, nesting + 1)
                for effect, witness in inner.items():
                    add(result, effect, witness)

    def _model(self, fact: CallableFact, arguments: Arguments, receiver: str) -> ExecutionModel | None:
        """The model that a value decides: an executor, or the class of the receiver."""
        placing = fact.placing
        assert placing is not None
        if not placing.executor_parameter:
            return self._executor_of(receiver)
        passed = stated_argument(fact.signature, placing.executor_parameter, arguments)
        if passed is None:
            return None if arguments.spread else ExecutionModel.THREAD
        item = self._evaluator.passed(passed)
        models = {self._model_of(value) for value in item.values}
        if item.partial or len(models) != 1:
            return None
        return models.pop()

    def _model_of(self, value: Value) -> ExecutionModel | None:
        if isinstance(value, Literal) and value.value is None:
            return ExecutionModel.THREAD
        if isinstance(value, ExternalInstance):
            return self._executor_of(value.dotted)
        if isinstance(value, Instance):
            for base in self._evaluator.classes.ancestry(value.cls).classes:
                if isinstance(base, External):
                    return self._executor_of(base.dotted)
        return None

    def _executor_of(self, dotted: str) -> ExecutionModel | None:
        facts = self._evaluator.catalog.ancestry(dotted)
        return next((fact.executor for fact in facts if fact.executor is not None), None)

    def _rest(self, fact: CallableFact, arguments: Arguments) -> Arguments:
        """The arguments that the placed callable will be called with."""
        placing = fact.placing
        assert placing is not None
        how = placing.arguments
        if how in ("rest", "each:rest"):
            position = 0
            for parameter in fact.signature or ():
                position += 1
                if parameter.name == placing.callable:
                    break
            own = {p.name for p in fact.signature or () if p.kind in ("", "kw")}
            kept = tuple(item for item in arguments.keywords if item[0] not in own)
            return Arguments(arguments.positional[position:], kept, arguments.spread)
        if how.startswith("each:"):
            passed = stated_argument(fact.signature, how.removeprefix("each:"), arguments)
            return Arguments((passed,)) if passed is not None else EVERYTHING
        if how.startswith("args:"):
            names = [name.strip() for name in how.removeprefix("args:").split(",")]
            return self._unpacked(fact, names, arguments)
        return Arguments()

    def _unpacked(self, fact: CallableFact, names: list[str], arguments: Arguments) -> Arguments:
        result = Arguments()
        for name in names:
            passed = stated_argument(fact.signature, name, arguments)
            if passed is None:
                continue
            values = self._evaluator.passed(passed).values
            if len(values) != 1 or not isinstance(values[0], Display):
                return EVERYTHING
            display = values[0]
            node = self._evaluator.body(display.key).values[display.value]
            items = [item for item in node[1:] if isinstance(item, int)]
            if node[0] == Op.DICT:
                for name_value, item in zip(items[::2], items[1::2], strict=False):
                    word = self._evaluator.evaluate(display.key, name_value).values
                    if len(word) == 1 and isinstance(word[0], Literal):
                        pair = (str(word[0].value), (display.key, item))
                        result = result._replace(keywords=(*result.keywords, pair))
            else:
                slots = tuple((position, item) for position, item in enumerate(items))
                result = result._replace(positional=arguments_of(display.key, slots).positional)
        return result

    def _place(
        self,
        result: Effects,
        placements: list[Placement],
        model: ExecutionModel,
        style: str,
        bound: Known,
        arguments: Arguments,
        witness: Witness,
        each: bool,
    ) -> None:
        ready: list[Value] = []
        for value in bound.values:
            if isinstance(value, Parameter):
                if self._passes_on(value):
                    add(result, Effect(Kind.PLACES, style, ALL_MODELS, value, model), witness)
            elif not isinstance(value, (Literal, Awaitable)):
                ready.append(value)
        if ready:
            rest = bound._replace(values=tuple(ready))
            placements.append(
                Placement(witness.site, rest, arguments, model, style, witness.symbol, each, witness.next)
            )


def _undecided(effects: Effects) -> set[Parameter | None]:
    """The parameters that the function runs on more than one model, as its branches decide: called here
    and handed to a thread, or handed to the loop and to a thread."""
    models: dict[Parameter | None, set[ExecutionModel | None]] = {}
    for effect in effects:
        if effect.kind in (Kind.CALLS, Kind.PLACES):
            called = effect.kind == Kind.CALLS or effect.family == _CALLED
            models.setdefault(effect.parameter, set()).add(None if called else effect.model)
    return {parameter for parameter, found in models.items() if len(found) > 1}


def _agreed(made: list[list[Placement]]) -> list[Placement]:
    """The placements of targets that exclude each other: where the models differ, or one places nothing,
    nothing is sure but what runs on the event loop."""
    models = [{placement.model for placement in part} for part in made]
    flat = [placement for part in made for placement in part]
    if all(models[0] == other for other in models):
        return flat
    return [placement for placement in flat if placement.model is ExecutionModel.EVENT_LOOP]


def _assume(witness: Witness, *reasons: str) -> Witness:
    return witness._replace(
        assumptions=witness.assumptions + len(reasons), reasons=(*witness.reasons, *reasons)
    )
