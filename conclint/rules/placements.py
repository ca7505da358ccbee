"""Placements: which functions of a module run on the event loop by themselves."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.link.values import Class, External, Function, Instance, Key
from conclint.model.execution import ExecutionModel
from conclint.model.summary import DefKind
from conclint.propagate.engine import placed_functions
from conclint.rules.drafts import ModuleView

_LOOP = ExecutionModel.EVENT_LOOP


def runs_on_loop(view: ModuleView) -> set[Key]:
    """The module's coroutines, the callbacks that it gives to a loop, and the methods that a library calls
    there (`asyncio.Protocol`)."""
    path = view.module.path
    found: set[Key] = set()
    for index, definition in enumerate(view.module.summary.defs):
        if definition.kind == DefKind.ASYNC_FUNCTION:
            found.add((path, index))
        elif definition.kind == DefKind.CLASS:
            found.update(_methods_on_loop(view, index))
    for items in view.placements.values():
        for placement in items:
            if placement.model is _LOOP and placement.style == "callback":
                found.update(key for key in placed_functions(placement) if key[0] == path)
    return found


def _methods_on_loop(view: ModuleView, index: int) -> Iterator[Key]:
    evaluator = view.engine.evaluator
    path = view.module.path
    cls = Class((path, index))
    for base in evaluator.classes.ancestry(cls).classes:
        if not isinstance(base, External):
            continue
        for fact in evaluator.catalog.ancestry(base.dotted):
            for runs in fact.runs:
                if runs.model is not _LOOP:
                    continue
                for name in runs.methods:
                    for value in evaluator.classes.method(cls, name, Instance(cls)).values:
                        if isinstance(value, Function) and value.key[0] == path:
                            yield value.key
