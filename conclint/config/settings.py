"""The configuration of a run: what the configuration file says, then what the command's options say.

It is looked for upwards from the folder that all given paths have in common, so that the order of the paths
changes nothing. Configurations further down decide what is reported of the files below them (see
`conclint.config.nested`); all else has one answer for a whole run.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import Enum
from pathlib import Path
from typing import Any, Final

from conclint.config.allowances import Allowance
from conclint.config.file import (
    ConfigError,
    Table,
    UnreadableConfigError,
    check_codes,
    read_project,
    read_table,
)
from conclint.config.keys import FOLLOW_ALL
from conclint.config.metadata import required_by_metadata
from conclint.files.bounded_file import SOURCE
from conclint.files.own_folder import NotOwnError, check_folder, check_place
from conclint.files.sealing import NoKeyError, given_key
from conclint.model.context import Context
from conclint.model.execution import Confidence
from conclint.model.runtime import Gil, Runtime
from conclint.model.severity import Severity
from conclint.replay import FOLDER_NAME

__all__ = ["Affects", "Config", "ConfigError", "load_config"]

CONFIG_FILES: Final = (".conclint.toml", "conclint.toml", "pyproject.toml")
"""File names that may hold a configuration; within one folder the first with one wins."""

_OPTIONS_THAT_ADD: Final = frozenset({"ignore", "extend_select", "extend_exclude"})

RUNNING_PYTHON: Final = (sys.version_info[0], sys.version_info[1])

ROOT_MARKERS: Final = ("pyproject.toml", "setup.cfg", "setup.py", ".git", ".hg")


class Affects(Enum):
    """What the value of a field of `Config` can change: what is found, which of it is reported, or neither
    (where it changes which files are looked at, or which facts are known, these stand for it)."""

    FINDINGS = "findings"
    REPORT = "report"
    NOTHING = "nothing"


_FINDINGS: Final = {"affects": Affects.FINDINGS}
_REPORT: Final = {"affects": Affects.REPORT}
_NOTHING: Final = {"affects": Affects.NOTHING}


@dataclass(frozen=True, slots=True)
class Nested:
    """What the configuration of a folder within the project says: the values of the fields of `Config` that
    the nearest one decides, the file they are from, the folder to which their patterns are relative.
    `has_version`: the target version is stated, by that file or an option."""

    folder: Path
    root: Path
    file: Path | None
    levels: tuple[tuple[str, Any], ...]
    has_version: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What a configuration was made from, beside the file: the command's own options, whether it named the
    file, and whether it or the file states a target version."""

    options: Mapping[str, Any] = field(default_factory=dict)
    is_file_given: bool = False
    has_version: bool = False


