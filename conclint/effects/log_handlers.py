"""Log calls run the program's own handlers: `logger.error(…)` calls `emit` of each handler that was added.

Handlers are looked for in the module of the call, where programs set their loggers up. A logger hands its
records on to those above it by name, so a handler of the root, or of `a`, sees what `a.b` logs. Below
WARNING nothing is logged unless somebody says so, and that nobody can tell from here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from conclint.resolve.arguments import Arguments, arguments_of
from conclint.resolve.calls import Target
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import (
    Container,
    Display,
    External,
    ExternalMethod,
    Function,
    Instance,
    Key,
    Literal,
    Value,
)
from conclint.summary import body_graph as graph
from conclint.summary.records import Op, SiteKind

_LOUD: Final = frozenset({"error", "exception", "critical", "fatal", "warning", "warn"})
_LOGGER: Final = "logging.Logger"
_HANDLER: Final = "logging.Handler"
_ROOT: Final = ""
_MOST_STEPS: Final = 4


class _Added(NamedTuple):
    """A handler of the program's own, and the name of the logger that it was added to, if that is known."""

    logger: str | None
    handler: Instance


class LogHandlers:
    """Finds the handlers that a log call runs; those of each module are remembered."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._added: dict[str, tuple[_Added, ...]] = {}

    def targets(self, key: Key, site: int, called: Value) -> Iterator[Target]:
        """What a call of a logger's method, at a site of a def, runs of the program."""
        if isinstance(called, ExternalMethod):
            is_log = called.dotted == _LOGGER and called.name in _LOUD
        else:
            is_log = isinstance(called, External) and _is_function(called.dotted)
        if not is_log:
            return
        added = self._in_module(key[0])
        if not added:
            return
        own = _ROOT if isinstance(called, External) else self._logger_of(key, site)
        for logger, handler in added:
            if logger == _ROOT or (logger is not None and own is not None and _is_above(logger, own)):
                for method in self._evaluator.classes.method(handler.cls, "emit", handler).values:
                    if isinstance(method, Function):
                        yield Target(method, Arguments(spread=True))

    def _in_module(self, path: str) -> tuple[_Added, ...]:
        found = self._added.get(path)
        if found is None:
            keys = self._evaluator.module(path).keys
            found = self._added[path] = tuple(item for key in keys for item in self._in_def(key))
        return found

    def _in_def(self, key: Key) -> Iterator[_Added]:
        body = self._evaluator.body(key)
        nodes = body.values
        names = {node[2] for node in nodes if node[0] == Op.ATTR}
        if names.isdisjoint(("addHandler", "basicConfig")):
            return
        for number, site in enumerate(body.sites):
            callee = nodes[site.callee] if site.kind == SiteKind.CALL and site.callee >= 0 else (Op.UNKNOWN,)
            if callee[0] != Op.ATTR:
                continue
            arguments = arguments_of(key, site.args)
            if callee[2] == "addHandler" and arguments.positional:
                logger = self._logger_of(key, number)
                for value in self._evaluator.passed(arguments.positional[0]).values:
                    if self._is_handler(value) and isinstance(value, Instance):
                        yield _Added(logger, value)
            elif callee[2] == "basicConfig" and (given := arguments.keyword("handlers")) is not None:
                for collection in self._evaluator.passed(given).values:
                    if isinstance(collection, (Display, Container)):
                        for value in self._evaluator.containers.values_in(collection).values:
                            if self._is_handler(value) and isinstance(value, Instance):
                                yield _Added(_ROOT, value)

    def _is_handler(self, value: Value) -> bool:
        if not isinstance(value, Instance):
            return False
        catalog = self._evaluator.catalog
        return any(
            isinstance(base, External)
            and any(fact.name == _HANDLER for fact in catalog.ancestry(base.dotted))
            for base in self._evaluator.classes.ancestry(value.cls).classes
        )

    def _logger_of(self, key: Key, site: int) -> str | None:
        """The name of the logger whose method is called at a site; None where it can't be told."""
        body = self._evaluator.body(key)
        node = body.values[body.sites[site].callee]
        if node[0] != Op.ATTR:
            return _ROOT
        value = graph.base(node)
        for _ in range(_MOST_STEPS):
            body = self._evaluator.body(key)
            node = body.values[value]
            if node[0] == Op.CAST and graph.number(node) >= 0:
                value = graph.number(node)
            elif node[0] == Op.GLOBAL:
                stores = self._evaluator.module(key[0]).global_stores(str(node[1]))
                if len(stores) != 1:
                    return None
                key, value = stores[0][0], stores[0][1].value
            elif node[0] == Op.CALL:
                return self._named(key, graph.called_site(node))
            elif node[0] == Op.IMPORT or (node[0] == Op.ATTR and node[2] == "root"):
                return _ROOT
            else:
                return None
        return None

    def _named(self, key: Key, number: int) -> str | None:
        """The name that `getLogger` is given."""
        site = self._evaluator.body(key).sites[number]
        if External("logging.getLogger") not in self._evaluator.evaluate(key, site.callee).values:
            return None
        arguments = arguments_of(key, site.args)
        if not arguments.positional:
            return _ROOT
        given = arguments.positional[0]
        values = self._evaluator.passed(given).values
        if len(values) == 1 and isinstance(values[0], Literal) and isinstance(values[0].value, str):
            return values[0].value
        if isinstance(given, tuple) and len(given) == 2:
            own_key, value = given
            if isinstance(value, int) and self._evaluator.body(own_key).values[value] == (
                Op.GLOBAL,
                "__name__",
            ):
                return self._evaluator.module(key[0]).name
        return None


def _is_function(dotted: str) -> bool:
    module, _, name = dotted.rpartition(".")
    return module == "logging" and name in _LOUD


def _is_above(logger: str, own: str) -> bool:
    return own == logger or own.startswith(f"{logger}.")
