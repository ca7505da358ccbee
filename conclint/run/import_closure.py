"""Which files of the project can have a chain through given files, and which a chain from them can reach.

Only the index is asked (CORE.md section 1): a chain goes from file to file along imports, so these are the
files that import one of the given ones, directly or through others; and, since a call of a base class's
method may run an override, the files that hold the base classes of what the given ones define. The answer
errs on the side of too much.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from conclint.model.finding import Finding
from conclint.source.imports import imported_files, imported_names
from conclint.source.index import FileIndex
from conclint.source.modules import ModuleFinder


def files_reaching(
    targets: Iterable[str], indexes: Iterable[tuple[str, FileIndex]], finder: ModuleFinder
) -> set[str]:
    """Those of the indexed files that may reach one of the targets, the targets among them left out.

    `finder` must know of targets that are no longer on disk.
    """
    given = set(targets)
    mentions: dict[str, set[str]] = defaultdict(set)
    imports: dict[str, tuple[str, ...]] = {}
    bases: dict[str, tuple[str, ...]] = {}
    for path, index in indexes:
        imports[path] = tuple(imported_names(index))
        bases[path] = tuple(_imported_bases(index))
        for dotted in imports[path]:
            # An import of a.b.c runs, and may look into, a and a.b as well.
            for part in dotted.lstrip(".").split("."):
                mentions[part].add(path)
            if not dotted.strip("."):
                mentions[""].add(path)
    found = set(given)
    todo = sorted(given)
    files: dict[str, set[str]] = {}  # each file's imports are followed once, however often it is a candidate

    def imports_it(other: str, path: str) -> bool:
        if other not in files:
            files[other] = imported_files(other, imports[other], finder)
        return path in files[other]

    while todo:
        path = todo.pop()
        candidates = mentions.get(_import_name(path), set()) | mentions.get("", set())
        more = {other for other in candidates - found if imports_it(other, path)}
        more |= set(imported_files(path, bases.get(path, ()), finder)) - found
        found |= more
        todo += sorted(more)
    return found - given


class Leads:
    """Whether the imports of one file lead to what another defines, asked of many files: each file's imports
    are followed once."""

    def __init__(self, finder: ModuleFinder, index_of: Callable[[str], FileIndex]) -> None:
        self._finder = finder
        self._index_of = index_of
        self._imports: dict[str, set[str]] = {}

    def targets(self, path: str) -> set[str]:
        """The file and those that hold base classes of its own: who calls these may run its overrides."""
        found: set[str] = set()
        todo = [path]
        while todo:
            path = todo.pop()
            if path not in found:
                found.add(path)
                todo += imported_files(path, _imported_bases(self._index_of(path)), self._finder)
        return found

    def to_any(self, start: str, targets: Collection[str]) -> bool:
        """Whether the file is one of these, or imports one, directly or through others."""
        return any(path in targets for path in _reached([start], self._imported))

    def _imported(self, path: str) -> set[str]:
        if path not in self._imports:
            self._imports[path] = imported_files(path, imported_names(self._index_of(path)), self._finder)
        return self._imports[path]


def files_reached(
    starting: Iterable[str],
    indexes: Mapping[str, FileIndex],
    finder: ModuleFinder,
    index_of: Callable[[str], FileIndex],
) -> set[str]:
    """Forwards: the starting files and all that their imports lead to. Of files that are not in `indexes`
    (installed packages) `index_of` is asked."""

    def imported(path: str) -> set[str]:
        index = indexes.get(path)
        names = imported_names(index if index is not None else index_of(path))
        return imported_files(path, names, finder)

    return set(_reached(starting, imported))


def _reached(starting: Iterable[str], imported: Callable[[str], set[str]]) -> Iterator[str]:
    """The starting files and all that their imports lead to, each once."""
    found: set[str] = set()
    todo = sorted(starting)
    while todo:
        path = todo.pop()
        if path not in found:
            found.add(path)
            yield path
            todo += sorted(imported(path) - found)


def passes_through(finding: Finding, files: set[str], cwd: str, finder: ModuleFinder) -> bool:
    """Whether the finding, a step of its chain, or what a step calls lies in one of the files."""
    shown = {finding.path, *(step.path for step in finding.chain)}
    if any(os.path.normpath(os.path.join(cwd, path)) in files for path in shown):
        return True
    return any(_file_of(step.symbol, finder) in files for step in finding.chain)


def _import_name(path: str) -> str:
    """The last part of the name under which the file is imported."""
    folder, name = os.path.split(path)
    return os.path.basename(folder) if name == "__init__.py" else name.removesuffix(".py")


def _imported_bases(index: FileIndex) -> Iterator[str]:
    """The imports that base classes in the file come from."""
    heads = {dotted.partition(".")[0] for _, found in index.classes for _, dotted in found}
    for module, names in index.imports:
        if heads.intersection(names) or (not names and module.partition(".")[0] in heads) or "*" in names:
            yield module


def _file_of(symbol: str, finder: ModuleFinder) -> str | None:
    parts = symbol.split(".")
    for end in range(len(parts), 0, -1):
        file = finder.find(".".join(parts[:end]))
        if file is not None:
            return file
    return None