@dataclass(frozen=True, slots=True)
class Config:
    """What a run was asked to do. Paths are absolute; patterns are .gitignore patterns, relative to `root`.

    `is_project` is whether anything says that `root` is one: if not, only files that are asked for, or
    imported, are looked at. An empty `select` means the rules that are on by default. `exclude` None means
    the built-in list (see `conclint.source.discovery`). `max_file_size` is in MB. `jobs` 0 means as many
    workers as pay; `executor` is the host and port of a Dask scheduler whose workers parse instead. `catalog`
    and `catalog_files` are the user's own facts, not checked yet (see `conclint.catalog.user_facts`).
    `follow` names the installed packages into which chains go on ("installed": all, the sure chains alone),
    `python` is the interpreter or environment that has them; None for the one that is found. `baseline` is
    the file of findings that are known. `nested` are the configurations of folders below `root`, outermost
    first, `unread` says which of them can't be read, and `asked` is what all are made from. Below
    `cache_within` no link leads to the cache; `no_cache_because` is why the cache that was asked for is not
    used.

    Each field says what its value can change, so that no cache forgets one.
    """

    root: Path = field(metadata=_FINDINGS)
    cwd: Path = field(metadata=_FINDINGS)
    is_project: bool = field(default=True, metadata=_FINDINGS)
    file: Path | None = field(default=None, metadata=_NOTHING)
    select: tuple[str, ...] = field(default=(), metadata=_FINDINGS)
    ignore: tuple[str, ...] = field(default=(), metadata=_FINDINGS)
    extend_select: tuple[str, ...] = field(default=(), metadata=_FINDINGS)
    exclude: tuple[str, ...] | None = field(default=None, metadata=_NOTHING)
    extend_exclude: tuple[str, ...] = field(default=(), metadata=_NOTHING)
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = field(default=(), metadata=_REPORT)
    target_version: tuple[int, int] = field(default=RUNNING_PYTHON, metadata=_FINDINGS)
    gil: Gil = field(default=Gil.ENABLED, metadata=_FINDINGS)
    min_confidence: Confidence = field(default=Confidence.MEDIUM, metadata=_FINDINGS)
    min_severity: Severity = field(default=Severity.WARNING, metadata=_REPORT)
    contexts: tuple[tuple[str, Context], ...] = field(default=(), metadata=_REPORT)
    lift_contexts: bool = field(default=False, metadata=_REPORT)
    allow: tuple[Allowance, ...] = field(default=(), metadata=_REPORT)
    src: tuple[Path, ...] = field(default=(), metadata=_FINDINGS)
    cache_dir: Path = field(default_factory=Path, metadata=_NOTHING)
    cache_within: Path | None = field(default=None, metadata=_NOTHING)
    use_cache: bool = field(default=True, metadata=_NOTHING)
    no_cache_because: str | None = field(default=None, metadata=_NOTHING)
    max_file_size: int = field(default=SOURCE >> 20, metadata=_FINDINGS)
    jobs: int = field(default=0, metadata=_NOTHING)
    executor: str | None = field(default=None, metadata=_NOTHING)
    force_exclude: bool = field(default=False, metadata=_NOTHING)
    respect_async_noqa: bool = field(default=True, metadata=_REPORT)
    warn_unused_ignores: bool = field(default=False, metadata=_REPORT)
    follow: tuple[str, ...] = field(default=(FOLLOW_ALL,), metadata=_FINDINGS)
    python: Path | None = field(default=None, metadata=_NOTHING)
    baseline: Path | None = field(default=None, metadata=_NOTHING)
    catalog: Mapping[str, Any] = field(default_factory=dict, metadata=_NOTHING)
    catalog_files: tuple[Path, ...] = field(default=(), metadata=_NOTHING)
    nested: tuple[Nested, ...] = field(default=(), metadata=_FINDINGS)
    unread: tuple[str, ...] = field(default=(), metadata=_NOTHING)
    asked: Asked = field(default=Asked(), compare=False, metadata=_NOTHING)

    @property
    def runtime(self) -> Runtime:
        """The Python that the analysed code runs on."""
        return Runtime(self.target_version, self.gil)

    def affecting(self, *what: Affects) -> tuple[tuple[str, Any], ...]:
        """The fields that can change this, with their values."""
        return tuple(
            (item.name, getattr(self, item.name)) for item in fields(self) if item.metadata["affects"] in what
        )


