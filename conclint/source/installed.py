"""Which import names a distribution brings.

Nothing is run, and what an environment says of itself is read as data, as far as such files go.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, DistributionFinder, MetadataPathFinder, PathDistribution
from pathlib import Path

from conclint.files.bounded_file import CONFIGURATION, read_bounded
from conclint.source.environments import NoPackagesError


def import_names(wanted: Iterable[str], folders: tuple[str, ...]) -> frozenset[str]:
    """The top-level import names that the wanted names stand for: each is one itself, or a distribution.

    Raises NoPackagesError for a name that is neither.
    """
    found: set[str] = set()
    for name in wanted:
        if any(_is_importable(folder, name) for folder in folders):
            found.add(name)
            continue
        tops = _tops_of(name, folders)
        if not tops:
            raise NoPackagesError(
                f"there is no package {name!r} in {', '.join(folders) or 'any environment'}"
            )
        found |= tops
    return frozenset(found)


def _is_importable(folder: str, name: str) -> bool:
    stem = os.path.join(folder, *name.split("."))
    return os.path.isdir(stem) or os.path.isfile(f"{stem}.py")


class _Distribution(PathDistribution):
    """One whose metadata is read as far as such files go, and nothing where it can't be."""

    def read_text(self, filename: str | os.PathLike[str]) -> str:
        try:
            file = Path(str(self._path), filename)
            return read_bounded(file, CONFIGURATION).decode("utf-8", "replace")
        except (OSError, ValueError):
            return ""


def _distributions(folders: tuple[str, ...], name: str | None = None) -> Iterator[_Distribution]:
    """The distributions in the folders; only those of that name where one is given."""
    # Not `distributions`: once the package importlib_metadata is loaded, as in many an editor's process, that
    # gives objects of its own.
    context = DistributionFinder.Context(name=name, path=list(folders))
    for found in MetadataPathFinder.find_distributions(context):
        if isinstance(found, PathDistribution) and isinstance(found._path, Path):  # not in a zip file
            yield _Distribution(found._path)


def _stated_tops(distribution: _Distribution) -> list[str]:
    return distribution.read_text("top_level.txt").split()


def _tops_of(name: str, folders: tuple[str, ...]) -> set[str]:
    for distribution in _distributions(folders, name=name):
        return set(_stated_tops(distribution) or _tops_by_files(distribution))
    return set()


def _tops_by_files(distribution: Distribution) -> Iterator[str]:
    for file in distribution.files or ():
        if file.suffix == ".py" and not file.parts[0].startswith("."):
            yield file.parts[0].removesuffix(".py")
