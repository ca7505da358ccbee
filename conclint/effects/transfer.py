"""The transfer function: what a call site does, given what is known of the things it may run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from conclint.effects.alternatives import does_likewise, does_so_otherwise
from conclint.effects.catalog_calls import CatalogCalls
from conclint.effects.effects import Effect, Effects, Kind, Placement, Witness, add
from conclint.effects.frame import Frame, Nested
from conclint.effects.override_calls import OverrideCalls
from conclint.effects.placements import agreed_placements
from conclint.effects.program_calls import ProgramCalls
from conclint.effects.self_calls import OwnMethods
from conclint.model.execution import ALL_MODELS, Family
from conclint.resolve.arguments import Arguments
from conclint.resolve.calls import Link, Target, methods_called, parameter_name
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.in_memory import without_shadowed_methods
from conclint.resolve.values import (
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
    Literal,
    MethodCaller,
    ModuleRef,
    Parameter,
    Partial,
    SuperOf,
    Value,
)
from conclint.summary.kinds import assert_never
from conclint.summary.records import DefFlags, DefKind, SiteKind

_MAX_NESTING = 6
_SEVERAL = "only one of several things that may be called here"
_EACH = "which of several things is called here is not known, but all of them block"
_OBJECTS = "which of several objects is meant is not known"
_HELD = "a lock that is held briefly is usually free"
_ELSE = "the thing called here may be something else too"


class Transfer:
    """Effects of sites. `effects_of` gives the effects of a function, as far as they are known."""

    def __init__(self, evaluator: Evaluator, effects_of: Callable[[Key], Effects]) -> None:
        self._evaluator = evaluator
        self._own = OwnMethods(evaluator, effects_of)
        self._program = ProgramCalls(evaluator, effects_of, self._own, self._run)
        self._catalog = CatalogCalls(evaluator, effects_of, self._run)
        self._overrides = OverrideCalls(evaluator, self._program.function)
        self.runs = 0
        """How many targets were run so far, nested ones too: what the work costs."""

    def link_effects(self, key: Key, link: Link, placements: list[Placement]) -> Effects:
        """The effects of all that the site may run; placements it makes are appended."""
        result: Effects = {}
        for group in link.groups:
            group = _without_shadowed(self._awaitable(group) if link.awaited else group)
            made: list[list[Placement]] = [[] for _ in group]
            parts = [
                self._run(Frame(key, link, made[number], {}), target) for number, target in enumerate(group)
            ]
            placements.extend(agreed_placements(made))
            for number, part in enumerate(parts):
                others, same = _told_apart(group, number, parts)
                for effect, witness in part.items():
                    weighed = self._weighed(key, effect, witness, 0, [part, *others], link)
                    if any(_not_of_all(effect, 0, [part, other]) for other in same):
                        weighed = weighed.assuming(_OBJECTS)
                    if effect.kind is Kind.CALLS and self._is_a_choice(group, number):
                        weighed = weighed.assuming(_SEVERAL, _SEVERAL)
                    add(result, effect, weighed)
        return result

    def of_handed_over(self, key: Key, link: Link, value: Value, arguments: Arguments) -> Effects:
        """What something that the site hands over does where it is called with these arguments."""
        frame = Frame(key, link._replace(awaited=False), [], {})
        return self._run(frame, Target(value, arguments))

    def _is_a_choice(self, group: tuple[Target, ...], number: int) -> bool:
        """Whether a parameter is called here, or another parameter or a coroutine function instead
        (`fn = sync_impl if not in_async_context() else async_impl`): a default in its place is none."""
        if not isinstance(group[number].value, Parameter):
            return False
        others = (target.value for place, target in enumerate(group) if place != number)
        return any(
            isinstance(other, Parameter) or self._kind(other) == DefKind.ASYNC_FUNCTION for other in others
        )

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
        return self._evaluator.definition(value.key).kind

    def _weighed(
        self, key: Key, effect: Effect, witness: Witness, number: int, parts: list[Effects], link: Link
    ) -> Witness:
        """The witness with the assumptions that come from the site itself."""
        reasons = list(link.reasons)
        if self._enters_lock(key, effect, witness, link):
            reasons += [_HELD, _HELD]
        if effect.kind not in (Kind.CALLS, Kind.PLACES):
            reasons += _not_of_all(effect, number, parts)
            if link.incomplete:
                reasons.append(_ELSE)
        return witness.assuming(*reasons) if reasons else witness

    def _enters_lock(self, key: Key, effect: Effect, witness: Witness, link: Link) -> bool:
        """Whether the site enters a lock that the program made itself (a read-write lock, say)."""
        if effect.kind is not Kind.WAITS or effect.family != Family.LOCKS.value or witness.next is None:
            return False
        return self._evaluator.body(key).sites[link.site].kind == SiteKind.ENTER

    def _run(self, frame: Frame, target: Target) -> Effects:
        """The effects of running a target; placements that it makes are appended to the frame's."""
        if not frame.nesting:
            return self._ran(frame, target)
        if frame.nesting > _MAX_NESTING:
            return {}
        call = Nested(frame.nesting, frame.link.awaited, target)
        known = frame.done.get(call)
        if known is None:
            made: list[Placement] = []
            known = (self._ran(frame._replace(placements=made), target), tuple(made))
            frame.done[call] = known
        frame.placements.extend(known[1])
        return dict(known[0])

    def _ran(self, frame: Frame, target: Target) -> Effects:
        self.runs += 1
        value, arguments = target.value, target.arguments
        if isinstance(value, Function):
            # what a site calls itself, its link has chosen already
            choice = (
                self._evaluator.single_dispatch.choose(value, arguments, frame.key[0])
                if frame.nesting
                else None
            )
            if choice is not None:
                chosen = [Target(item, arguments) for item in choice.targets]
                return self._any_of(frame, chosen, choice.reasons)
            found = self._function(frame, value, arguments)
            for effect, witness in self._overrides.of_method(frame, value, arguments).items():
                add(found, effect, witness)
            return found if frame.nesting else self._own.marked(frame.key, frame.link, value, found)
        if isinstance(value, (Generator, ContextManager)):
            return self._program.function(frame, value.function, arguments)
        if isinstance(value, Class):
            return self._program.construction(frame, value, arguments)
        if isinstance(value, External):
            return self._catalog.function(frame, value, arguments)
        if isinstance(value, ExternalMethod):
            return self._catalog.method(frame, value, arguments)
        if isinstance(value, ExternalInstance):
            return self._catalog.call(frame, value, arguments)
        if isinstance(value, Partial):
            bound = self._evaluator.results.with_partial(value, arguments)
            found = self._run(frame.nested(), Target(value.target, bound))
            if frame.nesting or not self._evaluator.classes.is_partial_method(value):
                return found
            return self._own.marked(frame.key, frame.link, value, found)
        if isinstance(value, MethodCaller):
            targets = methods_called(self._evaluator, value, arguments)
            return self._any_of(frame, targets, ())
        if isinstance(value, Instance):
            result: Effects = {}
            for method in self._evaluator.classes.method(value.cls, "__call__", value).values:
                result.update(self._run(frame.nested(), Target(method, arguments)))
            return result
        if isinstance(value, Parameter) and not frame.link.awaited:
            # awaited, it is a coroutine function: a callable that blocks would not be awaited
            name = parameter_name(self._evaluator, value)
            effect = Effect(Kind.CALLS, "", ALL_MODELS, value)
            called = {effect: Witness(0, 1, name, frame.link.site, name)}
            return {**self._overrides.of_own_method(frame, value, arguments), **called}
        if isinstance(
            value,
            (
                Parameter, ModuleRef, SuperOf, Literal, Display, Container, Awaitable
            ),
        ):  # fmt: skip
            return {}
        return assert_never(value)

    def _function(self, frame: Frame, function: Function, arguments: Arguments) -> Effects:
        """The effects of a function's body: a generator's runs where it is iterated."""
        return {} if self._is_generator(function) else self._program.function(frame, function, arguments)

    def _any_of(self, frame: Frame, targets: Sequence[Target], assumed: tuple[str, ...]) -> Effects:
        """The effects of things one of which is run, where no link holds them as a group."""
        made: list[list[Placement]] = [[] for _ in targets]
        parts: list[Effects] = []
        for target, placements in zip(targets, made, strict=True):
            inner = frame._replace(placements=placements)
            if isinstance(target.value, Function):
                parts.append(self._function(inner, target.value, target.arguments))
            else:
                parts.append(self._run(inner.nested(), target))
        if made:
            frame.placements.extend(agreed_placements(made))
        result: Effects = {}
        for number, part in enumerate(parts):
            for effect, witness in part.items():
                add(result, effect, witness.assuming(*assumed, *_not_of_all(effect, number, parts)))
        return result

    def _is_generator(self, function: Function) -> bool:
        definition = self._evaluator.definition(function.key)
        return bool(definition.flags & DefFlags.GENERATOR) and definition.kind != DefKind.ASYNC_FUNCTION


