"""Which environment holds the packages that a project uses, and where it keeps them.

Nothing is run: the folders are found as an interpreter lays them out, so that an environment of another
Python, or a broken one, can be looked into too.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final, NamedTuple

from conclint.files.bounded_file import read_bounded

_ENVIRONMENTS: Final = (".venv", "venv")
_LAYOUTS: Final = (
    ("lib", "python3*", "site-packages"),
    ("lib64", "python3*", "site-packages"),
    ("Lib", "site-packages"),  # Windows
    ("lib", "python3*", "dist-packages"),
    ("lib", "python3", "dist-packages"),
)
_PACKAGE_FOLDERS: Final = ("site-packages", "dist-packages")
_SETTINGS: Final = "pyvenv.cfg"
OWN: Final = sys.prefix
_SMALL: Final = 1 << 20
"""Bytes at most of a file that says where packages are."""


class NoPackagesError(Exception):
    """There is no folder of installed packages, or a wanted one is not in it. The text is one line."""


class Environment(NamedTuple):
    """Installed packages: the folders that hold them, in the order in which imports try them; the prefix that
    they belong to; and what led there, in words."""

    folders: tuple[str, ...]
    prefix: str
    origin: str

    @property
    def in_words(self) -> str:
        """Where it is, and why that one."""
        return f"{self.prefix} ({self.origin})"


class Search(NamedTuple):
    """What a search found, and what it hung on: folders that were listed, and paths that led nowhere.

    Of the environment that was found these are the folders of its packages, and those around them, in which
    packages for another version may appear.
    """

    environment: Environment | None
    listed: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


def find_environment(python: Path | None, root: Path, variables: Mapping[str, str] = os.environ) -> Search:
    """The environment of the project in `root`.

    `python` is an interpreter, an environment's folder or a folder of packages. Without it: the active
    virtual environment, then `.venv` or `venv` in `root`, then an active conda environment, then the one that
    conclint runs in, if the project is installed there. Raises NoPackagesError where `python` leads
    to none.
    """
    if python is not None:
        folders = folders_of(python, with_paths=True)
        if not folders:
            raise NoPackagesError(f"no installed packages belong to {python}")
        return Search(Environment(folders, str(python), "python"))
    candidates = [("VIRTUAL_ENV", variables.get("VIRTUAL_ENV"))]
    candidates += [(name, str(root / name)) for name in _ENVIRONMENTS]
    candidates.append(("CONDA_PREFIX", variables.get("CONDA_PREFIX")))
    listed: list[str] = []
    absent: list[str] = []
    for origin, prefix in candidates:
        if not prefix or "\0" in prefix:
            continue
        if not os.path.isdir(prefix):
            absent.append(prefix)
            continue
        folders = folders_of(Path(prefix))
        if folders:
            listed += dict.fromkeys(os.path.dirname(os.path.dirname(folder)) for folder in folders)
            listed += folders
            return Search(Environment(folders, prefix, origin), tuple(listed), tuple(absent))
        listed.append(prefix)
    folders = folders_of(Path(OWN))
    listed += folders
    if any(_holds_project(folder, os.path.realpath(root)) for folder in folders):
        return Search(Environment(folders, OWN, "conclint's own"), tuple(listed), tuple(absent))
    return Search(None, tuple(listed), tuple(absent))


def folders_of(python: Path, *, with_paths: bool = False) -> tuple[str, ...]:
    """The folders of packages that belong to an interpreter, an environment or a folder of packages; and
    those that their `.pth` files name where the user has named the environment."""
    try:
        found = list(_folders_of(python))
    except (OSError, ValueError):
        return ()
    if with_paths:
        found = [path for folder in found for path in (folder, *_paths_named_in(folder))]
    return tuple({os.path.realpath(path): os.path.abspath(path) for path in reversed(found)}.values())[::-1]


def _folders_of(python: Path) -> list[str]:
    if python.name in _PACKAGE_FOLDERS and python.is_dir():
        return [str(python)]
    if python.is_dir():
        prefixes = [python]
    elif python.exists():
        prefixes = [python.parent.parent, python.resolve().parent.parent]
    else:
        return []
    return next((folders for prefix in prefixes if (folders := list(_below(prefix, python.name)))), [])


def _below(prefix: Path, interpreter: str, *, is_base: bool = False) -> Iterator[str]:
    """The package folders of a prefix: of the version that the interpreter's name tells, else the newest;
    those of the base environment too where a virtual environment includes them."""
    found = [folder for layout in _LAYOUTS for folder in _matching(str(prefix), layout)]
    versions = {_version_of(folder) for folder in found}
    named = re.fullmatch(r"python3\.([0-9]{1,3}).*", interpreter)
    wanted = int(named[1]) if named and int(named[1]) in versions else max(versions, default=0)
    yield from (folder for folder in found if _version_of(folder) in (wanted, 0))
    if is_base:
        return
    values = _settings_of(prefix)
    if values.get("include-system-site-packages", "").lower() == "true" and values.get("home"):
        yield from _below(Path(values["home"]).parent, interpreter, is_base=True)


def _matching(folder: str, layout: tuple[str, ...]) -> list[str]:
    """The folders below one whose names match, part by part."""
    if not layout:
        return [folder]
    pattern, *rest = layout
    if "*" not in pattern:
        below = os.path.join(folder, pattern)
        return _matching(below, tuple(rest)) if os.path.isdir(below) else []
    try:
        names = sorted(name for name in os.listdir(folder) if fnmatchcase(name, pattern))
    except OSError:
        return []
    return [found for name in names for found in _matching(os.path.join(folder, name), tuple(rest))]


def _settings_of(prefix: Path) -> dict[str, str]:
    try:
        text = read_bounded(prefix / _SETTINGS, _SMALL).decode("utf-8", "replace")
    except (OSError, ValueError):
        return {}
    pairs = (line.partition("=") for line in text.splitlines() if "\0" not in line)
    return {key.strip().lower(): value.strip() for key, _, value in pairs}


def _version_of(folder: str) -> int:
    """The minor version in `lib/python3.12/site-packages`; 0 where the path tells none."""
    match = re.fullmatch(r"python3\.([0-9]{1,3})t?", os.path.basename(os.path.dirname(folder)))
    return int(match[1]) if match else 0


def _paths_named_in(folder: str) -> Iterator[str]:
    """The folders that the `.pth` files in a folder name; their `import` lines are left alone."""
    for file in sorted(Path(folder).glob("*.pth")):
        for path in _lines_of(folder, file):
            if os.path.isdir(path):
                yield path


def _lines_of(folder: str, file: Path) -> Iterator[str]:
    try:
        lines = read_bounded(file, _SMALL).decode("utf-8", "replace").splitlines()
    except OSError:
        return
    for line in map(str.strip, lines):
        if line and "\0" not in line and not line.startswith(("#", "import ", "import\t")):
            yield os.path.abspath(os.path.join(folder, line))


def _holds_project(folder: str, root: str) -> bool:
    """Whether the project in `root` is one of the packages of a folder: installed from there, or as a link to
    its sources."""
    try:
        names = os.listdir(folder)
    except OSError:
        return False
    for name in names:
        file = Path(folder, name)
        if name.endswith(".dist-info"):
            if _origin_of(file) == root:
                return True
        elif name.endswith((".pth", ".egg-link")):
            sources = (root, os.path.join(root, "src"))
            if any(os.path.realpath(path) in sources for path in _lines_of(folder, file)):
                return True
    return False


def _origin_of(metadata: Path) -> str:
    """The folder from which a distribution was installed; empty where it came from elsewhere."""
    import json
    from urllib.parse import unquote, urlsplit

    try:
        stated = json.loads(read_bounded(metadata / "direct_url.json", _SMALL))
        url = urlsplit(stated["url"])
    except (OSError, ValueError, RecursionError, TypeError, KeyError, AttributeError):
        return ""
    return os.path.realpath(unquote(url.path)) if url.scheme == "file" else ""
