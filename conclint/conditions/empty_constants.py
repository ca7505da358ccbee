"""Collections of a module that are empty and stay so (`HANDLERS = {}`, which nothing fills): what only comes
where something is in one never runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.resolve.evaluate import Evaluator
from conclint.resolve.program import Module
from conclint.resolve.values import Function, Key
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, DefFlags, DefKind, Op, RegionKind, SiteKind, StoreKind

_DISPLAYS: Final = (Op.DICT, Op.LIST, Op.TUPLE, Op.SET)
_MAKERS: Final = frozenset({"dict", "list", "tuple", "set", "frozenset"})
_READING: Final = frozenset({"get", "items", "keys", "values", "copy", "index", "count"})
_VIEWS: Final = frozenset({"items", "keys", "values", "copy"})
_ASKING: Final = frozenset({"len", "bool", "sorted", "enumerate", "any", "all", "sum", *_MAKERS})
_READ_AT: Final = (SiteKind.CONTAINS, SiteKind.ITERATE, SiteKind.ITEM, SiteKind.ATTR)
_MAX_DEPTH: Final = 8
_MOST: Final = 40
"""Files that may import from a module, beyond which nobody looks what they do with its variables."""


class EmptyConstants:
    """Knows the regions and functions of a module that such collections keep from running."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._empty: dict[str, frozenset[str]] = {}
        self._left: dict[tuple[str, str], bool] = {}
        self._unused: dict[Key, bool] = {}
        self._asked: set[Key] = set()

    def is_closed(self, key: Key, body: Body, number: int) -> bool:
        """Whether the test or the loop of a region (not those around it) keeps code from coming to it."""
        if not self._named(key[0]):
            return False
        region = body.regions[number]
        if region.kind in graph.TESTS:
            return self._truth(key, body, region.value, 0) is (not region.extra)
        if region.kind == RegionKind.WHILE:
            return self._truth(key, body, region.value, 0) is False
        return region.kind in (RegionKind.FOR, RegionKind.COMP) and self._is_empty(key, body, region.value)

    def never_runs(self, key: Key) -> bool:
        """Whether all that is done with a private function of a module is to call it where that is closed."""
        if not self._named(key[0]):
            return False
        found = self._unused.get(key)
        if found is None:
            found = self._is_called_in_closed_only(key)
            if not self._asked:  # else it may hang on a function that is being looked into
                self._unused[key] = found
        return found

    # -- tests ----------------------------------------------------------------------------------

    def _truth(self, key: Key, body: Body, value: int, depth: int) -> bool | None:
        if value < 0 or depth > _MAX_DEPTH:
            return None
        node = body.values[value]
        if (inner := graph.negated(node)) >= 0:
            found = self._truth(key, body, inner, depth + 1)
            return None if found is None else not found
        if node[0] == Op.BOOL:
            decisive = node[1] == "or"
            answers = [self._truth(key, body, part, depth + 1) for part in graph.parts(node)]
            if decisive in answers:
                return decisive
            return None if None in answers else not decisive
        if node[0] == Op.COMPARE and node[1] in ("in", "not in"):
            return node[1] == "not in" if self._is_empty(key, body, graph.operand(node, 1)) else None
        if node[0] == Op.CONST:
            return bool(node[1])
        if self._is_empty(key, body, value) or self._finds_nothing(key, body, value):
            return False
        return False if self._gives_nothing(key, body, value, depth) else None

    def _is_empty(self, key: Key, body: Body, value: int) -> bool:
        """Whether a value is such a collection, or a view of it."""
        node = graph.node(body, graph.bare(body, value) if value >= 0 else value)
        if node[0] == Op.GLOBAL:
            return str(node[1]) in self._named(key[0]) and self._stays_empty(key[0], str(node[1]))
        site = graph.call(body, value)
        callee = graph.node(body, site.callee) if site is not None else graph.UNKNOWN
        return callee[0] == Op.ATTR and callee[2] in _VIEWS and self._is_empty(key, body, graph.base(callee))

    def _finds_nothing(self, key: Key, body: Body, value: int) -> bool:
        """Whether a value is what `EMPTY.get(key)` or `len(EMPTY)` gives."""
        site = graph.call(body, value)
        if site is None or len(site.args) != 1:
            return False
        callee = graph.node(body, site.callee)
        if callee == (Op.GLOBAL, "len"):
            return self._is_empty(key, body, site.args[0][1])
        return callee[0] == Op.ATTR and callee[2] == "get" and self._is_empty(key, body, graph.base(callee))

    def _gives_nothing(self, key: Key, body: Body, value: int, depth: int) -> bool:
        """Whether a function of the same module is called that gives nothing but what is false."""
        site = graph.call(body, value)
        callee = graph.node(body, site.callee) if site is not None else graph.UNKNOWN
        if site is None or callee[0] != Op.GLOBAL or not self._evaluator.module(key[0]).has(str(callee[1])):
            return False
        called = self._evaluator.evaluate(key, site.callee).values
        only = called[0] if len(called) == 1 else None
        if not isinstance(only, Function) or only.key[0] != key[0]:
            return False
        definition = self._evaluator.definition(only.key)
        if definition.kind != DefKind.FUNCTION or definition.flags & DefFlags.GENERATOR:
            return False
        if definition.decorators:
            return False
        if only.key in self._asked or len(self._asked) > _MAX_DEPTH:
            return False
        inner = self._evaluator.body(only.key)
        self._asked.add(only.key)
        try:
            return bool(inner.returns) and all(
                self._is_within_closed(only.key, inner, region)
                or self._truth(only.key, inner, given, depth + 1) is False
                for given, region in inner.returns
            )
        finally:
            self._asked.discard(only.key)

    def _is_within_closed(self, key: Key, body: Body, region: int) -> bool:
        return any(self.is_closed(key, body, number) for number in graph.around(body, region))

    # -- what stays empty -----------------------------------------------------------------------

    def _named(self, path: str) -> frozenset[str]:
        """The variables of a module that begin as empty collections, and are set once."""
        found = self._empty.get(path)
        if found is None:
            module = self._evaluator.module(path)
            body = self._evaluator.body(module.own)
            found = self._empty[path] = frozenset(
                name
                for name in module.global_names()
                if len(stores := module.global_stores(name)) == 1
                and _is_made_empty(body, stores[0][1].value)
                and not module.late_global_stores(name)
            )
        return found

    def _stays_empty(self, path: str, name: str) -> bool:
        slot = (path, name)
        found = self._left.get(slot)
        if found is None:
            module = self._evaluator.module(path)
            found = self._left[slot] = _is_only_read(module, name, frozenset({name})) and all(
                other is not None and _is_only_read(other, name, _bound(other, name, module.name))
                for other in self._importers(module, name)
            )
        return found

    def _importers(self, module: Module, name: str) -> Iterator[Module | None]:
        """The modules that may have a variable of a module; None where it can't be told."""
        program = self._evaluator.program
        if name in (module.summary.exports or ()) or not program.knows_subclasses(module.path):
            yield None
            return
        *_, package, last = ("", *module.name.split("."))
        words = (last, package) if package else (last,)
        paths = {path for word in words for path in program.taking_from(word, module.path)} - {module.path}
        if len(paths) > _MOST:
            yield None
            return
        program.depend(module.path, sorted(paths))
        for path in sorted(paths):
            yield program.module(path)

    # -- functions ------------------------------------------------------------------------------

    def _is_called_in_closed_only(self, key: Key) -> bool:
        definition = self._evaluator.definition(key)
        module = self._evaluator.module(key[0])
        is_private = definition.name.startswith("_") and not definition.name.endswith("__")
        if not is_private or module.scope(key) != module.own or definition.decorators:
            return False
        if len(module.global_stores(definition.name)) != 1 or not self._has_closed_calls_only(
            module, definition.name
        ):
            return False
        return all(
            other is not None and not _mentions(other, definition.name)
            for other in self._importers(module, definition.name)
        )

    def _has_closed_calls_only(self, module: Module, name: str) -> bool:
        calls = 0
        own = module.body(module.own)
        made = [store.value for _, store in module.global_stores(name)]
        if any(_is_used_as_value(own, value, frozenset({name})) for value in made):
            return False
        if any(site.callee in made for site in own.sites):
            return False
        for key in module.keys:
            body = module.body(key)
            for value, node in enumerate(body.values):
                if node != (Op.GLOBAL, name):
                    continue
                called = [s for s in body.sites if s.kind == SiteKind.CALL and s.callee == value]
                if not called or _is_used_as_value(body, value) or _is_in_header(module, key, value):
                    return False
                if not all(self._is_within_closed(key, body, site.region) for site in called):
                    return False
                calls += len(called)
        return calls > 0


