"""Functions that decorators register with a framework, which calls them on a model of its choice."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.catalog.facts import DecoratorFact
from conclint.conditions.stated_conditions import Truth, condition_holds
from conclint.effects.effects import Placement
from conclint.model.execution import Confidence, ExecutionModel
from conclint.resolve.arguments import EVERYTHING, arguments_of
from conclint.resolve.program import Module
from conclint.resolve.values import Function, Key, ValueSet
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import DefKind, Op, SiteKind

_LOOP = ExecutionModel.EVENT_LOOP
_FUNCTIONS = (DefKind.FUNCTION, DefKind.ASYNC_FUNCTION)


def decorated(view: ModuleView) -> Iterator[tuple[Key, Placement]]:
    """The placements that decorators make, each with the body that the decorator stands in.

    Of processes none: the workers of a task queue are other programs.
    """
    for key in view.keys:
        definition = view.module.definition(key)
        if definition.kind not in _FUNCTIONS:
            continue
        parent = view.module.scope(key)
        for decorator, fact in _stated(view, key):
            placement = _placement(view, key, parent, decorator, fact)
            if placement is not None:
                yield parent, placement
            break  # what is further out gets what this one made of it


def moved_elsewhere(view: ModuleView, key: Key) -> bool:
    """Whether a decorator of a function moves it to another model than the loop."""
    parent = view.module.scope(key)
    stated = next((item for item in _stated(view, key) if item[1].model is not None), None)
    return stated is not None and _model_under(view, parent, *stated) is not _LOOP


def _stated(view: ModuleView, key: Key) -> Iterator[tuple[int, DecoratorFact]]:
    """The decorators of a function that say where it runs, or when, the innermost first."""
    definition = view.module.definition(key)
    for decorator in reversed(definition.decorators):
        fact = view.engine.evaluator.decorations.stated(view.module.scope(key), decorator)
        if fact is not None and (fact.model is not None or fact.phase is not None):
            yield decorator, fact


def _placement(
    view: ModuleView, key: Key, parent: Key, decorator: int, fact: DecoratorFact
) -> Placement | None:
    evaluator = view.engine.evaluator
    model = _model_under(view, parent, decorator, fact)
    style = fact.style
    is_timed = view.module.definition(key).kind == DefKind.ASYNC_FUNCTION and fact.phase is not None
    if is_timed:
        model, style = _LOOP, "callback"
    elif model is fact.otherwise and fact.unless:
        style = "offload" if model is ExecutionModel.THREAD else "callback"  # it was asked for
    decoration = evaluator.decorations.of(key)
    made = decoration.value if decoration.moved is None else decoration.moved
    site = _site_of(view.module, parent, decorator, key)
    if model not in (_LOOP, ExecutionModel.THREAD) or site is None:
        return None
    if not is_timed and not _keeps(made, key):
        return None  # a wrapper of a coroutine function awaits it, when it is run itself
    often = (f"{fact.name} runs it so in some programs, not in all",)
    reasons = (*made.reasons, *often * (Confidence.HIGH - fact.confidence))
    callables = ValueSet((Function(key),), reasons=reasons)
    return Placement(site, callables, EVERYTHING, model, style, fact.name, phase=fact.phase)


def _keeps(made: ValueSet, key: Key) -> bool:
    """Whether what the decorators made of a function is still that function."""
    return any(isinstance(value, Function) and value.key == key for value in made.values)


def _model_under(view: ModuleView, parent: Key, decorator: int, fact: DecoratorFact) -> ExecutionModel | None:
    """Where the decorated function runs; None where that depends on what is not known."""
    evaluator = view.engine.evaluator
    body = evaluator.body(parent)
    site = graph.call(body, decorator)
    if not fact.unless or site is None:
        return fact.model
    arguments = arguments_of(parent, site.args)
    answers = [condition_holds(evaluator, fact.signature, item, arguments) for item in fact.unless]
    if Truth.YES in answers:
        return fact.otherwise
    return None if Truth.MAYBE in answers else fact.model


def _site_of(module: Module, parent: Key, decorator: int, key: Key) -> int | None:
    body = module.body(parent)
    for number, site in enumerate(body.sites):
        if site.kind == SiteKind.DECORATE and site.callee == decorator and site.args:
            node = body.values[site.args[0][1]]
            if node[0] == Op.DEF and module.at(node[1]) == key:
                return number
    return None
