"""Plain functions that an event loop calls by itself, since somebody gave them to it; and who else calls
them."""

from __future__ import annotations

from typing import Final

from conclint.model.execution import ExecutionModel
from conclint.resolve.values import Function, Key, Value, unwrapped
from conclint.rules.chains import placer_of
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import DefKind, Op, SiteKind

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


def is_mentioned(view: ModuleView, key: Key) -> bool:
    """Whether code of the module names a function besides defining it: calls it, or hands it on."""
    if view.memos.mentions is None:
        view.memos.mentions = _mentions(view)
    names, attributes = view.memos.mentions
    name = view.module.definition(key).name
    return name in names or (view.engine.evaluator.enclosing_class(key) is not None and name in attributes)


def _mentions(view: ModuleView) -> tuple[frozenset[str], frozenset[str]]:
    """The variables that the module's code reads, and the attributes."""
    names: set[str] = set()
    attributes: set[str] = set()
    for key in view.keys:
        body = view.engine.evaluator.body(key)
        for node in body.values:
            if node[0] in (Op.GLOBAL, Op.FREE):
                names.add(str(node[-1]))
            elif node[0] == Op.ATTR:
                attributes.add(str(node[2]))
        used = {part for value in range(len(body.values)) for part in graph.inputs(body, value)}
        used.update(site.callee for site in body.sites)
        used.update(value for site in body.sites if site.kind != SiteKind.DECORATE for _, value in site.args)
        used.update(value for value, _ in body.returns)
        names.update(
            store.name for store in body.stores if store.value in used and isinstance(store.name, str)
        )
    return frozenset(names), frozenset(attributes)


def _is(value: Value, key: Key) -> bool:
    function = unwrapped(value)
    return isinstance(function, Function) and function.key == key