def load_config(
    paths: Sequence[str] = (),
    *,
    cwd: Path | None = None,
    file: str | None = None,
    options: Mapping[str, Any] | None = None,
    known_codes: Collection[str] = (),
) -> Config:
    """The configuration for a run on `paths`.

    `file` names the configuration file to use instead of looking for one. `options` are the command's
    own, by the names of `Config`'s fields; None means not given. As in ruff, `select` given there puts
    aside what the file selects and ignores, while `ignore`, `extend_select` and `extend_exclude` add to
    the file's. With `known_codes`, codes that no rule begins with are errors.

    Raises ConfigError, the text of which names the file, the line where it is known, and the key.
    """
    cwd = Path(os.path.abspath(cwd or Path.cwd()))
    given = {name: value for name, value in (options or {}).items() if value is not None}
    start = _common_folder(paths, cwd)
    table = _find_table(start) if file is None else _given_table(file, cwd)
    root = _root(start, cwd, table, given=file is not None)
    from_file = table.values if table is not None else {}
    if table is not None and known_codes:
        check_codes(table, known_codes)
    merged = merge_options(from_file, _options_below_root(given, cwd, root))
    has_version = bool(merged.get("target_version"))
    merged["target_version"] = merged.get("target_version") or required_python(start) or RUNNING_PYTHON
    src = merged.pop("src", None) or (".", "src")
    catalog_files = merged.pop("catalog_files", ())
    asked = merged.pop("cache_dir", None)
    python = merged.pop("python", None)
    if python is not None:
        python = Path(os.path.abspath((cwd if "python" in given else root) / _at_home(python)))
    baseline = merged.pop("baseline", None)
    if baseline is not None:
        baseline = Path(os.path.abspath((cwd if "baseline" in given else root) / str(baseline)))
    base = cwd if "cache_dir" in given else root
    cache_dir = Path(os.path.abspath(root / FOLDER_NAME if asked is None else base / str(asked)))
    within = root if asked is None or os.path.isabs(str(asked)) else _common(root, cache_dir)
    if merged.get("use_cache", True):
        try:
            _check_cache(cache_dir, root, cwd, within)
        except NotOwnError as error:
            why = f"cache-dir: {_brief(asked)!r} {error.strerror}"
            if "cache_dir" in given:
                raise ConfigError(f"--{why}: choose a folder of its own") from error
            if asked is not None and table is not None:
                table.fail("cache-dir", f"{why}: name a folder of its own")
            merged["no_cache_because"] = f"{_brief(cache_dir)} {error.strerror}"
            merged["use_cache"] = False
    return Config(
        root=root,
        cwd=cwd,
        is_project=_is_project(root, start, cwd, table),
        file=table.file if table is not None else None,
        catalog_files=tuple(Path(os.path.abspath(root / part)) for part in catalog_files),
        src=tuple(dict.fromkeys(Path(os.path.abspath(root / part)) for part in src)),
        cache_dir=cache_dir,
        cache_within=within,
        python=python,
        baseline=baseline,
        asked=Asked(given, file is not None, has_version),
        **merged,
    )


def _brief(path: object) -> str:
    """The path, of a very long one its beginning: what is wrong with it has to fit on the line."""
    text = str(path)
    return text if len(text) <= 300 else f"{text[:100]}…"


def _check_cache(folder: Path, root: Path, cwd: Path, within: Path) -> None:
    """Raises NotOwnError for a folder that can't be the cache, ConfigError for a key that can't seal it."""
    try:
        given_key()
    except NoKeyError as error:
        raise ConfigError(str(error)) from error
    holding = ((str(root), "the project's root"), (str(cwd), "the working folder"))
    home = os.path.expanduser("~")
    check_place(
        str(folder), (*holding, (home, "the home folder")) if os.path.isabs(home) else holding, str(within)
    )
    check_folder(str(folder), str(within))


def _common(one: Path, other: Path) -> Path:
    try:
        return Path(os.path.commonpath([one, other]))
    except ValueError:  # other drives
        return one


def _at_home(path: str) -> Path:
    """The path, a `~` at its beginning resolved. Raises ConfigError."""
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise ConfigError(f"python: there is no home folder for {path!r}") from error


def _common_folder(paths: Sequence[str], cwd: Path) -> Path:
    """The deepest folder that holds every path; `cwd` for none, or for paths on several drives."""
    folders = []
    for path in paths:
        whole = os.path.abspath(cwd / path)
        folders.append(whole if os.path.isdir(whole) else os.path.dirname(whole))
    if not folders:
        return cwd
    try:
        return Path(os.path.commonpath(folders))
    except ValueError:
        return cwd


def _find_table(start: Path) -> Table | None:
    return next(filter(None, map(find_table_in, (start, *start.parents))), None)


def find_table_in(folder: Path) -> Table | None:
    """The conclint table of a folder: of the first of its files that has one. Raises ConfigError."""
    for name in CONFIG_FILES:
        file = folder / name
        if file.is_file():
            table = read_table(file, required=False)
            if table is not None:
                return table
        elif file.exists() and not file.is_dir():
            raise UnreadableConfigError(file, "it is not a regular file")
    return None


def _given_table(name: str, cwd: Path) -> Table:
    file = Path(os.path.abspath(cwd / name))
    if not file.is_file():
        raise ConfigError(f"{name}: no such configuration file")
    table = read_table(file, required=True)
    assert table is not None
    return table


