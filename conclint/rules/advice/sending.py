"""What a process can be given and can send back, as far as summaries know it."""

from __future__ import annotations

from typing import Final

from conclint.catalog.facts import Trait
from conclint.resolve.values import External, ExternalInstance, Function, Instance, Key, Literal, Value
from conclint.rules.chains import Hop
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import DefFlags, DefKind, Op, SiteKind, Slot, StoreKind, Use

_PLAIN: Final = frozenset(
    f"builtins.{name}"
    for name in ("int", "float", "complex", "bool", "str", "bytes", "bytearray", "NoneType")
) | {"pathlib.Path", "pathlib.PurePath", "decimal.Decimal", "datetime.datetime", "datetime.date", "uuid.UUID"}
_DISPLAYS: Final = (Op.TUPLE, Op.LIST, Op.SET, Op.DICT)


def traits_of(view: ModuleView, name: str) -> frozenset[Trait]:
    """What is said of a function or method, of its class, and of what it gives."""
    catalog = view.engine.evaluator.catalog
    fact = catalog.function(name)
    found = fact.traits if fact is not None else frozenset()
    owners = [name, name.rpartition(".")[0]]
    if fact is not None and fact.returns is not None and " " not in fact.returns:
        owners.append(fact.returns)
    for owner in owners:
        for item in catalog.ancestry(owner):
            found |= item.traits
    return found


def is_used_in_turn(view: ModuleView, name: str) -> bool:
    """Whether a method is one of an object that only one thread at a time may use, and not what gives one."""
    owner, _, method = name.rpartition(".")
    if method == "__init__":
        return False
    return any(Trait.ONE_AT_A_TIME in item.traits for item in view.engine.evaluator.catalog.ancestry(owner))


def is_sendable(view: ModuleView, hop: Hop) -> bool:
    """Whether a process can be given the call at a place: a function at the top of a module, with arguments
    that are known to be plain data, whose result is used."""
    evaluator = view.engine.evaluator
    body = evaluator.body(hop.key)
    if hop.site < 0 or body.sites[hop.site].kind != SiteKind.CALL:
        return False
    site = body.sites[hop.site]
    called = evaluator.evaluate(hop.key, site.callee)
    if called.incomplete or not called.values or not all(_is_top(view, value) for value in called.values):
        return False
    if site.use & Use.DROPPED or not all(slot not in (Slot.STAR, Slot.DOUBLE_STAR) for slot, _ in site.args):
        return False
    return all(_is_plain(view, hop.key, value) for _, value in site.args)


def is_inner(view: ModuleView, hop: Hop) -> bool:
    """Whether what is called at a place is a method of the program, or a function inside another one."""
    evaluator = view.engine.evaluator
    body = evaluator.body(hop.key)
    if hop.site < 0 or body.sites[hop.site].kind != SiteKind.CALL:
        return False
    return any(
        isinstance(value, Function)
        and (
            isinstance(value.receiver, Instance)
            or evaluator.definition(evaluator.scope(value.key)).kind not in (DefKind.MODULE, DefKind.CLASS)
        )
        for value in evaluator.evaluate(hop.key, body.sites[hop.site].callee).values
    )


def _is_top(view: ModuleView, value: Value) -> bool:
    """Whether a callable is found by its name in a module."""
    if isinstance(value, External):
        return Trait.UNPICKLABLE not in traits_of(view, view.engine.evaluator.catalog.canonical(value.dotted))
    if not isinstance(value, Function) or value.closure or _gives_unpicklable(view, value.key):
        return False
    module = view.engine.evaluator.module(value.key[0])
    definition = module.definition(value.key)
    at_top = module.scope(value.key) == module.own and not definition.decorators
    plain = definition.kind == DefKind.FUNCTION and not definition.flags & DefFlags.GENERATOR
    return (
        at_top
        and plain
        and not any(store.kind == StoreKind.GLOBAL for store in module.body(value.key).stores)
    )


def _gives_unpicklable(view: ModuleView, key: Key) -> bool:
    """Whether a function is known to return something that can't be sent back."""
    evaluator = view.engine.evaluator
    for value, _ in evaluator.body(key).returns:
        for item in evaluator.evaluate(key, value).values if value >= 0 else ():
            if isinstance(item, ExternalInstance) and Trait.UNPICKLABLE in traits_of(view, item.dotted):
                return True
    return False


def _is_plain(view: ModuleView, key: Key, value: int, depth: int = 0) -> bool:
    """Whether a value is known to be plain data."""
    evaluator = view.engine.evaluator
    body = evaluator.body(key)
    node = graph.node(body, value)
    if node[0] in (Op.CONST, Op.TYPED, Op.COMPARE):
        return True
    if node[0] in _DISPLAYS and depth < 4:
        return all(_is_plain(view, key, part, depth + 1) for part in graph.parts(node))
    known = evaluator.evaluate(key, value)
    if known.incomplete or not known.values:
        return False
    for item in known.values:
        if isinstance(item, ExternalInstance) and evaluator.catalog.canonical(item.dotted) in _PLAIN:
            continue
        if isinstance(item, Literal):
            continue
        return False
    return True
