"""Whether a host is an address already, so that nobody is asked for it."""

from __future__ import annotations

from typing import Final

from conclint.resolve.arguments import Passed, StarItem
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import External, ExternalInstance, Key, Literal, Value, ValueSet
from conclint.summary import body_graph as graph

_ADDRESSES: Final = "ipaddress."


def is_numeric(evaluator: Evaluator, passed: Passed) -> bool:
    """Whether a host is given as `None` or "127.0.0.1", or as the text of an object of `ipaddress`."""
    if isinstance(passed, StarItem):
        return False
    if not isinstance(passed, ValueSet):
        key, value = passed
        site = graph.call(evaluator.body(key), value)
        if site is not None and len(site.args) == 1:
            called = evaluator.evaluate(key, site.callee).values
            return called == (External("builtins.str"),) and _is_address(evaluator, key, site.args[0][1])
        passed = evaluator.evaluate(key, value)
    return bool(passed.values) and not passed.incomplete and all(map(_is_numeric, passed.values))


def _is_address(evaluator: Evaluator, key: Key, value: int) -> bool:
    """Whether a value is made by `ipaddress`."""
    site = graph.call(evaluator.body(key), value)
    made = evaluator.evaluate(key, value if site is None else site.callee).values
    return bool(made) and all(
        isinstance(item, (External, ExternalInstance)) and item.dotted.startswith(_ADDRESSES) for item in made
    )


def _is_numeric(value: Value) -> bool:
    if not isinstance(value, Literal) or not isinstance(value.value, (str, type(None))):
        return False
    import ipaddress  # of use in few runs

    try:
        return not value.value or bool(ipaddress.ip_address(value.value))
    except ValueError:
        return False
