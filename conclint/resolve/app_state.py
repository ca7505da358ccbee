"""What an application keeps for its handlers: `app.state.db`, `app["db"]`, `bot.db`, by what puts it there,
wherever in the project."""

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
_BOT: Final = "bot"
_BOTS: Final = frozenset({"AutoShardedBot", "Bot"})
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
        definition = self._evaluator.definition(key)
        if body.yields and definition.params and definition.params[0].name in _APPLICATIONS:
            yield from _yielded(body)

    def _slot_of_attribute(self, key: Key, base: int, name: str) -> Slot | None:
        """The slot of `base.name`, where the base is the state of an application or of a request."""
        node = graph.node(self._evaluator.body(key), base)
        if node[0] == Op.CALL:
            return (_BOT, name) if self._is_one_of(key, base, _BOTS) else None
        if node[0] == Op.PARAM or (node[0] in _NAMED and node[-1] == _BOT):
            return (_BOT, name) if self._name(key, base) == _BOT else None
        if node[0] != Op.ATTR or node[2] not in _STATES:
            return None
        owner = self._owner(key, graph.base(node))
        return (f"{owner}.{node[2]}", name) if owner else None

    def _slot_of_item(self, key: Key, base: int, name: object) -> Slot | None:
        is_kept = isinstance(name, str) and self._owner(key, base) == "app"
        return ("app[]", str(name)) if is_kept else None

    def _owner(self, key: Key, value: int) -> str:
        """Whether a value is an application or a request, by its name or its class."""
        name = self._name(key, value)
        if name in _REQUESTS:
            return "request"
        if name in _APPLICATIONS or name.endswith("_app") or self._is_one_of(key, value, _CLASSES):
            return "app"
        return ""

    def _name(self, key: Key, value: int) -> str:
        """The name by which a value is read; empty for one without."""
        body = self._evaluator.body(key)
        node = graph.node(body, graph.bare(body, value))
        if node[0] == Op.PARAM:
            return self._evaluator.definition(key).params[graph.number(node)].name
        if node[0] == Op.IMPORT:
            return self._evaluator.module(key[0]).summary.imports[graph.number(node)].bound
        return str(node[-1]) if node[0] in _NAMED else ""

    def _is_one_of(self, key: Key, value: int, classes: frozenset[str]) -> bool:
        made = self._evaluator.evaluate(key, value).values
        if len(made) != 1 or not isinstance(made[0], ExternalInstance):
            return False
        return made[0].dotted.rpartition(".")[2] in classes


def _yielded(body: Body) -> Iterator[tuple[Slot, int]]:
    """What the function around an application's life gives each request: `yield {"db": db}`."""
    for value, _ in body.yields:
        node = graph.node(body, value)
        if node[0] == Op.DICT:
            parts = graph.operands(node)
            for name, item in zip(parts[::2], parts[1::2], strict=False):
                under = graph.node(body, name)
                if under[0] == Op.CONST and item >= 0:
                    yield ("request.state", str(under[1])), item


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
