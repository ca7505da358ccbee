"""The folders in which imports are looked for: the project's own, and those of installed packages."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from enum import Enum
from functools import cached_property
from typing import Final, NamedTuple

from conclint.config.file import read_table
from conclint.config.keys import FOLLOW_ALL
from conclint.config.settings import Config, ConfigError
from conclint.source.environments import NoPackagesError, Search, find_environment
from conclint.source.package_facts import PackageFacts, read_package_facts

_PROJECT_MARKS = ("pyproject.toml", "setup.py", "setup.cfg")


class Depth(Enum):
    """How deep calls are followed into packages."""

    EVERYWHERE = 2
    ONE_PACKAGE = 1  # not from one package into another
    NOWHERE = 0


_TOO_MANY: Final = ", as they lead into too many files"
_DEPTHS: Final = {
    Depth.EVERYWHERE: "",
    Depth.ONE_PACKAGE: f", but not from one package into another{_TOO_MANY}",
    Depth.NOWHERE: f": not at all{_TOO_MANY}",
}


class Packages(NamedTuple):
    """The installed packages into which chains go on: the folders that hold them, the top-level names that
    are followed (None: all of them) and those that were asked for `by_name`; how deep, and the environment
    that they are in, with what the search for it hung on; and the facts that they bring along."""

    folders: tuple[str, ...] = ()
    followed: frozenset[str] | None = None
    by_name: frozenset[str] = frozenset()
    search: Search = Search(None)
    depth: Depth = Depth.EVERYWHERE
    facts: PackageFacts = PackageFacts()

    @property
    def identity(self) -> tuple[str, ...]:
        """What differs where chains go on into others."""
        return (*self.folders, "", *sorted(self.by_name), self.depth.name, self.facts.digest)

    @property
    def in_words(self) -> str | None:
        """Whose packages are followed, and how deep; None for none."""
        if self.search.environment is None:
            return None
        return f"{self.search.environment.in_words}{_DEPTHS[self.depth]}"

    def less_deep(self) -> Packages:
        """The same with calls followed one step less deep."""
        if self.depth is Depth.EVERYWHERE:
            return self._replace(depth=Depth.ONE_PACKAGE)
        return Packages(search=self.search, depth=Depth.NOWHERE, facts=self.facts)


def followed_packages(config: Config) -> Packages:
    """The installed packages to follow.

    Raises ConfigError where a wanted package or the environment isn't there.
    """
    if not config.follow:
        return Packages()
    try:
        search = find_environment(config.python, config.root)
        folders = search.environment.folders if search.environment is not None else ()
        names = [name for name in config.follow if name != FOLLOW_ALL]
        facts = read_package_facts(folders)
        if not names:
            return Packages(folders, None, search=search, facts=facts)
        from conclint.source.installed import import_names

        by_name = import_names(names, folders)
        return Packages(
            folders, None if FOLLOW_ALL in config.follow else by_name, by_name, search, facts=facts
        )
    except NoPackagesError as error:
        table = read_table(config.file, required=True) if config.file is not None else None
        if table is not None and table.values.get("follow") == config.follow:
            table.fail("follow", f"follow: {error}")
        if config.python is None or config.follow != (FOLLOW_ALL,):
            raise ConfigError(f"follow: {error}") from error
        stated = table.values.get("python") if table is not None else None
        if table is not None and stated is not None:
            place = os.path.join(config.root, os.path.expanduser(stated))
            if os.path.abspath(place) == str(config.python):  # and no option stands instead
                table.fail("python", f"python: {error}")
        raise ConfigError(f"python: {error}") from error


class Following:
    """Which installed packages calls are followed into now: those that are there, and wanted. The environment
    is looked for once, when that is first asked."""

    def __init__(self, config: Config) -> None:
        self._config = config

    @cached_property
    def _packages(self) -> Packages:
        try:
            return followed_packages(self._config)
        except ConfigError:
            return Packages()

    def __call__(self, library: str) -> bool:
        packages = self._packages
        return (packages.followed is None or library in packages.followed) and any(
            os.path.isdir(os.path.join(folder, library))
            or os.path.isfile(os.path.join(folder, f"{library}.py"))
            for folder in packages.folders
        )


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
