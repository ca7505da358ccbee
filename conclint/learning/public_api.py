"""What of a package its users can name: public modules, and the functions and classes in them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Class, Function, Key

_PRIVATE_FOLDERS = frozenset({"tests", "test", "testing", "conftest", "_vendor", "vendor", "examples"})


class Named(NamedTuple):
    """A function or class with its public names, best first: the shortest, then that of the module that
    defines it, then first by name."""

    value: Function | Class
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name by which users know it."""
        return self.names[0]


def package_files(folder: str, top: str) -> list[str]:
    """The source files of a top-level package or module in a folder of installed packages; its tests and
    what it vendors left out."""
    stem = Path(folder, *top.split("."))
    if stem.with_suffix(".py").is_file():
        return [str(stem.with_suffix(".py"))]
    files: list[str] = []
    for path, folders, names in os.walk(stem):
        folders[:] = sorted(name for name in folders if name not in _PRIVATE_FOLDERS)
        files += [str(Path(path, name)) for name in sorted(names) if name.endswith(".py")]
    return files


def public_names(evaluator: Evaluator, files: Iterable[str]) -> list[Named]:
    """The functions and classes that public modules of the files export and the package itself defines.

    Raises NeedModule where a re-export leads to a file that is not loaded.
    """
    files = set(files)
    found: dict[Key, tuple[Function | Class, set[str]]] = {}
    for path in sorted(files):
        module = evaluator.program.module(path)
        if module is None or not _is_public(module.name):
            continue
        for name in _exported(evaluator, path):
            for value in evaluator.names.module_attribute(path, name).values:
                if isinstance(value, (Function, Class)) and value.key[0] in files:
                    found.setdefault(value.key, (value, set()))[1].add(f"{module.name}.{name}")
    homes = {key: evaluator.symbol(key) for key in found}
    meant = Counter(name for _, names in found.values() for name in names)
    defined = Counter(homes.values())
    ranked: list[Named] = []
    for value, names in found.values():
        home = homes[value.key]
        # A name that may stand for several things is that of the one which is defined under it, if any.
        own = {name for name in names if meant[name] == 1 or (name == home and defined[name] == 1)}
        if own:
            ranked.append(Named(value, tuple(sorted(own, key=_rank(home)))))
    return sorted(ranked, key=lambda item: item.name)


def _rank(home: str) -> Callable[[str], tuple[int, bool, str]]:
    return lambda name: (name.count("."), name != home, name)


def _exported(evaluator: Evaluator, path: str) -> Iterator[str]:
    module = evaluator.module(path)
    if module.summary.exports is not None:
        yield from module.summary.exports
        return
    for name in sorted(module.global_names()):
        if not name.startswith("_"):
            yield name
    for number in module.star_imports():
        item = module.summary.imports[number]
        dotted = evaluator.program.finder.resolve_relative(path, item.level, item.module)
        inner = evaluator.program.find(dotted, path)
        if inner is not None and inner != path and evaluator.program.module(inner) is not None:
            yield from (name for name in evaluator.module(inner).global_names() if not name.startswith("_"))


def _is_public(module: str) -> bool:
    return not any(part.startswith("_") for part in module.split("."))
