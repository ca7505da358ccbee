"""Regions that run seldom: the first time only, after a failure, where a setting asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from conclint.conditions.debugging import DebuggingFlags
from conclint.conditions.environment import UnsetEnvironment
from conclint.conditions.failures import FAILED, INTERRUPTED, RETRIES, Failures
from conclint.conditions.first_time import FirstTime, is_due
from conclint.conditions.handed_over import HandedOver
from conclint.conditions.never_given import NeverGiven
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import External, ExternalMethod, Key
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, RegionKind, Site, SiteKind

_IMPORT_ERRORS = frozenset({"builtins.ImportError", "builtins.ModuleNotFoundError"})
_MISSING = frozenset(
    {"builtins.KeyError", "builtins.AttributeError", "builtins.LookupError", "builtins.NameError"}
)
FIRST_TIME: Final = "does it the first time only"
NOW_AND_THEN: Final = "does it only now and then"
FIRST_TIMES: Final = f"{FIRST_TIME}, for each key"
_NOT_INSTALLED = "does it only where a module is missing"
_LACKING = (_NOT_INSTALLED, "is not expected to lack it")
_FINDERS = frozenset({"importlib.util.find_spec", "importlib.find_loader", "pkgutil.find_loader"})
_SUSPENDED = ("does it only while the screen is given up", "is meant to wait for the other program")
_SUSPENDING = frozenset(
    {
        "textual.app.App.suspend", "prompt_toolkit.application.in_terminal",
        "prompt_toolkit.application.run_in_terminal.in_terminal",
    }
)  # fmt: skip
"""Context managers in which a terminal's program leaves the screen to another, and waits for that."""
_SETTING = ("does it only where an environment variable is set", "does not do it by default")
_DEBUGGING = ("does it only under a debugging flag", "is meant to be slow then")
_EMPTY = ("does it only with a part that its object is made without", "is given none by its class later")
_ENDS = "does it only where it ends the program"
_ENDINGS = frozenset({"sys.exit", "os._exit", "os.abort", "builtins.exit", "builtins.quit"})
_KILLED = ("does it only where it kills its own process", "is not meant to get further then")
_HANDED = ("does it only where it hands it to no thread", "hands it to a thread otherwise")
_ON_WINDOWS = "does it on Windows only"
_PLATFORMS = frozenset({("os.name", "nt"), ("sys.platform", "win32")})
RARE: Final = (
    FIRST_TIME, FIRST_TIMES, NOW_AND_THEN, *_LACKING, *_SUSPENDED, *_SETTING, *_DEBUGGING, *_EMPTY, _ENDS,
    *_KILLED, *_HANDED, _ON_WINDOWS, *FAILED, RETRIES, *INTERRUPTED,
)  # fmt: skip
"""What says of a place itself, whatever the arguments, that code seldom comes to it."""


