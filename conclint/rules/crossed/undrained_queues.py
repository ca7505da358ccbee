"""CON706: a process is joined before the queue is read that it fills."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from conclint.effects.solver import placed_functions
from conclint.model.execution import EffectKind, ExecutionModel
from conclint.resolve.calls import callable_name
from conclint.resolve.values import Function, Key
from conclint.rules.chains import Hop
from conclint.rules.crossed import process_queues
from conclint.rules.crossed.process_queues import GETS, HOLDING, PROCESS
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.code import Code
from conclint.rules.structural.names import Name, names_of
from conclint.rules.structural.reports import Advice, found
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, RegionKind, SiteKind, StoreKind

_JOIN: Final = "multiprocessing.Process.join"
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
    others = {code.key: code for code in codes}
    threads = _in_threads(codes)
    told: set[tuple[Key, int]] = set()
    for code in codes:
        for number in _joins(code):
            for name, hops in _joined(code, number, others):
                child = next((child for child in children if name in child.processes), None)
                if child is None or _is_read_in(threads - {code.key}, others, child):
                    continue
                if not _is_read_later(code, number, child, others):
                    continue
                # Of an own method, the join itself waits; a function that joins what it is given is called.
                at = code if hops[0].key == code.key else others[hops[0].key]
                if (at.key, hops[0].site) not in told:
                    told.add((at.key, hops[0].site))
                    yield _draft(view, at, child, hops)
                break


def _draft(view: ModuleView, code: Code, child: _Child, hops: tuple[Hop, ...]) -> Draft:
    return found(
        view,
        code,
        hops[0].site,
        "CON706",
        _MESSAGE,
        Advice(ExecutionModel.PROCESS, "read all that it puts there first, then join it."),
        cause=_JOIN,
        model=ExecutionModel.PROCESS,
        effect=EffectKind.WAITS_FOR_ITSELF,
        family="queue",
        reasons=child.doubts,
        chain=hops,
    )


# -- processes with a queue ------------------------------------------------------------------------


def _children(code: Code) -> Iterator[_Child]:
    for site, value in code.results.items():
        call = code.calls.get(site)
        if call is None or (call.names and not any("Process" in name for name in call.names)):
            continue  # evaluating what all calls give takes a fortieth of a run
        if not code.is_all(value, PROCESS):
            continue
        what = process_queues.filled(code, site)
        if what is None:
            continue
        ends = frozenset(name for end in what.ends for name in names_of(code, end))
        yield _Child(code.key, site, frozenset(_names_of_process(code, value)), ends, what.doubts)


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


# -- joins and reads -------------------------------------------------------------------------------


def _joins(code: Code) -> Iterator[int]:
    for number, site in enumerate(code.body.sites):
        if site.kind == SiteKind.CALL and (code.receiver(number) >= 0 or site.args):
            yield number


def _joined(code: Code, number: int, others: Mapping[Key, Code]) -> Iterator[tuple[Name, tuple[Hop, ...]]]:
    """The names of the processes that a site waits for without a limit: by `join`, or by a function that
    joins what it is given, or a method that joins what its object keeps."""
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
    elif function.key in others and function.key != code.key:
        method = others[function.key]
        for inner, joined in enumerate(method.body.sites):
            if joined.kind == SiteKind.CALL and method.receiver(inner) >= 0:
                yield from (
                    (name, waits)
                    for name, waits in _joined(method, inner, {})
                    if name[0] == "attribute" and len(waits) == 1
                )


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


def _is_read_later(code: Code, join: int, child: _Child, others: Mapping[Key, Code]) -> bool:
    """Whether nothing reads the child's queue before the join, and something does after it, in this def."""
    if _is_read_by(code, join, child, others):
        return False
    here = code.starts(join)
    later = False
    for number, site in enumerate(code.body.sites):
        if number in (join, child.site) and code.key == child.key:
            continue
        if not _uses(code, number, child) and (
            number == join or not _is_read_by(code, number, child, others)
        ):
            continue
        if code.starts(number) < here:
            if not _excludes(code, number, join):
                return False
        elif site.kind == SiteKind.CALL:
            later = True
    return later


def _is_read_by(code: Code, number: int, child: _Child, others: Mapping[Key, Code]) -> bool:
    """Whether a site calls a method of this module that reads the queue, which its object keeps."""
    call = code.calls.get(number)
    if call is None:
        return False
    for value in call.inside:
        method = others.get(value.key) if isinstance(value, Function) and value.key != code.key else None
        if method is not None and any(_uses(method, site, child) for site in range(len(method.body.sites))):
            return True
    return False


def _in_threads(codes: Sequence[Code]) -> set[Key]:
    """The functions of the module that threads run."""
    return {
        key
        for code in codes
        for placements in code.placements.values()
        for item in placements
        if item.model is ExecutionModel.THREAD
        for key in placed_functions(item)
    }


def _is_read_in(keys: set[Key], others: Mapping[Key, Code], child: _Child) -> bool:
    """Whether one of these functions reads the queue: a thread may do so all the while."""
    return any(
        _uses(others[key], site, child)
        for key in keys
        if key in others
        for site in range(len(others[key].body.sites))
    )


def _uses(code: Code, number: int, child: _Child) -> bool:
    """Whether a site reads the queue, or hands it to something else than a process that fills it."""
    site = code.body.sites[number]
    callee = graph.node(code.body, site.callee)
    if callee[0] == Op.ATTR and any(name in child.queues for name in names_of(code, graph.base(callee))):
        return callee[2] in GETS
    if code.results.get(number, -1) >= 0 and code.is_all(code.results[number], PROCESS):
        return not _only_fills(code, number, child)
    todo = [value for _, value in site.args]
    while todo:
        value = todo.pop()
        node = graph.node(code.body, value)
        if node[0] in HOLDING:
            todo += graph.parts(node)
        elif node[0] == Op.ATTR and node[2] in GETS:
            todo.append(graph.base(node))
        elif any(name in child.queues for name in names_of(code, value)):
            return True
    return False


def _only_fills(code: Code, number: int, child: _Child) -> bool:
    """Whether a process that is made at a site is not given the queue, or only fills it."""
    what = process_queues.filled(code, number)
    fills = {name for end in what.ends for name in names_of(code, end)} if what is not None else set()
    return all(
        fills.intersection(names) or not child.queues.intersection(names)
        for names in (set(names_of(code, queue)) for queue in process_queues.given(code, number))
    )


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
