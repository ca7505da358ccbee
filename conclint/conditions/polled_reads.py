"""Reads that find something to read: what stands around them has asked, or the source is in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.conditions.ended_processes import has_ended
from conclint.conditions.failures import ExpectedFailures
from conclint.conditions.surroundings import branches_around, is_before, is_same
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import External, ExternalMethod, Function, Key, Literal
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, RegionKind, Site, SiteKind, StoreKind

_WAITING: Final = frozenset({"in_waiting", "inWaiting"})
_ARRIVING: Final = frozenset(
    {
        "recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "accept", "recv_multipart",
        "recv_string", "recv_json", "recv_pyobj",
    }
)  # fmt: skip
_ENDING: Final = frozenset({"wait", "communicate"})
_KEYS: Final = frozenset({"getch", "getche", "getwch", "getwche"})
_LINES: Final = frozenset({"read", "read1", "readline"})
_SOCKET_CALLS: Final = _ARRIVING | {"connect", "send", "sendall", "sendto"}
_DESCRIPTORS: Final = frozenset({"read", "readv", "write", "writev", "splice"})
_WOULD_BLOCK: Final = ("builtins.BlockingIOError", "ssl.SSLWantReadError", "ssl.SSLWantWriteError")
_SELECTING: Final = frozenset({"select.select", "select.poll", "select.epoll", "selectors.select"})
_POLLING: Final = frozenset({"poll", "select"})
_OPENING: Final = frozenset({"urllib.request.urlopen", "urllib.request.OpenerDirector.open"})
_OPENERS: Final = frozenset(name.rpartition(".")[2] for name in _OPENING)
_READING: Final = frozenset({"read", "readline", "readlines", "read1", "readinto", "__enter__", "__next__"})
_IN_MEMORY: Final = ("data:",)


class PolledReads:
    """Knows the reads that do not wait; what each class makes non-blocking is remembered."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._expected = ExpectedFailures(evaluator)
        self._nonblocking: dict[Key, frozenset[str]] = {}

    def finds_something(self, key: Key, site: Site) -> bool:
        """Whether the call at a site does not wait."""
        body = self._evaluator.body(key)
        callee = graph.node(body, site.callee)
        if callee[0] != Op.ATTR:
            return self._opens_data(key, body, site)
        name, receiver = str(callee[2]), graph.base(callee)
        if name == "read" and self._has_arrived(body, site, receiver):
            return True
        if name in _KEYS and _key_was_hit(body, site):
            return True
        if (
            name in _LINES
            and graph.node(body, receiver)[-1] == "stdin"
            and self._was_selected(key, body, site)
        ):
            return True
        if name in _ARRIVING and self._was_selected(key, body, site):
            return True
        if name in _ENDING and has_ended(self._evaluator, key, site, receiver):
            return True
        if name in _SOCKET_CALLS and (
            self._is_nonblocking(key, body, receiver) or self._may_have_nothing(key, site)
        ):
            return True
        if name in _DESCRIPTORS and self._may_have_nothing(key, site):
            return True
        if name in _SOCKET_CALLS and self._is_made_ready(key, body, receiver, name):
            return True
        if name == "get" and _pipe_was_selected(body, site, receiver):
            return True
        if name in _READING and self._reads_data(key, body, receiver):
            return True
        return name in _OPENERS and self._opens_data(key, body, site)

    def leaves_at_once(self, key: Key, site: Site) -> bool:
        """Whether a `with` is entered for a process that has ended: leaving it waits for nothing."""
        return site.region > 0 and has_ended(self._evaluator, key, site, site.callee)

    # -- serial ports ---------------------------------------------------------------------------

    def _has_arrived(self, body: Body, site: Site, port: int) -> bool:
        """Whether so much is read as the port was found to have (`port.read(port.in_waiting)`)."""
        asked = [value for value in range(len(body.values)) if _asks(body, value, port)]
        if not asked:
            return False
        if len(site.args) == 1 and _is_made_with(body, site.args[0][1], asked):
            return True
        is_one = not site.args or graph.node(body, site.args[0][1]) in ((Op.CONST, 1), (Op.CONST, 0))
        for test in _tests_before(body, site):
            if _is_made_with(body, test, asked) and (is_one or _compares(body, test)):
                return True
        return False

    # -- sockets ----------------------------------------------------------------------------------

    def _was_selected(self, key: Key, body: Body, site: Site) -> bool:
        """Whether the socket was found to be ready by `select` or a poll around the call."""
        tests = [body.regions[region].value for region in graph.around(body, site.region)]
        made = graph.made_from(body, tests)
        made |= graph.made_from(body, _stored_before(body, site, made))
        if any(_is_number_among(body, value) for value in made):
            return True
        calls = {graph.called_site(body.values[value]) for value in made} - {-1}
        return any(self._selects(key, body.sites[call]) for call in calls)

    def _selects(self, key: Key, site: Site) -> bool:
        for value in self._evaluator.evaluate(key, site.callee).values:
            if isinstance(value, External) and value.dotted in _SELECTING:
                return True
            if isinstance(value, ExternalMethod) and value.name in _POLLING:
                return value.dotted.startswith(("select.", "selectors.", "zmq."))
        return False

    def _may_have_nothing(self, key: Key, site: Site) -> bool:
        """Whether the code is prepared for what only a non-blocking socket raises."""
        return any(self._expected.covers(key, site.region, name) for name in _WOULD_BLOCK)

    def _is_nonblocking(self, key: Key, body: Body, receiver: int) -> bool:
        """Whether a method of the class makes the socket under this attribute non-blocking, and none
        blocking."""
        node = graph.node(body, receiver)
        if node[0] != Op.ATTR or graph.node(body, graph.base(node)) != (Op.PARAM, 0):
            return False
        owner = self._evaluator.enclosing_class(key)
        if owner is None:
            return False
        found = self._nonblocking.get(owner.key)
        if found is None:
            found = self._nonblocking[owner.key] = self._look(owner.key)
        return str(node[2]) in found

    def _is_made_ready(self, key: Key, body: Body, receiver: int, name: str) -> bool:
        """Whether the socket was made so that the call does not wait: of datagrams, whose `connect` only
        notes the address; of the machine itself; as a non-blocking one."""
        node = graph.node(body, receiver)
        while node[0] in (Op.ENTER, *graph.WRAPPERS):
            node = graph.node(body, graph.operand(node))
        made = graph.called_site(node)
        places = [(key, made)] if made >= 0 else self._made_for_attribute(key, body, node)
        return bool(places) and all(self._is_ready_socket(*place, name) for place in places)

    def _made_for_attribute(self, key: Key, body: Body, node: graph.Node) -> list[tuple[Key, int]]:
        """The calls that made what the class keeps under an attribute of the receiver."""
        owner = self._evaluator.enclosing_class(key)
        if owner is None or node[0] != Op.ATTR or graph.node(body, graph.base(node)) != (Op.PARAM, 0):
            return []
        found: list[tuple[Key, int]] = []
        for method, value, _ in self._evaluator.classes.own_stores(owner).get(str(node[2]), ()):
            stored = graph.node(self._evaluator.body(method), value)
            if stored != (Op.CONST, None):
                found.append((method, graph.called_site(stored)))
        return found

    def _is_ready_socket(self, key: Key, made: int, name: str) -> bool:
        if made < 0:
            return False
        body = self._evaluator.body(key)
        site = body.sites[made]
        called = [
            v.dotted for v in self._evaluator.evaluate(key, site.callee).values if isinstance(v, External)
        ]
        if called != ["socket.socket"]:
            return False
        used = graph.made_from(body, [value for _, value in site.args])
        named = (body.values[value] for value in used)
        words = {str(node[-1]) for node in named if node[0] in (Op.ATTR, Op.GLOBAL)}
        if "SOCK_NONBLOCK" in words:
            return True
        if "SOCK_DGRAM" in words:
            return name not in _ARRIVING
        return "AF_UNIX" in words and name == "connect"

    def _look(self, cls: Key) -> frozenset[str]:
        module = self._evaluator.module(cls[0])
        never: set[str] = set()
        blocking: set[str] = set()
        for method in module.keys:
            if module.scope(method) != cls:
                continue
            body = self._evaluator.body(method)
            for name, blocks in _settings(body):
                (blocking if blocks else never).add(name)
        return frozenset(never - blocking)

    # -- data: URLs ---------------------------------------------------------------------------------

    def _opens_data(self, key: Key, body: Body, site: Site) -> bool:
        """Whether the call opens a `data:` URL, which holds all there is to read."""
        if site.kind != SiteKind.CALL or not site.args or site.args[0][0] not in (0, "url", "fullurl"):
            return False
        if not any(self._opens(value) for value in self._evaluator.evaluate(key, site.callee).values):
            return False
        url = self._requested(key, body, site.args[0][1])
        return (
            self._begins(key, body, url)
            or any(
                self._tests_prefix(key, body, test, url, polarity=polarity)
                for test, polarity in branches_around(body, site.region)
            )
            or any(
                self._is_scheme(key, body, subject, pattern, url)
                for subject, pattern in _cases_around(body, site.region)
            )
        )

    def _opens(self, value: object) -> bool:
        if isinstance(value, External):
            return self._evaluator.catalog.canonical(value.dotted) in _OPENING
        return isinstance(value, ExternalMethod) and f"{value.dotted}.{value.name}" in _OPENING

    def _requested(self, key: Key, body: Body, opened: int) -> int:
        """The URL of what is opened: itself, or that of a `Request`."""
        made = graph.call(body, opened)
        if made is None or not made.args or made.args[0][0] not in (0, "url"):
            return opened
        callees = self._evaluator.evaluate(key, made.callee).values
        return made.args[0][1] if callees == (External("urllib.request.Request"),) else opened

    def _begins(self, key: Key, body: Body, url: int) -> bool:
        node = graph.node(body, url)
        if node[0] == Op.ARITH and node[1] in ("+", "%"):
            return self._begins(key, body, graph.operand(node))
        call = graph.call(body, url)
        callee = graph.node(body, call.callee) if call is not None else graph.UNKNOWN
        if callee[0] == Op.ATTR and callee[2] == "format":
            return self._begins(key, body, graph.base(callee))
        found = self._evaluator.evaluate(key, url)
        return (
            bool(found.values)
            and not found.incomplete
            and all(
                isinstance(v, Literal) and str(v.value).lower().startswith(_IN_MEMORY) for v in found.values
            )
        )

    def _tests_prefix(self, key: Key, body: Body, test: int, url: int, *, polarity: bool) -> bool:
        """Whether a test that came out so has found the URL to begin with `data:`."""
        node = graph.node(body, test)
        if (inner := graph.negated(node)) >= 0:
            return self._tests_prefix(key, body, inner, url, polarity=not polarity)
        if node[0] == Op.BOOL and (node[1] == "and") == polarity:
            parts = graph.parts(node)
            return any(self._tests_prefix(key, body, part, url, polarity=polarity) for part in parts)
        if node[0] == Op.COMPARE and node[1] in ("==", "!=") and (node[1] == "==") == polarity:
            return self._compares_scheme(key, body, node, url)
        asked = graph.call(body, test)
        if asked is None or not polarity or len(asked.args) != 1:
            return False
        callee = graph.node(body, asked.callee)
        if callee[0] != Op.ATTR or callee[2] != "startswith":
            return is_same(body, asked.args[0][1], url) and self._asks_prefix(key, asked)
        return is_same(body, graph.base(callee), url) and self._begins(key, body, asked.args[0][1])

    def _asks_prefix(self, key: Key, asked: Site) -> bool:
        """Whether the call is of a function of the program that does nothing but make the test."""
        callees = self._evaluator.evaluate(key, asked.callee).values
        if len(callees) != 1 or not isinstance(callees[0], Function):
            return False
        function = callees[0]
        body = self._evaluator.body(function.key)
        url = next(
            (
                v
                for v, node in enumerate(body.values)
                if node == (Op.PARAM, int(function.receiver is not None))
            ),
            -1,
        )
        return (
            url >= 0
            and len(body.returns) == 1
            and all(graph.node(body, site.callee)[0] == Op.ATTR for site in body.sites)
            and self._tests_prefix(function.key, body, body.returns[0][0], url, polarity=True)
        )

    def _compares_scheme(self, key: Key, body: Body, node: graph.Node, url: int) -> bool:
        """`url[:5] == "data:"`, `urlsplit(url).scheme == "data"`."""
        left, right = graph.operands(node)
        return self._is_scheme(key, body, left, right, url)

    def _is_scheme(self, key: Key, body: Body, part: int, word: int, url: int) -> bool:
        """Whether what was found equal is a part of the URL and the scheme's name."""
        made = graph.made_from(body, (part,))
        literal = self._evaluator.evaluate(key, word).values
        words = ("data", "data:")
        return any(is_same(body, value, url) for value in made) and any(
            isinstance(value, Literal) and value.value in words for value in literal
        )

    def _reads_data(self, key: Key, body: Body, response: int) -> bool:
        node = graph.node(body, response)
        while node[0] in (Op.ENTER, *graph.WRAPPERS):
            node = graph.node(body, graph.operand(node))
        made = graph.called_site(node)
        return made >= 0 and self._opens_data(key, body, body.sites[made])


