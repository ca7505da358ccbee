"""The names under which a place can reach modules, and the imports that are still needed."""

from __future__ import annotations

from typing import Final

from conclint.resolve.program import Module
from conclint.resolve.values import Key
from conclint.summary import body_graph as graph
from conclint.summary.records import DefKind, Import, ImportFlags, Op, RegionKind

_TESTS: Final = (RegionKind.IF, RegionKind.CASE)


class Imports:
    """What a function's module imports where the function sees it; `needed` are the lines to be added."""

    def __init__(self, visible: tuple[Import, ...]) -> None:
        self._visible = visible
        self.needed: list[str] = []

    def module(self, top: str, wanted: str = "") -> str:
        """The name of a top-level module; `wanted`: the module below it that must be loaded."""
        wanted = wanted or top
        for item in self._visible:
            if item.level or item.flags & ImportFlags.TYPE_CHECKING or item.name is not None:
                continue
            if item.bound == top and item.module.split(".", 1)[0] == top:
                return top
            if item.module == top:
                return item.bound
        self._need(f"import {wanted}")
        return top

    def name(self, module: str, name: str) -> str:
        """The name of something in a module."""
        package, _, last = module.rpartition(".")
        for item in self._visible:
            if item.level or item.flags & ImportFlags.TYPE_CHECKING:
                continue
            if (item.module, item.name) == (module, name):
                return item.bound
            if (item.module, item.name) == (package, last):
                return f"{item.bound}.{name}"
        self._need(f"from {module} import {name}")
        return name

    def _need(self, line: str) -> None:
        if line not in self.needed:
            self.needed.append(line)


def visible_imports(module: Module, key: Key) -> tuple[Import, ...]:
    """The imports of a module that a function of it sees: its own, those of the functions around it, and the
    module's, but for those under a test, such as that of `__name__`. Methods don't see a class's."""
    around = {None, *(item for item in (key, *module.around(key)) if not _is_class(module, item))}
    owners = module.import_owners()
    return tuple(
        item
        for number, item in enumerate(module.summary.imports)
        if owners[number] in around and not (owners[number] is None and _is_under_test(module, number))
    )


def _is_class(module: Module, key: Key) -> bool:
    return module.definition(key).kind == DefKind.CLASS


def _is_under_test(module: Module, number: int) -> bool:
    """Whether the module's own code imports something in one case only."""
    body = module.body(module.own)
    return any(
        body.values[store.value] == (Op.IMPORT, number)
        and any(body.regions[outer].kind in _TESTS for outer in graph.around(body, store.region))
        for _, store in module.global_stores(module.summary.imports[number].bound)
        if store.value >= 0
    )
