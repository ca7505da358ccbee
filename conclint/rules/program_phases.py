"""What runs once in the life of a program: its entry, its start and its end.

A wait there stops no one who is served, and is often meant.
"""

from __future__ import annotations

from typing import Final

from conclint.catalog.facts import Phase
from conclint.model.context import Context
from conclint.resolve.annotations import annotation_type
from conclint.resolve.values import External, ExternalInstance, Instance, Key, Value
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, RegionKind

PHASE_DOUBTS: Final = {
    Phase.START_UP: ("it runs once, while the program starts", "a pause before it serves may be all right"),
    Phase.SHUTDOWN: ("it runs once, while the program ends", "a pause after it has served may be all right"),
    Phase.LIFESPAN: (
        "it runs once, while the program starts or ends",
        "a pause before and after it serves may be all right",
    ),
    Phase.COMMAND: (
        "it is a command of the command line, on a loop of its own",
        "as a rule nothing else is there",
    ),
    Phase.FAILURE: ("it runs only where something has failed", "that is not expected often"),
}
BEFORE_ALL: Final = (
    "nothing else is on the loop before the program's entry first awaits",
    "a pause then stops no one",
)
AFTER_ALL: Final = ("the program ends after this `finally`", "a pause then may be all right")
PHASE_CONTEXTS: Final = {
    Phase.START_UP: Context.START_UP,
    Phase.SHUTDOWN: Context.SHUTDOWN,
    Phase.LIFESPAN: Context.START_UP,
    Phase.COMMAND: Context.COMMAND,
}


def context_of(phase: Phase | None) -> Context | None:
    """The kind of code that runs once, at the start or the end, where the phase is that."""
    context = PHASE_CONTEXTS.get(phase) if phase is not None else None
    return context if context is not Context.COMMAND else None


def is_lifespan(view: ModuleView, key: Key) -> bool:
    """Whether a coroutine function is an async context manager around the life of an application."""
    evaluator = view.engine.evaluator
    definition = view.module.definition(key)
    if not definition.params or not evaluator.decorations.of(key).is_manager:
        return False
    stated = annotation_type(evaluator, evaluator.scope(key), definition.params[0].annotation)
    names = [name for value in stated.values for name in _library_classes(view, value)]
    return any(fact.lifespan for name in names for fact in evaluator.catalog.ancestry(name))


def _library_classes(view: ModuleView, value: Value) -> list[str]:
    if isinstance(value, ExternalInstance):
        return [value.dotted]
    if isinstance(value, Instance):
        bases = view.engine.evaluator.classes.ancestry(value.cls).classes
        return [base.dotted for base in bases if isinstance(base, External)]
    return []


def is_before_all(body: Body, number: int) -> bool:
    """Whether nothing is awaited before the site, in an earlier turn of a loop either."""
    pauses = [index for index, site in enumerate(body.sites) if graph.pauses(site)]
    if not pauses or number >= pauses[0]:
        return not pauses
    loops = set(graph.loops_around(body, body.sites[number].region))
    return not any(loops.intersection(graph.around(body, body.sites[index].region)) for index in pauses)


def is_ahead_of_all(body: Body, number: int) -> bool:
    """Whether a site comes before all that a coroutine awaits, and is run once."""
    return graph.loop_of(body, body.sites[number].region) < 0 and is_before_all(body, number)


def is_last(body: Body, number: int) -> bool:
    """Whether the site is in a `finally`: the last that its function does."""
    regions = graph.around(body, body.sites[number].region)
    return any(body.regions[item].kind == RegionKind.FINALLY for item in regions)
