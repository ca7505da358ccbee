"""Reading one catalog file into facts; every wrong entry names the file, the key and what was expected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from conclint.catalog.callables import CALLABLE_KEYS, CallableReader
from conclint.catalog.facts import (
    ASSIGNED,
    Access,
    CallableFact,
    ClassFact,
    DecoratorFact,
    Hook,
    Runs,
)


@dataclass(slots=True)
class LibraryFacts:
    """All that one file states."""

    library: str
    imports: tuple[str, ...]
    aliases: dict[str, str] = field(default_factory=dict)
    functions: dict[str, CallableFact] = field(default_factory=dict)
    classes: dict[str, ClassFact] = field(default_factory=dict)
    factories: dict[str, str] = field(default_factory=dict)
    decorators: dict[str, DecoratorFact] = field(default_factory=dict)
    install: tuple[str, ...] | None = None
    starts_code: bool = False
    partial: bool = False
    former: dict[str, str] = field(default_factory=dict)
    registering: frozenset[str] = frozenset()
    running: frozenset[str] = frozenset()
    loosely_running: frozenset[str] = frozenset()
    accessed: frozenset[str] = frozenset()


USER_LIBRARY: Final = "(your own)"
"""The library of facts that a user states, unless they say otherwise."""

_TOP = {
    "library",
    "imports",
    "starts_code",
    "partial",
    "remote",
    "install",
    "async_needs",
    "former",
    "source",
    "aliases",
    "functions",
    "classes",
    "decorators",
}
_CLASS = {
    "name", "bases", "factories", "instead", "attributes", "enter", "element", "executor", "runs", "hooks",
    "in_threads",
    "asynchronous", "lifespan", "in_memory", "methods", "source", "traits",
}  # fmt: skip
_DECORATOR = {
    "names", "module", "model", "style", "effect", "source", "signature", "unless", "otherwise", "phase",
    "confidence", "takes_coroutines", "since",
}  # fmt: skip
_RUNS = {"methods", "model", "style", "phase"}
_HOOK = {"by", "decorated", "methods"}


def read_library(table: Mapping[str, Any], origin: str) -> LibraryFacts:
    """The facts of one parsed TOML file; `origin` is the file's name for messages.

    Raises CatalogError.
    """
    return _Reader(origin).library(table)


def read_user_facts(table: Mapping[str, Any], origin: str, at: str = "") -> LibraryFacts:
    """What a user states: the same schema, of which `library`, `imports` and `source` may be left out.
    `at` is the key of the table in the file `origin`.

    Raises CatalogError.
    """
    stated = {"library": USER_LIBRARY, "imports": [], "source": Path(origin).name, **table}
    return _Reader(origin, f"{at}." if at else "").library(stated)


class _Reader(CallableReader):
    def library(self, table: Mapping[str, Any]) -> LibraryFacts:
        self.keys(table, _TOP, "top level")
        for key in ("library", "imports", "source"):
            if key not in table:
                raise self.fail(key, "is required")
        self.name = self.get(table, "library", str, "top level")
        self.source = self.get(table, "source", str, "top level")
        self.remote = self.get(table, "remote", bool, "top level", False)
        self.async_needs = self.get(table, "async_needs", str, "top level", "")
        facts = LibraryFacts(self.name, self.strings(table, "imports", "top level") or ())
        facts.install = self.strings(table, "install", "top level")
        facts.partial = self.get(table, "partial", bool, "top level", False)
        facts.starts_code = self.get(table, "starts_code", bool, "top level", False)
        for name, release in self.get(table, "former", dict, "top level", {}).items():
            if not isinstance(release, str):
                raise self.fail(f"former.{name}", "expected the last release that has it, as a string")
            facts.former[name] = release
        for alias, target in self.get(table, "aliases", dict, "top level", {}).items():
            if not isinstance(target, str):
                raise self.fail(f"aliases.{alias}", "expected a dotted name")
            facts.aliases[alias] = target
        for number, row in enumerate(self.rows(table, "functions", "top level")):
            where = f"functions[{number}]"
            self.keys(row, CALLABLE_KEYS | {"module"}, where)
            module = self.get(row, "module", str, where)
            if not module:
                raise self.fail(f"{where}.module", "is required")
            for fact in self.callables(row, module, where):
                self.add(facts.functions, fact.name, fact, where)
        for number, row in enumerate(self.rows(table, "classes", "top level")):
            where = f"classes[{number}]"
            fact_of_class = self.klass(row, where)
            self.add(facts.classes, fact_of_class.name, fact_of_class, where)
            for factory in self.strings(row, "factories", where) or ():
                self.add(facts.factories, factory, fact_of_class.name, where)
        for number, row in enumerate(self.rows(table, "decorators", "top level")):
            where = f"decorators[{number}]"
            self.keys(row, _DECORATOR, where)
            for decorator in self.decorators(row, where):
                self.add(facts.decorators, decorator.name, decorator, where)
        facts.registering, facts.running = frozenset(self.registered), frozenset(self.runners)
        facts.loosely_running = frozenset(self.loose_runners)
        facts.accessed = frozenset(self.accessed)
        return facts

    def decorators(self, row: Mapping[str, Any], where: str) -> Iterator[DecoratorFact]:
        signature = self.signature(self.get(row, "signature", str, where), where)
        unless = self.conditions(row, "unless", signature, where)
        if bool(unless) != ("otherwise" in row):
            raise self.fail(f"{where}.otherwise", "goes together with unless")
        otherwise = self.model({"model": row["otherwise"]}, where) if unless else None
        for name in self.strings(row, "names", where) or ():
            dotted = f"{self.get(row, 'module', str, where, '')}.{name}".lstrip(".")
            yield DecoratorFact(
                name=dotted,
                library=self.name,
                model=None if row.get("effect") == "keeps" else self.model(row, where),
                style=self.get(row, "style", str, where, "thread"),
                takes_coroutines=self.get(row, "takes_coroutines", bool, where, False),
                since=self.get(row, "since", str, where, ""),
                source=self.get(row, "source", str, where, self.source),
                signature=signature,
                unless=unless,
                otherwise=otherwise,
                phase=self.phase(row, where),
                confidence=self.confidence(row, where),
            )

    def runs(self, item: Mapping[str, Any], where: str) -> Runs:
        self.keys(item, _RUNS, where)
        return Runs(
            self.strings(item, "methods", where) or (),
            self.model(item, where),
            self.get(item, "style", str, where, "thread"),
            self.phase(item, where),
        )

    def hook(self, item: Mapping[str, Any], where: str) -> Hook:
        self.keys(item, _HOOK, where)
        return Hook(
            self.strings(item, "by", where) or (),
            self.strings(item, "decorated", where) or (),
            self.strings(item, "methods", where) or (),
        )

    def add(self, into: dict[str, Any], name: str, value: Any, where: str) -> None:
        if name in into:
            raise self.fail(where, f"{name!r} is stated twice")
        into[name] = value

    def klass(self, row: Mapping[str, Any], where: str) -> ClassFact:
        self.keys(row, _CLASS, where)
        name = self.get(row, "name", str, where)
        if not name or "." not in name:
            raise self.fail(f"{where}.name", "a dotted name is required")
        methods: dict[str, CallableFact] = {}
        for number, group in enumerate(self.rows(row, "methods", where)):
            inner = f"{where} ({name}).methods[{number}]"
            self.keys(group, CALLABLE_KEYS, inner)
            for fact in self.callables(group, name, inner):
                last = fact.name.rsplit(".", 1)[-1]
                self.add(methods, last + ASSIGNED * (fact.access is Access.SET), fact, inner)
        executor = self.get(row, "executor", str, where)
        runs = tuple(self.runs(item, f"{where}.runs") for item in self.rows(row, "runs", where))
        hooks = tuple(self.hook(item, f"{where}.hooks") for item in self.rows(row, "hooks", where))
        return ClassFact(
            name=name,
            library=self.name,
            bases=self.strings(row, "bases", where) or (),
            methods=methods,
            attributes=self.names(row, "attributes", where),
            enter=self.get(row, "enter", str, where, "self"),
            element=self.get(row, "element", str, where),
            executor=self.model({"model": executor}, where) if executor else None,
            runs=runs,
            hooks=hooks,
            in_threads=self.names(row, "in_threads", where),
            asynchronous=self.get(row, "asynchronous", bool, where, False),
            lifespan=self.get(row, "lifespan", bool, where, False),
            in_memory=self.get(row, "in_memory", bool, where, False),
            instead=self.strings(row, "instead", where),
            traits=self.traits(row, where),
            source=self.get(row, "source", str, where, self.source),
        )