def _stored_before(body: Body, site: Site, read: set[int]) -> Iterator[int]:
    """What the function itself has stored, before it comes to a site, in the attributes that are read."""
    nodes = [body.values[value] for value in read if body.values[value][0] == Op.ATTR]
    for store in body.stores:
        if store.kind == StoreKind.ATTR and any(
            store.name == node[2] and is_same(body, graph.base(node), store.base) for node in nodes
        ):
            made = graph.called_site(graph.node(body, store.value))
            if made >= 0 and made < body.sites.index(site):
                yield store.value


def _key_was_hit(body: Body, site: Site) -> bool:
    """Whether a test around, or a loop before, has asked for a key (`if msvcrt.kbhit():`)."""
    made = graph.made_from(body, _tests_before(body, site))
    asked = (graph.call(body, value) for value in made)
    return any(call is not None and graph.node(body, call.callee)[-1] == "kbhit" for call in asked)


def _is_number_among(body: Body, value: int) -> bool:
    """Whether a test looks for a descriptor's number among those that are ready (`s.fileno() in ready`)."""
    node = body.values[value]
    if node[0] != Op.COMPARE or node[1] != "in":
        return False
    asked = graph.call(body, graph.operand(node))
    return asked is not None and graph.node(body, asked.callee)[-1] == "fileno"


