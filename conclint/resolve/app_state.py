"""What an application keeps for its request handlers: `app.state.db` and `app["db"]`, by the statements that
put it there, wherever in the project."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from conclint.resolve.interpreter import Interpreter
from conclint.resolve.overrides import is_of_tests
from conclint.resolve.values import (
    TOP,
    ExternalInstance,
    Instance,
    Key,
    Parameter,
    Value,
    ValueSet,
    join,
    without_none,
)
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, StoreKind

Slot: TypeAlias = tuple[str, str]
"""Where something is kept: in what of whom, and under which name."""

_MOST_FILES: Final = 6
_STATES: Final = frozenset({"state", "ctx"})
_APPLICATIONS: Final = frozenset({"app", "application", "config_dict"})
_REQUESTS: Final = frozenset({"request", "req", "websocket", "ws"})
_CLASSES: Final = frozenset({"Application", "FastAPI", "Litestar", "Quart", "Sanic", "Starlette"})
_NAMED: Final = (Op.GLOBAL, Op.FREE, Op.ATTR)


class AppState:
    """Answers about what applications keep; the statements of each file are remembered."""

    def __init__(self, evaluator: Interpreter) -> None:
        self._evaluator = evaluator
        self._stores: dict[str, dict[Slot, list[tuple[Key, int]]]] = {}

    def attribute(self, key: Key, node: graph.Node) -> ValueSet:
        """What is read as `app.state.NAME`, by a node of a body; unknown for any other attribute."""
        slot = self._slot_of_attribute(key, graph.base(node), str(node[2]))
        return TOP if slot is None else self._kept(slot, key[0])

    def item(self, key: Key, base: int, name: object) -> ValueSet:
        """What is read as `app["NAME"]`; unknown for any other item."""
        slot = self._slot_of_item(key, base, name)
        return TOP if slot is None else self._kept(slot, key[0])

    def _kept(self, slot: Slot, asker: str) -> ValueSet:
        """What statements put in: those of the asker's own file, else those of others."""
        own = self._stores_in(asker).get(slot)
        if own is not None:
            return self._joined(own)
        program = self._evaluator.program
        paths = [path for path in program.keeping(slot[1], asker) if not is_of_tests(program, path)]
        if len(paths) > _MOST_FILES:
            return TOP
        program.depend(asker, paths)
        return self._joined([place for path in paths for place in self._stores_in(path).get(slot, ())])

    def _joined(self, places: list[tuple[Key, int]]) -> ValueSet:
        parts = [without_none(self._evaluator.evaluate(*place)) for place in places]
        parts = [part for part in parts if part.values or part.incomplete]
        return _as_seen(join(parts)) if parts else TOP

    def _stores_in(self, path: str) -> dict[Slot, list[tuple[Key, int]]]:
        found = self._stores.get(path)
        if found is None:
            module = self._evaluator.program.module(path)
            found = {}
            for key in module.keys if module is not None else ():
                for slot, value in self._stores_of(key, self._evaluator.body(key)):
                    found.setdefault(slot, []).append((key, value))
            if self._evaluator.solver.is_idle:
                self._stores[path] = found
        return found

    def _stores_of(self, key: Key, body: Body) -> Iterator[tuple[Slot, int]]:
        for store in body.stores:
            slot: Slot | None = None
            if store.kind == StoreKind.ATTR:
                slot = self._slot_of_attribute(key, store.base, str(store.name))
            elif store.kind == StoreKind.ITEM and isinstance(store.name, int):
                under = graph.node(body, store.name)
                slot = self._slot_of_item(key, store.base, under[1] if under[0] == Op.CONST else None)
            if slot is not None and store.value >= 0:
                yield slot, store.value

    def _slot_of_attribute(self, key: Key, base: int, name: str) -> Slot | None:
        """The slot of `base.name`, where the base is the state of an application or of a request."""
        node = graph.node(self._evaluator.body(key), base)
        if node[0] != Op.ATTR or node[2] not in _STATES:
            return None
        owner = self._owner(key, graph.base(node))
        return (f"{owner}.{node[2]}", name) if owner else None

    def _slot_of_item(self, key: Key, base: int, name: object) -> Slot | None:
        is_kept = isinstance(name, str) and self._owner(key, base) == "app"
        return ("app[]", str(name)) if is_kept else None

    def _owner(self, key: Key, value: int) -> str:
        """Whether a value is an application or a request, by its name or its class."""
        body = self._evaluator.body(key)
        node = graph.node(body, graph.bare(body, value))
        name = ""
        if node[0] == Op.PARAM:
            name = self._evaluator.definition(key).params[graph.number(node)].name
        elif node[0] == Op.IMPORT:
            name = self._evaluator.module(key[0]).summary.imports[graph.number(node)].bound
        elif node[0] in _NAMED:
            name = str(node[-1])
        if name in _REQUESTS:
            return "request"
        if name in _APPLICATIONS or name.endswith("_app") or self._is_application(key, value):
            return "app"
        return ""

    def _is_application(self, key: Key, value: int) -> bool:
        made = self._evaluator.evaluate(key, value).values
        return len(made) == 1 and isinstance(made[0], ExternalInstance) and _is_of_application(made[0])


def _is_of_application(value: ExternalInstance) -> bool:
    return value.dotted.rpartition(".")[2] in _CLASSES


def _as_seen(item: ValueSet) -> ValueSet:
    """What is put in, as others may see it: not what only callers of the function there know."""
    values: list[Value] = []
    for value in item.values:
        if isinstance(value, Instance):
            values.append(value._replace(own=None))
        elif isinstance(value, Parameter):
            return TOP
        else:
            values.append(value)
    return item._replace(values=tuple(dict.fromkeys(values)))
