"""What the catalog says of a callable outside the program."""

from __future__ import annotations

from collections.abc import Collection

from conclint.catalog.facts import CallableFact
from conclint.resolve.interpreter import Interpreter
from conclint.resolve.values import External, ExternalMethod, Key, Value


def external_fact(evaluator: Interpreter, callee: Value) -> CallableFact | None:
    """The fact about a function or method of a library; None for all else, and where none is stated."""
    if isinstance(callee, External):
        return evaluator.catalog.function(callee.dotted)
    if isinstance(callee, ExternalMethod):
        return evaluator.catalog.method(callee.dotted, callee.name)
    return None


def may_be_one_of(evaluator: Interpreter, key: Key, value: int, names: Collection[str]) -> bool:
    """Whether a value of a def may be one of these things outside the program, by their public names."""
    return any(
        isinstance(item, External) and evaluator.catalog.canonical(item.dotted) in names
        for item in evaluator.evaluate(key, value).values
    )
