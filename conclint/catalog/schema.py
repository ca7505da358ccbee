"""Reading one catalog file into facts; every wrong entry names the file, the key and what was expected."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from conclint.catalog.facts import (
    CallableFact,
    ClassFact,
    Condition,
    DecoratorFact,
    Effect,
    Parameter,
    Phase,
    Placing,
    Runs,
)
from conclint.model.execution import Confidence, ExecutionModel, Family, Weight


class CatalogError(Exception):
    """A catalog file that does not keep to the schema; the text names file, key and expectation."""


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
    former: dict[str, str] = field(default_factory=dict)


USER_LIBRARY: Final = "(your own)"
"""The library of facts that a user states, unless they say otherwise."""

_TOP = {
    "library",
    "imports",
    "starts_code",
    "install",
    "former",
    "source",
    "aliases",
    "functions",
    "classes",
    "decorators",
}
_CALLABLE = {
    "names", "effect", "family", "weight", "signature", "unless", "when", "doubtful", "coroutine", "returns",
    "confidence", "instead", "instead_trio", "instead_anyio", "example", "example_trio",
    "example_anyio", "note", "source", "iterates", "entry", "callable", "also", "model", "arguments", "style",
    "phase",
}  # fmt: skip
_CLASS = {
    "name", "bases", "factories", "instead", "attributes", "enter", "element", "executor", "runs",
    "asynchronous", "lifespan", "methods", "source",
}  # fmt: skip
_WORD = re.compile(r"<(none|absent|present|small|below \d+(\.\d+)?|(a |is )?\w+(\.\w+)+)>")
_DECORATOR = {
    "names", "module", "model", "style", "effect", "source", "signature", "unless", "otherwise", "phase",
    "confidence",
}  # fmt: skip
_RUNS = {"methods", "model", "style", "phase"}
_PLACING = ("callable", "also", "model", "arguments", "style", "phase")
_KINDS = {str: "a string", bool: "true or false", list: "a list", dict: "a table"}


def _kind_of(value: object) -> str:
    return _KINDS.get(type(value), f"{value!r}")


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


class _Reader:
    def __init__(self, origin: str, prefix: str = "") -> None:
        self.origin = origin
        self.prefix = prefix
        self.name = ""
        self.source = ""

    def fail(self, where: str, expected: str) -> CatalogError:
        return CatalogError(f"{self.origin}: {self.prefix}{where.removeprefix('top level.')}: {expected}")

    def keys(self, table: Mapping[str, Any], known: set[str], where: str) -> None:
        for key in table:
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise self.fail(f"{where}.{key}", f"unknown key{hint}")

    def get(self, table: Mapping[str, Any], key: str, kind: type, where: str, default: Any = None) -> Any:
        value = table.get(key, default)
        if value is not default and not isinstance(value, kind):
            raise self.fail(f"{where}.{key}", f"expected {_KINDS[kind]}, got {_kind_of(value)}")
        return value

    def rows(self, table: Mapping[str, Any], key: str, where: str) -> list[Mapping[str, Any]]:
        rows: list[Mapping[str, Any]] = self.get(table, key, list, where, [])
        for number, row in enumerate(rows):
            if not isinstance(row, dict):
                raise self.fail(f"{where}.{key}[{number}]", f"expected a table, got {_kind_of(row)}")
        return rows

    def names(self, table: Mapping[str, Any], key: str, where: str) -> dict[str, str]:
        """A table of strings."""
        result: dict[str, str] = self.get(table, key, dict, where, {})
        for name, value in result.items():
            if not isinstance(value, str):
                raise self.fail(f"{where}.{key}.{name}", f"expected a string, got {_kind_of(value)}")
        return dict(result)

    def strings(self, table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...] | None:
        value = self.get(table, key, list, where)
        if value is None:
            return None
        if not all(isinstance(item, str) for item in value):
            raise self.fail(f"{where}.{key}", "expected a list of strings")
        return tuple(value)

    def library(self, table: Mapping[str, Any]) -> LibraryFacts:
        self.keys(table, _TOP, "top level")
        for key in ("library", "imports", "source"):
            if key not in table:
                raise self.fail(key, "is required")
        self.name = self.get(table, "library", str, "top level")
        self.source = self.get(table, "source", str, "top level")
        facts = LibraryFacts(self.name, self.strings(table, "imports", "top level") or ())
        facts.install = self.strings(table, "install", "top level")
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
            self.keys(row, _CALLABLE | {"module"}, where)
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

    def phase(self, row: Mapping[str, Any], where: str) -> Phase | None:
        word = self.get(row, "phase", str, where)
        try:
            return None if word is None else Phase(word)
        except ValueError:
            words = ", ".join(phase.value for phase in Phase)
            raise self.fail(f"{where}.phase", f"expected one of {words}, got {word!r}") from None

    def add(self, into: dict[str, Any], name: str, value: Any, where: str) -> None:
        if name in into:
            raise self.fail(where, f"{name!r} is stated twice")
        into[name] = value

    def model(self, row: Mapping[str, Any], where: str) -> ExecutionModel:
        word = self.get(row, "model", str, where)
        try:
            return ExecutionModel(word)
        except ValueError:
            words = ", ".join(model.value for model in ExecutionModel)
            raise self.fail(f"{where}.model", f"expected one of {words}, got {word!r}") from None

    def klass(self, row: Mapping[str, Any], where: str) -> ClassFact:
        self.keys(row, _CLASS, where)
        name = self.get(row, "name", str, where)
        if not name or "." not in name:
            raise self.fail(f"{where}.name", "a dotted name is required")
        methods: dict[str, CallableFact] = {}
        for number, group in enumerate(self.rows(row, "methods", where)):
            inner = f"{where} ({name}).methods[{number}]"
            self.keys(group, _CALLABLE, inner)
            for fact in self.callables(group, name, inner):
                self.add(methods, fact.name.rsplit(".", 1)[-1], fact, inner)
        executor = self.get(row, "executor", str, where)
        runs = tuple(self.runs(item, f"{where}.runs") for item in self.rows(row, "runs", where))
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
            asynchronous=self.get(row, "asynchronous", bool, where, False),
            lifespan=self.get(row, "lifespan", bool, where, False),
            instead=self.strings(row, "instead", where),
            source=self.get(row, "source", str, where, self.source),
        )

    def callables(self, row: Mapping[str, Any], owner: str, where: str) -> Iterator[CallableFact]:
        names = self.strings(row, "names", where)
        if not names:
            raise self.fail(f"{where}.names", "a list of names is required")
        try:
            effect = Effect(row.get("effect"))
        except ValueError:
            words = ", ".join(item.value for item in Effect)
            raise self.fail(
                f"{where}.effect", f"expected one of {words}, got {row.get('effect')!r}"
            ) from None
        family = None
        if effect is Effect.WAITS or (effect is Effect.PLACES and "family" in row):
            try:
                family = Family(row.get("family"))
            except ValueError:
                words = ", ".join(item.value for item in Family)
                raise self.fail(
                    f"{where}.family", f"expected one of {words}, got {row.get('family')!r}"
                ) from None
        elif "family" in row:
            raise self.fail(f"{where}.family", "only for the effects waits and places")
        signature = self.signature(self.get(row, "signature", str, where), where)
        placing = self.placing(row, effect, signature, where)
        weight = self.weight(row, effect, where)
        confidence = self.confidence(row, where)
        if "*" in names and effect is not Effect.HARMLESS and "module" in row:
            raise self.fail(f"{where}.names", "'*' (all other names of a module) is only for harmless")
        shared: dict[str, Any] = {
            "library": self.name,
            "effect": effect,
            "family": family,
            "weight": weight,
            "signature": signature,
            "unless": self.conditions(row, "unless", signature, where),
            "when": self.conditions(row, "when", signature, where),
            "doubtful": self.conditions(row, "doubtful", signature, where),
            "coroutine": self.get(row, "coroutine", bool, where, False),
            "placing": placing,
            "confidence": confidence,
            "iterates": self.parameter(row, "iterates", signature, where),
            "entry": self.parameter(row, "entry", signature, where),
            "example": self.get(row, "example", str, where),
            "example_trio": self.get(row, "example_trio", str, where),
            "example_anyio": self.get(row, "example_anyio", str, where),
            "note": self.get(row, "note", str, where),
            "source": self.get(row, "source", str, where, self.source),
        }
        returns: str | None = self.get(row, "returns", str, where)
        lists = {key: self.strings(row, key, where) for key in ("instead", "instead_trio", "instead_anyio")}
        for name in names:
            filled: dict[str, Any] = {
                key: None if value is None else tuple(item.replace("{name}", name) for item in value)
                for key, value in lists.items()
            }
            filled["returns"] = returns and returns.replace("{name}", name)
            yield CallableFact(name=f"{owner}.{name}", **shared, **filled)

    def signature(self, text: str | None, where: str) -> tuple[Parameter, ...] | None:
        if text is None:
            return None
        result: list[Parameter] = []
        keyword_only = False
        for part in filter(None, (piece.strip() for piece in text.split(","))):
            name = part.split("=", 1)[0].strip()
            if name == "*":
                keyword_only = True
            elif name == "/":
                continue
            elif name.startswith("**"):
                result.append(Parameter(name[2:], "**"))
            elif name.startswith("*"):
                result.append(Parameter(name[1:], "*"))
                keyword_only = True
            elif name.isidentifier():
                result.append(Parameter(name, "kw" if keyword_only else ""))
            else:
                raise self.fail(f"{where}.signature", f"cannot read {part!r}")
        return tuple(result)

    def conditions(
        self, row: Mapping[str, Any], key: str, signature: tuple[Parameter, ...] | None, where: str
    ) -> tuple[Condition, ...]:
        result = []
        for table in self.get(row, key, list, where, []):
            if not isinstance(table, dict) or not table:
                raise self.fail(f"{where}.{key}", "expected a list of tables such as { block = false }")
            for name, value in table.items():
                if name not in {parameter.name for parameter in signature or ()}:
                    raise self.fail(f"{where}.{key}", f"{name!r} is no parameter of the signature")
                if isinstance(value, str) and value.startswith("<") and not _WORD.fullmatch(value):
                    words = (
                        "<none>, <absent>, <present>, <small>, <below 1000>, a constant such as <os.P_WAIT> "
                        "or <is os.devnull>, or an instance such as <a io.BytesIO>"
                    )
                    raise self.fail(f"{where}.{key}.{name}", f"expected {words}, got {value!r}")
            result.append(Condition(tuple(table.items())))
        return tuple(result)

    def parameter(
        self, row: Mapping[str, Any], key: str, signature: tuple[Parameter, ...] | None, where: str
    ) -> str | None:
        name: str | None = self.get(row, key, str, where)
        if name is not None and name not in {parameter.name for parameter in signature or ()}:
            raise self.fail(f"{where}.{key}", f"{name!r} is no parameter of the signature")
        return name

    def placing(
        self, row: Mapping[str, Any], effect: Effect, signature: tuple[Parameter, ...] | None, where: str
    ) -> Placing | None:
        if effect not in (Effect.PLACES, Effect.CALLS):
            for key in _PLACING:
                if key in row:
                    raise self.fail(f"{where}.{key}", "only for the effects places and calls")
            return None
        name = self.parameter(row, "callable", signature, where)
        if name is None:
            raise self.fail(f"{where}.callable", "is required for the effects places and calls")
        word = self.get(row, "model", str, where, "")
        executor_parameter = ""
        model = None
        if word.startswith("executor:"):
            executor_parameter = word.removeprefix("executor:")
        elif effect is Effect.PLACES and word != "self":
            model = self.model(row, where)
        also = self.strings(row, "also", where) or ()
        for other in also:
            self.parameter({"also": other}, "also", signature, where)
        arguments = self.get(row, "arguments", str, where, "rest")
        style = self.get(row, "style", str, where, "pool")
        return Placing(name, model, executor_parameter, arguments, style, also, self.phase(row, where))

    def weight(self, row: Mapping[str, Any], effect: Effect, where: str) -> Weight:
        if effect not in (Effect.COMPUTES_GIL, Effect.COMPUTES_NOGIL):
            if "weight" in row:
                raise self.fail(f"{where}.weight", "only for an effect of computing")
            return Weight.NONE
        word = row.get("weight", "heavy")
        if word not in ("light", "heavy"):
            raise self.fail(f"{where}.weight", f"expected light or heavy, got {word!r}")
        return Weight[word.upper()]

    def confidence(self, row: Mapping[str, Any], where: str) -> Confidence:
        word = row.get("confidence", "high")
        if word not in ("high", "medium", "low"):
            raise self.fail(f"{where}.confidence", f"expected high, medium or low, got {word!r}")
        return Confidence[word.upper()]
