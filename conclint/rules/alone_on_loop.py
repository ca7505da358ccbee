"""Coroutines that are all there is on their loop: each `asyncio.run` has one of its own for them."""

from __future__ import annotations

from conclint.resolve.values import Function, Key
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, SiteKind


def only_begins_programs(view: ModuleView, key: Key) -> bool:
    """Whether a module mentions one of its coroutine functions, and only to have a loop run that alone
    (`asyncio.run(self.save())`): no two of them are on one loop."""
    begun = sum(
        function == key
        for other in view.keys
        for link in view.engine.links(other)
        for function in view.program_entries.begun_at(other, link)
    )
    return begun > 0 and begun == sum(_uses(view, other, key) for other in view.keys)


def _uses(view: ModuleView, other: Key, key: Key) -> int:
    """How often a def uses what may be a function, by its name."""
    body = view.engine.evaluator.body(other)
    name = view.module.definition(key).name
    found = 0
    for value, node in enumerate(body.values):
        if node[0] == Op.DEF:
            if view.module.at(node[1]) == key:
                found += _times_used(body, value)
        elif node[0] in (Op.ATTR, Op.GLOBAL, Op.FREE) and node[-1] == name:
            known = view.engine.evaluator.evaluate(other, value)
            is_another = known.values and not known.incomplete and _is_none_of(known.values, key)
            if not is_another:
                found += _times_used(body, value) + sum(store.value == value for store in body.stores)
    return found


def _is_none_of(values: tuple[object, ...], key: Key) -> bool:
    return not any(isinstance(item, Function) and item.key == key for item in values)


def _times_used(body: Body, value: int) -> int:
    calls = sum(site.kind == SiteKind.CALL and site.callee == value for site in body.sites)
    handed = sum(passed == value for site in body.sites for _, passed in site.args)
    parts = sum(value in graph.parts(node) for node in body.values)
    return calls + handed + parts + sum(returned == value for returned, _ in body.returns)
