"""Regions that run seldom: the first time only, where a module is missing, where a setting asks for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import External, Key, ModuleRef
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, RegionKind, Site, SiteKind, Store, StoreKind

_DEPTH = 6
_IMPORT_ERRORS = frozenset({"builtins.ImportError", "builtins.ModuleNotFoundError"})
_MISSING = frozenset({"builtins.KeyError", "builtins.AttributeError", "builtins.LookupError"})
_KEEPING = (StoreKind.ATTR, StoreKind.GLOBAL, StoreKind.ITEM)
_ENVIRONMENT = frozenset({"os.environ.get", "os.getenv"})
_FIRST_TIME = "does it the first time only"
_NOT_INSTALLED = "does it only where a module is missing"
_SETTING = ("does it only where an environment variable is set", "does not do it by default")
_DEBUGGING = ("does it only under a debugging flag", "is meant to be slow then")
_ENDS = "does it only where it ends the program"
_ENDINGS = frozenset({"sys.exit", "os._exit", "os.abort", "builtins.exit", "builtins.quit"})
_KILLED = ("does it only where it kills its own process", "is not meant to get further then")
_ON_WINDOWS = "does it on Windows only"
_PLATFORMS = frozenset({("os.name", "nt"), ("sys.platform", "win32")})
_BRANCHES = (RegionKind.IF, RegionKind.EXCEPT, RegionKind.CASE)
_FLAG = re.compile(r"(?:.*_)?(?:debug|debugging|profile|profiling|tracing)(?:_.*)?", re.IGNORECASE)
RARE: Final = (_FIRST_TIME, _NOT_INSTALLED, *_SETTING, *_DEBUGGING, _ENDS, *_KILLED, _ON_WINDOWS)
"""What says of a place itself, whatever the arguments, that code seldom comes to it."""


class Rarity:
    """Why a region may run less often than its def is called, each reason a verb phrase."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._calls_of: dict[Key, dict[int, list[Site]]] = {}

    def of(self, key: Key, body: Body, region: int) -> tuple[str, ...]:
        """What the region's own test or handler says. Off by default counts twice."""
        if self._is_first_time(key, body, region):
            return (_FIRST_TIME,)
        item = body.regions[region]
        if item.kind == RegionKind.EXCEPT and self._catches(key, body, item.value, _IMPORT_ERRORS):
            return (_NOT_INSTALLED,)
        if self._is_setting(key, body, region):
            return _SETTING
        if item.kind in graph.TESTS and _is_flag(body, item.value, bool(item.extra)):
            return _DEBUGGING
        if item.kind in _BRANCHES and self._ends_program(key, body, region):
            return (_ENDS,)
        if item.kind in (*_BRANCHES, RegionKind.AFTER) and self._kills_itself(key, body, region):
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

    def _is_first_time(self, key: Key, body: Body, region: int) -> bool:
        """Whether the region runs while a key is missing from a collection, or stores what its test found
        missing (`if self._client is None: self._client = …`, `except KeyError: cache[key] = …`)."""
        item = body.regions[region]
        if item.kind == RegionKind.EXCEPT:
            return self._catches(key, body, item.value, _MISSING) and any(
                graph.is_inside(body, store.region, region) for store in body.stores if store.kind in _KEEPING
            )
        if item.kind not in graph.TESTS or item.value < 0:
            return False
        node = body.values[item.value]
        if item.kind == RegionKind.IF and item.extra and node[:2] == (Op.COMPARE, "not in"):
            return True
        names = _tested_names(body, item.value, 0)
        return bool(names) and any(
            _store_name(store) in names and graph.is_inside(body, store.region, region)
            for store in body.stores
        )

    def _is_setting(self, key: Key, body: Body, region: int) -> bool:
        """Whether the region runs only where an environment variable is set that by default is not."""
        item = body.regions[region]
        if item.kind != RegionKind.IF or not item.extra:
            return False
        return self._reads_environment(key, item.value, 0)

    def _reads_environment(self, key: Key, value: int, depth: int) -> bool:
        if value < 0 or depth > _DEPTH:
            return False
        body = self._evaluator.body(key)
        node = body.values[value]
        op = node[0]
        site = graph.call(body, value)
        if site is not None:
            named = any(
                isinstance(item, External) and item.dotted in _ENVIRONMENT
                for item in self._evaluator.evaluate(key, site.callee).values
            )
            if named:
                defaults = [body.values[item] for slot, item in site.args if slot != 0]
                return all(default[0] == Op.CONST and not default[1] for default in defaults)
            # os.environ.get("X").lower()
            return self._reads_environment(key, graph.receiver(body, site), depth + 1)
        if op == Op.COMPARE and node[1] in ("==", "in", "is not", "!="):
            return self._reads_environment(key, graph.operand(node), depth + 1)
        if op == Op.BOOL and node[1] != "not":
            return any(self._reads_environment(key, item, depth + 1) for item in graph.parts(node))
        if op in graph.WRAPPERS:
            return self._reads_environment(key, graph.operand(node), depth + 1)
        return any(
            self._reads_environment(owner, store, depth + 1)
            for owner, store in self._module_stores(key, node)
        )

    def _module_stores(self, key: Key, node: tuple[object, ...]) -> list[tuple[Key, int]]:
        """The only assignment of the module variable that a value reads: (def, value)."""
        path, name = key[0], ""
        if node[0] == Op.GLOBAL:
            name = str(node[1])
        elif node[0] == Op.ATTR:
            bases = self._evaluator.evaluate(key, graph.base(node)).values
            if len(bases) == 1 and isinstance(bases[0], ModuleRef):
                path, name = bases[0].path, str(node[2])
        elif node[0] == Op.IMPORT:
            item = self._evaluator.module(path).summary.imports[graph.number(node)]
            finder = self._evaluator.program.finder
            dotted = finder.resolve_relative(path, item.level, item.module) if item.level else item.module
            found = self._evaluator.program.find(dotted, path) if item.name else None
            if found is not None:
                path, name = found, str(item.name)
        if not name:
            return []
        stores = self._evaluator.module(path).global_stores(name)
        return [(owner, store.value) for owner, store in stores] if len(stores) == 1 else []

    def _catches(self, key: Key, body: Body, caught: int, names: frozenset[str]) -> bool:
        if caught < 0:
            return False
        values = self._evaluator.evaluate(key, caught).values
        return any(isinstance(value, External) and value.dotted in names for value in values)


