"""Processes that were found to have ended: to wait for one, or to leave its `with`, takes no time."""

from __future__ import annotations

from conclint.conditions.surroundings import branches_around, is_before, is_same
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, LoopFlags, Op, RegionKind, Site, StoreKind

_ORDERS = frozenset({"<", ">", "<=", ">="})


def has_ended(body: Body, site: Site, process: int) -> bool:
    """Whether a loop before a site, or a test around it, has found that the process has a status."""
    if not _asks(body):
        return False
    if any(
        _finds_status(body, test, process, polarity=polarity) and not _is_another(body, site, test, process)
        for test, polarity in branches_around(body, site.region)
    ):
        return True
    around = {0, *graph.around(body, site.region)}
    return any(
        region.kind == RegionKind.WHILE
        and region.parent in around
        and number not in around
        and not region.extra & LoopFlags.BREAKS
        and is_before(body, number, site)
        and _finds_status(body, region.value, process, polarity=False)
        for number, region in enumerate(body.regions)
    )


def _asks(body: Body) -> bool:
    return len(body.regions) > 1 and any(
        node[0] == Op.ATTR and node[2] in ("poll", "returncode") for node in body.values
    )


def _finds_status(body: Body, test: int, process: int, *, polarity: bool) -> bool:
    """Whether a test that came out so has found that the process has a status."""
    return any(
        _tells_of_status(body, part, process, polarity=came_out)
        for part, came_out in graph.outcomes(body, test, polarity)
    )


def _tells_of_status(body: Body, test: int, process: int, *, polarity: bool) -> bool:
    node = graph.node(body, test)
    if node[0] != Op.COMPARE:
        return polarity and _is_status(body, test, process)
    left, right = graph.operands(node)
    if not _is_status(body, left, process):
        return False
    if node[1] in _ORDERS:  # with None, it raises
        return True
    other = graph.node(body, right)
    if other[0] != Op.CONST:
        return False
    finds_it_equal = (node[1] in ("is", "==")) == polarity
    is_known = node[1] in ("is", "is not", "==", "!=")
    return is_known and finds_it_equal == (other[1] is not None)


def _is_status(body: Body, value: int, process: int) -> bool:
    """Whether a value is what `poll()` gave for the process, or its `returncode`; before a loop, it may be
    None."""
    node = graph.node(body, value)
    while node[0] in graph.WRAPPERS:
        value = graph.operand(node)
        node = graph.node(body, value)
    if node[0] == Op.PHI:
        asked = [part for part in graph.parts(node) if graph.node(body, part) != (Op.CONST, None)]
        return bool(asked) and all(
            graph.node(body, part)[0] != Op.PHI and _is_status(body, part, process) for part in asked
        )
    if node[0] == Op.ATTR:
        return node[2] == "returncode" and _is_it(body, graph.base(node), process)
    call = graph.call(body, value)
    callee = graph.node(body, call.callee) if call is not None else graph.UNKNOWN
    if callee[0] != Op.ATTR or callee[2] != "poll":
        return False
    asked_of = graph.base(callee)
    return _is_it(body, asked_of, process) or _is_part(body, process, asked_of)


def _is_it(body: Body, value: int, process: int) -> bool:
    return value >= 0 and is_same(body, graph.bare(body, value), graph.bare(body, process))


def _is_part(body: Body, process: int, owner: int) -> bool:
    """Whether the process is an attribute of the own object, a method of which was asked."""
    node = graph.node(body, graph.bare(body, process))
    return node[0] == Op.ATTR and graph.node(body, owner) == (Op.PARAM, 0) and graph.base(node) == owner


def _is_another(body: Body, site: Site, test: int, process: int) -> bool:
    """Whether what is waited for was started after the test (`self.process = Popen(...)`)."""
    node = graph.node(body, graph.bare(body, process))
    if node[0] != Op.ATTR:
        return False
    last = body.sites.index(site)
    first = max(
        (graph.called_site(body.values[value]) for value in graph.made_from(body, (test,))), default=-1
    )
    return any(
        store.kind == StoreKind.ATTR
        and store.name == node[2]
        and first < graph.called_site(graph.node(body, store.value)) < last
        for store in body.stores
    )
