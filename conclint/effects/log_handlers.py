"""Log calls run the program's own handlers: `logger.error(…)` calls `emit` of each handler that was added.

Handlers are looked for in the module of the call, where programs set their loggers up, in what it calls to
have them set up, and in files beside or above it that name a handler's class of the project's own. A logger
hands its records on to those above it by name, so a handler of the root, or of `a`, sees what `a.b` logs.
Below WARNING nothing is logged unless somebody says so, and that nobody can tell from here; the library's
handlers that send mail or make requests are mostly told to take errors only.
Of loguru, which has one logger, they are the functions that it is told to give its messages to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from conclint.model.execution import Family
from conclint.resolve.arguments import Arguments, arguments_of
from conclint.resolve.calls import Target
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.overrides import is_of_tests
from conclint.resolve.values import (
    Container,
    Display,
    External,
    ExternalInstance,
    ExternalMethod,
    Function,
    Instance,
    Key,
    Literal,
    Value,
)
from conclint.summary import body_graph as graph
from conclint.summary.records import DefKind, Op, SiteKind

_LOUD: Final = frozenset({"error", "exception", "critical", "fatal", "warning", "warn"})
_ERRORS: Final = frozenset({"error", "exception", "critical", "fatal"})
_ERROR_LEVELS: Final = (
    *((External(f"logging.{name}"),) for name in ("ERROR", "CRITICAL", "FATAL")),
    *((Literal("str", name),) for name in ("ERROR", "CRITICAL", "FATAL")),
)
_LOGGER: Final = "logging.Logger"
_HANDLER: Final = "logging.Handler"
_ROOT: Final = ""
_MOST_STEPS: Final = 4
_MOST_FILES: Final = 6
_SENDING: Final = (Family.HTTP, Family.SOCKETS)
_LOGURU: Final = "loguru.logger."
_LOGURU_CLASS: Final = "loguru._logger.Logger"
_LEVELS: Final = {
    "TRACE": 5, "DEBUG": 10, "INFO": 20, "SUCCESS": 25, "WARNING": 30, "ERROR": 40, "EXCEPTION": 40,
    "CRITICAL": 50,
}  # fmt: skip
_LEAST: Final = "DEBUG"
"""The level of a sink for which none is stated."""
_SETTING_UP: Final = re.compile(r"log|setup|set_up|config|init|install", re.IGNORECASE)
"""Names of functions that may set loggers up."""


class _Added(NamedTuple):
    """A handler of the program's own, or a library's that sends, and the name of the logger that it was added
    to, if that is known."""

    logger: str | None
    handler: Instance | ExternalInstance
    only_errors: bool = False


class _Sink(NamedTuple):
    """A function of the program's own that loguru calls with each message from a level on."""

    level: int
    function: Function


