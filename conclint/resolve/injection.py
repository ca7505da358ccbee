"""Parameters that a framework fills: by their defaults, which name the function that gives the value."""

from __future__ import annotations

from typing import Final

from conclint.resolve.arguments import arguments_of
from conclint.resolve.interpreter import Interpreter
from conclint.resolve.values import (
    Awaitable,
    Class,
    Container,
    ContextManager,
    External,
    Function,
    Generator,
    Instance,
    Key,
    Parameter,
    Value,
    ValueSet,
)
from conclint.summary import body_graph as graph
from conclint.summary.records import Param

_INJECTORS: Final = frozenset(
    {"fastapi.Depends", "fastapi.Security", "faststream.Depends", "fast_depends.Depends", "fastmcp.Depends"}
)
"""What a parameter's default calls with the function that is called for it."""


def injected_value(evaluator: Interpreter, key: Key, param: Param) -> ValueSet | None:
    """What a framework passes for a parameter (`session=Depends(get_session)`): what the function gives, or
    yields, or gives when it is awaited. None where no framework is asked, or nothing is known of that."""
    scope = evaluator.scope(key)
    site = graph.call(evaluator.body(scope), param.default) if param.default >= 0 else None
    if site is None:
        return None
    callees = evaluator.evaluate(scope, site.callee).values
    names = {evaluator.catalog.canonical(item.dotted) for item in callees if isinstance(item, External)}
    if len(callees) != 1 or names.isdisjoint(_INJECTORS):
        return None
    arguments = arguments_of(scope, site.args)
    given = arguments.positional[0] if arguments.positional else arguments.keyword("dependency")
    values: dict[Value, None] = {}
    for item in evaluator.passed(given).values:
        if isinstance(item, Class):
            values[Instance(item)] = None
        elif isinstance(item, Function):
            for result in evaluator.results.returned(item, None).values:
                values.update(dict.fromkeys(_given(result)))
    told = tuple(value for value in values if not isinstance(value, Parameter))
    return ValueSet(told, len(told) < len(values)) if told else None


def _given(value: Value) -> tuple[Value, ...]:
    if isinstance(value, Awaitable):
        return value.results
    if isinstance(value, (Generator, ContextManager)):
        return value.elements
    if isinstance(value, Container) and value.kind == "async_generator":
        return value.elements
    return (value,)
