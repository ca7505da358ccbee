"""Regions that only a failure or an interrupt leads to: handlers, and what comes after them."""

from __future__ import annotations

import re
from typing import Final

from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Class, Container, Display, External, Key
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, RegionKind

FAILED: Final = ("does it only where something has failed", "is not expected to fail often")
RETRIES: Final = "does it only before it tries again"
INTERRUPTED: Final = ("does it only where it is interrupted", "is about to end then")
_INTERRUPTS: Final = frozenset({"builtins.KeyboardInterrupt", "builtins.SystemExit"})
_CANCELLED: Final = re.compile(r"(?:.*\.)?Cancel\w*")
_EXPECTED: Final = re.compile(
    r"(?:.*\.)?(?:\w*(?:NotFound|DoesNotExist|NoSuch|NoResult|Missing|Exists|StopIter|StopAsyncIter|Lookup"
    r"|KeyError|Index|Attribute|Import|Blocking|WouldBlock|Interrupted|Miss|ModuleNot)\w*|Empty|Full"
    r"|QueueEmpty|QueueFull|NameError|UnboundLocalError|TypeError|ValueError|NotImplementedError)"
)
"""Exceptions that say what was found rather than what went wrong: code that asks forgiveness raises them
each time that there is nothing there, or nothing yet."""
_LEAVING: Final = frozenset({"__exit__", "__aexit__"})
_EXPECTING: Final = frozenset({"raises", "suppress", "assertRaises", "assertRaisesRegex"})
_ANYTHING: Final = frozenset({"builtins.Exception", "builtins.BaseException"})
_OWN: Final = "the program's "
_TIMEOUT: Final = re.compile(r"(?:.*\.)?\w*(?:Timeout|TimedOut)\w*")
"""Exceptions by which code that waits for a while goes on."""


class Failures:
    """What it says of a region that it is reached by way of an exception's handler."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    def of(self, key: Key, body: Body, region: int) -> tuple[str, ...]:
        """Why code seldom comes to the region, each reason a verb phrase."""
        handler = _handler(body, region)
        if handler < 0:
            return ()
        item = body.regions[handler]
        names = self.caught(key, item.value) if item.value >= 0 else ("builtins.BaseException",)
        if not names:
            return ()
        others = [name for name in names if name not in _INTERRUPTS]
        if all(_CANCELLED.fullmatch(name) for name in others):
            return INTERRUPTED if len(others) < len(names) else ()
        if any(_EXPECTED.fullmatch(name) or _CANCELLED.fullmatch(name) for name in others):
            return ()
        if graph.loop_of(body, item.parent) >= 0:
            return (RETRIES,)
        is_usual = any(_TIMEOUT.fullmatch(name) or name.startswith(_OWN) for name in names)
        return FAILED[:1] if is_usual or region != handler else FAILED

    def has_left(self, key: Key, body: Body, value: int, polarity: bool) -> bool:
        """Whether a test of `__exit__` that came out so has found that an exception leaves the `with` block
        (`if exc_type is not None:`, `if isinstance(exc, OSError):`)."""
        if self._evaluator.definition(key).name not in _LEAVING:
            return False
        node = graph.node(body, value)
        if (inner := graph.negated(node)) >= 0:
            return self.has_left(key, body, inner, not polarity)
        if node[0] == Op.BOOL and (node[1] == "and") == polarity:
            return any(self.has_left(key, body, part, polarity) for part in graph.parts(node))
        if node[0] == Op.COMPARE and node[1] in ("is", "is not", "==", "!=", "in"):
            left, right = graph.operands(node)
            is_none = graph.node(body, right) == (Op.CONST, None)
            is_same = (node[1] in ("is", "==", "in")) == polarity
            return _is_leaving(body, left) and is_same != is_none
        if (site := graph.call(body, value)) is not None and site.args:
            callee = graph.node(body, site.callee)
            asks = callee[0] == Op.GLOBAL and callee[1] in ("isinstance", "issubclass", "bool")
            return polarity and asks and _is_leaving(body, site.args[0][1])
        return polarity and _is_leaving(body, value)

    def caught(self, key: Key, value: int) -> tuple[str, ...]:
        """The dotted names of the exceptions that a handler catches; none if one isn't known."""
        names: list[str] = []
        for item in self._evaluator.evaluate(key, value).values:
            if isinstance(item, (Display, Container)):
                found = self._evaluator.containers.values_in(item)
                members = [_name(self._evaluator, member) for member in found.values]
                if found.incomplete or not members or "" in members:
                    return ()
                names += members
            else:
                names.append(_name(self._evaluator, item))
        return () if "" in names else tuple(names)


