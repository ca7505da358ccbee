"""CON605: what a worker does in its own process to an object that it was given: to its `self`, or to a list
or dict among its arguments. Both were copied."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.effects.effects import Placement
from conclint.model.execution import ExecutionModel
from conclint.model.symbols import short_name
from conclint.resolve.calls import callable_name
from conclint.resolve.values import (
    Container,
    Display,
    ExternalInstance,
    Function,
    Instance,
    Key,
    Parameter,
    unwrapped,
)
from conclint.rules.chains import Hop
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.code import Code
from conclint.rules.structural.function_traits import Habits
from conclint.rules.structural.process_objects import is_read_elsewhere
from conclint.rules.structural.reports import Advice, found
from conclint.rules.structural.shared_state import CHANGES, COLLECTIONS, MAKERS
from conclint.rules.structural.worker_items import (
    changed_item,
    changes_parameter,
    does_nothing_else,
)
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, SiteKind, StoreKind

_ADVICE: Final = Advice(
    ExecutionModel.PROCESS,
    "let the worker return what it found, or share it through `multiprocessing.Value`, a `Queue` or a "
    "`Manager`.",
)
_PLAIN: Final = ("builtins.", "collections.")
_DEPTH: Final = 2


def changed_worker_objects(view: ModuleView, code: Code, habits: Habits) -> Iterator[Draft]:
    """CON605: a worker in a process changes its own copy of an object that is read afterwards here."""
    for site, placements in code.placements.items():
        if site < 0 or code.body.sites[site].kind != SiteKind.CALL:
            continue
        for placement in placements:
            if placement.model is not ExecutionModel.PROCESS or placement.style == "initializer":
                continue
            values = placement.callables.values
            if len(values) != 1 or not isinstance(unwrapped(values[0]), Function) or placement.via:
                continue
            draft = next(_lost(view, code, site, placement), None)
            if draft is not None:
                yield draft
                break


def _lost(view: ModuleView, code: Code, site: int, placement: Placement) -> Iterator[Draft]:
    function = unwrapped(placement.callables.values[0])
    assert isinstance(function, Function)
    own = _object_of(code, site)
    if own >= 0 and isinstance(function.receiver, Instance):
        made = own == code.results.get(site, -1)
        same = _known_as(code, own)
        changes = list(_changes_of_self(code, function.key, 0))
        for name, key, at in changes:
            if _reads_attribute(code, same, name, site):
                start = _start_of(code, same) if made else -1
                yield _draft(view, code, site, placement, function, f"self.{name}", key, at, start)
        for name, key, at in changes if made else ():
            if is_read_elsewhere(view, code, function, name):
                start = _start_of(code, same)
                yield _draft(view, code, site, placement, function, f"self.{name}", key, at, start)
    for name, key, at in _changes_for_others(code, site, function):
        yield _draft(view, code, site, placement, function, f"self.{name}", key, at)
    shift = 1 if function.receiver is not None else 0
    if (item := changed_item(code, site, placement, function)) is not None:
        yield _draft(view, code, site, placement, function, item.name, function.key, item.at)
    for place, passed in enumerate(placement.arguments.positional):
        if not isinstance(passed, tuple) or len(passed) != 2 or not isinstance(passed[1], int):
            continue
        value = passed[1]
        if passed[0] != code.key or placement.each or not _is_made_here(code, value):
            continue
        where = changes_parameter(code.evaluator.body(function.key), place + shift)
        if where is not None and _reads_value(code, value, site):
            name = code.evaluator.definition(function.key).params[place + shift].name
            yield _draft(view, code, site, placement, function, name, function.key, where)


def _changes_for_others(code: Code, site: int, function: Function) -> Iterator[tuple[str, Key, int]]:
    """What a worker that is a method of the def's own object does to that, and nothing else, where other
    methods of the class read it."""
    receiver = function.receiver
    if not isinstance(receiver, Instance) or receiver.own != Parameter(code.key, 0):
        return
    if not does_nothing_else(code, site, function):
        return
    changes = list(_changes_of_self(code, function.key, 0))
    inside = {function.key, *(key for _, key, _ in changes)}
    others = [key for key in code.module.children(receiver.cls.key) if key not in inside]
    for name, key, at in changes:
        if any(_fills(code, other, name) for other in others):
            continue
        if any(_returns_own(code.evaluator.body(other), name) for other in others if other != code.key):
            yield name, key, at


def _fills(code: Code, method: Key, name: str) -> bool:
    """Whether a method, but the constructor, puts something into an attribute of its object."""
    if code.evaluator.definition(method).name == "__init__":
        return False
    for changed, key, at in _changes_of_self(code, method, 0):
        body = code.evaluator.body(key)
        if changed == name and not (_empties(body, name) if at < 0 else _is_clearing(body, at)):
            return True
    return False


def _empties(body: Body, name: str) -> bool:
    """Whether all that a method stores under an attribute of its object is an empty collection."""
    return all(
        store.kind == StoreKind.ATTR and body.values[store.value] in ((Op.LIST,), (Op.DICT,), (Op.SET,))
        for store in body.stores
        if store.name == name or _own_attribute(body, store.base) == name
    )


def _is_clearing(body: Body, number: int) -> bool:
    return graph.node(body, body.sites[number].callee)[-1] == "clear"


def _draft(
    view: ModuleView,
    code: Code,
    site: int,
    placement: Placement,
    function: Function,
    name: str,
    key: Key,
    at: int,
    start: int = -1,
) -> Draft:
    """`start`: where a process of a class of its own is started, -1 where that isn't seen."""
    worker = callable_name(code.evaluator, function)
    site = start if start >= 0 else site
    chain = [Hop(code.key, site, worker)]
    if at >= 0:
        chain.append(Hop(key, at, name))
    return found(
        view,
        code,
        site,
        "CON605",
        f"`{short_name(worker)}` changes `{name}` in its own process, not here",
        _ADVICE,
        cause=name,
        chain=chain,
        model=ExecutionModel.PROCESS,
        reasons=placement.callables.reasons,
    )


