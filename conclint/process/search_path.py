"""Where modules are imported from: never from the project that is analysed.

Python puts the working folder first (`python -m`, `python -c`), `PYTHONPATH` may name folders of the project,
and so may an editable installation of it. Of these, none must be there when something is imported: a
`struct.py` or `libcst.py` of the project's would be executed.
"""

from __future__ import annotations

import os
import sys

_CONFIGURATIONS = (".conclint.toml", "conclint.toml", "pyproject.toml", "setup.cfg", "setup.py")

TYPE_CHECKING = False
if TYPE_CHECKING:  # as `typing` has it: this is imported before anything else
    from collections.abc import Iterable, Iterator


def outside(folders: Iterable[str]) -> list[str]:
    """The entries of `sys.path` but those that lie in the project of one of the folders, or that it lies in.

    What Python and its packages were installed to stays, and where conclint itself comes from, even where
    that is in the project: an environment beside the sources, or a clone of conclint.
    """
    projects = set(_real(folders))
    # A file system's root holds all that there is: what lies below it isn't the project's for that.
    wide = {project for project in projects if os.path.dirname(project) == project}
    kept: list[str] = []
    installed = set(_installed())
    are_real = False
    roots: set[str] | None = None  # not looked for unless there is a doubtful entry
    for entry in sys.path:
        if not isinstance(entry, str) or not os.path.isabs(entry):
            continue  # wherever this process happens to be
        if entry in installed:  # as nearly all are
            kept.append(entry)
            continue
        if not are_real:
            installed |= set(map(os.path.realpath, installed))
            are_real = True
        real = os.path.realpath(entry)
        if real not in installed:
            if roots is None:
                roots = projects | set(map(_project_root, projects - wide))
            if real in roots or any(_holds(real, root) or _holds(root, real) for root in roots - wide):
                continue
        kept.append(entry)
    return kept


def _real(folders: Iterable[str]) -> Iterator[str]:
    for folder in folders:
        try:
            yield os.path.realpath(folder)
        except (OSError, ValueError):
            continue  # relative to a working folder that is gone: nothing is imported from there


left_out: list[str] = []
"""What was on the search path of this process, and is no more."""


def _project_root(folder: str) -> str:
    """The repository that the folder is in, else the nearest folder that is configured, else the folder."""
    configured = None
    above = folder
    while True:
        if any(os.path.exists(os.path.join(above, name)) for name in (".git", ".hg")):
            return above
        if configured is None and any(os.path.exists(os.path.join(above, name)) for name in _CONFIGURATIONS):
            configured = above
        below, above = above, os.path.dirname(above)
        if above in (below, os.path.dirname(above)):  # what lies in the root is no one project
            return configured or folder


def keep_out(*folders: str) -> None:
    """Takes what belongs to these folders off `sys.path`, for good: for a process of our own."""
    kept = outside(folders)
    left_out.extend(entry for entry in sys.path if entry not in kept)
    sys.path[:] = kept


class importing_from:  # noqa: N801 (a context manager that needs no `contextlib`)
    """Has modules imported from these folders for a while, in a process that is another's."""

    def __init__(self, path: list[str]) -> None:
        self._path = path

    def __enter__(self) -> None:
        self._before, sys.path = sys.path, self._path

    def __exit__(self, *failure: object) -> None:
        sys.path = self._before


def working_folder() -> str:
    """The working folder; empty where it has been removed."""
    try:
        return os.getcwd()
    except OSError:
        return ""


def asked_folders(arguments: Iterable[str]) -> set[str]:
    """The folders that a command line may be about; a word that is none does no harm."""
    sources = (".py", ".pyi", ".ipynb")
    words = [word.partition("=")[2] if word[:1] == "-" else word for word in arguments]
    words = [word for word in words if word]
    return {(os.path.dirname(word) or ".") if word.endswith(sources) else word for word in words}


def _holds(folder: str, path: str) -> bool:
    return path.startswith(folder if folder.endswith(os.sep) else folder + os.sep)


def _installed() -> Iterator[str]:
    library = os.path.dirname(os.__file__)
    yield library
    yield os.path.join(library, "lib-dynload")
    yield os.path.join(os.path.dirname(library), f"python{sys.version_info[0]}{sys.version_info[1]}.zip")
    yield os.path.join(sys.base_prefix, "DLLs")  # Windows
    yield os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    site = sys.modules.get("site")
    if site is not None:
        yield from site.getsitepackages()
        if site.ENABLE_USER_SITE and site.USER_SITE:
            yield site.USER_SITE
