"""Processes that were found to have ended: to wait for one, or to leave its `with`, takes no time."""

from __future__ import annotations

from typing import Final, NamedTuple

from conclint.conditions.surroundings import branches_around, is_before, is_same
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Class, ExternalInstance, ExternalMethod, Function, Key, Partial, unwrapped
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, LoopFlags, Op, RegionKind, Site, SiteKind, StoreKind

_ORDERS: Final = frozenset({"<", ">", "<=", ">="})
_CLASSES: Final = frozenset({"Popen", "Process"})


class _Asked(NamedTuple):
    """A process that a def waits for, a value of its body."""

    evaluator: Evaluator
    key: Key
    body: Body
    process: int


def has_ended(evaluator: Evaluator, key: Key, site: Site, process: int) -> bool:
    """Whether a loop before a site, or a test around it, has found that the process has a status."""
    body = evaluator.body(key)
    if not _asks(body):
        return False
    asked = _Asked(evaluator, key, body, process)
    last = body.sites.index(site)
    for test, polarity in branches_around(body, site.region):
        if _finds_status(asked, test, polarity=polarity):
            return _is_process(asked, site) and not _is_another(asked, _last_call(body, test), last)
    around = {0, *graph.around(body, site.region)}
    return any(
        region.kind == RegionKind.WHILE
        and region.parent in around
        and number not in around
        and not region.extra & LoopFlags.BREAKS
        and is_before(body, number, site)
        and _finds_status(asked, region.value, polarity=False)
        and _is_process(asked, site)
        and not _is_another(asked, _end_of(body, number), last)
        for number, region in enumerate(body.regions)
    )


def _last_call(body: Body, test: int) -> int:
    """The last site whose result a test is made from."""
    return max(
        (graph.called_site(body.values[value]) for value in graph.made_from(body, (test,))), default=-1
    )


def _end_of(body: Body, loop: int) -> int:
    """After which site a loop has found the status: its last one, or the one that a variable was set by."""
    test = body.regions[loop].value
    if any(body.values[value][0] == Op.PHI for value in graph.made_from(body, (test,))):
        return _last_call(body, test)
    inside = (number for number, site in enumerate(body.sites) if graph.is_inside(body, site.region, loop))
    return max(inside, default=-1)


def _is_process(asked: _Asked, site: Site) -> bool:
    """Whether what is waited for is a process, and not an event or a condition."""
    values = asked.evaluator.evaluate(asked.key, site.callee).values
    names = {
        value.dotted if isinstance(value, (ExternalInstance, ExternalMethod)) else ""
        for value in map(unwrapped, values)
    }
    return bool(names) and all(name.rpartition(".")[2] in _CLASSES for name in names)


def _asks(body: Body) -> bool:
    return len(body.regions) > 1 and any(
        node[0] == Op.ATTR and node[2] in ("poll", "returncode") for node in body.values
    )


def _finds_status(asked: _Asked, test: int, *, polarity: bool) -> bool:
    """Whether a test that came out so has found that the process has a status."""
    return any(
        _tells_of_status(asked, part, polarity=came_out)
        for part, came_out in graph.outcomes(asked.body, test, polarity)
    )


def _tells_of_status(asked: _Asked, test: int, *, polarity: bool) -> bool:
    body = asked.body
    node = graph.node(body, test)
    if node[0] != Op.COMPARE:
        return polarity and _is_status(asked, test)
    left, right = graph.operands(node)
    if not _is_status(asked, left):
        return False
    if node[1] in _ORDERS:  # with None, it raises
        return True
    other = graph.node(body, right)
    if other[0] != Op.CONST:
        return False
    finds_it_equal = (node[1] in ("is", "==")) == polarity
    is_known = node[1] in ("is", "is not", "==", "!=")
    return is_known and finds_it_equal == (other[1] is not None)


def _is_status(asked: _Asked, value: int) -> bool:
    """Whether a value is what `poll()` gave for the process, or its `returncode`; before a loop, it may be
    None."""
    body = asked.body
    node = graph.node(body, value)
    while node[0] in graph.WRAPPERS:
        value = graph.operand(node)
        node = graph.node(body, value)
    if node[0] == Op.PHI:
        parts = [part for part in graph.parts(node) if graph.node(body, part) != (Op.CONST, None)]
        return bool(parts) and all(
            graph.node(body, part)[0] != Op.PHI and _is_status(asked, part) for part in parts
        )
    if node[0] == Op.ATTR:
        return node[2] == "returncode" and _is_it(asked, graph.base(node))
    call = graph.call(body, value)
    callee = graph.node(body, call.callee) if call is not None else graph.UNKNOWN
    if call is None or callee[0] != Op.ATTR or callee[2] != "poll":
        return False
    return _is_it(asked, graph.base(callee)) or _is_part(asked, call)


def _is_it(asked: _Asked, value: int) -> bool:
    return value >= 0 and is_same(
        asked.body, graph.bare(asked.body, value), graph.bare(asked.body, asked.process)
    )


def _is_part(asked: _Asked, call: Site) -> bool:
    """Whether an own method was called that gives the status of the process, an own attribute."""
    body = asked.body
    node = graph.node(body, graph.bare(body, asked.process))
    owner = graph.receiver(body, call)
    if node[0] != Op.ATTR or graph.node(body, owner) != (Op.PARAM, 0) or graph.base(node) != owner:
        return False
    called = asked.evaluator.evaluate(asked.key, call.callee).values
    return bool(called) and all(
        isinstance(value, Function) and _gives_status_of(asked.evaluator, value.key, str(node[2]))
        for value in called
    )


def _gives_status_of(evaluator: Evaluator, key: Key, name: str) -> bool:
    """Whether a method gives the status of what is under an attribute, and nothing else."""
    body = evaluator.body(key)
    own = [
        value
        for value, node in enumerate(body.values)
        if node[0] == Op.ATTR and node[2] == name and graph.node(body, graph.base(node)) == (Op.PARAM, 0)
    ]
    returned = [value for value, _ in body.returns if graph.node(body, value) != (Op.CONST, None)]
    return (
        bool(own)
        and bool(returned)
        and all(_is_status(_Asked(evaluator, key, body, own[0]), value) for value in returned)
    )


def _is_another(asked: _Asked, first: int, last: int) -> bool:
    """Whether what is waited for may have been started after the test, by a site between two: by a store
    (`self.process = Popen(...)`), or in a function that is called."""
    body = asked.body
    node = graph.node(body, graph.bare(body, asked.process))
    if node[0] not in (Op.ATTR, Op.GLOBAL, Op.FREE):
        return False
    if any(_may_start(asked, site, graph.base(node)) for site in body.sites[first + 1 : last]):
        return True
    return any(
        store.kind in (StoreKind.ATTR, StoreKind.GLOBAL, StoreKind.FREE)
        and store.name == node[2 if node[0] != Op.GLOBAL else 1]
        and first < graph.called_site(graph.node(body, store.value)) < last
        for store in body.stores
    )


def _may_start(asked: _Asked, site: Site, owner: int) -> bool:
    """Whether a site runs code of the program that may know the owner of the process."""
    body = asked.body
    if site.kind not in (SiteKind.CALL, SiteKind.ENTER):
        return False
    receiver = graph.receiver(body, site)
    if owner >= 0 and receiver >= 0 and is_same(body, graph.bare(body, receiver), owner):
        return True
    called = map(unwrapped, asked.evaluator.evaluate(asked.key, site.callee).values)
    return any(isinstance(value, (Function, Class, Partial)) for value in called)
