"""What runs once in the life of a program: its entry, its start and its end.

A wait there stops no one who is served, and is often meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.catalog.facts import CallableFact, Phase
from conclint.conditions.stated_conditions import stated_argument
from conclint.resolve.annotations import annotation_type
from conclint.resolve.arguments import Passed, StarItem, arguments_of
from conclint.resolve.calls import Link
from conclint.resolve.values import (
    External,
    ExternalInstance,
    ExternalMethod,
    Function,
    Instance,
    Key,
    Value,
    ValueSet,
)
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, RegionKind, SiteKind, Use

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
}
BEFORE_ALL: Final = (
    "nothing else is on the loop before the program's entry first awaits",
    "a pause then stops no one",
)
AFTER_ALL: Final = ("the program ends after this `finally`", "a pause then may be all right")
_PAUSE = Use.AWAITED | Use.ASYNC


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


def entries(view: ModuleView) -> Iterator[Key]:
    """The functions that the module begins a program with."""
    for key in view.keys:
        for link in view.engine.links(key):
            fact = _entry_fact(view, link)
            if fact is not None and fact.entry is not None:
                site = view.engine.evaluator.body(key).sites[link.site]
                given = stated_argument(fact.signature, fact.entry, arguments_of(key, site.args))
                for value in _begun(view, given).values:
                    if isinstance(value, Function):
                        yield value.key


def _entry_fact(view: ModuleView, link: Link) -> CallableFact | None:
    catalog = view.engine.evaluator.catalog
    for group in link.groups:
        for target in group:
            fact = None
            if isinstance(target.value, External):
                fact = catalog.function(target.value.dotted)
            elif isinstance(target.value, ExternalMethod):
                fact = catalog.method(target.value.dotted, target.value.name)
            if fact is not None and fact.entry is not None:
                return fact
    return None


def _begun(view: ModuleView, given: Passed | None) -> ValueSet:
    """The function that is given, or the one whose coroutine is."""
    evaluator = view.engine.evaluator
    if isinstance(given, tuple) and not isinstance(given, (ValueSet, StarItem)):
        key, value = given
        site = graph.call(evaluator.body(key), value)
        if site is not None:
            return evaluator.evaluate(key, site.callee)
    return evaluator.passed(given)


def is_before_all(body: Body, number: int) -> bool:
    """Whether nothing is awaited before the site, in an earlier turn of a loop either."""
    pauses = [
        index for index, site in enumerate(body.sites) if site.kind == SiteKind.AWAIT or site.use & _PAUSE
    ]
    if not pauses or number >= pauses[0]:
        return not pauses
    loops = set(graph.loops_around(body, body.sites[number].region))
    return not any(loops.intersection(graph.around(body, body.sites[index].region)) for index in pauses)


def is_last(body: Body, number: int) -> bool:
    """Whether the site is in a `finally`: the last that its function does."""
    regions = graph.around(body, body.sites[number].region)
    return any(body.regions[item].kind == RegionKind.FINALLY for item in regions)