def _not_of_all(effect: Effect, number: int, parts: list[Effects]) -> tuple[str, ...]:
    """What is assumed where a target has an effect that another of those that exclude each other lacks."""
    if effect.kind in (Kind.CALLS, Kind.PLACES):
        return ()
    others = [other for place, other in enumerate(parts) if place != number]
    if not all(does_likewise(effect, other) for other in others):
        return (_SEVERAL, _SEVERAL)
    return (_EACH,) if any(does_so_otherwise(effect, other) for other in others) else ()


def _told_apart(
    group: tuple[Target, ...], number: int, parts: list[Effects]
) -> tuple[list[Effects], list[Effects]]:
    """What the other targets do: those that are something else, and those that are the same method, of
    another object."""
    own = group[number].value
    others: list[Effects] = []
    same: list[Effects] = []
    for place, (target, part) in enumerate(zip(group, parts, strict=True)):
        if place != number:
            value = target.value
            is_same = isinstance(own, Function) and isinstance(value, Function) and value.key == own.key
            (same if is_same else others).append(part)
    return others, same


def _without_shadowed(group: tuple[Target, ...]) -> tuple[Target, ...]:
    """The targets without the methods of a database in memory where the same is of one in a file, too."""
    if len(group) < 2:
        return group
    kept = without_shadowed_methods([target.value for target in group])
    return tuple(target for target in group if target.value in kept)
