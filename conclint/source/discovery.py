"""Discovery: from the paths a user gave to the files to analyse.

Paths are strings here, not `pathlib.Path`: a project of ten thousand files is listed in a fraction of a
second only without an object for every step.
"""

from __future__ import annotations

import heapq
import os
import stat
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from conclint.config.settings import CONFIG_FILES, Config
from conclint.files.parents import with_parents
from conclint.replay import RACY_NS, UNLISTED
from conclint.replay import with_parents as all_above
from conclint.source.ignore import Patterns, read_ignore_file

SUFFIXES: Final = (".py", ".ipynb")
"""What a folder stands for; other files are analysed when they are named."""

ALWAYS_EXCLUDED: Final = UNLISTED
"""Folders that hold no source of anybody's; never entered, whatever `exclude` says."""

DEFAULT_EXCLUDES: Final = ALWAYS_EXCLUDED | {
    ".direnv",
    ".eggs",
    ".ipynb_checkpoints",
    ".mypy_cache",
    ".nox",
    ".pyenv",
    ".pytest_cache",
    ".pytype",
    ".ruff_cache",
    ".tox",
    ".venv",
    ".vscode",
    "__pypackages__",
    "build",
    "dist",
    "env",
    "node_modules",
    "site-packages",
    "venv",
}
"""Names of folders that are not entered unless `exclude` is set (then its patterns stand instead)."""

_MAY_BE_PACKAGES: Final = frozenset({"build", "dist", "env", "venv"})
"""Of these, a folder with an `__init__.py` is a package of the project (as in pip and in the standard
library), not a product or an environment."""

_CONFIG_FILES: Final = frozenset(CONFIG_FILES)
_ENVIRONMENT_MARKS: Final = frozenset({"pyvenv.cfg", "conda-meta"})


_STUB: Final = ".pyi"
"""Declarations: nothing in them runs."""
_OTHER_LANGUAGES: Final = (
    ".c", ".cfg", ".cpp", ".css", ".csv", ".go", ".h", ".html", ".ini", ".java", ".js", ".json", ".lock",
    ".md", ".pdf", ".png", ".rb", ".rs", ".rst", ".sh", ".so", ".sql", ".svg", ".toml", ".ts", ".txt", ".whl",
    ".xml", ".yaml", ".yml", ".zip",
)  # fmt: skip
"""Endings of what is no Python, whoever names it; files with any other are believed to be."""


class Source(NamedTuple):
    """One file to analyse. `path` is absolute, `shown` is how it is reported, `data` is the text where it
    was given (standard input) instead of the file on disk."""

    path: str
    shown: str
    data: bytes | None = None


class Walked(NamedTuple):
    """What a discovery hung on: folders that were listed, each with its names where these tell more than its
    times do (`None` where they don't); ignore files that were read; paths that led nowhere. `configured`:
    the folders that have a configuration file, those above files that were named among them."""

    folders: Mapping[str, tuple[str, ...] | None]
    ignore_files: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    configured: tuple[str, ...] = ()


class Discovery(NamedTuple):
    """Sources ordered by path, each file once; problems are (shown path, what is wrong), in order. `led_out`
    are the links, as they are shown, that were passed over since they lead out of the project."""

    sources: tuple[Source, ...]
    problems: tuple[tuple[str, str], ...]
    walked: Walked = Walked({})
    led_out: tuple[str, ...] = ()


def discover_files(paths: Sequence[str], config: Config, cwd: str | os.PathLike[str]) -> Discovery:
    """The files that the paths stand for, the same whatever the order of the paths.

    A folder stands for the `*.py` files and notebooks below it, except what .gitignore files (up to the
    repository's root), the configuration, and the built-in list leave out. A symbolic link met on the way
    is followed if it leads to something in the project (or in the given folder, where that lies outside of
    the project) to which no other way has led; one that leads elsewhere is passed over. A path given by name
    is analysed even if it would be left out, unless `config.force_exclude`. Whether the files can be read is
    not tried here; folders that can't be are problems.
    """
    walk = _Walk(config, os.path.abspath(cwd))
    for path in sorted(set(paths)):
        walk.add(path)
    walk.run()
    return walk.result()


def project_files(config: Config) -> tuple[Source, ...]:
    """All files of the project, whatever was asked for; none where nothing says which folder that is."""
    if not config.is_project:
        return ()
    return discover_files([str(config.root)], config, config.cwd).sources


