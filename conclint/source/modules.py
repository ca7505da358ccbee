"""Which file a dotted name is, and what a file is called when imported.

Nothing is imported: folders are listed, once each. A project's import path is not known, so it is
guessed as people run their code: the folder above the importing file's top-most package (or the
folder of a script) stands first, then the source roots. `.pyi` and compiled modules are no source.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

_INIT: Final = "__init__.py"
_NEWER_STDLIB: Final = frozenset({"annotationlib", "compression", "tomllib"})
STDLIB: Final = frozenset(sys.stdlib_module_names) | _NEWER_STDLIB
"""Names that a file of the project takes over only from the first place of the import path."""


class _Listing(NamedTuple):
    files: frozenset[str]  # *.py and *.pyi alone
    folders: frozenset[str]


_NOTHING: Final = _Listing(frozenset(), frozenset())


class ModuleFinder:
    """Modules of the project, found by name on demand.

    `roots` are the source roots in the order they are tried, the project's own folder first; below the
    others (`src`, configured ones) a folder without `__init__.py` is a namespace package, below the
    first it is a folder of scripts. `files` are known to exist, on disk or not (an editor's buffer).
    All paths, in and out, are absolute and not resolved through links. `installed` are folders of
    installed packages, tried last; of them only the top-level names `followed` are found, None for all.
    Those `by_name` the user has asked for; of the others what `is_described` is not found. Unless it goes
    `across`, an installed package finds itself alone.

    `missed` grows with each look-up: files that do not exist and that, if they did, would be an answer
    already given; or, for all below it, the topmost folder that does not exist. Answers hold until one of
    them appears or one of the files found goes away.
    """

    def __init__(
        self,
        roots: Sequence[str],
        files: Collection[str] = (),
        installed: Sequence[str] = (),
        followed: Collection[str] | None = None,
        by_name: Collection[str] = (),
        is_described: Callable[[str], bool] = lambda dotted: False,
        *,
        across: bool = True,
    ) -> None:
        self.roots: tuple[str, ...] = tuple(dict.fromkeys(map(os.path.abspath, roots)))
        self.installed: tuple[str, ...] = tuple(
            folder
            for folder in dict.fromkeys(map(os.path.abspath, installed))
            # What is installed as a link to the project is the project.
            if not any((root + os.sep).startswith(folder + os.sep) for root in self.roots)
        )
        self._searched = tuple(f"{root}{os.sep}" for root in (*self.roots, *self.installed))
        self._followed = followed
        self._by_name = frozenset(by_name)
        self._is_described = is_described
        self._across = across
        self._stubs: dict[str, str | None] = {}
        self._libraries: dict[str, str] = {}
        self.missed: set[str] = set()
        self._newly_missed: list[str] = []
        self._listings: dict[str, _Listing] = {}
        self._extra: dict[str, set[str]] = {}
        self._own: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._found: dict[tuple[str, tuple[str, ...]], str | None] = {}
        for file in files:
            folder, _, name = _normal(file).rpartition(os.sep)
            self._extra.setdefault(folder, set()).add(name)

    def find(self, dotted: str, importer: str | None = None) -> str | None:
        """The file of the module or package of that name as `importer` (a file) would import it.

        None for a namespace package (it has no file), for a module outside the project, and where the
        name's last part is no module. A package is preferred to a module of the same name, a regular
        package on a later root to a namespace package on an earlier one.
        """
        top = dotted.partition(".")[0]
        if importer is None:
            return self._search(dotted, self.roots[:1] if top in STDLIB else self.roots)
        if self.is_installed(importer):
            if not self._across and top != self.library_at(importer):
                return None
            return self._search_installed(dotted, top)
        own = self.import_root(importer)
        found = self._search(dotted, (own,) if top in STDLIB else (own, *self.roots))
        if found is None and top not in STDLIB:
            found = self._search_around(dotted, top, os.path.dirname(importer)) or self._search_installed(
                dotted, top
            )
        if found == importer and "." not in dotted and dotted in STDLIB:
            return None  # a script named queue.py that imports queue means the library
        return found

    def is_installed(self, path: str) -> bool:
        """Whether the file belongs to an installed package rather than to the project."""
        return any(path.startswith(folder + os.sep) for folder in self.installed)

    def library_at(self, path: str) -> str:
        """The import name of the installed package that holds the file; empty for a file of the project."""
        if not self.installed:
            return ""
        found = self._libraries.get(path)
        if found is None:
            inside = (
                path[len(folder) + 1 :] for folder in self.installed if path.startswith(folder + os.sep)
            )
            top = next(inside, "").partition(os.sep)[0]
            found = self._libraries[path] = top.removesuffix(".py")
        return found

    def follows(self, library: str) -> bool:
        """Whether calls go on into an installed module or package of that name, if there is one."""
        if not self.installed:
            return False
        top = library.partition(".")[0]
        if top in self._by_name:
            return True
        return self._followed is None and not self._is_described(library)

    def is_asked_for(self, library: str) -> bool:
        """Whether the user has asked by name for the installed package to be followed."""
        return library in self._by_name

    def _search_installed(self, dotted: str, top: str) -> str | None:
        if top in STDLIB or not self.follows(dotted):
            return None
        return self._search(dotted, self.installed)

    def find_stub(self, dotted: str) -> str | None:
        """The `.pyi` file that declares what is in an installed module: of a package of stubs, else beside it
        (PEP 561)."""
        if dotted not in self._stubs:
            self._stubs[dotted] = self._search_stub(dotted)
        return self._stubs[dotted]

    def _search_stub(self, dotted: str) -> str | None:
        top, *rest = dotted.split(".")
        if top in STDLIB or not self.follows(dotted):
            return None
        for folder in self.installed:
            for name in (f"{top}-stubs", top):
                stem = os.path.join(folder, name, *rest)
                found = self._existing(os.path.join(stem, f"{_INIT}i")) or self._existing(f"{stem}.pyi")
                if found is not None:
                    return found
        return None

    def find_from(self, importer: str, level: int, module: str) -> str | None:
        """The file that `from <level dots><module> import …` in `importer` reads; see `find`."""
        if level == 0:
            return self.find(module, importer)
        folder = _up(os.path.dirname(importer), level - 1)
        if not module:
            return self._existing(os.path.join(folder, _INIT))
        found = self._within(folder, module.split("."))
        return found[0] if found else None

    def module_name(self, path: str) -> str:
        """The dotted name under which the rest of the project imports the file.

        A file in no package and below no root is called by its own name.
        """
        found = self._names.get(path)
        if found is None:
            found = self._names[path] = self._module_name(path)
        return found

    def _module_name(self, path: str) -> str:
        folder, name = os.path.split(path)
        root = self.import_root(path)
        if root == folder:
            # A script's folder is its import root; from elsewhere it is known by its place below the roots.
            root = self._deepest_root(folder) or folder
        inner = os.path.relpath(folder, root)
        parts = [] if inner == os.curdir else inner.split(os.sep)
        if name.endswith(".pyi"):
            name = name[:-1]
            parts[:1] = [part.removesuffix("-stubs") for part in parts[:1]]
        stem = name.removesuffix(".py").removesuffix(".ipynb")
        if stem != "__init__" or not parts:
            parts.append(stem)
        return ".".join(parts)

    def resolve_relative(self, path: str, level: int, module: str) -> str:
        """The absolute dotted name that `from <level dots><module> import …` in the file means.

        Beyond the top-most package the surplus dots are dropped.
        """
        if level == 0:
            return module
        parts = self.module_name(path).split(".")
        surplus = level - 1 if is_package(path) else level
        parts = parts[: max(len(parts) - surplus, 0)]
        return ".".join([*parts, *filter(None, [module])])

    def is_package(self, path: str) -> bool:
        """Whether the file is a package's `__init__.py`."""
        return is_package(path)

    def import_root(self, path: str) -> str:
        """The folder that stands first on the import path for the file.

        The one above its top-most package; for a file in no package its own folder, or the source root
        above it if that is not the project's own folder.
        """
        folder = os.path.dirname(path)
        if folder not in self._own:
            self._own[folder] = self._find_own(folder)
        return self._own[folder]

    def _find_own(self, folder: str) -> str:
        if self.installed:
            holders = [place for place in self.installed if (folder + os.sep).startswith(place + os.sep)]
            if holders:
                return max(holders, key=len)
        root = folder
        while self._existing(os.path.join(root, _INIT)) is not None:
            above = os.path.dirname(root)
            if above == root:
                return folder
            root = above
        if root == folder or root not in self.roots:
            deepest = self._deepest_root(root)
            if deepest is not None and deepest != self.roots[0]:
                return deepest
        return root

    def _deepest_root(self, folder: str) -> str | None:
        above = [
            root for root in self.roots if folder == root or folder.startswith(root.rstrip(os.sep) + os.sep)
        ]
        return max(above, key=len, default=None)

    def _search(self, dotted: str, path: tuple[str, ...]) -> str | None:
        key = (dotted, path)
        if key not in self._found:
            parts = dotted.split(".")
            found = [place for root in path if (place := self._within(root, parts))]
            regular = (place for place, is_regular in found if is_regular)
            self._found[key] = next(regular, found[0][0] if found else None)
        return self._found[key]

    def _search_around(self, dotted: str, top: str, folder: str) -> str | None:
        """Beyond what is configured: the file's own folder if it is no package, and, for a name that is
        one of the folders above the file, the folder that holds it (a namespace package below no root)."""
        path = []
        if self._existing(os.path.join(folder, _INIT)) is None:
            path.append(folder)
        if top in folder.split(os.sep):
            above = folder
            while (parent := os.path.dirname(above)) != above:
                if os.path.basename(above) == top:
                    path.append(parent)
                above = parent
        return self._search(dotted, tuple(path)) if path else None

    def _within(self, folder: str, parts: Sequence[str]) -> tuple[str, bool] | None:
        """The module's file below the folder, and whether its top-most part is no namespace package."""
        if "" in parts:
            return None  # `a..b` and `a.` name nothing, though as paths they would
        stem = os.path.join(folder, *parts)
        found = self._existing(os.path.join(stem, _INIT)) or self._existing(f"{stem}.py")
        if found is None:
            return None
        if len(parts) == 1:
            return found, True
        return found, self._existing(os.path.join(folder, parts[0], _INIT)) is not None

    def drain_missed(self) -> tuple[str, ...]:
        """What `missed` has got since this was last asked, in order."""
        missed, self._newly_missed = tuple(sorted(self._newly_missed)), []
        return missed

    def _existing(self, path: str) -> str | None:
        folder, name = os.path.split(path)
        listing = self._listing(folder)
        if name in listing.files:
            return path
        while listing is _NOTHING:  # what is looked for below a folder that isn't there: most of it
            path, folder = folder, os.path.dirname(folder)
            listing = self._listing(folder)
        if path not in self.missed:
            self.missed.add(path)
            self._newly_missed.append(path)
        return None

    def _listing(self, folder: str) -> _Listing:
        listing = self._listings.get(folder)
        if listing is None:
            listing = self._list(folder)
            if listing is not _NOTHING:  # so many that it takes more to keep them than to see it again
                self._listings[folder] = listing
        return listing

    def _is_within(self, folder: str) -> bool:
        """Whether it is one of the folders that are searched, or below one."""
        return f"{folder}{os.sep}".startswith(self._searched)

    def _list(self, folder: str) -> _Listing:
        above, name = os.path.split(folder)
        extra = frozenset(self._extra.get(folder, ()))
        known = not extra and (above in self._listings or self._is_within(above))
        if known and name not in self._listing(above).folders:
            return _NOTHING
        files, folders = set(extra), set()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    with suppress(OSError):  # a link to itself
                        if entry.is_dir():
                            folders.add(entry.name)
                        elif entry.name.endswith((".py", ".pyi")) and entry.is_file():
                            files.add(entry.name)
        except (OSError, ValueError):
            pass  # no such folder, or one that may not be read: nothing can be imported from it
        return _Listing(frozenset(files), frozenset(folders))


def is_package(path: str) -> bool:
    """Whether the file is a package's `__init__.py`."""
    return os.path.basename(path) in (_INIT, f"{_INIT}i")


def _normal(path: str) -> str:
    """The absolute path, at a fraction of the price where it is one: that is asked for each file."""
    if path.startswith(os.sep) and f"{os.sep}." not in path and os.sep * 2 not in path:
        return path
    return os.path.abspath(path)


def _up(folder: str, steps: int) -> str:
    for _ in range(steps):
        folder = os.path.dirname(folder)
    return folder
