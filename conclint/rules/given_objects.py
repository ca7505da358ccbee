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

_MOST_CALLS: Final = 12
"""Calls of one function that are asked what they pass."""


class GivenObjects:
    """What the functions of one module are given there."""

    def __init__(self, view: ModuleView) -> None:
        self._view = view

    def placements(self, key: Key) -> Iterator[Placement]:
        """The placements of a function, once for each method that a call binds."""
        engine = self._view.engine
        for link in engine.links(key):
            for placement in engine.unbound_placements(key, link):
                yield from self._bound(key, placement)

    def _bound(self, key: Key, placement: Placement) -> Iterator[Placement]:
        seen: set[tuple[Value, ...]] = set()
        for caller, function, arguments in self._calls.get(key, ())[:_MOST_CALLS]:
            bindings = Bindings(self._view.engine.evaluator, caller, function, arguments)
            values: list[Value] = []
            for value in placement.callables.values:
                values.extend(_bound(value, bindings))
            found = tuple(dict.fromkeys(values))
            if not found or found in seen:
                continue
            seen.add(found)
            given = f"`{short_name(self._view.module.symbol(caller))}` is known to give it, others may not"
            callables = placement.callables._replace(
                values=found, reasons=(*placement.callables.reasons, given)
            )
            yield placement._replace(callables=callables, unbound=False)

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
