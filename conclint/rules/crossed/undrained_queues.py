"""CON706: a process is joined before the queue is read that it fills."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from conclint.effects.solver import placed_functions
from conclint.model.execution import EffectKind, ExecutionModel
from conclint.resolve.calls import callable_name
from conclint.resolve.values import ExternalInstance, Function, Key, Parameter
from conclint.rules.chains import Hop
from conclint.rules.crossed.names import Name, names_of
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.code import Code
from conclint.rules.structural.reports import Advice, found
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, RegionKind, SiteKind, StoreKind

_QUEUES: Final = ("multiprocessing.queues.Queue", "multiprocessing.queues.SimpleQueue")
_PROCESS: Final = "multiprocessing.Process"
_JOIN: Final = "multiprocessing.Process.join"
_PUTS: Final = frozenset({"put", "put_nowait"})
_GETS: Final = frozenset({"get", "get_nowait"})
_HOLDING: Final = (Op.TUPLE, Op.LIST, Op.SET, Op.DICT, Op.STAR)
_SMALL: Final = ("what it puts is small: it fits into the pipe",) * 2
_UNKNOWN: Final = ("how much it puts is not known: a little fits into the pipe",)
_DEPTH: Final = 2
_MESSAGE: Final = (
    "this can wait for ever: the process does not end before its queue is read, and that comes afterwards"
)


class _Child(NamedTuple):
    """A process that is given a queue: by what it, or a list with it, and the queue are known."""

    key: Key
    site: int
    processes: frozenset[Name]
    queues: frozenset[Name]
    doubts: tuple[str, ...]


def joined_before_drained(view: ModuleView, codes: Sequence[Code]) -> Iterator[Draft]:
    """CON706: `join` without a timeout of a process that fills a queue, which is read only afterwards."""
    children = [child for code in codes for child in _children(code)]
    if not children:
        return
    for code in codes:
        for number in _joins(code):
            for name, hops in _joined(code, number):
                child = next((child for child in children if name in child.processes), None)
                if child is None or not _is_read_later(code, number, child):
                    continue
                yield found(
                    view,
                    code,
                    number,
                    "CON706",
                    _MESSAGE,
                    Advice(
                        ExecutionModel.PROCESS, "read all that it puts into the queue first, then join it."
                    ),
                    cause=_JOIN,
                    model=ExecutionModel.PROCESS,
                    effect=EffectKind.WAITS_FOR_ITSELF,
                    family="queue",
                    reasons=child.doubts,
                    chain=hops,
                )
                break


# -- processes with a queue ------------------------------------------------------------------------


def _children(code: Code) -> Iterator[_Child]:
    for site, value in code.results.items():
        call = code.calls.get(site)
        if call is None or (call.names and not any("Process" in name for name in call.names)):
            continue  # evaluating what all calls give takes a fortieth of a run
        if not code.is_all(value, _PROCESS):
            continue
        queues = frozenset(name for queue in _queues_given(code, site) for name in names_of(code, queue))
        if not queues:
            continue
        functions = [
            function
            for placement in code.placements.get(site, ())
            if placement.model is ExecutionModel.PROCESS
            for function in placed_functions(placement)
        ]
        doubts = _doubts(code, functions)
        if doubts is not None:
            yield _Child(code.key, site, frozenset(_names_of_process(code, value)), queues, doubts)


def _queues_given(code: Code, site: int) -> Iterator[int]:
    """The queues among the arguments of a process, and in the collections that are passed."""
    todo = [value for _, value in code.body.sites[site].args]
    while todo:
        value = todo.pop()
        node = graph.node(code.body, value)
        if node[0] in _HOLDING:
            todo += graph.parts(node)
        elif code.is_all(value, *_QUEUES):
            yield value


def _names_of_process(code: Code, process: int) -> Iterator[Name]:
    yield from names_of(code, process)
    for value, node in enumerate(code.body.values):
        if node[0] in (Op.LIST, Op.TUPLE, Op.COMP) and process in graph.parts(node):
            yield from names_of(code, value)
    for site in code.body.sites:
        callee = graph.node(code.body, site.callee)
        if (
            callee[0] == Op.ATTR
            and callee[2] in ("append", "add")
            and any(v == process for _, v in site.args)
        ):
            yield from names_of(code, graph.base(callee))
    for store in code.body.stores:
        if store.kind == StoreKind.ITEM and store.value == process:
            yield from names_of(code, store.base)


def _doubts(code: Code, functions: list[Key]) -> tuple[str, ...] | None:
    """What is assumed in saying that the functions which a process runs fill a queue; None where they are
    known to read it, or to put nothing into it."""
    if not functions:
        return _UNKNOWN
    found_here: list[tuple[str, ...]] = []
    for function in functions:
        amounts = list(_amounts(code, function, 0))
        if not amounts or _reads(code.evaluator.body(function)):
            return None
        found_here.append(min(amounts, key=len))
    return max(found_here, key=len)


def _reads(body: Body) -> bool:
    """Whether a function reads what it is given: then another process may fill the queue."""
    for site in body.sites:
        callee = graph.node(body, site.callee)
        if site.kind == SiteKind.CALL and callee[0] == Op.ATTR and callee[2] in _GETS and not site.args:
            return True
    return False


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
        isinstance(value, Parameter) or (isinstance(value, ExternalInstance) and value.dotted in _QUEUES)
        for value in values
    )


def _amount(body: Body, value: int) -> tuple[str, ...]:
    """What is to be said against a value's being large: a literal is small, a collection that is made of data
    grows with it."""
    node = graph.node(body, value)
    if node[0] == Op.CONST:
        is_long = isinstance(node[1], (str, bytes)) and len(node[1]) > 1000
        return () if is_long else _SMALL
    if node[0] == Op.COMP:
        return ()
    if node[0] == Op.ARITH:
        parts = [graph.node(body, part) for part in graph.parts(node)]
        repeats = node[1] == "*" and any(part[0] in (Op.LIST, Op.TUPLE) for part in parts)
        words = node[1] == "*" and any(
            part[0] == Op.CONST and isinstance(part[1], (str, bytes)) for part in parts
        )
        return () if repeats or words else _UNKNOWN
    if node[0] in _HOLDING:
        return min((_amount(body, part) for part in graph.parts(node)), key=len, default=_SMALL)
    return _UNKNOWN


# -- joins and reads -------------------------------------------------------------------------------


def _joins(code: Code) -> Iterator[int]:
    for number, site in enumerate(code.body.sites):
        if site.kind == SiteKind.CALL and (code.receiver(number) >= 0 or site.args):
            yield number


def _joined(code: Code, number: int) -> Iterator[tuple[Name, tuple[Hop, ...]]]:
    """The names of the processes that a site waits for without a limit: by `join`, or by a function that
    joins what it is given."""
    site = code.body.sites[number]
    callee = graph.node(code.body, site.callee)
    if callee[0] == Op.ATTR and callee[2] == "join":
        if all(code.body.values[value] == (Op.CONST, None) for _, value in site.args):
            for name in _names_behind(code, graph.base(callee)):
                yield name, (Hop(code.key, number, _JOIN),)
        return
    call = code.calls.get(number)
    if call is None or call.names or len(call.inside) != 1 or not isinstance(call.inside[0], Function):
        return
    function = call.inside[0]
    inner = _joins_parameter(code.evaluator.body(function.key))
    if inner >= 0:
        hops = (
            Hop(code.key, number, callable_name(code.evaluator, function)),
            Hop(function.key, inner, _JOIN),
        )
        for _, value in site.args:
            for name in _names_behind(code, value):
                yield name, hops


def _joins_parameter(body: Body) -> int:
    """The site at which a function joins a parameter, or each item of one, without a timeout; else -1."""
    for number, site in enumerate(body.sites):
        callee = graph.node(body, site.callee)
        if site.kind != SiteKind.CALL or callee[0] != Op.ATTR or callee[2] != "join" or site.args:
            continue
        node = graph.node(body, graph.base(callee))
        if node[0] == Op.ELEM:
            node = graph.node(body, graph.operand(node))
        if node[0] == Op.PARAM:
            return number
    return -1


def _names_behind(code: Code, value: int) -> Iterator[Name]:
    """The names of a value, or of the collection that it is an element of."""
    node = graph.node(code.body, value)
    while node[0] in (Op.ELEM, Op.ITEM, Op.CALL):
        if node[0] == Op.CALL:
            made = code.body.sites[graph.called_site(node)]
            callee = graph.node(code.body, made.callee)
            if callee[0] == Op.ATTR and callee[2] in ("values", "items", "copy"):
                value = graph.base(callee)
            elif callee[0] == Op.GLOBAL and callee[1] in ("list", "reversed", "tuple") and made.args:
                value = made.args[0][1]
            else:
                break
        else:
            value = graph.operand(node)
        node = graph.node(code.body, value)
    yield from names_of(code, value)


def _is_read_later(code: Code, join: int, child: _Child) -> bool:
    """Whether nothing reads the child's queue before the join, and something does after it, in this def."""
    here = code.starts(join)
    later = False
    for number, site in enumerate(code.body.sites):
        if number in (join, child.site) and code.key == child.key:
            continue
        if not _uses(code, number, child):
            continue
        if code.starts(number) < here:
            if not _excludes(code, number, join):
                return False
        elif site.kind == SiteKind.CALL:
            later = True
    return later


