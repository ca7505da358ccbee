"""Which execution models can reach a region: guards such as `except RuntimeError` after
`asyncio.get_running_loop()`."""

from __future__ import annotations

from conclint.conditions.empty_constants import EmptyConstants
from conclint.conditions.event_loop_tests import LoopTests
from conclint.conditions.polled_reads import PolledReads
from conclint.model.execution import ALL_MODELS
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import External, Key
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, LoopFlags, Op, RegionKind, Site, SiteKind

_LOCKS = frozenset({"threading.Lock", "threading.RLock"})
_SOCKET_CALLS = frozenset(
    {
        "connect",
        "accept",
        "send",
        "sendall",
        "sendto",
        "recv",
        "recv_into",
        "recvfrom",
        "recvfrom_into",
        "recvmsg",
    }
)  # fmt: skip
_RESULT_CALLS = frozenset({"result", "exception", "recv", "get"})
_WATCHED = _SOCKET_CALLS | _RESULT_CALLS | {"acquire"}


class Guards:
    """Masks of regions, remembered."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._tests = LoopTests(evaluator)
        self._empty = EmptyConstants(evaluator)
        self._polled = PolledReads(evaluator)
        self._masks: dict[tuple[Key, int], int] = {}

    def mask(self, key: Key, region: int) -> int:
        """The models on which the region's code can run; 0 where it never runs."""
        slot = (key, region)
        found = self._masks.get(slot)
        if found is None:
            body = self._evaluator.body(key)
            path: list[int] = []
            mask = 0 if self._empty.never_runs(key) else ALL_MODELS
            for outer in graph.around(body, region):
                known = self._masks.get((key, outer))
                if known is not None:
                    mask = known
                    break
                path.append(outer)
            for item in reversed(path):
                mask &= self._own(key, body, item)
                self._masks[key, item] = mask
            found = self._masks.setdefault(slot, mask)
        return found

    def iteration_mask(self, key: Key, site: Site) -> int:
        """The mask of what the site iterates: a generator expression's first iterable is iterated where
        the expression is."""
        for number, region in enumerate(self._evaluator.body(key).regions):
            if region.kind == RegionKind.COMP and region.value == site.callee:
                return self.mask(key, number) if region.extra & LoopFlags.LAZY else ALL_MODELS
        return ALL_MODELS

    def finds_loop_idle(self, key: Key, region: int) -> bool:
        """Whether the region's code only runs where a loop was found not to be running."""
        return self._tests.finds_it_idle(key, self._evaluator.body(key), region)

    def _own(self, key: Key, body: Body, number: int) -> int:
        if graph.is_lazy(body, number):
            return ALL_MODELS if self._consumes_generators(body, number) else 0
        if self._empty.is_closed(key, body, number):
            return 0
        return self._tests.of_region(key, body, number)

    def _consumes_generators(self, body: Body, region: int) -> bool:
        """Whether the generator expression of a region is handed on or iterated in the body; one that is
        only returned or kept runs elsewhere. Where they are nested, whether any of them is."""
        found = [
            number for number, node in enumerate(body.values) if node[0] == Op.COMP and node[1] == "generator"
        ]
        lazy = [number for number in range(len(body.regions)) if graph.is_lazy(body, number)]
        generators = {found[lazy.index(region)]} if len(found) == len(lazy) else set(found)
        for site in body.sites:
            if site.kind == SiteKind.ITERATE and site.callee in generators:
                return True
            if any(value in generators for _, value in site.args):
                return True
        return False

    def never_waits(self, key: Key, site: Site) -> bool:
        """Whether what stands around the call, or the `with`, makes sure that it does not wait."""
        if site.kind == SiteKind.ENTER:
            return self._polled.leaves_at_once(key, site)
        callee = self._evaluator.body(key).values[site.callee]
        if self._polled.finds_something(key, site):
            return True
        if callee[0] != Op.ATTR or callee[2] not in _WATCHED:
            return False
        return self.is_settled(key, site) or self.is_nonblocking(key, site) or self.is_first(key, site)

    def is_settled(self, key: Key, site: Site) -> bool:
        """Whether the site asks a future for a result that the test around it has found to be there."""
        body = self._evaluator.body(key)
        callee = body.values[site.callee]
        if callee[0] != Op.ATTR or callee[2] not in _RESULT_CALLS:
            return False
        around: set[int] = {0}
        for region in graph.around(body, site.region):
            item = body.regions[region]
            tested = item.kind in (RegionKind.IF, RegionKind.AFTER, RegionKind.WHILE)
            if tested and self._tests_ready(body, item.value, graph.base(callee)):
                return True
            around.add(region)
        return any(
            item.kind == RegionKind.WHILE
            and item.parent in around
            and number not in around
            and not item.extra & LoopFlags.BREAKS
            and self._ends_ready(body, item.value, callee[1], site)
            for number, item in enumerate(body.regions)
        )

    def _ends_ready(self, body: Body, test: int, receiver: object, site: Site) -> bool:
        """Whether a loop that the site comes after goes on until the receiver is ready
        (`while queue.empty(): await sleep(0)`)."""
        awaited = "empty"
        if (inner := graph.negated(graph.node(body, test))) >= 0:
            test = inner
            awaited = ""
        asked = graph.called_site(graph.node(body, test))
        if asked < 0:
            return False
        tested = body.values[body.sites[asked].callee]
        ready = (awaited,) if awaited else ("done", "poll")
        is_asked = tested[0] == Op.ATTR and tested[1] == receiver and tested[2] in ready
        return is_asked and asked < body.sites.index(site)

    def is_first(self, key: Key, site: Site) -> bool:
        """Whether the site acquires a lock that the same body has just made: it is free."""
        body = self._evaluator.body(key)
        callee = body.values[site.callee]
        if callee[0] != Op.ATTR or callee[2] != "acquire":
            return False
        made = graph.call(body, graph.base(callee))
        if made is None:
            return False
        classes = self._evaluator.evaluate(key, made.callee).values
        if not classes or not all(isinstance(v, External) and v.dotted in _LOCKS for v in classes):
            return False
        if made.region != site.region:
            return False  # made once, acquired in a loop
        for other in body.sites:
            if other is site:
                return True
            if body.values[other.callee] == callee or any(value == callee[1] for _, value in other.args):
                return False
        return False

    def is_nonblocking(self, key: Key, site: Site) -> bool:
        """Whether the receiver was made non-blocking in the same body (`sock.setblocking(False)`)."""
        body = self._evaluator.body(key)
        callee = body.values[site.callee]
        if callee[0] != Op.ATTR or callee[2] not in _SOCKET_CALLS:
            return False
        for other in body.sites:
            setter = body.values[other.callee] if other.kind == SiteKind.CALL else (Op.UNKNOWN,)
            if setter[0] == Op.ATTR and setter[1] == callee[1] and len(other.args) == 1:
                value = body.values[other.args[0][1]]
                if setter[2] in ("setblocking", "settimeout") and value[0] == Op.CONST and not value[1]:
                    return value[1] is not None
        return False

    def _tests_ready(self, body: Body, value: int, receiver: int) -> bool:
        node = graph.node(body, value)
        if node[0] == Op.BOOL:
            return any(self._tests_ready(body, item, receiver) for item in graph.parts(node))
        if node[0] == Op.COMPARE:  # queue.qsize() == 0
            value = graph.operand(node)
        asked = graph.call(body, value)
        if asked is None:
            return False
        tested = body.values[asked.callee]
        if tested[0] != Op.ATTR or _bare(body, graph.base(tested)) != _bare(body, receiver):
            return False
        if tested[2] == "cancelled":  # what is told of a future that is over asks how it ended
            return body.values[_bare(body, receiver)][0] == Op.PARAM
        return tested[2] in ("done", "poll", "empty", "qsize", "ready")


def _bare(body: Body, value: int) -> int:
    """The value without what a test has found out of its type (`isinstance(it, Future) and it.done()`)."""
    while (node := graph.node(body, value))[0] == Op.NARROW:
        value = graph.operand(node)
    return value
