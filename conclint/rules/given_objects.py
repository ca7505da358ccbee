"""Placements of methods of what a function is given (`pool.map(model.price, items)`), as the calls of the
function in its own module bind them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Final

from conclint.effects.bindings import Bindings
from conclint.effects.effects import Placement
from conclint.model.symbols import short_name
from conclint.resolve.arguments import Arguments
from conclint.resolve.values import Function, Key, Parameter, Partial, Value, unwrapped
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import Op

_MOST_CALLS: Final = 12
"""Calls of one function that are asked what they pass."""


class GivenObjects:
    """What the functions of one module are given there."""

    def __init__(self, view: ModuleView) -> None:
        self._view = view

    def placements(self, key: Key) -> Iterator[Placement]:
        """The placements that a function makes of methods of what it is given."""
        engine = self._view.engine
        for link in engine.links(key):
            for placement in engine.unbound_placements(key, link):
                bound = self._bound(key, placement)
                if bound is not None:
                    yield bound

    def _bound(self, key: Key, placement: Placement) -> Placement | None:
        """The placement of all that the calls bind; None where one binds what isn't known, or what is placed
        depends on what else is given."""
        body = self._view.engine.evaluator.body(key)
        if any(
            body.regions[number].kind in graph.TESTS
            and any(
                body.values[part][0] == Op.PARAM
                for part in graph.made_from(body, [body.regions[number].value])
            )
            for number in graph.around(body, body.sites[placement.site].region)
        ):
            return None
        values: dict[Value, None] = {}
        calls = self._calls.get(key, ())[:_MOST_CALLS]
        for caller, function, arguments in calls:
            bindings = Bindings(self._view.engine.evaluator, caller, function, arguments)
            found = [item for value in placement.callables.values for item in _bound(value, bindings)]
            if not found:
                return None
            values.update(dict.fromkeys(found))
        if not values:
            return None
        callers = ", ".join(dict.fromkeys(short_name(self._view.module.symbol(item)) for item, _, _ in calls))
        reasons = (
            *placement.callables.reasons,
            f"`{callers}` passes it, other callers may pass something else",
        )
        callables = placement.callables._replace(values=tuple(values), reasons=reasons)
        return placement._replace(callables=callables, unbound=False)

    @cached_property
    def _calls(self) -> dict[Key, list[tuple[Key, Function, Arguments]]]:
        """The calls of the module's functions in the module, each with the function that makes it."""
        found: dict[Key, list[tuple[Key, Function, Arguments]]] = {}
        path = self._view.module.path
        for caller in self._view.keys:
            for link in self._view.engine.links(caller):
                for target in (item for group in link.groups for item in group):
                    function = target.value
                    if isinstance(function, Function) and function.key[0] == path:
                        found.setdefault(function.key, []).append((caller, function, target.arguments))
        return found


def _bound(value: Value, bindings: Bindings) -> Iterator[Value]:
    """What a callable is where its parameter is bound so; nothing, where that is not known for sure."""
    target = unwrapped(value)
    if not isinstance(target, Parameter):
        return
    known = bindings.of_callable(target)
    if known.incomplete:
        return
    for item in known.values:
        if isinstance(item, Function):
            yield _rewrapped(value, item)


def _rewrapped(value: Value, target: Value) -> Value:
    """The same partials around another callable."""
    return value._replace(target=_rewrapped(value.target, target)) if isinstance(value, Partial) else target
