"""Functions that keep what they return (`functools.cache`), and whether they are called before it matters."""

from __future__ import annotations

from typing import Final

from conclint.catalog.facts import CallableFact
from conclint.model.execution import ExecutionModel
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import External, ExternalMethod, Function, Key, unwrapped
from conclint.summary.records import Body, Op, ParamKind, Site, SiteKind

_MOST_FILES: Final = 8
_NAMES: Final = (Op.DEF, Op.GLOBAL, Op.PHI, Op.FREE, Op.ATTR, Op.IMPORT, Op.CALL)


class CachedFunctions:
    """Knows where the modules call their cached functions beforehand."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._in_threads: dict[str, frozenset[Key]] = {}

    def is_made_on_import(self, key: Key) -> bool:
        """Whether the module calls its cached function while it is imported."""
        module_key = self._evaluator.module(key[0]).own
        body = self._evaluator.body(module_key)
        for site in body.sites:
            if site.kind == SiteKind.CALL and body.values[site.callee][0] in (Op.DEF, Op.GLOBAL, Op.PHI):
                for value in self._evaluator.evaluate(module_key, site.callee).values:
                    if isinstance(value, Function) and value.key == key:
                        return True
        return False

    def is_made_in_thread(self, key: Key, asker: str) -> bool:
        """Whether a thread is made to call a cached function, one without arguments, by its module or one
        that takes from that, so that what it gives is there when others ask. The answer is about the module
        `asker`."""
        params = self._evaluator.definition(key).params
        if any(
            param.default < 0 and param.kind not in (ParamKind.STAR, ParamKind.DOUBLE_STAR)
            for param in params
        ):
            return False
        return any(key in self._called_in_threads(path) for path in (key[0], *self._taking(key[0], asker)))

    def _taking(self, path: str, asker: str) -> list[str]:
        """The files that take something from a module; none where these are too many."""
        program = self._evaluator.program
        name = program.finder.module_name(path).rpartition(".")[2]
        found = [other for other in program.taking_from(name, asker) if other != path]
        found = found if len(found) <= _MOST_FILES else []
        program.depend(asker, found)
        return [other for other in found if program.module(other) is not None]

    def _called_in_threads(self, path: str) -> frozenset[Key]:
        found = self._in_threads.get(path)
        if found is None:
            found = frozenset(self._find_in_threads(path))
            if self._evaluator.solver.is_idle:
                self._in_threads[path] = found
        return found

    def _find_in_threads(self, path: str) -> set[Key]:
        found: set[Key] = set()
        for key in self._evaluator.module(path).keys:
            body = self._evaluator.body(key)
            for site in body.sites:
                if site.kind != SiteKind.CALL or not site.args or not self._hands_to_thread(key, site):
                    continue
                for _, value in site.args:
                    if body.values[value][0] in _NAMES:
                        handed = self._functions(key, value)
                        found |= handed
                        for function in handed:
                            if function[0] == path:
                                found |= self._called_by(function)
        return found

    def _called_by(self, key: Key) -> set[Key]:
        body: Body = self._evaluator.body(key)
        sites = (site for site in body.sites if site.kind == SiteKind.CALL and not site.region)
        return {called for site in sites for called in self._functions(key, site.callee)}

    def _functions(self, key: Key, value: int) -> set[Key]:
        values = map(unwrapped, self._evaluator.evaluate(key, value).values)
        return {item.key for item in values if isinstance(item, Function)}

    def _hands_to_thread(self, key: Key, site: Site) -> bool:
        catalog = self._evaluator.catalog
        for value in self._evaluator.evaluate(key, site.callee).values:
            fact: CallableFact | None = None
            if isinstance(value, External):
                fact = catalog.function(value.dotted) or catalog.method(value.dotted, "__init__")
            elif isinstance(value, ExternalMethod):
                fact = catalog.method(value.dotted, value.name)
            placing = fact.placing if fact is not None else None
            if placing is not None and placing.model in (None, ExecutionModel.THREAD):
                return True
        return False
