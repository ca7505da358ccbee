"""Where an environment keeps its installed packages, and which import names a distribution brings.

Nothing is run: the folders are found as an interpreter lays them out, so that an environment of another
Python, or a broken one, can be looked into too. Import hooks of editable installs are not followed; the
folders that `.pth` files name are.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import Distribution, DistributionFinder, MetadataPathFinder, PathDistribution
from pathlib import Path
from typing import Final

from conclint.files.bounded_file import CONFIGURATION, read_bounded

_ENVIRONMENTS: Final = (".venv", "venv")
_LAYOUTS: Final = (
    "lib/python3*/site-packages",
    "lib64/python3*/site-packages",
    "Lib/site-packages",
    "lib/python3*/dist-packages",
    "lib/python3/dist-packages",
)
_PACKAGE_FOLDERS: Final = ("site-packages", "dist-packages")


class NoPackagesError(Exception):
    """There is no folder of installed packages, or a wanted one is not in it. The text is one line."""


def find_package_folders(
    python: Path | None, root: Path, environment: Mapping[str, str] = os.environ
) -> tuple[str, ...]:
    """The folders of installed packages, absolute, in the order in which imports try them.

    `python` is an interpreter, an environment's folder or a folder of packages. Without it: the active
    virtual environment, then `.venv` or `venv` in `root`, then an active conda environment, then the
    environment that conclint itself runs in. Raises NoPackagesError where `python` leads to none.
    """
    if python is not None:
        folders = _folders_of(python)
        if not folders:
            raise NoPackagesError(f"no installed packages belong to {python}")
        return folders
    active, conda = environment.get("VIRTUAL_ENV"), environment.get("CONDA_PREFIX")
    candidates = [Path(active)] if active else []
    candidates += [root / name for name in _ENVIRONMENTS]
    candidates += [Path(conda)] if conda else []
    candidates.append(Path(sys.prefix))
    return next((found for prefix in candidates if (found := _folders_of(prefix))), ())


def _folders_of(python: Path) -> tuple[str, ...]:
    if python.name in _PACKAGE_FOLDERS and python.is_dir():
        return tuple(_with_paths_of(python))
    if python.is_dir():
        prefixes = [python]
    elif python.exists():
        prefixes = [python.parent.parent, python.resolve().parent.parent]
    else:
        return ()
    for prefix in prefixes:
        folders = list(_below(prefix, python.name))
        if folders:
            paths = (path for folder in folders for path in _with_paths_of(folder))
            return tuple({os.path.realpath(path): path for path in reversed(list(paths))}.values())[::-1]
    return ()


def _below(prefix: Path, interpreter: str, *, is_base: bool = False) -> Iterator[Path]:
    """The package folders of a prefix: of the version that the interpreter's name tells, else the newest;
    those of the base environment too where a virtual environment includes them."""
    found = [folder for layout in _LAYOUTS for folder in prefix.glob(layout) if folder.is_dir()]
    versions = {_version_of(folder) for folder in found}
    named = re.fullmatch(r"python3\.(\d+).*", interpreter)
    wanted = int(named[1]) if named and int(named[1]) in versions else max(versions, default=0)
    yield from (folder for folder in found if _version_of(folder) in (wanted, 0))
    settings = prefix / "pyvenv.cfg"
    if settings.is_file() and not is_base:
        try:
            text = read_bounded(settings, CONFIGURATION).decode("utf-8", "replace")
        except OSError:
            return
        pairs = (line.partition("=") for line in text.splitlines())
        values = {key.strip().lower(): value.strip() for key, _, value in pairs}
        if values.get("include-system-site-packages", "").lower() == "true" and values.get("home"):
            yield from _below(Path(values["home"]).parent, interpreter, is_base=True)


def _version_of(folder: Path) -> int:
    """The minor version in `lib/python3.12/site-packages`; 0 where the path tells none."""
    match = re.fullmatch(r"python3\.(\d+)t?", folder.parent.name)
    return int(match[1]) if match else 0


def _with_paths_of(folder: Path) -> Iterator[str]:
    """The folder, and those that its `.pth` files name; their `import` lines are left alone."""
    yield os.path.abspath(folder)
    for file in sorted(folder.glob("*.pth")):
        try:
            lines = read_bounded(file, CONFIGURATION).decode("utf-8", "replace").splitlines()
        except OSError:
            continue
        for line in map(str.strip, lines):
            if line and not line.startswith(("#", "import ", "import\t")):
                path = os.path.abspath(os.path.join(folder, line))
                if os.path.isdir(path):
                    yield path


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


def distribution_versions(folders: tuple[str, ...], tops: Iterable[str]) -> dict[str, str]:
    """For each top-level import name the name and version of the distribution that brings it."""
    wanted, found = set(tops), {}
    for distribution in _distributions(folders):
        for top in _stated_tops(distribution) or _tops_by_files(distribution):
            if top in wanted and top not in found:
                metadata = distribution.metadata
                if "Name" in metadata and "Version" in metadata:
                    found[top] = f"{metadata['Name']} {metadata['Version']}"
    return found
