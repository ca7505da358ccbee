"""CON605: what a worker does in its own process to an object that it was given: to its `self`, to a list or
dict among its arguments, or to one of the function around it. All were copied."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.effects.effects import Placement
from conclint.resolve.values import (
    Function,
    Instance,
    Key,
    Parameter,
    unwrapped,
)
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.code import Code
from conclint.rules.structural.enclosing import changes_around
from conclint.rules.structural.function_traits import Habits
from conclint.rules.structural.lost_state import APART, lost_state
from conclint.rules.structural.module_variables import CHANGES, makes_collection
from conclint.rules.structural.own_changes import changes_of_self, fills_own, reads_own
from conclint.rules.structural.process_objects import is_read_elsewhere
from conclint.rules.structural.worker_items import (
    changed_item,
    changes_parameter,
    does_nothing_else,
)
from conclint.summary import body_graph as graph
from conclint.summary.records import Op, SiteKind, StoreKind


def changed_worker_objects(view: ModuleView, code: Code, habits: Habits) -> Iterator[Draft]:
    """CON605: a worker in a process changes its own copy of an object that is read afterwards here."""
    for site, placements in code.placements.items():
        if site < 0 or code.body.sites[site].kind != SiteKind.CALL:
            continue
        for placement in placements:
            if placement.model not in APART or placement.style == "initializer":
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
        changes = list(changes_of_self(code, function.key))
        for name, key, at, _ in changes:
            if _reads_attribute(code, same, name, site):
                start = _start_of(code, same, site) if made else site
                yield lost_state(view, code, start, placement, function, f"self.{name}", (key, at))
        for name, key, at, _ in changes if made else ():
            if is_read_elsewhere(view, code, function, name):
                start = _start_of(code, same, site)
                yield lost_state(view, code, start, placement, function, f"self.{name}", (key, at))
    for name, key, at in _changes_for_others(code, site, function):
        yield lost_state(view, code, site, placement, function, f"self.{name}", (key, at))
    shift = 1 if function.receiver is not None else 0
    if (item := changed_item(code, site, placement, function)) is not None:
        yield lost_state(view, code, site, placement, function, item.name, (function.key, item.at))
    for place, passed in enumerate(placement.arguments.positional):
        if not isinstance(passed, tuple) or len(passed) != 2 or not isinstance(passed[1], int):
            continue
        value = passed[1]
        if passed[0] != code.key or placement.each or not makes_collection(code, value):
            continue
        where = changes_parameter(code.evaluator.body(function.key), place + shift)
        if where is not None and _reads_value(code, value, site):
            name = code.evaluator.definition(function.key).params[place + shift].name
            yield lost_state(view, code, site, placement, function, name, (function.key, where))
    for around in changes_around(code, function.key):
        if _reads_value(code, around.value, site):
            yield lost_state(view, code, site, placement, function, around.name, (function.key, around.at))


def _changes_for_others(code: Code, site: int, function: Function) -> Iterator[tuple[str, Key, int]]:
    """What a worker that is a method of the def's own object does to that, and nothing else, where other
    methods of the class read it."""
    receiver = function.receiver
    if not isinstance(receiver, Instance) or receiver.own != Parameter(code.key, 0):
        return
    if not does_nothing_else(code, site, function):
        return
    changes = list(changes_of_self(code, function.key))
    inside = {function.key, *(change.key for change in changes)}
    others = [key for key in code.module.children(receiver.cls.key) if key not in inside]
    for name, key, at, _ in changes:
        if any(fills_own(code, other, name) for other in others):
            continue
        if any(reads_own(code.evaluator.body(other), name) for other in others if other != code.key):
            yield name, key, at


# -- the object ------------------------------------------------------------------------------------


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


def _start_of(code: Code, same: set[int], made: int) -> int:
    """Where a process of a class of its own is started; where it is made, if that isn't seen."""
    for number, site in enumerate(code.body.sites):
        is_own = site.kind == SiteKind.CALL and code.receiver(number) in same
        if is_own and graph.node(code.body, site.callee)[2] == "start":
            return number
    return made


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
                if isinstance(target, Function) and reads_own(code.evaluator.body(target.key), name):
                    return True
    return any(value in wanted for value, _ in code.body.returns)


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
