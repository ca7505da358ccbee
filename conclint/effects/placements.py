"""Placements that a call makes: of what, with which arguments and on which execution model, by what the
catalog says of the thing called."""

from __future__ import annotations

from collections.abc import Callable

from conclint.conditions.stated_conditions import ArgumentCondition
from conclint.effects.bindings import passes_on
from conclint.effects.bound_wrappers import parameters_behind, run_in_context
from conclint.effects.effects import CALLED, Effect, Effects, Kind, Placement, Witness, add
from conclint.effects.frame import Frame
from conclint.model.execution import ALL_MODELS, ExecutionModel
from conclint.resolve.arguments import Arguments
from conclint.resolve.calls import Link, callable_name
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import (
    Awaitable,
    Class,
    External,
    Function,
    Instance,
    Key,
    Literal,
    Parameter,
    Value,
    ValueSet,
    join,
    unwrapped,
)
from conclint.summary.records import DefKind


def place(
    evaluator: Evaluator,
    effects_of: Callable[[Key], Effects],
    frame: Frame,
    result: Effects,
    placement: Placement,
    witness: Witness,
    dependence: ArgumentCondition | None = None,
) -> None:
    """Make a placement of what is known of its callables; parameters among them, and those that they only
    bind arguments for, become effects. `dependence`: it is one on this model only for some callers, and then
    nothing is placed by who is not known to be one."""
    ready: list[Value] = []
    if not placement.each:
        inner = run_in_context(evaluator, placement.callables, placement.arguments)
        if inner is not None:
            placement = placement._replace(callables=inner[0], arguments=inner[1])
    placement = _dispatched(evaluator, frame, placement)
    for value in placement.callables.values:
        for parameter in parameters_behind(evaluator, effects_of, frame.key, value):
            if placement.style == CALLED or passes_on(evaluator, parameter):
                effect = Effect(
                    Kind.PLACES, placement.style, ALL_MODELS, parameter, placement.model, dependence
                )
                add(result, effect, witness)
        if not isinstance(unwrapped(value), Parameter) and not isinstance(value, (Literal, Awaitable)):
            ready.append(value)
    if ready and dependence is None:
        known = placement.callables._replace(values=tuple(ready))
        frame.placements.append(placement._replace(callables=known))
    elif placement.via is None and _is_unbound(evaluator, frame.key, placement):
        frame.placements.append(placement._replace(unbound=True))


def _is_unbound(evaluator: Evaluator, key: Key, placement: Placement) -> bool:
    """Whether a function itself hands over a method of what it is given: of that its caller's caller is not
    asked."""
    targets = [unwrapped(value) for value in placement.callables.values]
    return bool(targets) and all(
        isinstance(target, Parameter)
        and target.key == key
        and target.reads_attribute
        and not passes_on(evaluator, target)
        for target in targets
    )


def _dispatched(evaluator: Evaluator, frame: Frame, placement: Placement) -> Placement:
    """The same with the implementations of a function under `singledispatch` in its place; they stand for
    it, so one that has no name of its own in its module is not known."""
    arguments = placement.arguments
    if placement.each:
        items = (evaluator.element(evaluator.passed(item)) for item in arguments.positional)
        arguments = Arguments(tuple(items), (), arguments.spread)
    parts: list[ValueSet] = []
    for value in placement.callables.values:
        choice = None
        if isinstance(value, Function):
            choice = evaluator.single_dispatch.choose(value, arguments, frame.key[0])
        if choice is None:
            parts.append(ValueSet((value,)))
        else:
            named = tuple(target for target in choice.targets if _is_named(evaluator, target))
            parts.append(ValueSet(named, len(named) < len(choice.targets), choice.reasons))
    if all(part.values == (value,) for part, value in zip(parts, placement.callables.values, strict=True)):
        return placement
    known = placement.callables
    found = join([ValueSet((), known.incomplete, known.reasons), *parts])
    return placement._replace(callables=found)


def _is_named(evaluator: Evaluator, value: Value) -> bool:
    if not isinstance(value, Function):
        return isinstance(value, (Class, External))
    scope = evaluator.definition(evaluator.scope(value.key)).kind
    is_lambda = evaluator.definition(value.key).kind == DefKind.LAMBDA
    return not is_lambda and scope in (DefKind.MODULE, DefKind.CLASS)


def agreed_placements(made: list[list[Placement]]) -> list[Placement]:
    """The placements of targets that exclude each other: where the models differ, or one places nothing,
    nothing is sure but what runs on the event loop."""
    models = [{placement.model for placement in part} for part in made]
    flat = [placement for part in made for placement in part]
    if all(models[0] == other for other in models):
        return flat
    return [placement for placement in flat if placement.model is ExecutionModel.EVENT_LOOP]


def inherited_placements(evaluator: Evaluator, link: Link, cls: Class) -> list[Placement]:
    """What making an instance of a class places, because of the library's classes that it derives from:
    methods that these run on another model than the event loop."""
    receiver = Instance(cls)
    result: list[Placement] = []
    for base in evaluator.classes.ancestry(cls).classes:
        if not isinstance(base, External):
            continue
        for fact in evaluator.catalog.ancestry(base.dotted):
            for runs in fact.runs:
                if runs.model is ExecutionModel.EVENT_LOOP:
                    continue
                for name in runs.methods:
                    found = evaluator.classes.method(cls, name, receiver).values
                    functions = ValueSet(tuple(v for v in found if isinstance(v, Function)))
                    if functions.values:
                        symbol = callable_name(evaluator, cls)
                        result.append(
                            Placement(link.site, functions, Arguments(), runs.model, runs.style, symbol)
                        )
    return result