class Rarity:
    """Why a region may run less often than its def is called, each reason a verb phrase."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._failures = Failures(evaluator)
        self._first_time = FirstTime(evaluator)
        self._handed = HandedOver(evaluator)
        self._environment = UnsetEnvironment(evaluator)
        self._never_given = NeverGiven(evaluator)
        self._flags = DebuggingFlags(evaluator, self._environment)
        self._calls_of: dict[Key, dict[int, list[Site]]] = {}
        self._known: dict[tuple[Key, int], tuple[str, ...]] = {}

    def of(self, key: Key, body: Body, region: int) -> tuple[str, ...]:
        """What the region's own test or handler says. Off by default counts twice."""
        found = self._known.get((key, region))
        if found is None:
            found = self._known[key, region] = self._look(key, body, region)
        return found

    def _look(self, key: Key, body: Body, region: int) -> tuple[str, ...]:
        item = body.regions[region]
        if item.kind in (RegionKind.EXCEPT, RegionKind.AFTER_TRY):
            return self._of_handler(key, body, region)
        if item.kind in graph.TESTS:
            by_default = self._environment.outcome(key, item.value)
            if by_default.is_known and by_default.reads:
                return _SETTING if bool(by_default.value) != bool(item.extra) else ()
            if self._first_time.after_test(key, body, region):
                return (FIRST_TIMES if self._first_time.is_of_key(body, region) else FIRST_TIME,)
            if item.extra and item.kind == RegionKind.IF and is_due(body, item.value, region):
                return (NOW_AND_THEN,)
            if self._flags.is_asked_for(key, item.value, bool(item.extra)):
                return _DEBUGGING
            if self._never_given.is_asked_for(key, item.value, bool(item.extra)):
                return _EMPTY
            if self._failures.has_left(key, body, item.value, bool(item.extra)):
                return FAILED
            if self._finds_no_module(key, body, item.value, bool(item.extra)):
                return _LACKING
            if self._handed.elsewhere(key, body, region):
                return _HANDED
        if item.kind == RegionKind.WITH and self._gives_up_screen(key, body, item.value):
            return _SUSPENDED
        return self._by_what_it_does(key, body, region)

    def _of_handler(self, key: Key, body: Body, region: int) -> tuple[str, ...]:
        """What is said of a handler, or of what comes after a `try` by way of one."""
        item = body.regions[region]
        handler = item if item.kind == RegionKind.EXCEPT else body.regions[item.extra]
        if handler.kind == RegionKind.EXCEPT and handler.value >= 0:
            caught = frozenset(self._failures.caught(key, handler.value))
            if caught & _MISSING and self._first_time.after_miss(key, body, region):
                return (FIRST_TIMES,)
            if caught & _IMPORT_ERRORS:
                return (_NOT_INSTALLED,)
        doing = self._by_what_it_does(key, body, region)
        failing = self._failures.of(key, body, region)
        return max(failing, doing, key=len)

    def _by_what_it_does(self, key: Key, body: Body, region: int) -> tuple[str, ...]:
        item = body.regions[region]
        if item.kind in graph.CONDITIONAL and self._ends_program(key, body, region):
            return (_ENDS,)
        if item.kind in (*graph.CONDITIONAL, RegionKind.AFTER) and self._kills_itself(key, body, region):
            return _KILLED
        if item.kind == RegionKind.IF and item.extra and self._asks_for_windows(key, body, item.value):
            return (_ON_WINDOWS,)
        return ()

    def _asks_for_windows(self, key: Key, body: Body, value: int) -> bool:
        """Whether a test holds on Windows only (`os.name == "nt"`)."""
        node = graph.node(body, value)
        if node[:2] != (Op.COMPARE, "=="):
            return False
        left, right = graph.operands(node)
        literal = graph.node(body, right)
        names = [v.dotted for v in self._evaluator.evaluate(key, left).values if isinstance(v, External)]
        return any(literal == (Op.CONST, wanted) and names == [name] for name, wanted in _PLATFORMS)

    def _finds_no_module(self, key: Key, body: Body, value: int, polarity: bool) -> bool:
        """Whether a test that came out so has looked for a module and found none
        (`if importlib.util.find_spec(name) is None: …`)."""
        node = graph.node(body, value)
        if (inner := graph.negated(node)) >= 0:
            return self._finds_no_module(key, body, inner, not polarity)
        if node[0] == Op.COMPARE and node[1] in ("is", "is not", "==", "!="):
            left, right = graph.operands(node)
            if graph.node(body, right) != (Op.CONST, None):
                return False
            return self._finds_no_module(key, body, left, polarity != (node[1] in ("is", "==")))
        asked = graph.call(body, value)
        return not polarity and asked is not None and self._is_call_of(key, asked, _FINDERS)

    def _gives_up_screen(self, key: Key, body: Body, value: int) -> bool:
        entered = graph.call(body, value) if value >= 0 else None
        return entered is not None and self._is_call_of(key, entered, _SUSPENDING)

    def _is_call_of(self, key: Key, site: Site, names: frozenset[str]) -> bool:
        """Whether all that a site may call are of these functions and methods of libraries."""
        catalog = self._evaluator.catalog
        values = self._evaluator.evaluate(key, site.callee).values
        for value in values:
            if isinstance(value, External):
                called = {catalog.canonical(value.dotted)}
            elif isinstance(value, ExternalMethod):
                owners = (value.dotted, *(fact.name for fact in catalog.ancestry(value.dotted)))
                called = {f"{owner}.{value.name}" for owner in owners}
            else:
                return False
            if not called & names:
                return False
        return bool(values)

    def _ends_program(self, key: Key, body: Body, region: int) -> bool:
        """Whether the region itself ends the program (`sys.exit`)."""
        return any(
            isinstance(value, External) and value.dotted in _ENDINGS
            for site in self._calls_in(key, body, region)
            for value in self._evaluator.evaluate(key, site.callee).values
        )

    def _kills_itself(self, key: Key, body: Body, region: int) -> bool:
        """Whether the region itself sends a signal to its own process (`os.kill(os.getpid(), …)`): a crash
        made on purpose. What comes after an early `return` counts too, unlike with `sys.exit`, with which a
        main function ends as well."""
        return any(
            self._calls(key, site, "os.kill")
            and any(slot == 0 and self._asks_own_pid(key, body, value) for slot, value in site.args)
            for site in self._calls_in(key, body, region)
        )

    def _calls_in(self, key: Key, body: Body, region: int) -> Sequence[Site]:
        """The calls that stand in the region itself."""
        calls = self._calls_of.get(key)
        if calls is None:
            calls = self._calls_of[key] = {}
            for site in body.sites:
                if site.kind == SiteKind.CALL:
                    calls.setdefault(site.region, []).append(site)
        return calls.get(region, ())

    def _asks_own_pid(self, key: Key, body: Body, value: int) -> bool:
        asked = graph.call(body, value)
        return asked is not None and self._calls(key, asked, "os.getpid")

    def _calls(self, key: Key, site: Site, name: str) -> bool:
        values = self._evaluator.evaluate(key, site.callee).values
        return [value.dotted for value in values if isinstance(value, External)] == [name]