def _is_made_empty(body: Body, value: int) -> bool:
    value = graph.bare(body, value) if value >= 0 else value
    node = graph.node(body, value)
    if node[0] in _DISPLAYS:
        return not graph.operands(node)
    site = graph.call(body, value)
    callee = graph.node(body, site.callee) if site is not None else graph.UNKNOWN
    return site is not None and not site.args and callee[0] == Op.GLOBAL and callee[1] in _MAKERS


def _bound(module: Module, name: str, source: str) -> frozenset[str]:
    """The names under which a module may have the variable that it imports."""
    last = source.rpartition(".")[2]
    return frozenset(
        item.bound or name
        for item in module.summary.imports
        if item.name == name or (item.name == "*" and item.module.rpartition(".")[2] == last)
    )


def _is_only_read(module: Module, name: str, bound: frozenset[str]) -> bool:
    """Whether a module does nothing with a collection but ask what is in it."""
    imported = {number for number, item in enumerate(module.summary.imports) if item.name == name}
    own = module.body(module.own)
    made = {graph.bare(own, store.value) for _, store in module.global_stores(name) if store.value >= 0}
    for key in module.keys:
        body = module.body(key)
        for value, node in enumerate(body.values):
            is_it = (
                (node[0] == Op.GLOBAL and node[1] in bound)
                or (node[0] == Op.IMPORT and node[1] in imported)
                or (node[0] == Op.ATTR and node[2] == name)
                or (key == module.own and graph.bare(body, value) in made)
            )
            if is_it and not _is_asked_only(module, key, value, bound):
                return False
            if node == (Op.GLOBAL, "globals"):
                return False
    return True


