"""The program: its modules, what their globals are bound to, and what imports lead to.

A module whose summary is not loaded yet raises `NeedModule`, so that all needs of a wave can be loaded
together, in parallel (CORE.md section 1). After many waves modules are loaded where they are needed: a name
that is handed on from module to module through hundreds of them would take a wave for each, and each would
begin where the first one did.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final, Protocol

from conclint.catalog.loader import Catalog
from conclint.model.following import FollowedTooMuchError
from conclint.resolve.stack import afresh
from conclint.resolve.values import Class, Key, to_index
from conclint.summary.codec import decode_body
from conclint.summary.records import Body, Def, DefKind, ModuleSummary, Store, StoreKind

IMPORTED: Final = "+"
"""Among the names of bases, begins one that a file imports: of a class, or of a module."""
TAKEN_FROM: Final = "<"
"""Begins the name of a module from which a file imports functions or variables."""
KEPT: Final = "="
"""Begins a name under which a file keeps something in an application."""
_MAX_WAVES: Final = 24


class NeedModule(Exception):  # noqa: N818 - a request, not an error
    """A summary is needed that is not loaded: `path`."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class Summaries(Protocol):
    """Where summaries come from."""

    def get(self, path: str) -> ModuleSummary | None:
        """The summary, or None where the file has a problem or was not loaded."""

    def is_loaded(self, path: str) -> bool:
        """Whether `get` can answer for good."""


class Finder(Protocol):
    """Dotted names to files and back."""

    def find(self, dotted: str, importer: str = ...) -> str | None:
        """The file of the module, as `importer` would find it."""

    def find_stub(self, dotted: str) -> str | None:
        """The file that declares what is in an installed module."""

    def module_name(self, path: str) -> str:
        """The dotted name of a file."""

    def is_package(self, path: str) -> bool:
        """Whether the file is a package's `__init__.py`."""

    def is_installed(self, path: str) -> bool:
        """Whether the file belongs to an installed package."""

    def library_at(self, path: str) -> str:
        """The import name of the installed package that holds the file; empty for a file of the program."""

    def follows(self, library: str) -> bool:
        """Whether calls go on into an installed module or package of that name, if there is one."""

    def is_asked_for(self, library: str) -> bool:
        """Whether the user has asked by name for the installed package to be followed."""

    def resolve_relative(self, path: str, level: int, module: str) -> str:
        """The absolute dotted name that a relative import in `path` means."""


class Subclasses(Protocol):
    """Who derives from whom, in all of the project."""

    def from_base(self, name: str) -> tuple[tuple[str, str], ...]:
        """The classes with a base of that name, as (path, name), in order."""

    def knows_all_of(self, path: str) -> bool:
        """Whether the classes that derive from those of this file are among the answers."""


