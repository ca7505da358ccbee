"""The star imports of a module, the last first, as it has the last word: which of them may bring a name."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.resolve.program import Module, Program


class StarImports:
    """What a module imports `*` from. Each is looked at when a name was not found in those before it; what
    the modules without star imports of their own bind is remembered, so that no name is looked for in all."""

    __slots__ = ("_binding", "_deeper", "_items", "_looked_at", "_program")

    def __init__(self, program: Program, module: Module) -> None:
        self._program = program
        self._items: list[tuple[str, str]] = []
        for number in reversed(module.star_imports()):
            item = module.summary.imports[number]
            dotted = program.finder.resolve_relative(module.path, item.level, item.module)
            self._items.append((dotted, module.path))
        self._looked_at = 0
        self._binding: dict[str, list[int]] = {}
        self._deeper: list[int] = []
        """Those that a name may come through."""

    def that_may_have(self, name: str) -> Iterator[tuple[str, str | None]]:
        """The dotted names and files (None outside the program) that the name may come from, in order."""
        for number in sorted([*self._deeper, *self._binding.get(name, ())]):
            yield self._star(number)
        number = self._looked_at
        while number < len(self._items):
            yield self._star(number)
            self._look_at(number)  # asked for the next one, the caller has loaded this one
            number += 1

    def _star(self, number: int) -> tuple[str, str | None]:
        dotted, importer = self._items[number]
        return dotted, self._program.find(dotted, importer)

    def _look_at(self, number: int) -> None:
        if number != self._looked_at:
            return
        path = self._star(number)[1]
        module = self._program.module(path) if path is not None else None
        if path is None or (module is not None and module.star_imports()):
            self._deeper.append(number)
        elif module is not None:
            for name in module.global_names():
                self._binding.setdefault(name, []).append(number)
        self._looked_at += 1