def _is_asked_only(module: Module, key: Key, value: int, bound: frozenset[str]) -> bool:
    """Whether nothing is done with a value of a def but to ask what is in it, or to bind names to it."""
    body = module.body(key)
    for node in body.values:
        if value not in graph.operands(node) or node[0] in (Op.BOOL, Op.ELEM, Op.ITEM, Op.CAST):
            continue
        if node[0] == Op.ATTR and node[2] in _READING:
            continue
        if node[0] == Op.COMPARE and graph.operand(node, 0) != value:
            continue
        return False
    for site in body.sites:
        if site.callee == value and site.kind not in _READ_AT:
            return False
        if any(passed == value for _, passed in site.args):
            callee = graph.node(body, site.callee)
            if site.kind != SiteKind.CALL or callee[0] != Op.GLOBAL or callee[1] not in _ASKING:
                return False
    is_named = key == module.own and body.values[value][0] != Op.GLOBAL
    return not _is_kept(body, value, bound if is_named else frozenset()) and not _is_in_header(
        module, key, value
    )


def _is_kept(body: Body, value: int, bound: frozenset[str] = frozenset()) -> bool:
    """Whether a value is stored under another name than those, stored to, or given to the caller."""
    return any(
        (store.value == value and not (store.kind == StoreKind.GLOBAL and store.name in bound))
        or (store.kind in (StoreKind.ATTR, StoreKind.ITEM) and store.base == value)
        for store in body.stores
    ) or any(given == value for given, _ in (*body.returns, *body.yields))


def _is_used_as_value(body: Body, value: int, bound: frozenset[str] = frozenset()) -> bool:
    """Whether a function is more than called."""
    return (
        any(value in graph.operands(node) for node in body.values)
        or any(passed == value for site in body.sites for _, passed in site.args)
        or any(site.callee == value and site.kind != SiteKind.CALL for site in body.sites)
        or _is_kept(body, value, bound)
    )


def _is_in_header(module: Module, key: Key, value: int) -> bool:
    """Whether a value of a def stands in the header of another: as a default, say."""
    for inner in module.children(key) if key != module.own else _outermost(module):
        item = module.definition(inner)
        given = (param.default for param in item.params)
        if value in (*given, *item.decorators, *item.bases, *(v for _, v in item.keywords)):
            return True
    return False


def _outermost(module: Module) -> list[Key]:
    return [key for key in module.keys[1:] if module.scope(key) == module.own]


def _mentions(module: Module, name: str) -> bool:
    if any(item.name == name for item in module.summary.imports):
        return True
    return any(
        node[0] == Op.ATTR and node[2] == name for key in module.keys for node in module.body(key).values
    )