_HOLDS_S: Final = 1.0
_listed: dict[tuple[object, ...], tuple[float, tuple[Source, ...]]] = {}


def project_files_lately(config: Config) -> tuple[Source, ...]:
    """The same, as it was at most a second ago: flake8 hands over one file after another, and to list a large
    project for each takes longer than to look at the file."""
    asked = (
        config.root,
        config.cwd,
        config.is_project,
        config.exclude,
        config.extend_exclude,
        config.cache_dir,
    )
    now = time.monotonic()
    when, sources = _listed.get(asked, (float("-inf"), ()))
    if now - when >= _HOLDS_S:
        sources = project_files(config)
        _listed.clear()
        _listed[asked] = (time.monotonic(), sources)
    return sources


def source_of_text(
    data: bytes, name: str | None, config: Config, cwd: str | os.PathLike[str]
) -> Source | None:
    """The source for text from standard input that stands for the file `name`; None if that file is left
    out and `config.force_exclude` says that this counts."""
    folder = os.path.abspath(cwd)
    if name is None:
        return Source(os.path.join(folder, "-"), "-", data)
    path = os.path.abspath(os.path.join(folder, name))
    if config.force_exclude and _Walk(config, folder).excludes(path):
        return None
    return Source(path, shown_path(path, folder), data)


def shown_path(path: str, cwd: str) -> str:
    """How an absolute path is reported: relative to `cwd` where it lies below it, with forward slashes."""
    base = cwd if cwd.endswith(os.sep) else cwd + os.sep
    shown = path[len(base) :] if path.startswith(base) else path
    return shown if os.sep == "/" else shown.replace(os.sep, "/")


_Levels = tuple[Patterns, ...]
"""The ignore files that apply in a folder, outermost first."""


class _Start(NamedTuple):
    """A folder to list, the ignore files above it, and the folders out of which no link in it may lead."""

    folder: str
    levels: _Levels
    bounds: tuple[str, ...]