def _store_name(store: Store) -> str:
    """What `_tested_names` would call the place that is stored to."""
    if store.kind == StoreKind.ATTR:
        return f"{store.base}.{store.name}"
    if store.kind == StoreKind.ITEM:
        return f"{store.base}[]"
    return str(store.name) if store.kind == StoreKind.GLOBAL else ""


def _tested_names(body: Body, value: int, depth: int) -> set[str]:
    """What a test finds missing or out of date: attributes ("base.name"), module variables, and items of
    collections ("base[]")."""
    if value < 0 or depth > _DEPTH:
        return set()
    node = body.values[value]
    if node[0] == Op.GLOBAL:
        return {str(node[1])}
    if node[0] == Op.ATTR:
        return {f"{node[1]}.{node[2]}"} | _tested_names(body, graph.base(node), depth + 1)
    site = graph.call(body, value)
    if site is not None:
        callee = body.values[site.callee]
        arguments = [item for _, item in site.args]
        if callee[0] == Op.ATTR and callee[2] == "get":
            return {f"{callee[1]}[]"}
        if callee == (Op.GLOBAL, "hasattr") and len(arguments) == 2:
            return {f"{arguments[0]}.{body.values[arguments[1]][-1]}"}
    elif node[0] not in (Op.BOOL, Op.COMPARE, *graph.WRAPPERS):
        return set()
    inner = graph.operands(node)[:1] if node[0] in graph.WRAPPERS else graph.inputs(body, value)
    return {name for item in inner for name in _tested_names(body, item, depth + 1)}


def _is_flag(body: Body, value: int, polarity: bool) -> bool:
    """Whether a test that came out so finds a debugging flag set (`if settings.DEBUG:`)."""
    node = graph.node(body, value)
    if (inner := graph.negated(node)) >= 0:
        return _is_flag(body, inner, not polarity)
    if node[0] == Op.BOOL and (node[1] == "and") == polarity:
        return any(_is_flag(body, item, polarity) for item in graph.parts(node))
    name = node[1] if node[0] == Op.GLOBAL else node[2] if node[0] in (Op.ATTR, Op.FREE) else ""
    return polarity and isinstance(name, str) and _FLAG.fullmatch(name) is not None