class ExpectedFailures:
    """Whether code is prepared for a failure, so that it is a question that it asks and no mistake."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._failures = Failures(evaluator)

    def covers(self, key: Key, region: int, exception: str) -> bool:
        """Whether what stands around the region catches the exception by name, or expects it of a test."""
        body = self._evaluator.body(key)
        for number in graph.around(body, region):
            item = body.regions[number]
            if item.kind == RegionKind.TRY and any(
                handler.kind == RegionKind.EXCEPT
                and handler.extra == number
                and handler.value >= 0
                and exception in self._failures.caught(key, handler.value)
                for handler in body.regions
            ):
                return True
            if item.kind == RegionKind.WITH and self._expects(key, body, item.value):
                return True
        return False

    def falls_back(self, key: Key, region: int) -> bool:
        """Whether the function goes another way, or gives something else, where anything fails in a region
        (`except Exception: return None`)."""
        body = self._evaluator.body(key)
        regions = body.regions
        tried = [number for number in graph.around(body, region) if regions[number].kind == RegionKind.TRY]
        return any(
            handler.kind == RegionKind.EXCEPT
            and handler.extra in tried
            and (handler.value < 0 or not _ANYTHING.isdisjoint(self._failures.caught(key, handler.value)))
            and _goes_on(body, number)
            for number, handler in enumerate(regions)
        )

    def _expects(self, key: Key, body: Body, manager: int) -> bool:
        """Whether a context manager is one that takes exceptions (`pytest.raises`, `contextlib.suppress`)."""
        made = graph.call(body, manager)
        if made is None:
            return False
        callee = graph.node(body, made.callee)
        if callee[0] == Op.ATTR and str(callee[2]) in _EXPECTING:
            return True
        values = self._evaluator.evaluate(key, made.callee).values
        return any(
            isinstance(value, External) and value.dotted.rpartition(".")[2] in _EXPECTING for value in values
        )


def is_failure(reason: str) -> bool:
    """Whether a reason, a sentence by now, says that only a failure leads there."""
    return reason.endswith((RETRIES, FAILED[0]))


def _is_leaving(body: Body, value: int) -> bool:
    """Whether a value is one of the arguments of `__exit__`."""
    node = graph.node(body, value)
    while node[0] in graph.WRAPPERS:
        node = graph.node(body, graph.operand(node))
    return node[0] == Op.PARAM and graph.number(node) in (1, 2, 3)


def _goes_on(body: Body, handler: int) -> bool:
    """Whether a handler is known to raise nothing itself: it returns, or something follows it."""
    return any(graph.is_inside(body, region, handler) for _, region in body.returns) or any(
        item.kind == RegionKind.AFTER_TRY and item.extra == handler for item in body.regions
    )


def _handler(body: Body, region: int) -> int:
    """The handler that the region is, or that one must have come through to be there; -1 for none."""
    item = body.regions[region]
    if item.kind == RegionKind.AFTER_TRY and body.regions[item.extra].kind == RegionKind.EXCEPT:
        return item.extra
    return region if item.kind == RegionKind.EXCEPT else -1


def _name(evaluator: Evaluator, value: object) -> str:
    if isinstance(value, External):
        return value.dotted
    return _OWN + evaluator.symbol(value.key) if isinstance(value, Class) else ""
