"""What a process does with the queues and pipes that it is given: which of them it fills, and how much."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

from conclint.effects.effects import Placement
from conclint.effects.solver import placed_functions
from conclint.model.execution import ExecutionModel
from conclint.resolve.arguments import Passed
from conclint.resolve.values import Class, ExternalInstance, Function, Key, Parameter
from conclint.rules.structural.code import Code
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, SiteKind, StoreKind

PROCESS: Final = "multiprocessing.Process"
HOLDING: Final = (Op.TUPLE, Op.LIST, Op.SET, Op.DICT, Op.STAR)
GETS: Final = frozenset({"get", "get_nowait", "recv", "recv_bytes", "recv_bytes_into"})
_QUEUES: Final = ("multiprocessing.queues.Queue", "multiprocessing.queues.SimpleQueue")
_STATED: Final = ("multiprocessing.Queue", "multiprocessing.SimpleQueue", "multiprocessing.JoinableQueue")
_PIPE: Final = "multiprocessing.connection.Connection"
_PUTS: Final = frozenset({"put", "put_nowait", "send", "send_bytes"})
_GROWS: Final = frozenset({"append", "extend", "insert", "add", "update", "setdefault"})
_SMALL: Final = ("what it puts is small: it fits into the pipe",) * 2
_UNKNOWN: Final = ("how much it puts is not known: a little fits into the pipe",)
_DEPTH: Final = 2

_Place: TypeAlias = int | str | None
"""By what a worker has an object: a parameter, an attribute of its own object; None for anything else."""


class Filled(NamedTuple):
    """What a process fills: values of the def that makes it, the ends that are read; and what is assumed."""

    ends: tuple[int, ...]
    doubts: tuple[str, ...]


def given(code: Code, site: int) -> Iterator[int]:
    """The queues and ends of pipes among the arguments of a process, and in collections that are passed."""
    todo = [value for _, value in code.body.sites[site].args]
    while todo:
        value = todo.pop()
        node = graph.node(code.body, value)
        if node[0] in HOLDING:
            todo += graph.parts(node)
        elif code.is_all(value, *_QUEUES, _PIPE):
            yield value


def filled(code: Code, site: int) -> Filled | None:
    """What a process made at a site fills; None where it is known to read what it is given, or to put nothing
    into it."""
    placements = [item for item in code.placements.get(site, ()) if item.model is ExecutionModel.PROCESS]
    functions = [key for item in placements for key in placed_functions(item)]
    doubts = _doubts(code, functions)
    if doubts is None:
        return None
    ends: list[int] = []
    for value in given(code, site):
        if code.is_all(value, _PIPE):
            ends += _other_ends(code, value)
        elif all(
            _leaves(code, site, item, key, value) for item in placements for key in placed_functions(item)
        ):
            ends.append(value)
    return Filled(tuple(ends), doubts) if ends else None


def _other_ends(code: Code, value: int) -> Iterator[int]:
    """The end of a pipe at which is read what goes in at this one."""
    node = graph.node(code.body, value)
    if node[0] != Op.ITEM or graph.call(code.body, graph.operand(node)) is None:
        return
    for other, item in enumerate(code.body.values):
        if item[0] == Op.ITEM and graph.operand(item) == graph.operand(node) and item != node:
            yield other


def _leaves(code: Code, site: int, placement: Placement, key: Key, value: int) -> bool:
    """Whether a worker leaves what is in a queue to others."""
    read = set(_read(code, key, 0))
    if not read:
        return True
    place = _place_given(code, site, placement, key, value)
    return None not in read and place is not None and place not in read


def _place_given(code: Code, site: int, placement: Placement, key: Key, value: int) -> _Place:
    """As what a worker has a value that its process was given."""
    params = code.evaluator.definition(key).params
    call = code.calls.get(site)
    if call is not None and len(call.inside) == 1 and isinstance(call.inside[0], Class):
        return _attribute_given(code, site, call.inside[0], value)
    function = next((item for item in placement.callables.values if isinstance(item, Function)), None)
    shift = 1 if function is not None and function.receiver is not None else 0
    wanted: Passed = (code.key, value)
    for place, passed in enumerate(placement.arguments.positional):
        if passed == wanted:
            return place + shift
    for name, passed in placement.arguments.keywords:
        if passed == wanted:
            return next((place for place, param in enumerate(params) if param.name == name), None)
    return None


def _attribute_given(code: Code, site: int, cls: Class, value: int) -> _Place:
    """The attribute in which `__init__` of a class derived from `Process` keeps an argument."""
    module = code.evaluator.module(cls.key[0])
    inits = [key for key in module.children(cls.key) if module.definition(key).name == "__init__"]
    init = inits[0] if len(inits) == 1 else None
    if init is None:
        return None
    params = code.evaluator.definition(init).params
    slots = [slot for slot, passed in code.body.sites[site].args if passed == value]
    for place, param in enumerate(params):
        if place - 1 in slots or param.name in slots:
            for store in code.evaluator.body(init).stores:
                if store.kind == StoreKind.ATTR and _is_parameter(
                    code.evaluator.body(init), store.value, place
                ):
                    return str(store.name)
    return None


def _is_parameter(body: Body, value: int, place: int) -> bool:
    return graph.node(body, graph.bare(body, value))[:2] == (Op.PARAM, place)


def _read(code: Code, key: Key, depth: int) -> Iterator[_Place]:
    """The queues that a function reads: then another process may fill them."""
    body = code.evaluator.body(key)
    called = {site.callee: site for site in body.sites if site.kind == SiteKind.CALL}
    for value, node in enumerate(body.values):
        if node[0] != Op.ATTR or node[2] not in ("get", "get_nowait"):
            continue
        place = _place(body, graph.base(node))
        # Mappings have a `get` too, which is never called without an argument.
        if place is not None or (value in called and not called[value].args):
            yield place
    if depth < _DEPTH:
        for site in called.values():
            if graph.node(body, graph.receiver(body, site))[:2] != (Op.PARAM, 0):
                continue
            for item in code.evaluator.evaluate(key, site.callee).values:
                if isinstance(item, Function) and item.key != key:
                    yield from (name for name in _read(code, item.key, depth + 1) if isinstance(name, str))


def _place(body: Body, value: int) -> _Place:
    node = graph.node(body, graph.bare(body, value))
    if node[0] == Op.PARAM:
        return graph.number(node)
    if node[0] == Op.ATTR and graph.node(body, graph.base(node))[:2] == (Op.PARAM, 0):
        return str(node[2])
    return None


# -- how much --------------------------------------------------------------------------------------


def _doubts(code: Code, functions: list[Key]) -> tuple[str, ...] | None:
    """What is assumed in saying that the functions which a process runs fill a queue; None where they put
    nothing into one."""
    if not functions:
        return _UNKNOWN
    found_here: list[tuple[str, ...]] = []
    for function in functions:
        amounts = list(_amounts(code, function, 0))
        if not amounts:
            return None
        found_here.append(min(amounts, key=len))
    return max(found_here, key=len)


def _amounts(code: Code, function: Key, depth: int) -> Iterator[tuple[str, ...]]:
    """For each `put` of a function, and of those that it calls, what is to be said against its being much."""
    body = code.evaluator.body(function)
    for site in body.sites:
        if site.kind != SiteKind.CALL:
            continue
        callee = graph.node(body, site.callee)
        if (
            callee[0] == Op.ATTR
            and callee[2] in _PUTS
            and site.args
            and _may_be_queue(code, function, callee)
        ):
            if graph.loop_of(body, site.region) >= 0:
                yield ()
            else:
                yield _amount(body, site.args[0][1])
        elif depth < _DEPTH:
            for value in code.evaluator.evaluate(function, site.callee).values:
                if isinstance(value, Function) and value.key != function:
                    yield from _amounts(code, value.key, depth + 1)


def _may_be_queue(code: Code, function: Key, callee: tuple[object, ...]) -> bool:
    values = code.evaluator.evaluate(function, graph.base(callee)).values
    return not values or any(
        isinstance(value, Parameter)
        or (isinstance(value, ExternalInstance) and value.dotted in (*_QUEUES, *_STATED, _PIPE))
        for value in values
    )


def _amount(body: Body, value: int) -> tuple[str, ...]:
    """What is to be said against a value's being large: a literal is small, a collection that is made of data
    grows with it."""
    node = graph.node(body, value)
    if node[0] == Op.CONST:
        is_long = isinstance(node[1], (str, bytes)) and len(node[1]) > 1000
        return () if is_long else _SMALL
    if node[0] == Op.COMP or _grows(body, value):
        return ()
    if node[0] == Op.ARITH:
        parts = [graph.node(body, part) for part in graph.parts(node)]
        repeats = node[1] == "*" and any(part[0] in (Op.LIST, Op.TUPLE) for part in parts)
        words = node[1] == "*" and any(
            part[0] == Op.CONST and isinstance(part[1], (str, bytes)) for part in parts
        )
        return () if repeats or words else _UNKNOWN
    if node[0] in HOLDING:
        return min((_amount(body, part) for part in graph.parts(node)), key=len, default=_SMALL)
    return _UNKNOWN


def _grows(body: Body, value: int) -> bool:
    """Whether a loop puts more and more into a collection."""
    if graph.node(body, value)[0] not in (Op.LIST, Op.SET, Op.DICT):
        return False
    return any(
        graph.receiver(body, site) == value
        and graph.node(body, site.callee)[2] in _GROWS
        and graph.loop_of(body, site.region) >= 0
        for site in body.sites
        if site.kind == SiteKind.CALL
    )
