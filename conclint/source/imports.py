"""From what a file imports, as its index has it, to the files of the project that this means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conclint.source.index import FileIndex
from conclint.source.modules import ModuleFinder


def imported_names(index: FileIndex) -> Iterator[str]:
    """What the file imports, as written, each name that may be a module joined to where it is taken from."""
    for module, names in index.imports:
        yield module
        for name in names:
            if name != "*":
                yield f"{module}{'' if module.endswith('.') else '.'}{name}"


def imported_files(importer: str, names: Iterable[str], finder: ModuleFinder) -> set[str]:
    """The files of the project that the imported names stand for, packages on the way included."""
    result: set[str] = set()
    for written in names:
        dotted = written.lstrip(".")
        level = len(written) - len(dotted)
        parts = dotted.split(".") if dotted else []
        for end in range(0 if level else 1, len(parts) + 1):
            file = finder.find_from(importer, level, ".".join(parts[:end]))
            if file is not None:
                result.add(file)
    return result