class LogHandlers:
    """Finds the handlers that a log call runs; those of each module are remembered."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._added: dict[str, tuple[_Added, ...]] = {}
        self._added_elsewhere: dict[str, tuple[_Added, ...]] = {}
        self._sinks: dict[str, tuple[_Sink, ...]] = {}

    def targets(self, key: Key, site: int, called: Value) -> Iterator[Target]:
        """What a call of a logger's method, at a site of a def, runs of the program."""
        if not isinstance(called, (External, ExternalMethod)):
            return
        level = _level_of(called)
        if level is not None:
            for sink in self._sinks_of(key[0]):
                if level >= sink.level:
                    yield Target(sink.function, Arguments(spread=True))
            return
        if isinstance(called, ExternalMethod):
            is_log = called.dotted == _LOGGER and called.name in _LOUD
        else:
            is_log = _is_function(called.dotted)
        if not is_log:
            return
        added = self._in_module(key[0]) or self._elsewhere(key[0])
        if not added:
            return
        own = _ROOT if isinstance(called, External) else self._logger_of(key, site)
        called_name = called.name if isinstance(called, ExternalMethod) else called.dotted.rpartition(".")[2]
        for logger, handler, only_errors in added:
            if only_errors and called_name not in _ERRORS:
                continue
            if logger == _ROOT or (logger is not None and own is not None and _is_above(logger, own)):
                if isinstance(handler, ExternalInstance):
                    if called_name in _ERRORS:
                        yield Target(ExternalMethod(handler.dotted, "emit"), Arguments(spread=True))
                    continue
                for method in self._evaluator.classes.method(handler.cls, "emit", handler).values:
                    if isinstance(method, Function):
                        yield Target(method, Arguments(spread=True))

    def reasons(self, path: str) -> tuple[str, ...]:
        """What is assumed of the handlers that the log calls of a module run."""
        is_assumed = not self._in_module(path) and self._added_elsewhere.get(path)
        return ("another file has added the handler by then",) if is_assumed else ()

    def _in_module(self, path: str) -> tuple[_Added, ...]:
        found = self._added.get(path)
        if found is None:
            found = self._added[path] = tuple(
                item for key in self._looked_at(path) for item in self._in_def(key)
            )
        return found

    def _elsewhere(self, path: str) -> tuple[_Added, ...]:
        """The handlers of the project's own classes that files add which are in the folder of the module, or
        in one around it: the start of its program is there."""
        found = self._added_elsewhere.get(path)
        if found is None:
            program = self._evaluator.program
            files: dict[str, None] = {}
            for other, name in program.derived_from(_HANDLER.rpartition(".")[2], path):
                if not is_of_tests(program, other):
                    files.update(dict.fromkeys((other, *program.importing(name, path))))
            near = [other for other in files if other != path and _is_around(other, path)]
            near = [other for other in near if not is_of_tests(program, other)]
            near = near if len(near) <= _MOST_FILES else []
            program.depend(path, near)
            modules = [module for other in near if (module := program.module(other)) is not None]
            found = tuple(item for module in modules for key in module.keys for item in self._in_def(key))
            self._added_elsewhere[path] = found
        return found

    def _sinks_of(self, path: str) -> tuple[_Sink, ...]:
        found = self._sinks.get(path)
        if found is None:
            found = self._sinks[path] = tuple(
                sink for key in self._looked_at(path) for sink in self._sinks_in(key)
            )
        return found

    def _looked_at(self, path: str) -> dict[Key, None]:
        """The defs of a module, and those that it calls to have loggers set up."""
        keys = self._evaluator.module(path).keys
        called = (function for key in keys for function in self._setting_up(key))
        return dict.fromkeys((*keys, *called))

    def _sinks_in(self, key: Key) -> Iterator[_Sink]:
        """The functions that a def tells loguru to call, where the message is logged: not those that a thread
        of its own calls (`enqueue=True`), nor those for some messages only."""
        body = self._evaluator.body(key)
        for site in body.sites:
            node = graph.node(body, site.callee)
            if site.kind != SiteKind.CALL or node[0] != Op.ATTR or node[2] != "add":
                continue
            if External(f"{_LOGURU}add") not in self._evaluator.evaluate(key, site.callee).values:
                continue
            arguments = arguments_of(key, site.args)
            if arguments.spread or arguments.keyword("filter") or self._is_queued(arguments):
                continue
            level = self._stated_level(arguments)
            if level is None:
                continue
            given = arguments.positional[0] if arguments.positional else arguments.keyword("sink")
            for value in self._evaluator.passed(given).values:
                if isinstance(value, Function) and not self._is_coroutine(value):
                    yield _Sink(level, value)

    def _is_coroutine(self, function: Function) -> bool:
        return self._evaluator.definition(function.key).kind == DefKind.ASYNC_FUNCTION

    def _is_queued(self, arguments: Arguments) -> bool:
        passed = arguments.keyword("enqueue")
        return passed is not None and self._evaluator.passed(passed).values != (Literal("bool", False),)

    def _stated_level(self, arguments: Arguments) -> int | None:
        """The level from which on messages come; None where it can't be told."""
        passed = arguments.keyword("level")
        if passed is None:
            return _LEVELS[_LEAST]
        values = self._evaluator.passed(passed).values
        if len(values) != 1 or not isinstance(values[0], Literal):
            return None
        level = values[0].value
        return level if type(level) is int else _LEVELS.get(str(level))

    def _setting_up(self, key: Key) -> Iterator[Key]:
        """The functions of other files that a def calls and that may set loggers up, by their names."""
        body = self._evaluator.body(key)
        for site in body.sites:
            node = graph.node(body, site.callee)
            if site.kind != SiteKind.CALL or node[0] not in (Op.IMPORT, Op.ATTR):
                continue
            is_import = node[0] == Op.IMPORT
            imports = self._evaluator.module(key[0]).summary.imports
            name = imports[graph.number(node)].bound if is_import else str(node[2])
            if _SETTING_UP.search(name) and (is_import or graph.node(body, graph.base(node))[0] == Op.IMPORT):
                for value in self._evaluator.evaluate(key, site.callee).values:
                    if isinstance(value, Function) and value.key[0] != key[0]:
                        yield value.key

    def _in_def(self, key: Key) -> Iterator[_Added]:
        body = self._evaluator.body(key)
        nodes = body.values
        names = {node[2] for node in nodes if node[0] == Op.ATTR}
        if names.isdisjoint(("addHandler", "basicConfig")):
            return
        stern = self._told_errors_only(key)
        for number, site in enumerate(body.sites):
            callee = nodes[site.callee] if site.kind == SiteKind.CALL and site.callee >= 0 else (Op.UNKNOWN,)
            if callee[0] != Op.ATTR:
                continue
            arguments = arguments_of(key, site.args)
            if callee[2] == "addHandler" and arguments.positional:
                logger = self._logger_of(key, number)
                for value in self._evaluator.passed(arguments.positional[0]).values:
                    if isinstance(value, (Instance, ExternalInstance)) and self._is_handler(value):
                        yield _Added(logger, value, value in stern or self._is_stern(value))
            elif callee[2] == "basicConfig" and (given := arguments.keyword("handlers")) is not None:
                for collection in self._evaluator.passed(given).values:
                    if isinstance(collection, (Display, Container)):
                        for value in self._evaluator.containers.values_in(collection).values:
                            if isinstance(value, (Instance, ExternalInstance)) and self._is_handler(value):
                                yield _Added(_ROOT, value, value in stern or self._is_stern(value))

    def _told_errors_only(self, key: Key) -> set[Value]:
        """The handlers that a def tells to take errors only."""
        body = self._evaluator.body(key)
        return {
            value
            for site in body.sites
            if site.kind == SiteKind.CALL and graph.node(body, site.callee)[-1] == "setLevel"
            if self._passes_errors(key, site.args)
            for value in self._evaluator.evaluate(key, graph.receiver(body, site)).values
        }

    def _is_stern(self, handler: Value) -> bool:
        """Whether the constructor of a handler's class says that it takes errors only."""
        if not isinstance(handler, Instance):
            return False
        return any(
            site.kind == SiteKind.CALL and self._passes_errors(maker.key, site.args)
            for maker in self._evaluator.classes.makers(handler.cls)
            for site in self._evaluator.body(maker.key).sites
        )

    def _passes_errors(self, key: Key, args: tuple[tuple[int | str, int], ...]) -> bool:
        return any(self._evaluator.evaluate(key, value).values in _ERROR_LEVELS for _, value in args)

    def _is_handler(self, value: Value) -> bool:
        catalog = self._evaluator.catalog
        if isinstance(value, ExternalInstance):
            emit = catalog.method(value.dotted, "emit")
            is_handler = any(fact.name == _HANDLER for fact in catalog.ancestry(value.dotted))
            return is_handler and emit is not None and emit.family in _SENDING
        if not isinstance(value, Instance):
            return False
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


def _level_of(called: External | ExternalMethod) -> int | None:
    """The level of a message that a call of loguru's logger is about; None for any other call."""
    if isinstance(called, ExternalMethod):
        name = called.name if called.dotted == _LOGURU_CLASS else ""
    else:
        name = called.dotted.removeprefix(_LOGURU) if called.dotted.startswith(_LOGURU) else ""
    return _LEVELS.get(name.upper())


def _is_around(other: str, path: str) -> bool:
    """Whether a file is in the folder of another one, or in one around that."""
    return Path(other).parent in Path(path).parents


def _is_function(dotted: str) -> bool:
    module, _, name = dotted.rpartition(".")
    return module == "logging" and name in _LOUD


def _is_above(logger: str, own: str) -> bool:
    return own == logger or own.startswith(f"{logger}.")
