"""The catalog as linking sees it: files are read when the program mentions one of their imports."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from conclint.catalog.facts import ASSIGNED, CallableFact, ClassFact, DecoratorFact, EffectKind
from conclint.catalog.registering import ACCESSED, RUN_BY
from conclint.catalog.schema import LibraryFacts, read_library
from conclint.catalog.stub_packages import PREFIXES, described_name
from conclint.catalog.tables import CatalogError
from conclint.config.file import TomlError, parse_toml
from conclint.files.bounded_file import CONFIGURATION, read_bounded

_HERE = Path(__file__).parent
_IMPORTS = re.compile(r"^imports\s*=\s*\[(.*?)\]", re.MULTILINE | re.DOTALL)
_STARTS = re.compile(r"^starts_code\s*=\s*true", re.MULTILINE)
_PARTIAL = re.compile(r"^partial\s*=\s*true", re.MULTILINE)
_HEAD = 4096  # bytes in which a file says its imports
_MAX_ALIASES = 8


def shipped_files() -> tuple[Path, ...]:
    """The data files that come with conclint, in order of name."""
    return tuple(sorted((*_HERE.glob("stdlib/*.toml"), *_HERE.glob("thirdparty/*.toml"))))


def read_file(path: Path) -> LibraryFacts:
    """The facts of one file. Raises CatalogError, naming the file."""
    return read_library(read_toml(path), str(path))


_read_shipped = cache(read_file)
"""Of one process, which analyses one file after another when flake8 runs it."""


def read_toml(path: Path) -> Mapping[str, Any]:
    """What a catalog file holds, not checked yet. Raises CatalogError, naming the file."""
    try:
        return parse_toml(read_bounded(path, CONFIGURATION))[1]
    except OSError as error:
        raise CatalogError(f"{path}: cannot be read: {error.strerror or error}") from error
    except TomlError as error:
        raise CatalogError(f"{path}{error.line}: {error}") from error


class _Header(NamedTuple):
    """What a file says at its beginning: the imports that bring it in, with the top-level ones; whether its
    library starts code; and whether it tells of a part of that only."""

    path: Path
    imports: tuple[str, ...]
    tops: tuple[str, ...]
    starts_code: bool
    partial: bool


def is_described(dotted: str) -> bool:
    """Whether the catalog speaks for a module, as part of a library: what it doesn't state of that is
    harmless, and no code of it need be read."""
    parts = dotted.split(".")
    return dotted.startswith(PREFIXES) or any(
        ".".join(parts[:end]) in _described() for end in range(1, len(parts) + 1)
    )


@cache
def _described() -> frozenset[str]:
    return frozenset(name for header in _headers() if not header.partial for name in header.imports)


@cache
def _headers() -> tuple[_Header, ...]:
    """How each shipped file begins."""
    found = []
    for path in shipped_files():
        with path.open("rb") as file:
            head = file.read(_HEAD).decode("utf-8", "ignore")
        header = _IMPORTS.search(head)
        names = re.findall(r'"([^"]+)"', header.group(1)) if header else []
        tops = tuple(dict.fromkeys(name.split(".", 1)[0] for name in names))
        starts, partial = (pattern.search(head) is not None for pattern in (_STARTS, _PARTIAL))
        found.append(_Header(path, tuple(names), tops, starts, partial))
    return tuple(found)


@cache
def starting_imports() -> frozenset[str]:
    """The top-level imports of libraries that run code of a program by themselves: a file that has one can
    hold a finding without any word of concurrency."""
    return frozenset(top for header in _headers() if header.starts_code for top in header.tops)


class Catalog:
    """Facts by dotted name. Answers are the same whatever was asked before.

    `lookup` follows aliases, so every name a library gives a thing leads to one fact. `extra` are the user's
    own facts, which win over those that `installed` packages bring, by import name, and these over what is
    shipped.
    """

    def __init__(
        self, extra: Iterable[LibraryFacts] = (), installed: Iterable[tuple[str, LibraryFacts]] = ()
    ) -> None:
        self._installed = dict(installed)
        self._files: dict[str, list[Path]] = {}
        for header in _headers():
            for top in header.tops:
                self._files.setdefault(top, []).append(header.path)
        self._read: set[Path] = set()
        self._aliases: dict[str, str] = {}
        self._canonical: dict[str, str] = {}
        self._functions: dict[str, CallableFact] = {}
        self._classes: dict[str, ClassFact] = {}
        self._factories: dict[str, str] = {}
        self._decorators: dict[str, DecoratorFact] = {}
        self._own: list[LibraryFacts] = list(extra)
        self._stated_by_user = frozenset(name for facts in self._own for name in _names(facts))
        self._methods: dict[tuple[str, str], CallableFact | None] = {}
        self._running_methods: dict[tuple[str, str], bool] = {}
        self.registering = frozenset(RUN_BY)
        """Last names of what registers a callable, and of attributes that do when they are assigned."""
        self.running = frozenset().union(*RUN_BY.values())
        """Last names of what runs what was registered."""
        self.accessed = ACCESSED
        """Names of attributes that do something when they are read or assigned."""
        self._run_by_functions: dict[str, str] = {}
        self._loosely_running: set[str] = set()
        self._require("builtins")
        self._merge_own()

    def _require(self, top: str) -> None:
        paths = self._files.pop(top, ())
        brought = self._installed.pop(top, None)
        if not paths and brought is None:
            return
        for path in paths:
            if path not in self._read:
                self._read.add(path)
                self._merge(_read_shipped(path))
        if brought is not None:
            self._merge(brought, with_names=False)
        self._merge_own()

    def _merge_own(self) -> None:
        """The user's own knowledge wins over what is shipped, name by name."""
        self._canonical.clear()
        for facts in self._own:
            self._aliases.update(facts.aliases)
            self._note(facts)
            self.registering |= facts.registering
            self.running |= {name.rpartition(".")[2] for name in facts.running}
            self.accessed |= facts.accessed
        for facts in self._own:
            for name, function in facts.functions.items():
                name = self.canonical(name)
                owner, _, last = name.rpartition(".")
                if owner in self._classes:  # a method, named through its class
                    held = self._classes[owner]
                    self._classes[owner] = replace(held, methods={**held.methods, last: function})
                else:
                    self._functions[name] = function
            for name, cls in facts.classes.items():
                name = self.canonical(name)
                known = self._classes.get(name)
                self._classes[name] = cls if known is None else _joined(known, cls)
            for name, made in facts.factories.items():
                self._factories[self.canonical(name)] = made
            for name, decorator in facts.decorators.items():
                self._decorators[self.canonical(name)] = decorator

    def _merge(self, facts: LibraryFacts, *, with_names: bool = True) -> None:
        """Takes in facts; `with_names` also which names of functions run what was registered, wherever."""
        if facts.aliases:
            self._canonical.clear()
        self._aliases.update(facts.aliases)
        self._functions.update(facts.functions)
        self._classes.update(facts.classes)
        self._factories.update(facts.factories)
        self._decorators.update(facts.decorators)
        if with_names:
            self._note(facts)

    def _note(self, facts: LibraryFacts) -> None:
        for function in facts.functions.values():
            how = function.registering
            if how is not None:
                self._run_by_functions.update(dict.fromkeys(how.by, function.name.rpartition(".")[0]))
        self._loosely_running |= facts.loosely_running

    def runs_registered(self, dotted: str, name: str) -> bool:
        """Whether a method of a class runs, or starts, what was registered with its object."""
        key = (dotted, name)
        if key not in self._running_methods:
            self._running_methods[key] = any(
                f"{owner.name}.{name}" in self._run_by_functions
                or any(
                    how is not None and name in (*how.by, *how.started_by)
                    for how in (fact.registering for fact in owner.methods.values())
                )
                for owner in self.ancestry(dotted)
            )
        return self._running_methods[key]

    def registering_modules(self, names: Iterable[str]) -> set[str]:
        """The modules whose functions register what is run by one of these public names."""
        return {self._run_by_functions[name] for name in names if name in self._run_by_functions}

    def runs_loosely(self, names: Iterable[str]) -> bool:
        """Whether one of these public names is of a method that runs what was registered with others."""
        return any(name in self._loosely_running for name in names)

    def canonical(self, dotted: str) -> str:
        """The public name of what `dotted` names, by the aliases of its library."""
        found = self._canonical.get(dotted)
        if found is None:
            found = self._resolve(dotted)
            self._canonical[dotted] = found
        return found

    def _resolve(self, dotted: str) -> str:
        dotted = described_name(dotted)
        self._require(dotted.split(".", 1)[0])
        for _ in range(_MAX_ALIASES):
            parts = dotted
            while True:
                target = self._aliases.get(parts)
                if target is not None:
                    dotted = target + dotted[len(parts) :]
                    self._require(dotted.split(".", 1)[0])
                    break
                cut = parts.rfind(".")
                if cut < 0:
                    return dotted
                parts = parts[:cut]
        return dotted

    def function(self, dotted: str) -> CallableFact | None:
        """The fact of a module-level function, or of a method named through its class."""
        name = self.canonical(dotted)
        fact = self._functions.get(name)
        if fact is None and "." in name and name not in self._classes:
            owner, _, last = name.rpartition(".")
            if owner in self._classes:
                return self.method(owner, last)
            while fact is None and owner:
                fact = self._functions.get(f"{owner}.*")
                owner = owner.rpartition(".")[0]
            if fact is not None:
                fact = self._functions[name] = replace(fact, name=name, by_star=True)
        return fact

    def states(self, dotted: str) -> bool:
        """Whether a file names it, and not merely by a star."""
        name = self.canonical(dotted)
        if name in self._classes or name in self._factories or name in self._decorators:
            return True
        fact = self.function(name)
        return fact is not None and not fact.by_star

    def has_fact(self, dotted: str) -> bool:
        """Whether anything is known of the name, be it by a star."""
        return self.states(dotted) or self.function(dotted) is not None

    def klass(self, dotted: str) -> ClassFact | None:
        """The fact of a class."""
        return self._classes.get(self.canonical(dotted))

    def factory(self, dotted: str) -> str | None:
        """The class that the function named `dotted` returns an instance of."""
        return self._factories.get(self.canonical(dotted))

    def decorator(self, dotted: str) -> DecoratorFact | None:
        """What is known of a decorator."""
        return self._decorators.get(self.canonical(dotted))

    def method_decorator(self, dotted: str, name: str) -> DecoratorFact | None:
        """What is known of a method that is used as a decorator, inherited ones too."""
        stated = (self._decorators.get(f"{fact.name}.{name}") for fact in self.ancestry(dotted))
        return next((fact for fact in stated if fact is not None), None)

    def ancestry(self, dotted: str) -> tuple[ClassFact, ...]:
        """The class and its known bases, nearest first (depth first, each once)."""
        result: list[ClassFact] = []
        names, todo = set(), [dotted]
        while todo:
            fact = self.klass(todo.pop())
            if fact is not None and fact.name not in names:
                names.add(fact.name)
                result.append(fact)
                todo.extend(reversed(fact.bases))
        return tuple(result)

    def method(self, dotted: str, name: str) -> CallableFact | None:
        """The fact of a method, inherited ones too."""
        key = (dotted, name)
        if key not in self._methods:
            tables = [fact.methods for fact in self.ancestry(dotted)]
            is_exact = name.startswith("__") or name.endswith(ASSIGNED)
            wanted = (name,) if is_exact else (name, "*")
            fact = next((methods[word] for word in wanted for methods in tables if word in methods), None)
            if fact is not None and fact.name.endswith(".*"):
                fact = replace(fact, name=f"{fact.name[:-1]}{name}", by_star=True)
            self._methods[key] = fact
        return self._methods[key]

    def attribute(self, dotted: str, name: str) -> str | None:
        """The type of an attribute or property, inherited ones too."""
        tables = [fact.attributes for fact in self.ancestry(dotted)]
        stated = next((table[name] for table in tables if name in table), None)
        if stated is not None or name.startswith("_") or self.method(dotted, name) is not None:
            return stated
        return next((table["*"] for table in tables if "*" in table), None)

    @property
    def has_user_facts(self) -> bool:
        """Whether the user states anything of something that can be called."""
        return bool(self._stated_by_user)

    def is_users(self, dotted: str) -> bool:
        """Whether the user states this very name, of whatever: a library's or the program's own."""
        return dotted in self._stated_by_user

    def is_users_module(self, dotted: str) -> bool:
        """Whether the user states something below this name (of a compiled module of the program, say)."""
        return any(name.startswith(f"{dotted}.") for name in self._stated_by_user)

    def user_placements(self) -> frozenset[str]:
        """The last parts of the names by which the user places callables, decorators too."""
        names = [
            fact.name
            for facts in self._own
            for fact in _callables(facts)
            if fact.placing is not None and fact.effect is EffectKind.PLACES
        ]
        names += [
            name for facts in self._own for name, fact in facts.decorators.items() if fact.model is not None
        ]
        return frozenset(name.rsplit(".", 1)[-1] for name in names)

    def knows(self, top: str) -> bool:
        """Whether a shipped file speaks of this top-level import."""
        if top.startswith(PREFIXES):
            return True
        self._require(top)
        return any(top in facts for facts in self._tops())

    def _tops(self) -> Iterator[Mapping[str, Any]]:
        names = (*self._functions, *self._classes, *self._decorators)
        yield {name.split(".", 1)[0]: None for name in names}


