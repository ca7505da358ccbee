"""A catalog table as the text of a TOML file, in the layout of the shipped ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tomli_w

_TABLES = ("functions", "classes", "methods")


def render_catalog(table: Mapping[str, Any]) -> str:
    """The file's text: facts that differ in their name alone share a row."""
    return tomli_w.dumps({key: _merged(key, value) for key, value in table.items()})


def _merged(key: str, value: Any) -> Any:
    if key not in _TABLES:
        return value
    rows: list[dict[str, Any]] = []
    for row in value:
        row = {name: _merged(name, inner) for name, inner in row.items()}
        last = rows[-1] if rows else None
        if last is not None and "names" in row and _without_names(last) == _without_names(row):
            last["names"] = [*last["names"], *row["names"]]
        else:
            rows.append(row)
    return rows


def _without_names(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "names"}