class Module:
    """One linked module: its summary, with bodies decoded once and globals by name."""

    def __init__(self, path: str, name: str, summary: ModuleSummary) -> None:
        self.path = path
        self.name = name
        self.summary = summary
        self.keys: tuple[Key, ...] = tuple([(path, item.key) for item in summary.defs])
        self.own: Key = self.keys[0]
        self._numbers = {item.key: number for number, item in enumerate(summary.defs)}
        self._bodies: list[Body | None] = [None] * len(summary.defs)
        self._globals: dict[str, list[tuple[Key, Store]]] | None = None
        self._late_globals: dict[str, list[tuple[Key, Store]]] | None = None
        self._children: dict[int, list[Key]] | None = None
        self._stars: tuple[int, ...] | None = None
        self._import_owners: tuple[Key | None, ...] | None = None
        self._imported_packages: frozenset[str] | None = None

    def at(self, number: object) -> Key:
        """The def that an operand of a value means: its place in the summary."""
        return self.keys[to_index(number)]

    def body(self, key: Key) -> Body:
        """What the def's own code does."""
        number = self._numbers[key[1]]
        body = self._bodies[number]
        if body is None:
            body = self._bodies[number] = decode_body(self.summary.bodies[number])
        return body

    def definition(self, key: Key) -> Def:
        """The def's header."""
        return self.summary.defs[self._numbers[key[1]]]

    def place(self, key: Key) -> int:
        """Where the def comes among those of the module, in source order."""
        return self._numbers[key[1]]

    def has(self, name: str) -> bool:
        """Whether there is a def of that key."""
        return name in self._numbers

    def children(self, key: Key) -> list[Key]:
        """The defs directly inside a def, in source order."""
        if self._children is None:
            self._children = {}
            for inner, item in zip(self.keys[1:], self.summary.defs[1:], strict=True):
                self._children.setdefault(item.parent, []).append(inner)
        return self._children.get(self._numbers[key[1]], [])

    def global_stores(self, name: str) -> list[tuple[Key, Store]]:
        """The stores to a module variable by the module's own code, as (def, store)."""
        if self._globals is None:
            self._globals = {}
            for store in self.body(self.own).stores:
                if store.kind == StoreKind.GLOBAL:
                    self._globals.setdefault(str(store.name), []).append((self.own, store))
        return self._globals.get(name, [])

    def global_names(self) -> tuple[str, ...]:
        """The module variables that the module's own code binds, in order."""
        self.global_stores("")
        return tuple(self._globals or ())

    def late_global_stores(self, name: str) -> list[tuple[Key, Store]]:
        """The stores to a module variable by functions, through `global`."""
        if self._late_globals is None:
            self._late_globals = {}
            for key in self.keys[1:]:
                for store in self.body(key).stores:
                    if store.kind == StoreKind.GLOBAL:
                        self._late_globals.setdefault(str(store.name), []).append((key, store))
        return self._late_globals.get(name, [])

    def import_owners(self) -> tuple[Key | None, ...]:
        """The innermost function or class that each of the imports stands in; None outside of all."""
        if self._import_owners is None:
            imports = self.summary.imports
            owners: list[Key | None] = [None] * len(imports)
            numbers = sorted(range(len(imports)), key=lambda number: imports[number].line)
            lines = [imports[number].line for number in numbers]
            for key, item in zip(self.keys[1:], self.summary.defs[1:], strict=True):
                if item.kind in (DefKind.FUNCTION, DefKind.ASYNC_FUNCTION, DefKind.CLASS):
                    for place in range(bisect_left(lines, item.start), bisect_right(lines, item.end)):
                        owners[numbers[place]] = key  # inner ones come later
            self._import_owners = tuple(owners)
        return self._import_owners

    def imported_packages(self) -> frozenset[str]:
        """The top-level names of what the module imports absolutely, anywhere in it."""
        if self._imported_packages is None:
            absolute = (item.module for item in self.summary.imports if not item.level)
            self._imported_packages = frozenset(name.split(".", 1)[0] for name in absolute)
        return self._imported_packages

    def star_imports(self) -> tuple[int, ...]:
        """The indexes of the module's star imports."""
        if self._stars is None:
            self._stars = tuple(
                number for number, item in enumerate(self.summary.imports) if item.name == "*"
            )
        return self._stars

    def scope(self, key: Key) -> Key:
        """The def whose code has the def statement, and evaluates what is in its header."""
        return self.keys[self.definition(key).parent]

    def around(self, key: Key) -> Iterator[Key]:
        """The defs that the def is inside of, innermost first, without the module's own code."""
        number = self.definition(key).parent
        while number > 0:
            yield self.keys[number]
            number = self.summary.defs[number].parent

    def enclosing_class(self, key: Key) -> Class | None:
        """The class whose body holds the def directly, if any."""
        parent = self.definition(key).parent
        if parent > 0 and self.summary.defs[parent].kind == DefKind.CLASS:
            return Class(self.keys[parent])
        return None

    def symbol(self, key: Key) -> str:
        """The dotted name of a def, from its module on."""
        return self.name if key == self.own else f"{self.name}.{key[1]}"