def _uses(code: Code, number: int, child: _Child) -> bool:
    """Whether a site reads the queue, or hands it to something else than a process that fills it."""
    site = code.body.sites[number]
    callee = graph.node(code.body, site.callee)
    if callee[0] == Op.ATTR and any(name in child.queues for name in names_of(code, graph.base(callee))):
        return callee[2] in _GETS
    if code.results.get(number, -1) >= 0 and code.is_all(code.results[number], _PROCESS):
        functions = [key for item in code.placements.get(number, ()) for key in placed_functions(item)]
        if _doubts(code, functions) is not None:
            return False
    todo = [value for _, value in site.args]
    while todo:
        value = todo.pop()
        node = graph.node(code.body, value)
        if node[0] in _HOLDING:
            todo += graph.parts(node)
        elif node[0] == Op.ATTR and node[2] in _GETS:
            todo.append(graph.base(node))
        elif any(name in child.queues for name in names_of(code, value)):
            return True
    return False


def _excludes(code: Code, first: int, second: int) -> bool:
    """Whether two sites stand in the two branches of one `if`."""
    sides = {
        code.body.regions[number].value: code.body.regions[number].extra
        for number in code.around(code.body.sites[first].region)
        if code.body.regions[number].kind == RegionKind.IF
    }
    return any(
        code.body.regions[number].kind == RegionKind.IF
        and sides.get(code.body.regions[number].value, code.body.regions[number].extra)
        != code.body.regions[number].extra
        for number in code.around(code.body.sites[second].region)
    )