class _Walk:
    """One discovery under way. Folders reached without symbolic links come first, then the links in order
    of their paths, so that which of two ways to a folder counts doesn't hang on the order of arguments."""

    def __init__(self, config: Config, cwd: str) -> None:
        self._cwd = cwd
        self._root = os.fspath(config.root)
        self._force = config.force_exclude
        self._names = DEFAULT_EXCLUDES if config.exclude is None else ALWAYS_EXCLUDED
        patterns = (*(config.exclude or ()), *config.extend_exclude)
        self._exclude = Patterns(self._root, patterns) if patterns else None
        self._loose = [pattern for pattern in patterns if "/" not in pattern.rstrip("/")]
        self._cache_dir = os.fspath(config.cache_dir)
        self._cache_parent = os.path.dirname(self._cache_dir)
        self._real_root = os.path.realpath(self._root)
        self._folders: list[_Start] = []
        self._links: list[str] = []
        self._behind: dict[str, _Start] = {}
        self._led_out: set[str] = set()
        self._visited: set[tuple[int, int]] = set()
        self._files: set[str] = set()
        self._linked_files: set[str] = set()
        self._problems: set[tuple[str, str]] = set()
        self._settled_ns = time.time_ns() - RACY_NS
        self._listed: dict[str, tuple[str, ...] | None] = {}
        self._ignore_files: list[str] = []
        self._configured: list[str] = []
        self._absent: list[str] = []

    def add(self, given: str) -> None:
        """Takes a path that the user gave."""
        path = os.path.abspath(os.path.join(self._cwd, given))
        try:
            mode = os.stat(os.path.join(self._cwd, given)).st_mode if given else 0
        except (OSError, ValueError) as error:
            self._problem(path, error)
            return
        if not given:
            self._problems.add(("", "an empty path names no file"))
        elif stat.S_ISDIR(mode):
            levels, excluded = self._levels_above(path)
            if excluded and self._force:
                return
            real = os.path.realpath(path)
            bounds = (self._real_root,) if is_below(real, self._real_root) else (self._real_root, real)
            start = _Start(path, levels, bounds)
            if os.path.islink(path):
                self._follow(start)
            else:
                self._folders.append(start)
        elif not stat.S_ISREG(mode):
            self._problems.add((shown_path(path, self._cwd), "not a regular file (`-` reads standard input)"))
        elif self._force and self.excludes(path):
            return
        elif path.lower().endswith(_OTHER_LANGUAGES):
            self._problems.add((shown_path(path, self._cwd), "not a Python file, by its name"))
        elif not path.endswith(_STUB):
            (self._linked_files if os.path.islink(path) else self._files).add(path)

    def run(self) -> None:
        """Lists everything below the folders taken."""
        for start in self._folders:
            self._list_below(start)
        while self._links:
            self._list_below(self._behind[heapq.heappop(self._links)])

    def result(self) -> Discovery:
        """What was found."""
        self._take_linked_files()
        sources = tuple(Source(path, shown_path(path, self._cwd)) for path in sorted(self._files))
        unlisted = (path for path in self._files if os.path.dirname(path) not in self._listed)
        configured = sorted({*self._configured, *_configured_above(unlisted, self._root)})
        walked = Walked(self._listed, tuple(self._ignore_files), tuple(self._absent), tuple(configured))
        led_out = self._led_out - self._behind.keys() - self._files  # but for those named, too
        shown = sorted(shown_path(path, self._cwd) for path in led_out)
        return Discovery(sources, tuple(sorted(self._problems)), walked, tuple(shown))

    def _take_linked_files(self) -> None:
        """Takes each file that only links lead to once."""
        if not self._linked_files:
            return
        folders = {folder: os.path.realpath(folder) for folder in set(map(os.path.dirname, self._files))}
        known = {os.path.join(folders[os.path.dirname(path)], os.path.basename(path)) for path in self._files}
        for path in sorted(self._linked_files):
            real = os.path.realpath(path)
            if real not in known:
                known.add(real)
                self._files.add(path)

    def _follow(self, start: _Start) -> None:
        if start.folder not in self._behind:
            self._behind[start.folder] = start
            heapq.heappush(self._links, start.folder)

    def excludes(self, path: str) -> bool:
        """Whether a walk from above would leave the file out."""
        folder, name = os.path.split(path)
        levels, excluded = self._levels_above(folder)
        if excluded or self._is_environment(folder):
            return True
        ignore = read_ignore_file(os.path.join(folder, ".gitignore"), folder)
        levels = (*levels, ignore) if ignore else levels
        return self._leaves_out(path, name, levels, folder=False)

    def _levels_above(self, path: str) -> tuple[_Levels, bool]:
        """The ignore files above a folder given by name, and whether they or the configuration leave the
        folder out. If so they aren't asked about its contents: they would leave out everything."""
        top = _repository(path) or (self._root if is_below(path, self._root) else path)
        levels: _Levels = ()
        exclude = read_ignore_file(os.path.join(top, ".git", "info", "exclude"), top)
        if exclude is not None:
            levels = (exclude,)
        excluded = False
        folder = top
        for name in os.path.relpath(path, top).split(os.sep) if path != top else ():
            ignore = read_ignore_file(os.path.join(folder, ".gitignore"), folder)
            if ignore is not None:
                levels = (*levels, ignore)
            folder = os.path.join(folder, name)
            if self._leaves_out(folder, name, levels, folder=True) or self._is_environment(folder):
                excluded = True
                levels = ()
        return levels, excluded

    def _list_below(self, start: _Start) -> None:
        given = start.folder
        pending = [(given, start.levels)]
        files = self._files
        while pending:
            folder, levels = pending.pop()
            try:
                identity = os.stat(folder)
                with os.scandir(folder) as scan:
                    entries = list(scan)
            except OSError as error:
                self._problem(folder, error)
                continue
            names = {entry.name for entry in entries}
            # The cache is about to be written, which may change the times of the folder that holds it.
            young = max(identity.st_mtime_ns, identity.st_ctime_ns) >= self._settled_ns
            keeps_names = young or folder == self._cache_parent
            self._listed[folder] = tuple(sorted(names - UNLISTED)) if keeps_names else None
            if folder != given:
                if not _ENVIRONMENT_MARKS.isdisjoint(names):
                    continue
                if ".git" in names:
                    # Another repository (a submodule): what the outer one ignores says nothing about it.
                    levels = ()
            key = (identity.st_dev, identity.st_ino)
            if key in self._visited:
                continue
            self._visited.add(key)
            if not _CONFIG_FILES.isdisjoint(names):
                self._configured.append(folder)
            if ".gitignore" in names:
                file = os.path.join(folder, ".gitignore")
                self._ignore_files.append(file)
                ignore = read_ignore_file(file, folder)
                levels = (*levels, ignore) if ignore else levels
            if levels or self._exclude is not None:
                for entry in entries:
                    self._take(entry, levels, pending, start.bounds)
                continue
            for entry in entries:
                # Most files of a big project come by here, where no pattern can leave them out.
                if entry.name.endswith(SUFFIXES) and entry.is_file(follow_symlinks=False):
                    files.add(entry.path)
                else:
                    self._take(entry, levels, pending, start.bounds)

    def _take(
        self,
        entry: os.DirEntry[str],
        levels: _Levels,
        pending: list[tuple[str, _Levels]],
        bounds: tuple[str, ...],
    ) -> None:
        name = entry.name
        if entry.is_dir(follow_symlinks=False):
            if not self._leaves_out(entry.path, name, levels, folder=True):
                pending.append((entry.path, levels))
        elif entry.is_symlink():
            self._take_link(entry, levels, bounds)
        elif (
            name.endswith(SUFFIXES)
            and entry.is_file(follow_symlinks=False)
            and not self._leaves_out(entry.path, name, levels, folder=False)
        ):
            self._files.add(entry.path)

    def _take_link(self, entry: os.DirEntry[str], levels: _Levels, bounds: tuple[str, ...]) -> None:
        real = os.path.realpath(entry.path)
        leads_out = not any(is_below(real, bound) for bound in bounds)
        try:
            mode = os.stat(entry.path).st_mode
        except OSError as error:
            # Emacs marks a file under edit with a link `.#name.py` to nowhere.
            if entry.name.endswith(SUFFIXES) and not entry.name.startswith(".#") and not leads_out:
                self._problem(entry.path, error)
            self._absent.append(entry.path)
            return
        is_folder = stat.S_ISDIR(mode)
        if not is_folder and not (stat.S_ISREG(mode) and entry.name.endswith(SUFFIXES)):
            return
        if self._leaves_out(entry.path, entry.name, levels, folder=is_folder):
            return
        if leads_out:
            self._led_out.add(entry.path)
        elif is_folder:
            self._follow(_Start(entry.path, levels, bounds))
        else:
            self._linked_files.add(entry.path)

    def _leaves_out(self, path: str, name: str, levels: _Levels, *, folder: bool) -> bool:
        if folder:
            if name in self._names:
                init = os.path.join(path, "__init__.py")
                if name not in _MAY_BE_PACKAGES or not os.path.exists(init):
                    self._absent.append(init)
                    return True
            if path == self._cache_dir:
                return True
        if self._exclude is not None:
            patterns = self._exclude
            if not patterns.covers(path):
                patterns = Patterns(os.path.dirname(path), self._loose)
            if patterns.decide(path, name, folder=folder):
                return True
        for level in reversed(levels):
            decided = level.decide(path, name, folder=folder)
            if decided is not None:
                return decided
        return False

    def _is_environment(self, folder: str) -> bool:
        """Whether the folder holds an installed Python; the root of a project is a project, whatever else."""
        return folder != self._root and any(
            os.path.exists(os.path.join(folder, mark)) for mark in _ENVIRONMENT_MARKS
        )

    def _problem(self, path: str, error: OSError | ValueError) -> None:
        message = (isinstance(error, OSError) and error.strerror) or str(error)
        self._problems.add((shown_path(path, self._cwd), message[:1].lower() + message[1:]))


def _repository(folder: str) -> str | None:
    """The root of the Git repository that holds the folder."""
    return next(
        (above for above in with_parents(folder) if os.path.exists(os.path.join(above, ".git"))), None
    )


def _configured_above(paths: Iterable[str], root: str) -> Iterator[str]:
    """The folders of these files, and those between them and the root, that have a configuration file."""
    for folder in all_above(map(os.path.dirname, paths)):
        is_within = folder != root and is_below(folder, root)
        if is_within and any(os.path.exists(os.path.join(folder, name)) for name in CONFIG_FILES):
            yield folder


def is_below(path: str, folder: str) -> bool:
    """Whether the path is the folder, or lies below it."""
    return path == folder or path.startswith(folder if folder.endswith(os.sep) else folder + os.sep)