class Program:
    """All modules linked so far, with the catalog beside them."""

    def __init__(
        self,
        summaries: Summaries,
        finder: Finder,
        catalog: Catalog,
        subclasses: Subclasses | None = None,
        most_followed: int | None = None,
    ) -> None:
        self._most_followed = most_followed
        self._followed = 0
        self._subclasses = subclasses
        self.summaries = summaries
        self.finder = finder
        self.catalog = catalog
        self._modules: dict[str, Module | None] = {}
        self._waves = 0
        self._load: Callable[[list[str]], None] | None = None
        self._linked: list[str] = []
        self._found: dict[tuple[str, str], str | None] = {}
        self._imports: dict[str, set[str]] = {}
        self._bases: dict[str, set[str]] = {}
        self._derived: dict[str, set[str]] = {}

    def load(self, paths: Iterable[str], load: Callable[[list[str]], None]) -> None:
        """Loads a wave of modules that were needed."""
        self._waves += 1
        if self._waves > _MAX_WAVES:
            self._load = load
        load(sorted(paths))

    def module(self, path: str) -> Module | None:
        """The module at a path; None where the file could not be analysed.

        Raises NeedModule where its summary is not loaded, unless there were many waves already, and
        FollowedTooMuchError.
        """
        try:
            return self._modules[path]
        except KeyError:
            pass
        if not self.summaries.is_loaded(path):
            if self._load is None:
                raise NeedModule(path)
            afresh(partial(self._load, [path]))
        summary = self.summaries.get(path)
        module = Module(path, self.finder.module_name(path), summary) if summary is not None else None
        self._modules[path] = module
        self._linked.append(path)
        if self._most_followed is not None and self.finder.is_installed(path):
            self._followed += 1
            if self._followed > self._most_followed:
                raise FollowedTooMuchError
        return module

    def drain_linked(self) -> list[str]:
        """The paths that were asked for as modules for the first time since this was last asked, in order."""
        linked, self._linked = sorted(self._linked), []
        return linked

    def find(self, dotted: str, importer: str) -> str | None:
        """The file that `import dotted` in `importer` leads to, if it is the program's own."""
        key = (dotted, importer)
        if key not in self._found:
            found = self._found[key] = self.finder.find(dotted, importer)
            if found is not None and found != importer:
                self._imports.setdefault(importer, set()).add(found)
        return self._found[key]

    def find_stub(self, dotted: str, importer: str) -> str | None:
        """The file that declares an installed module, for an answer about `importer`."""
        found = self.finder.find_stub(dotted)
        if found is not None and found != importer:
            self._imports.setdefault(importer, set()).add(found)
        return found

    def drain_imports(self) -> dict[str, tuple[str, ...]]:
        """The files that `find` led to, by the importer, since this was last asked.

        Every module that an answer about another can depend on was reached over these.
        """
        found = {importer: tuple(sorted(files)) for importer, files in sorted(self._imports.items())}
        self._imports.clear()
        return found

    def knows_subclasses(self, path: str) -> bool:
        """Whether it can be known which classes derive from those of this file."""
        return self._subclasses is not None and self._subclasses.knows_all_of(path)

    def derived_from(self, name: str, asker: str) -> tuple[tuple[str, str], ...]:
        """The classes of the project with a base of that name, as (path, name), for an answer about the
        module `asker`: it then depends on which these are."""
        self._bases.setdefault(asker, set()).add(name)
        return self._subclasses.from_base(name) if self._subclasses is not None else ()

    def importing(self, name: str, asker: str) -> tuple[str, ...]:
        """The files of the project that import a class or a module of that name, for an answer about the
        module `asker`: it then depends on which these are."""
        return tuple(dict.fromkeys(path for path, _ in self.derived_from(IMPORTED + name, asker)))

    def taking_from(self, module: str, asker: str) -> tuple[str, ...]:
        """The files of the project that import functions or variables from a module of that name, or it."""
        found = (*self.derived_from(TAKEN_FROM + module, asker), *self.derived_from(IMPORTED + module, asker))
        return tuple(dict.fromkeys(path for path, _ in found))

    def keeping(self, name: str, asker: str) -> tuple[str, ...]:
        """The files of the project that keep something in an application under that name."""
        return tuple(dict.fromkeys(path for path, _ in self.derived_from(KEPT + name, asker)))

    def depend(self, asker: str, paths: Iterable[str]) -> None:
        """The effects of functions of the module `asker` depend on what is in these files, which define
        derived classes."""
        self._derived.setdefault(asker, set()).update(path for path in paths if path != asker)

    def drain_derived(self) -> dict[str, tuple[str, ...]]:
        """The files given to `depend`, by the asker, since this was last asked."""
        found = {asker: tuple(sorted(files)) for asker, files in sorted(self._derived.items())}
        self._derived.clear()
        return found

    def drain_bases(self) -> dict[str, tuple[str, ...]]:
        """The names that `derived_from` was asked for, by the asker, since this was last asked."""
        found = {asker: tuple(sorted(names)) for asker, names in sorted(self._bases.items())}
        self._bases.clear()
        return found

    @property
    def size(self) -> int:
        """How many modules are linked so far."""
        return len(self._modules)

    def loaded(self) -> Iterator[Module]:
        """The modules linked so far, in order of path."""
        for path in sorted(self._modules):
            module = self._modules[path]
            if module is not None:
                yield module