def _pipe_was_selected(body: Body, site: Site, queue: int) -> bool:
    """Whether the pipe of a queue of processes was found to be ready (`if queue._reader in ready:`)."""
    return any(
        node[0] == Op.ATTR and node[2] == "_reader" and is_same(body, graph.base(node), queue)
        for region in graph.around(body, site.region)
        if body.regions[region].kind in graph.TESTS
        for node in (body.values[value] for value in graph.made_from(body, [body.regions[region].value]))
    )


def _asks(body: Body, value: int, port: int) -> bool:
    """Whether a value is how much has arrived at the port."""
    node = body.values[value]
    return node[0] == Op.ATTR and node[2] in _WAITING and is_same(body, graph.base(node), port)


def _is_made_with(body: Body, value: int, asked: list[int]) -> bool:
    return bool(graph.made_from(body, (value,)) & set(asked))


def _compares(body: Body, test: int) -> bool:
    return any(
        body.values[value][0] == Op.COMPARE
        and body.values[value][1] in (">=", "<", ">", "<=")
        and graph.node(body, graph.operand(body.values[value], 1)) != (Op.CONST, 0)
        for value in graph.made_from(body, (test,))
    )


def _tests_before(body: Body, site: Site) -> Iterator[int]:
    """The tests around a site, and those of the loops that have ended before it in a block around it."""
    around = {0, *graph.around(body, site.region)}
    for number, region in enumerate(body.regions):
        is_test = region.kind in (RegionKind.IF, RegionKind.AFTER, RegionKind.WHILE)
        is_over = (
            region.kind == RegionKind.WHILE and region.parent in around and is_before(body, number, site)
        )
        if (number in around and is_test) or (number not in around and is_over):
            yield region.value


def _cases_around(body: Body, region: int) -> Iterator[tuple[int, int]]:
    """The subject and the constant of each `case` around."""
    for number in graph.around(body, region):
        item = body.regions[number]
        if item.kind == RegionKind.CASE and item.extra >= 0:
            yield item.value, item.extra


def _settings(body: Body) -> Iterator[tuple[str, bool]]:
    """The attributes of the receiver whose sockets a method makes blocking (true) or non-blocking."""
    for site in body.sites:
        callee = graph.node(body, site.callee) if site.kind == SiteKind.CALL else graph.UNKNOWN
        if callee[0] != Op.ATTR or callee[2] not in ("setblocking", "settimeout") or len(site.args) != 1:
            continue
        value = graph.node(body, site.args[0][1])
        blocks = value[0] != Op.CONST or value[1] is None or bool(value[1])
        base = graph.base(callee)
        node = graph.node(body, base)
        if node[0] == Op.ATTR and graph.node(body, graph.base(node)) == (Op.PARAM, 0):
            yield str(node[2]), blocks
        for store in body.stores:
            if store.kind == StoreKind.ATTR and store.value == base:
                yield str(store.name), blocks