_NEAR: Final = 2
"""So many folders below the working folder what is asked for may lie, for that to be its project, where
nothing says which folder is one."""


def _root(start: Path, cwd: Path, table: Table | None, *, given: bool) -> Path:
    """The folder of the configuration file; of a file given by name only if it has an expected name and
    place (`--config ci/strict.toml` doesn't make `ci` the project), else the nearest project folder."""
    if table is not None:
        folder = table.file.parent
        if not given or (table.file.name in CONFIG_FILES and (folder == start or folder in start.parents)):
            return folder
    for folder in (start, *start.parents):
        if _is_marked(folder):
            return folder
    return cwd if cwd == start or cwd in start.parents else start


def _is_project(root: Path, start: Path, cwd: Path, table: Table | None) -> bool:
    """Whether all files below `root` may be looked through for callers of what is asked for: the folder says
    that it is a project, or is worked in, the folder `start` that holds what is asked for being near. Never
    the home folder or one above it: `conclint . /dev/stdin` must not go through a whole disk, nor one script
    in the home folder through all that its user has, nor one repository through all that lie beside it."""
    home = Path(os.path.expanduser("~"))
    if root == home or root in home.parents or root == root.parent:
        return False
    is_near = root == cwd and len(start.parts) - len(cwd.parts) <= _NEAR
    return is_near or (table is not None and table.file.parent == root) or _is_marked(root)


def _is_marked(folder: Path) -> bool:
    """Whether a folder has in it what the root of a project has."""
    return any((folder / marker).exists() for marker in ROOT_MARKERS)


def _options_below_root(options: Mapping[str, Any], cwd: Path, root: Path) -> dict[str, Any]:
    """The options with patterns rewritten from relative to the working directory to relative to `root`."""
    result = dict(options)
    if cwd != root and root in cwd.parents:
        prefix = cwd.relative_to(root).as_posix()
        for name in ("exclude", "extend_exclude"):
            patterns = result.get(name)
            if patterns:
                result[name] = tuple(_below(prefix, pattern) for pattern in patterns)
    return result


def _below(prefix: str, pattern: str) -> str:
    """A pattern with a slash before its end is anchored, so it moves; one without matches everywhere."""
    sign, body = ("!", pattern[1:]) if pattern.startswith("!") else ("", pattern)
    if "/" not in body.rstrip("/"):
        return pattern
    return f"{sign}/{prefix}/{body.removeprefix('./').removeprefix('/')}"


def merge_options(from_file: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """What a file and the command's options say together (see `load_config`)."""
    merged = dict(from_file)
    if "select" in options:
        for name in ("select", "extend_select", "ignore"):
            merged.pop(name, None)
    for name, value in options.items():
        if name in _OPTIONS_THAT_ADD and name in merged:
            merged[name] = (*merged[name], *value)
        else:
            merged[name] = value
    return merged


def required_python(start: Path) -> tuple[int, int] | None:
    """The lowest Python that `project.requires-python` of the nearest pyproject.toml allows; where that says
    nothing of it, and where there is none, what the metadata of an unpacked package do, in the same folder or
    in the one asked for."""
    for folder in (start, *start.parents):
        file = folder / "pyproject.toml"
        if file.is_file():
            return python_in(read_project(file)) or lowest_python(required_by_metadata(folder))
        if folder in (start, start.parent) and (found := lowest_python(required_by_metadata(folder))):
            return found
    return None


def python_in(project: Mapping[str, object]) -> tuple[int, int] | None:
    """The lowest Python that the `requires-python` of a `project` table allows."""
    required = project.get("requires-python")
    return lowest_python(required) if isinstance(required, str) else None


def lowest_python(required: str) -> tuple[int, int] | None:
    """The lowest Python that a specifier (`>=3.9`; Poetry's `^3.9`) allows."""
    # ">3.9" allows 3.9.1, so it is a lower bound of 3.9 too.
    minors = re.findall(r"(?:>=|~=|===?|>|\^|~)\s*3\.([0-9]{1,3})(?![0-9])", required)
    return (3, max(map(int, minors))) if minors else None