# -- what the worker changes -----------------------------------------------------------------------


def _object_of(code: Code, site: int) -> int:
    """The object whose method is handed over, or that the call makes (a process of a class derived from
    `Process`); -1 for none."""
    for _, value in code.body.sites[site].args:
        node = graph.node(code.body, value)
        if node[0] == Op.ATTR and any(
            isinstance(item, Function) and item.receiver is not None for item in code.known(value).values
        ):
            return graph.base(node)
    made = code.results.get(site, -1)
    return made if made >= 0 and code.is_all(made, "multiprocessing.Process") else -1


def _known_as(code: Code, own: int) -> set[int]:
    """The values that are an object, or an element of a collection that holds it."""
    same = {own}
    held = {
        value
        for value, node in enumerate(code.body.values)
        if node[0] in (Op.COMP, Op.LIST, Op.TUPLE) and own in code.elements(value)
    }
    for value, node in enumerate(code.body.values):
        if node[0] in (Op.ELEM, Op.ITEM) and graph.operand(node) in held:
            same.add(value)
    return same


def _start_of(code: Code, same: set[int]) -> int:
    for number, site in enumerate(code.body.sites):
        is_own = site.kind == SiteKind.CALL and code.receiver(number) in same
        if is_own and graph.node(code.body, site.callee)[2] == "start":
            return number
    return -1


def _changes_of_self(code: Code, key: Key, depth: int) -> Iterator[tuple[str, Key, int]]:
    """The attributes of its object that a method, or one that it calls on it, sets or changes in place."""
    body = code.evaluator.body(key)
    for store in body.stores:
        if store.kind == StoreKind.ATTR and body.values[store.base][:2] == (Op.PARAM, 0):
            yield str(store.name), key, -1
        elif store.kind == StoreKind.ITEM and _is_plain(code, key, store.base):
            name = _own_attribute(body, store.base)
            if name is not None:
                yield name, key, -1
    for number, site in enumerate(body.sites):
        callee = graph.node(body, site.callee)
        if site.kind != SiteKind.CALL or callee[0] != Op.ATTR:
            continue
        base = graph.base(callee)
        name = _own_attribute(body, base)
        if callee[2] in CHANGES and name is not None:
            if _is_plain(code, key, base):
                yield name, key, number
        elif depth < _DEPTH and body.values[base][:2] == (Op.PARAM, 0):
            for value in code.evaluator.evaluate(key, site.callee).values:
                if isinstance(value, Function) and value.key != key:
                    yield from _changes_of_self(code, value.key, depth + 1)


