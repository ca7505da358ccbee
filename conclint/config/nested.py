"""The configurations of folders within a project: a monorepo's packages, each with levels of its own.

As in ruff, the nearest file with a conclint table decides, and nothing is inherited from one further up.
Which files belong to the project, what is known of libraries and where the cache lies are the project's own:
one run has one answer to these.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

from conclint.config.file import UnreadableConfigError, check_codes, read_project
from conclint.config.settings import (
    RUNNING_PYTHON,
    Config,
    Nested,
    find_table_in,
    merge_options,
    python_in,
    required_python,
)

LEVELS: Final = (
    "select",
    "ignore",
    "extend_select",
    "per_file_ignores",
    "min_confidence",
    "min_severity",
    "target_version",
)
"""The fields of `Config` that the nearest configuration decides."""


def with_nested(config: Config, folders: Iterable[str], known_codes: Collection[str] = ()) -> Config:
    """The configuration with those of these folders, as far as they lie below the project's root.

    A folder whose pyproject.toml has no conclint table, but says which Python it needs, changes the target
    version alone, unless that is configured. A file that can't be read is passed over, and noted. Where the
    command was given a configuration file by name, it holds everywhere. Raises ConfigError as `load_config`
    does.
    """
    if config.asked.is_file_given:
        return config
    root = config.root
    within = sorted(path for path in set(map(Path, folders)) if root in path.parents)
    nested: list[Nested] = []
    unread: list[str] = []
    for folder in within:
        try:
            found = _nested(config, folder, nested, known_codes)
        except UnreadableConfigError as error:
            unread.append(str(error))
            continue
        if found is not None:
            nested.append(found)
    return replace(config, nested=tuple(nested), unread=tuple(unread)) if nested or unread else config


class NearestConfig:
    """Which configuration decides about a file, by its path as it is shown."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._by_folder: dict[Path, Config] = {}
        self._deepest_first = sorted(config.nested, key=lambda item: len(item.folder.parts), reverse=True)

    def all(self) -> list[Config]:
        """Every configuration of the run."""
        return [self._config, *map(self._of, self._deepest_first)]

    def of(self, shown: str) -> Config:
        """The configuration for a file. Its `root` is the folder to which its patterns are relative."""
        if not self._deepest_first:
            return self._config
        path = Path(os.path.normpath(self._config.cwd / shown))
        nearest = next((item for item in self._deepest_first if item.folder in path.parents), None)
        return self._config if nearest is None else self._of(nearest)

    def _of(self, nested: Nested) -> Config:
        found = self._by_folder.get(nested.folder)
        if found is None:
            levels: dict[str, Any] = dict(nested.levels)
            found = replace(self._config, root=nested.root, file=nested.file, nested=(), **levels)
            self._by_folder[nested.folder] = found
        return found


def _nested(
    config: Config, folder: Path, outer: Iterable[Nested], known_codes: Collection[str]
) -> Nested | None:
    table = find_table_in(folder)
    options = {name: value for name, value in config.asked.options.items() if name in LEVELS}
    if table is not None:
        if known_codes:
            check_codes(table, known_codes)
        stated = {name: value for name, value in table.values.items() if name in LEVELS}
        levels = _defaults() | merge_options(stated, options)
        is_stated = "target_version" in levels
        if not is_stated:
            levels["target_version"] = required_python(folder) or RUNNING_PYTHON
        return Nested(folder, folder, table.file, tuple(sorted(levels.items())), is_stated)
    above = max(
        (item for item in outer if item.folder in folder.parents),
        key=lambda item: len(item.folder.parts),
        default=None,
    )
    if above.has_version if above is not None else config.asked.has_version:
        return None
    version = python_in(read_project(folder / "pyproject.toml"))
    current = dict(above.levels)["target_version"] if above is not None else config.target_version
    if version is None or version == current:
        return None
    base = above.levels if above is not None else [(name, getattr(config, name)) for name in LEVELS]
    levels = dict(base) | {"target_version": version}
    root, file = (above.root, above.file) if above is not None else (config.root, config.file)
    return Nested(folder, root, file, tuple(sorted(levels.items())), False)


def _defaults() -> dict[str, Any]:
    return {item.name: item.default for item in fields(Config) if item.name in LEVELS[:-1]}
