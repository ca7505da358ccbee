"""Reading the tables of a catalog file: each key of the kind that it must be, else an error that names it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from conclint.catalog.facts import Phase, Trait
from conclint.model.execution import Confidence, ExecutionModel


class CatalogError(Exception):
    """A catalog file that does not keep to the schema; the text names file, key and expectation."""


_KINDS = {str: "a string", bool: "true or false", list: "a list", dict: "a table"}


def _kind_of(value: object) -> str:
    return _KINDS.get(type(value), f"{value!r}")


class TableReader:
    """Reads tables of one file, `origin` in messages; `where` is a table's place in it, below `prefix`."""

    def __init__(self, origin: str, prefix: str = "") -> None:
        self.origin = origin
        self.prefix = prefix
        self.name = ""
        self.source = ""
        self.remote = False
        self.async_needs = ""

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

    def model(self, row: Mapping[str, Any], where: str) -> ExecutionModel:
        word = self.get(row, "model", str, where)
        try:
            return ExecutionModel(word)
        except ValueError:
            words = ", ".join(model.value for model in ExecutionModel)
            raise self.fail(f"{where}.model", f"expected one of {words}, got {word!r}") from None

    def phase(self, row: Mapping[str, Any], where: str) -> Phase | None:
        word = self.get(row, "phase", str, where)
        try:
            return None if word is None else Phase(word)
        except ValueError:
            words = ", ".join(phase.value for phase in Phase)
            raise self.fail(f"{where}.phase", f"expected one of {words}, got {word!r}") from None

    def confidence(self, row: Mapping[str, Any], where: str) -> Confidence:
        word = row.get("confidence", "high")
        if word not in ("high", "medium", "low"):
            raise self.fail(f"{where}.confidence", f"expected high, medium or low, got {word!r}")
        return Confidence[word.upper()]

    def traits(self, row: Mapping[str, Any], where: str) -> frozenset[Trait]:
        """What is said of how the thing may be moved."""
        found = set()
        for word in self.strings(row, "traits", where) or ():
            try:
                found.add(Trait(word))
            except ValueError:
                words = ", ".join(item.value for item in Trait)
                raise self.fail(f"{where}.traits", f"expected some of {words}, got {word!r}") from None
        return frozenset(found)
