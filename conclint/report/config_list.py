"""The effective configuration, each value with where it comes from."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Mapping
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from conclint.config.file import Table, read_table
from conclint.config.keys import KEYS
from conclint.config.metadata import required_by_metadata
from conclint.config.settings import Config, required_python
from conclint.model.execution import Confidence
from conclint.model.severity import Severity
from conclint.report.json import dump
from conclint.report.printable import printable, printable_json
from conclint.source.roots import followed_packages

_OPTION = "command line"
_DEFAULT = "default"


class Setting(NamedTuple):
    """One key: its value as JSON (and TOML, but for null) writes it, and where that comes from."""

    key: str
    value: object
    origin: str


def list_settings(config: Config, given: Collection[str]) -> list[Setting]:
    """Every key of a configuration file, in order. `given` are the fields set on the command line."""
    table = read_table(config.file, required=True) if config.file is not None else None
    return [Setting(key, _value(config, key), _origin(config, key, table, given)) for key in KEYS]


def render_settings(config: Config, settings: list[Setting], *, as_json: bool) -> str:
    """Lines that could stand in a conclint.toml, each with its origin as a comment; or a JSON object. Before
    them the environment whose packages are followed. Raises ConfigError where a wanted one isn't there."""
    file = str(config.file) if config.file is not None else None
    environment = followed_packages(config).search.environment
    if as_json:
        document = {
            "root": str(config.root),
            "file": file,
            "nested": [
                {"folder": _shown(item.folder, config.root), "file": _shown(item.file, config.root)}
                for item in config.nested
                if item.file is not None
            ],
            "environment": environment._asdict() if environment is not None else None,
            "settings": {item.key: {"value": item.value, "origin": item.origin} for item in settings},
        }
        return dump(document)
    lines = [
        f"# project: {printable(str(config.root))}",
        f"# configuration file: {printable(file) if file is not None else 'none'}",
        *(f"# {printable(line)}" for line in _nested_lines(config)),
        f"# environment: {printable(environment.in_words) if environment is not None else 'none'}",
    ]
    for item in settings:
        text = f"{item.key} = {_toml(item.value)}" if item.value is not None else f"# {item.key}: not set"
        lines.append(f"{text}  # {printable(item.origin)}" if item.value is not None else text)
    return "\n".join(lines) + "\n"


def _nested_lines(config: Config) -> list[str]:
    """What configurations further down decide."""
    lines = []
    for item in config.nested:
        folder = _shown(item.folder, config.root)
        if item.folder == item.root and item.file is not None:
            lines.append(f"what is reported below {folder}/: {_shown(item.file, config.root)}")
        else:
            version = ".".join(map(str, dict(item.levels)["target_version"]))
            lines.append(f"target-version below {folder}/: {version} (its requires-python)")
    return lines


def setting_text(config: Config, key: str) -> str:
    """The value of a key as it would be written in a configuration file; "not set" for none."""
    value = _value(config, key)
    return "not set" if value is None else _toml(value)


def _value(config: Config, key: str) -> object:
    value: object = getattr(config, key.replace("-", "_"))
    if key == "per-file-ignores":
        return {pattern: list(codes) for pattern, codes in config.per_file_ignores}
    if key == "target-version":
        return ".".join(map(str, config.target_version))
    if key == "contexts":
        return {pattern: context.value for pattern, context in config.contexts}
    if key == "allow":
        return [
            {"in": item.inside, "calls": list(item.calls), "reason": item.reason} for item in config.allow
        ]
    if isinstance(value, (Confidence, Severity)):
        return value.label
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return _shown(value, config.root)
    if isinstance(value, tuple):
        return [_shown(item, config.root) if isinstance(item, Path) else item for item in value]
    return value


def _shown(path: Path, root: Path) -> str:
    """Relative to the project where it lies in it, as it would be written in its configuration."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _origin(config: Config, key: str, table: Table | None, given: Collection[str]) -> str:
    field = key.replace("-", "_")
    in_file = table is not None and field in table.values
    origins = []
    if in_file and table is not None and not _is_put_aside(field, given):
        origins.append(f"{table.file}{table.line_of(key)}")
    if field in given:
        origins.append(_OPTION)
    if origins:
        return " and ".join(origins)
    if key == "target-version":
        is_metadata = required_by_metadata(config.root) and not (config.root / "pyproject.toml").is_file()
        if is_metadata:
            return "Requires-Python in the package's metadata"
        if required_python(config.root) is not None:
            return "requires-python in pyproject.toml"
        return f"the running Python {sys.version_info[0]}.{sys.version_info[1]}"
    return _DEFAULT


def _is_put_aside(field: str, given: Collection[str]) -> bool:
    """Whether an option stands instead of what the file says (see `load_config`)."""
    if "select" in given and field in ("select", "extend_select", "ignore"):
        return True
    return field in given and field not in ("ignore", "extend_select", "extend_exclude")


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        inner = ", ".join(f"{json.dumps(str(key))} = {_toml(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return printable_json(json.dumps(value, ensure_ascii=False, default=str))
