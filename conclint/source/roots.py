"""The folders in which imports are looked for: the project's own, and those of installed packages."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from conclint.config.file import read_table
from conclint.config.keys import FOLLOW_ALL
from conclint.config.settings import Config, ConfigError

_PROJECT_MARKS = ("pyproject.toml", "setup.py", "setup.cfg")


def followed_packages(config: Config) -> tuple[tuple[str, ...], frozenset[str] | None]:
    """The folders of installed packages, and the import names to follow into them (None: all).

    Raises ConfigError where a wanted package or the environment isn't there.
    """
    if not config.follow:
        return (), None
    from conclint.source.installed import NoPackagesError, find_package_folders, import_names

    try:
        folders = find_package_folders(config.python, config.root)
        every = FOLLOW_ALL in config.follow
        return folders, None if every else import_names(config.follow, folders)
    except NoPackagesError as error:
        table = read_table(config.file, required=True) if config.file is not None else None
        if table is not None and table.values.get("follow") == config.follow:
            table.fail("follow", f"follow: {error}")
        raise ConfigError(f"follow: {error}") from error


def source_roots(config: Config, paths: Iterable[str]) -> Sequence[str]:
    """Where imports are looked for: the project's own folders, and those of projects inside it."""
    roots = [str(config.root), *(str(folder) for folder in config.src)]
    nested: dict[str, str | None] = {str(config.root): None}
    for folder in sorted({os.path.dirname(path) for path in paths}):
        trail: list[str] = []
        while folder not in nested and folder.startswith(roots[0]):
            trail.append(folder)
            if any(os.path.isfile(os.path.join(folder, mark)) for mark in _PROJECT_MARKS):
                nested[folder] = folder
                break
            folder = os.path.dirname(folder)
        home = nested.get(folder)
        nested.update(dict.fromkeys(trail, home))
        if home is not None:
            roots += [home, os.path.join(home, "src")]
    return list(dict.fromkeys(roots))
