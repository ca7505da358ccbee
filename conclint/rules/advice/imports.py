"""The names under which a place can reach modules, and the imports that are still needed."""

from __future__ import annotations

from conclint.resolve.program import Module
from conclint.resolve.values import Key
from conclint.summary.records import Import, ImportFlags


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
    """The imports of a module that a function of it sees: those outside of functions that it isn't in."""
    around = {None, key, *module.around(key)}
    return tuple(
        item
        for item, owner in zip(module.summary.imports, module.import_owners(), strict=True)
        if owner in around
    )