def _callables(facts: LibraryFacts) -> Iterator[CallableFact]:
    yield from facts.functions.values()
    for cls in facts.classes.values():
        yield from cls.methods.values()


def _names(facts: LibraryFacts) -> Iterator[str]:
    """The names that facts state of things that can be called."""
    yield from (fact.name for fact in _callables(facts))
    yield from facts.factories
    yield from facts.decorators


def _joined(held: ClassFact, stated: ClassFact) -> ClassFact:
    """What is known of a class, with what else is stated of it; the latter wins."""
    return replace(
        held,
        bases=tuple(dict.fromkeys((*stated.bases, *held.bases))),
        methods={**held.methods, **stated.methods},
        attributes={**held.attributes, **stated.attributes},
        enter=stated.enter if stated.enter != "self" else held.enter,
        element=stated.element or held.element,
        executor=stated.executor or held.executor,
        runs=(*stated.runs, *(runs for runs in held.runs if runs not in stated.runs)),
        hooks=(*stated.hooks, *(hook for hook in held.hooks if hook not in stated.hooks)),
        in_threads={**held.in_threads, **stated.in_threads},
        asynchronous=stated.asynchronous or held.asynchronous,
        lifespan=stated.lifespan or held.lifespan,
        instead=stated.instead if stated.instead is not None else held.instead,
        traits=held.traits | stated.traits,
    )
