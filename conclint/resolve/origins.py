"""Where the object that a value means is made, kept and read from: what tells that two expressions mean one.

Of `client`, `self._client` and a local `c` that one of them was assigned to, no type says that they are the
same client; the places do. An object has as many origins as there are places that it passes through, so two
values mean the same object where they have one in common.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from conclint.resolve.containers import PUTS
from conclint.resolve.interpreter import Interpreter
from conclint.resolve.values import Class, External, Function, Instance, Key, ModuleRef, Value
from conclint.summary import body_graph as graph
from conclint.summary.records import Op, SiteKind, StoreKind

Origin: TypeAlias = tuple[object, ...]
"""A place: a word that says of what kind it is, and what tells it from others of the kind."""

ELEMENT: Final = "element"
"""The kind of an origin that several objects share: those that a collection holds."""
_TAKES: Final = frozenset({"get", "pop", "popitem", "popleft", "setdefault"})
"""Methods that give what a collection holds."""
_DEPTH: Final = 5
_OF_COLLECTIONS: Final = 3
_MOST: Final = 24
_MOST_STORES: Final = 4


class Origins:
    """Finds the origins of values; those of each are remembered."""

    def __init__(self, evaluator: Interpreter) -> None:
        self._evaluator = evaluator
        self._found: dict[tuple[Key, int], frozenset[Origin]] = {}

    def of(self, key: Key, value: int) -> frozenset[Origin]:
        """The origins of a value of a body. Raises NeedModule."""
        place = (key, value)
        if place not in self._found:
            found: set[Origin] = set()
            self._walk(found, set(), key, value, _DEPTH)
            self._found[place] = frozenset(found)
        return self._found[place]

    def _walk(self, found: set[Origin], seen: set[tuple[Key, int]], key: Key, value: int, depth: int) -> None:
        if depth <= 0 or value < 0 or (key, value) in seen or len(found) > _MOST:
            return
        seen.add((key, value))
        body = self._evaluator.body(key)
        node = graph.node(body, value)
        self._add_kept(found, key, value, depth)
        match node[0]:
            case Op.NARROW | Op.CAST | Op.AWAIT | Op.PHI | Op.BOOL:
                inner = graph.operands(node)
                for item in inner[:1] if node[0] in graph.WRAPPERS else inner:
                    self._walk(found, seen, key, item, depth)
            case Op.ELEM | Op.ITEM:
                self._walk_elements(found, seen, key, graph.operand(node), depth)
            case Op.CALL:
                site = graph.called_site(node)
                found.add(("made", key, site))
                callee_node = graph.node(body, body.sites[site].callee)
                if callee_node[0] == Op.ATTR and callee_node[2] in _TAKES:
                    self._walk_elements(found, seen, key, graph.base(callee_node), depth)
                for callee in self._evaluator.evaluate(key, body.sites[site].callee).values:
                    if isinstance(callee, Function):
                        for returned, _ in self._evaluator.body(callee.key).returns[:_MOST_STORES]:
                            self._walk(found, seen, callee.key, returned, depth - 1)
            case Op.PARAM:
                found.add(("parameter", key, graph.number(node)))
            case Op.GLOBAL:
                self._walk_global(found, seen, key[0], str(node[1]), depth)
            case Op.IMPORT:
                self._walk_import(found, seen, key[0], graph.number(node), depth)
            case Op.FREE:
                owner = self._evaluator.module(key[0]).at(node[1])
                found.add(("variable", owner, node[2]))
                for store in self._evaluator.body(owner).stores:
                    if store.kind == StoreKind.LOCAL and store.name == node[2]:
                        self._walk(found, seen, owner, store.value, depth - 1)
            case Op.ATTR:
                self._walk_attribute(found, seen, key, value, depth)
            case Op.LIST | Op.SET | Op.DICT | Op.TUPLE | Op.COMP:
                found.add(("display", key, value))
            case _:
                pass

    def _add_kept(self, found: set[Origin], key: Key, value: int, depth: int) -> None:
        """The places where the function itself keeps the value, and the names that it has there."""
        body = self._evaluator.body(key)
        for store in body.stores:
            if store.value != value:
                continue
            if store.kind == StoreKind.ITEM:
                found.update(self._elements_of(key, store.base, depth - 1))
            elif store.kind == StoreKind.ATTR:
                for owner in self._evaluator.evaluate(key, store.base).values:
                    if isinstance(owner, Instance):
                        found.update(self._members(owner.cls, str(store.name)))
            elif store.kind == StoreKind.GLOBAL:
                found.add(("global", key[0], store.name))
            elif store.kind == StoreKind.LOCAL:
                found.add(("variable", key, store.name))
        for site in body.sites:
            if site.kind == SiteKind.CALL and any(item == value for _, item in site.args):
                node = graph.node(body, site.callee)
                if node[0] == Op.ATTR and node[2] in PUTS:
                    found.update(self._elements_of(key, graph.base(node), depth - 1))

    def _elements_of(self, key: Key, collection: int, depth: int) -> set[Origin]:
        inner: set[Origin] = set()
        self._walk(inner, set(), key, collection, min(depth, _OF_COLLECTIONS))
        return {(ELEMENT, origin) for origin in inner}

    def _walk_elements(
        self, found: set[Origin], seen: set[tuple[Key, int]], key: Key, collection: int, depth: int
    ) -> None:
        """The origins of what a collection holds: of a display or a comprehension, those of its elements."""
        found.update(self._elements_of(key, collection, depth - 1))
        node = graph.node(self._evaluator.body(key), collection)
        if node[0] in (Op.LIST, Op.TUPLE, Op.SET):
            for item in graph.parts(node):
                self._walk(found, seen, key, item, depth - 1)

    def _walk_global(
        self, found: set[Origin], seen: set[tuple[Key, int]], path: str, name: str, depth: int
    ) -> None:
        module = self._evaluator.program.module(path)
        if module is None:
            return
        found.add(("global", path, name))
        stores = [
            *module.global_stores(name)[-_MOST_STORES:],
            *module.late_global_stores(name)[:_MOST_STORES],
        ]
        for owner, store in stores:
            self._walk(found, seen, owner, store.value, depth - 1)

    def _walk_import(
        self, found: set[Origin], seen: set[tuple[Key, int]], path: str, number: int, depth: int
    ) -> None:
        program = self._evaluator.program
        item = self._evaluator.module(path).summary.imports[number]
        dotted = program.finder.resolve_relative(path, item.level, item.module)
        if item.name is None:
            return
        inner = program.find(dotted, path)
        if inner is None:
            found.add(("outside", self._evaluator.catalog.canonical(f"{dotted}.{item.name}")))
        else:
            self._walk_global(found, seen, inner, item.name, depth - 1)

    def _walk_attribute(
        self, found: set[Origin], seen: set[tuple[Key, int]], key: Key, value: int, depth: int
    ) -> None:
        node = graph.node(self._evaluator.body(key), value)
        base, name = graph.base(node), str(node[2])
        for owner in self._evaluator.evaluate(key, base).values:
            if isinstance(owner, (Instance, Class)):
                cls = owner.cls if isinstance(owner, Instance) else owner
                found.update(self._members(cls, name))
                for item in self._classes_above(cls):
                    for method, stored, _ in self._evaluator.classes.own_stores(item).get(name, ())[
                        :_MOST_STORES
                    ]:
                        self._walk(found, seen, method, stored, depth - 1)
                    for stored in self._evaluator.classes.own_members(item).get(name, ())[:_MOST_STORES]:
                        self._walk(found, seen, item.key, stored, depth - 1)
            elif isinstance(owner, ModuleRef):
                self._walk_global(found, seen, owner.path, name, depth - 1)
            elif isinstance(owner, External):
                found.add(("outside", self._evaluator.catalog.canonical(f"{owner.dotted}.{name}")))
        inner: set[Origin] = set()
        self._walk(inner, seen, key, base, depth - 1)
        found.update(("attribute", origin, name) for origin in inner if origin[0] != "parameter")

    def _members(self, cls: Class, name: str) -> list[Origin]:
        return [("member", item.key, name) for item in self._classes_above(cls)]

    def _classes_above(self, cls: Class) -> list[Class]:
        return [item for item in self._evaluator.classes.ancestry(cls).classes if isinstance(item, Class)]


def files_of(origins: frozenset[Origin]) -> dict[str, None]:
    """The files in which an object is made and kept."""
    found: dict[str, None] = {}
    for path in sorted(map(_place, origins)):
        if path:
            found[path] = None
    return found


def _place(origin: Origin) -> str:
    kind, what, *_ = origin
    if kind in ("attribute", ELEMENT) and isinstance(what, tuple):
        return _place(what)
    if kind == "global":
        return str(what)
    return str(what[0]) if isinstance(what, tuple) and what else ""


def classes_of(values: tuple[Value, ...]) -> list[Class]:
    """The classes of the program that values are, or are instances of."""
    return [
        value.cls if isinstance(value, Instance) else value
        for value in values
        if isinstance(value, (Instance, Class))
    ]
