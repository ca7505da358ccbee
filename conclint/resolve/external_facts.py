"""What the catalog says of a callable outside the program."""

from __future__ import annotations

from conclint.catalog.facts import CallableFact
from conclint.resolve.interpreter import Interpreter
from conclint.resolve.values import External, ExternalMethod, Value


def external_fact(evaluator: Interpreter, callee: Value) -> CallableFact | None:
    """The fact about a function or method of a library; None for all else, and where none is stated."""
    if isinstance(callee, External):
        return evaluator.catalog.function(callee.dotted)
    if isinstance(callee, ExternalMethod):
        return evaluator.catalog.method(callee.dotted, callee.name)
    return None
