"""Whether a function makes the object that it works with: then it may do all of that in any thread."""

from __future__ import annotations

from typing import Final

from conclint.resolve.values import Class, External, Function, Instance, Key
from conclint.rules.chains import Hop
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import Op, StoreKind

_MOST_STEPS: Final = 20
_MOST_CALLS: Final = 4
_MANAGERS: Final = frozenset({"contextlib.contextmanager"})


def is_made_here(view: ModuleView, hop: Hop) -> bool:
    """Whether the object whose method is called at a hop was made in the same function, by itself or by
    functions of the program that it calls for that."""
    body = view.engine.evaluator.body(hop.key)
    return _is_made(view, hop.key, body.sites[hop.site].callee, _MOST_CALLS)


def is_handed_out(view: ModuleView, hop: Hop) -> bool:
    """Whether what the call at a hop gives is put into an object, a global name, or returned."""
    body = view.engine.evaluator.body(hop.key)
    made = {number for number, node in enumerate(body.values) if graph.called_site(node) == hop.site}
    kept = {store.value for store in body.stores} | {value for value, _ in body.returns}
    return any(graph.bare(body, value) in made for value in kept if value >= 0)


def _is_made(view: ModuleView, key: Key, value: int, calls: int) -> bool:
    """Whether a value of a function is new, or a part of what is."""
    evaluator = view.engine.evaluator
    body = evaluator.body(key)
    is_entered = False
    for _ in range(_MOST_STEPS):
        node = graph.node(body, value)
        made = graph.call(body, value)
        if made is not None:
            found = evaluator.evaluate(key, made.callee)
            own = [item for item in found.values if isinstance(item, (Function, Class))]
            if own and calls and len(own) == len(found.values):
                return all(_gives_new(view, item, calls - 1, is_entered=is_entered) for item in own)
            value = made.callee
        elif node[0] == Op.ATTR or node[0] in (Op.ENTER, Op.NARROW, Op.CAST, Op.ELEM):
            is_entered = node[0] == Op.ENTER or (is_entered and node[0] != Op.ATTR)
            value = graph.operand(node)
        elif node[0] == Op.GLOBAL:  # `sqlite3.connect(…)`, `closing(…)`
            values = evaluator.evaluate(key, value).values
            return bool(values) and all(isinstance(item, External) for item in values)
        else:
            return bool(node[0] == Op.IMPORT)
    return False


def _gives_new(view: ModuleView, maker: Function | Class, calls: int, *, is_entered: bool) -> bool:
    """Whether a function of the program returns what it has made, or one that is a context manager yields
    that, or entering a new object of a class gives that object, or what it holds."""
    evaluator = view.engine.evaluator
    if isinstance(maker, Class):
        if not is_entered:
            return True
        entering = evaluator.classes.method(maker, "__enter__", Instance(maker)).values
        return bool(entering) and all(
            isinstance(item, Function) and _gives_own_part(view, maker, item.key, calls) for item in entering
        )
    definition = evaluator.definition(maker.key)
    body = evaluator.body(maker.key)
    scope = evaluator.scope(maker.key)
    if definition.decorators:
        names = {
            item.dotted if isinstance(item, External) else ""
            for decorator in definition.decorators
            for item in evaluator.evaluate(scope, decorator).values
        }
        if not names or not names <= _MANAGERS or not is_entered:
            return False
        given = [value for value, _ in body.yields]
    else:
        given = [value for value, _ in body.returns]
    kept = {graph.bare(body, store.value) for store in body.stores if store.kind != StoreKind.LOCAL}
    return bool(given) and all(
        value >= 0 and graph.bare(body, value) not in kept and _is_new(view, maker.key, value, calls)
        for value in given
    )


def _gives_own_part(view: ModuleView, maker: Class, key: Key, calls: int) -> bool:
    """Whether a method gives its own object, an attribute in which that keeps what it has made itself, or
    what the method has made."""
    body = view.engine.evaluator.body(key)
    for value, _ in body.returns:
        node = graph.node(body, graph.bare(body, value))
        is_own = node == (Op.PARAM, 0) or (
            node[0] == Op.ATTR
            and graph.node(body, graph.base(node)) == (Op.PARAM, 0)
            and _keeps_new(view, maker, str(node[2]), calls)
        )
        if not is_own and not _is_new(view, key, value, calls):
            return False
    return bool(body.returns)


def _keeps_new(view: ModuleView, maker: Class, name: str, calls: int) -> bool:
    """Whether the methods of a class put into an attribute only what they have made."""
    classes = view.engine.evaluator.classes
    above = [item for item in classes.ancestry(maker).classes if isinstance(item, Class)]
    if any(classes.own_members(item).get(name) for item in above):
        return False  # all objects of the class have it
    stored = [store for item in above for store in classes.own_stores(item).get(name, ())]
    kept = [(key, value) for key, value, _ in stored if not _is_none(view, key, value)]
    return bool(kept) and all(_is_new(view, key, value, calls) for key, value in kept)


def _is_none(view: ModuleView, key: Key, value: int) -> bool:
    return graph.node(view.engine.evaluator.body(key), value) == (Op.CONST, None)


def _is_new(view: ModuleView, key: Key, value: int, calls: int) -> bool:
    """Whether a value is a call's that makes something, not a part of what was there."""
    body = view.engine.evaluator.body(key)
    value = graph.bare(body, value)
    node = graph.node(body, value)
    if node[0] == Op.PHI:
        return all(_is_new(view, key, part, calls) for part in graph.parts(node))
    return graph.call(body, value) is not None and _is_made(view, key, value, calls)