def _own_attribute(body: Body, value: int) -> str | None:
    node = graph.node(body, graph.without_items(body, value))
    if node[0] == Op.ATTR and body.values[graph.base(node)][:2] == (Op.PARAM, 0):
        return str(node[2])
    return None


def _is_plain(code: Code, key: Key, value: int) -> bool:
    """Whether a value is a builtin collection, and nothing that processes share."""
    values = code.evaluator.evaluate(key, graph.without_items(code.evaluator.body(key), value)).values
    return bool(values) and all(
        isinstance(item, (Display, Container))
        or (isinstance(item, ExternalInstance) and item.dotted.startswith(_PLAIN))
        for item in values
    )


# -- what is read here -----------------------------------------------------------------------------


def _reads_attribute(code: Code, own: set[int], name: str, site: int) -> bool:
    """Whether the def, or a method that it calls on the object, reads the attribute after the site, and does
    not set it itself."""
    wanted = {
        number
        for number, node in enumerate(code.body.values)
        if node[0] == Op.ATTR and graph.base(node) in own and node[2] == name
    }
    if any(
        store.kind == StoreKind.ATTR and store.base in own and store.name == name
        for store in code.body.stores
    ):
        return False
    here = code.ends(site)
    for number, other in enumerate(code.body.sites):
        if code.starts(number) < here:
            continue
        if code.receiver(number) in wanted and code.body.values[other.callee][2] in CHANGES:
            return False
        if other.callee in wanted or any(value in wanted for _, value in other.args):
            return True
        if other.kind == SiteKind.CALL and code.receiver(number) in own and number in code.calls:
            for target in code.calls[number].inside:
                if isinstance(target, Function) and _returns_own(code.evaluator.body(target.key), name):
                    return True
    return any(value in wanted for value, _ in code.body.returns)


def _returns_own(body: Body, name: str) -> bool:
    """Whether a method reads an attribute of its object, and sets none of that name."""
    reads = any(
        node[0] == Op.ATTR and node[2] == name and body.values[graph.base(node)][:2] == (Op.PARAM, 0)
        for node in body.values
    )
    return reads and not any(store.kind == StoreKind.ATTR and store.name == name for store in body.stores)


def _is_made_here(code: Code, value: int) -> bool:
    """Whether a value is a plain collection that the def makes."""
    node = graph.node(code.body, value)
    if node[0] == Op.CAST:
        node = graph.node(code.body, graph.operand(node))
    if node[0] in COLLECTIONS:
        return True
    call = code.calls.get(code.call_of(value))
    return call is not None and call.is_one_of(MAKERS)


def _reads_value(code: Code, value: int, site: int) -> bool:
    """Whether the def reads a collection after the site, and does not fill it itself."""
    here = code.ends(site)
    same = {value}
    node = graph.node(code.body, value)
    if node[0] == Op.CAST:
        same.add(graph.operand(node))
    same |= {
        n for n, other in enumerate(code.body.values) if other[0] == Op.CAST and graph.operand(other) in same
    }
    if any(store.kind == StoreKind.ITEM and store.base in same for store in code.body.stores):
        return False
    reads = any(item in same for item, _ in code.body.returns)
    for number, other in enumerate(code.body.sites):
        receiver = code.receiver(number)
        if receiver in same and code.body.values[other.callee][2] in CHANGES:
            return False
        if code.starts(number) >= here and number not in code.placements:
            used = other.callee in same or receiver in same or any(item in same for _, item in other.args)
            reads = reads or used
    return reads
