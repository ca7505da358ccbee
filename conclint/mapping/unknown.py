"""Which calls that an execution model reaches could not be judged, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from conclint.cost.plain_methods import is_plain_method
from conclint.effects.solver import EffectSolver
from conclint.mapping.build import edges_from, models_of
from conclint.model.execution import ExecutionModel
from conclint.model.unknown_calls import Cure, UnknownCall, UnknownCalls, UnknownCause
from conclint.resolve.program import NeedModule
from conclint.resolve.values import (
    Class,
    External,
    ExternalInstance,
    ExternalMethod,
    Function,
    Key,
    Parameter,
    Value,
    unwrapped,
)
from conclint.rules.chains import position_of
from conclint.source.modules import STDLIB
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, Site, SiteKind

_BUILTINS: Final = "builtins"
_MOST_STEPS: Final = 30
_FOLLOWED: Final = "followed"
_OUTSIDE: Final = (External, ExternalMethod, ExternalInstance)


def find_unknown(
    engine: EffectSolver,
    asked: Iterable[Key],
    on_loop: Iterable[Key],
    shown: Callable[[str], str],
    library_folders: Sequence[str],
) -> UnknownCalls:
    """The calls in the program's functions that run on the event loop, in threads, processes or interpreters.
    A library into which calls are followed is known.

    `library_folders` are those of installed packages: they tell how a library could be known. Raises
    NeedModule where a function leads into a file that is not loaded.
    """
    models = models_of(engine, edges_from(engine, asked), on_loop)
    known, known_on_loop, calls = 0, 0, []
    finder = _Finder(engine, shown, library_folders)
    for key, reached in models.items():
        if finder.is_installed(key[0]):
            continue  # what a library calls is not for the reader to mend
        try:
            for call in finder.calls(key, tuple(sorted(reached, key=lambda model: model.bit))):
                if call is None:
                    known += 1
                    known_on_loop += ExecutionModel.EVENT_LOOP in reached
                else:
                    calls.append(call)
        except NeedModule:
            raise
        except Exception as error:
            engine.fail(key, error)
    return UnknownCalls(
        known,
        tuple(sorted(calls, key=lambda call: (call.path, call.line, call.column, call.name))),
        known_on_loop,
    )


class _Finder:
    def __init__(
        self, engine: EffectSolver, shown: Callable[[str], str], library_folders: Sequence[str]
    ) -> None:
        self._engine = engine
        self._evaluator = engine.evaluator
        self._shown = shown
        self._folders = library_folders
        self._modules = engine.evaluator.program.finder
        self.is_installed = self._modules.is_installed
        self._cure = cache(self._cure_of)

    def calls(self, key: Key, models: tuple[ExecutionModel, ...]) -> Iterator[UnknownCall | None]:
        """For each call of a library in the function None if it is known; and each unresolved call."""
        module = self._evaluator.module(key[0])
        body = self._evaluator.body(key)
        for number, site in enumerate(body.sites):
            if site.kind != SiteKind.CALL or not self._engine.guards.mask(key, site.region):
                continue
            found = self._judged(key, body, site)
            if found is None:
                continue
            library, name = found
            if library and (name == _FOLLOWED or self._is_known(library)):
                yield None
                continue
            at = position_of(module, key, number)[0]
            yield UnknownCall(
                library,
                UnknownCause.NOT_DESCRIBED if library else UnknownCause.UNRESOLVED,
                self._cure(library) if library else Cure.ANNOTATION,
                name,
                self._shown(module.path),
                at.line,
                at.column,
                module.symbol(key),
                models,
            )

    def _judged(self, key: Key, body: Body, site: Site) -> tuple[str, str] | None:
        """The library of what is called and its name; no library where it is not known; None for what is
        builtin, or of the program."""
        called = self._evaluator.evaluate(key, site.callee)
        outside = [value for value in called.values if isinstance(value, _OUTSIDE)]
        if outside:
            name = _name(outside[0])
            top = name.partition(".")[0]
            return None if top == _BUILTINS else (top, name)
        if followed := self._followed(called.values):
            return followed
        if called.values or is_plain_method(body, site):
            return None
        node = graph.node(body, site.callee)
        name = f".{node[2]}" if node[0] == Op.ATTR else ""
        if library := self._origin(key, body, site.callee):
            return library, f"{library}{' … ' if name else ''}{name}"
        if not name or node[0] in (Op.PARAM, Op.FREE):
            return None  # a callable that is handed in: its callers say what it is
        return "", name

    def _followed(self, values: Iterable[Value]) -> tuple[str, str] | None:
        """The library into which a call is followed."""
        for value in values:
            target = unwrapped(value)
            if isinstance(target, (Function, Class)) and self.is_installed(target.key[0]):
                return self._modules.library_at(target.key[0]), _FOLLOWED
        return None

    def _origin(self, key: Key, body: Body, value: int) -> str:
        """The library that gave the object whose method is called; empty where that isn't seen here."""
        for _ in range(_MOST_STEPS):
            node = graph.node(body, value)
            found = self._evaluator.evaluate(key, value).values
            if any(isinstance(item, Parameter) for item in found):
                return ""
            for item in found:
                if isinstance(item, _OUTSIDE):
                    top = _name(item).partition(".")[0]
                    return "" if top == _BUILTINS else top
            if node[0] == Op.GLOBAL:  # a client that the module makes once
                stores = self._evaluator.module(key[0]).global_stores(str(node[1]))
                if len(stores) != 1:
                    return ""
                key, value = stores[0][0], stores[0][1].value
                body = self._evaluator.body(key)
            elif node[0] == Op.CALL:
                value = body.sites[graph.called_site(node)].callee
            elif node[0] in (Op.ATTR, Op.ITEM, Op.ENTER, Op.ELEM, Op.PHI, *graph.WRAPPERS):
                value = graph.operand(node)
            else:
                return ""
            if value < 0:
                return ""
        return ""

    def _is_known(self, library: str) -> bool:
        return library in STDLIB or self._evaluator.catalog.knows(library)

    def _cure_of(self, library: str) -> Cure:
        is_followed = self._modules.follows(library)
        for folder in map(Path, self._folders):
            if (folder / library).is_dir() or (folder / f"{library}.py").is_file():
                return Cure.FACT if is_followed else Cure.FOLLOW
            if any(path.suffix in (".so", ".pyd") for path in folder.glob(f"{library}.*")):
                return Cure.FACT
        return Cure.INSTALL


def _name(value: External | ExternalMethod | ExternalInstance) -> str:
    return f"{value.dotted}.{value.name}" if isinstance(value, ExternalMethod) else value.dotted
