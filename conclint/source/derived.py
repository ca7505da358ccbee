"""Which classes of the project name which base classes, by the index: the question backwards that imports
can't answer (CORE.md section 1). Names are as they stand in class headers, so an answer errs on the side of
too much; a base class that is imported under another name is not seen.

Beside them, which files import a class by its name, or a module: where its objects may be made; and which
keep something in an application, under which name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TypeAlias

from conclint.catalog.registering import REGISTERING_MODULES
from conclint.resolve.program import IMPORTED, KEPT, TAKEN_FROM
from conclint.source.index import FileIndex

Headers: TypeAlias = str
"""The classes of a file with their bases' last names, as one text: `Name:Base,Other` with blanks between."""


def headers_of(index: FileIndex) -> Headers:
    """The headers of a file's classes that have bases; and, as the bases of a nameless one, the modules that
    it imports by which callables are registered with objects of other files."""
    found = {f"{name}:{','.join(base for base, _ in bases)}" for name, bases in index.classes if bases}
    imported = {
        name
        for module, names in index.imports
        for name in (module, *(f"{module}.{item}" for item in names))
        if name in REGISTERING_MODULES
    }
    if imported:
        found.add(":" + ",".join(sorted(imported)))
    found.update(f":{name}" for name in _makers(index))
    found.update(f":{KEPT}{name}" for name in index.kept)
    return " ".join(sorted(found))


def _makers(index: FileIndex) -> Iterator[str]:
    """The names by which a file may reach classes of the project: those of classes, by their first letter,
    and of modules; and of the modules from which it takes functions or variables."""
    for module, names in index.imports:
        if not names:
            yield IMPORTED + module.rpartition(".")[2]
        elif module.partition(".")[0] not in sys.stdlib_module_names:
            is_package = not module.strip(".")
            yield from (IMPORTED + name for name in names if is_package or _is_of_class(name))
            if not is_package and not all(map(_is_of_class, names)):
                yield TAKEN_FROM + module.rpartition(".")[2]


def _is_of_class(name: str) -> bool:
    return name.lstrip("_")[:1].isupper() and not name.isupper()


def bases_changed(before: Headers, after: Headers) -> set[str]:
    """The names of base classes that a class was derived from before and is not now, or the reverse."""
    changed = set(before.split()) ^ set(after.split())
    return {base for header in changed for base in header.partition(":")[2].split(",")}


class Derived:
    """The classes that name a base class in their headers; `headers` are asked for once, by the first
    question. They are those of the `asked` files; without these, of all."""

    def __init__(
        self, headers: Callable[[], Mapping[str, Headers]] = dict, asked: Collection[str] | None = None
    ) -> None:
        self._headers = headers
        self._asked = asked
        self._of_base: dict[str, list[tuple[str, str]]] | None = None

    def knows_all_of(self, path: str) -> bool:
        """Whether the classes that derive from those of this file are known: not so for a file that was
        not asked for, since its project is then known in part."""
        return self._asked is None or path in self._asked

    def from_base(self, name: str) -> tuple[tuple[str, str], ...]:
        """The classes with a base of that name, as (path, name), in order."""
        if self._of_base is None:
            self._of_base = {}
            for path, text in sorted(self._headers().items()):
                for header in text.split():
                    derived, _, bases = header.partition(":")
                    for base in bases.split(","):
                        self._of_base.setdefault(base, []).append((path, derived))
        return tuple(self._of_base.get(name, ()))
