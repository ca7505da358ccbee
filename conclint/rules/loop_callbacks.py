"""Plain functions that an event loop calls by itself, since somebody gave them to it; and who else calls
them."""

from __future__ import annotations

from typing import Final

from conclint.model.execution import ExecutionModel
from conclint.resolve.values import Function, Key, Value, unwrapped
from conclint.rules.chains import placer_of
from conclint.rules.drafts import ModuleView
from conclint.summary.records import DefKind

LOOPS: Final = ("asyncio.", "uvloop.")
"""How the names of what gives a loop plain functions alone begin (`call_later`, `add_signal_handler`)."""


def is_given_to_loop(view: ModuleView, key: Key) -> bool:
    """Whether the module gives a function to an event loop that calls plain functions alone."""
    return any(
        placement.model is ExecutionModel.EVENT_LOOP
        and any(_is(value, key) for value in placement.callables.values)
        and placer_of(view.engine, placement).startswith(LOOPS)
        for placements in view.placements.values()
        for placement in placements
    )


def plain_caller(view: ModuleView, key: Key) -> str:
    """The name of another plain function of the module that calls a function; empty for none."""
    for own in view.keys:
        definition = view.module.definition(own)
        if own == key or definition.kind != DefKind.FUNCTION:
            continue
        for link in view.engine.links(own):
            if any(_is(target.value, key) for group in link.groups for target in group):
                return definition.name
    return ""


def _is(value: Value, key: Key) -> bool:
    function = unwrapped(value)
    return isinstance(function, Function) and function.key == key
