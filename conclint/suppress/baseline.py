"""The baseline: findings that were there when it was written, and do not fail a run since.

Findings are matched by fingerprint (CORE.md section 4), so that neither edits above one nor another way
down to its cause wakes it. Two files may have equal fingerprints (scripts of one name in two folders): an
entry is of its own file first, and of another one only once its own is gone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from conclint.config.settings import Config
from conclint.files.bounded_file import BASELINE, read_bounded
from conclint.model.finding import UNREADABLE, Finding
from conclint.source.roots import Following

VERSION: Final = 1
DEFAULT_FILE: Final = "conclint-baseline.json"

Occurrence = tuple[str, str]
"""Fingerprint and shown path of something that the rules found, reported or not."""


class BaselineError(Exception):
    """A baseline that can't be used. The text is one line for the user."""


class Entry(NamedTuple):
    """One finding of the baseline. `path` is relative to the project, with forward slashes; `library` is the
    import name of the installed package that its chain goes into; all but these and the fingerprint is for
    readers."""

    fingerprint: str
    code: str
    path: str
    symbol: str
    message: str
    library: str = ""


class Comparison(NamedTuple):
    """Findings that are not in the baseline, and the entries that no longer occur."""

    new: tuple[Finding, ...]
    gone: tuple[Entry, ...]


def _any(_library: str) -> bool:
    return True


class BaselineProject(NamedTuple):
    """How shown paths and the baseline's paths relate, and whether a library is followed now."""

    root: Path
    cwd: Path
    follows: Callable[[str], bool] = _any

    @classmethod
    def of(cls, config: Config) -> BaselineProject:
        """The project that the configuration is about."""
        return cls(config.root, config.cwd, Following(config))

    def path(self, shown: str) -> str:
        """The path of a finding as the baseline has it."""
        whole = os.path.normpath(self.cwd / shown)
        try:
            return Path(os.path.relpath(whole, self.root)).as_posix()
        except ValueError:  # another drive
            return Path(whole).as_posix()

    def exists(self, path: str) -> bool:
        """Whether the baseline's path is a file."""
        return (self.root / path).is_file()


def read_baseline(file: Path) -> tuple[Entry, ...]:
    """The entries of a baseline file.

    Raises BaselineError for a file that can't be read, or is no baseline of this version.
    """
    try:
        document: Any = json.loads(read_bounded(file, BASELINE))
    except FileNotFoundError as error:
        raise BaselineError(f"{file}: no such baseline (--write-baseline creates one)") from error
    except OSError as error:
        raise BaselineError(f"{file}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise BaselineError(f"{file}: is not JSON: {error}") from error
    except RecursionError as error:
        raise BaselineError(f"{file}: is nested too deeply") from error
    if not isinstance(document, dict) or "version" not in document:
        raise BaselineError(f"{file}: is not a conclint baseline")
    version = document["version"]
    if version != VERSION:
        raise BaselineError(
            f"{file}: is a version {version!r} baseline, but this conclint reads version {VERSION}"
            " (--write-baseline creates a new one)"
        )
    return tuple(_entries(file, document.get("findings")))


def _entries(file: Path, rows: object) -> Iterable[Entry]:
    if not isinstance(rows, list):
        raise BaselineError(f"{file}: has no list of findings")
    for number, row in enumerate(rows, 1):
        held = {"library": "", **row} if isinstance(row, dict) else {}
        given = [held.get(name) for name in Entry._fields]
        values = [value for value in given if isinstance(value, str)]
        if len(values) < len(given):
            raise BaselineError(f"{file}: finding {number} lacks one of {', '.join(Entry._fields[:-1])}")
        yield Entry(*values)


def encode_baseline(entries: Iterable[Entry]) -> str:
    """The file's text: a line for each entry, in an order that changes only with them."""
    rows = sorted(set(entries), key=lambda entry: (entry.path, entry.code, entry.symbol, entry.fingerprint))
    lines = ",\n".join(f"    {json.dumps(_as_object(row), ensure_ascii=False)}" for row in rows)
    body = f"[\n{lines}\n  ]" if rows else "[]"
    return f'{{\n  "version": {VERSION},\n  "findings": {body}\n}}\n'


def _as_object(entry: Entry) -> dict[str, str]:
    return {name: value for name, value in entry._asdict().items() if value or name != "library"}


def entries_of(findings: Iterable[Finding], project: BaselineProject) -> list[Entry]:
    """The entries that stand for the findings. What could not be analysed is not known, and has none."""
    return [
        Entry(
            found.fingerprint,
            found.code,
            project.path(found.path),
            found.symbol,
            found.message,
            found.library.name if found.library is not None else "",
        )
        for found in findings
        if found.code != UNREADABLE
    ]


def not_looked_at(entries: Iterable[Entry], asked: Collection[str], project: BaselineProject) -> list[Entry]:
    """The entries of which a run on the files shown as `asked` tells nothing: other files, still there, and
    what goes through a library that isn't followed now."""
    paths = {project.path(shown) for shown in asked}
    return [
        entry
        for entry in entries
        if project.exists(entry.path)
        and (entry.path not in paths or (entry.library and not project.follows(entry.library)))
    ]


def compare(
    findings: Sequence[Finding],
    entries: Sequence[Entry],
    occurring: Iterable[Occurrence],
    asked: Collection[str],
    project: BaselineProject,
) -> Comparison:
    """What is new, and what is gone.

    `occurring` is everything that the rules found, whatever was selected: what an option hides today is
    not gone. An entry of a file that was not asked for is never gone while the file is there.
    """
    matcher = _Matcher(entries, project.exists)
    new = tuple(found for found in findings if not _is_taken(found, matcher, project))
    matcher = _Matcher(entries, project.exists)
    for fingerprint, shown in sorted(occurring):
        matcher.take(fingerprint, project.path(shown))
    elsewhere = set(not_looked_at(entries, asked, project))
    return Comparison(new, tuple(entry for entry in matcher.left() if entry not in elsewhere))


def _is_taken(found: Finding, matcher: _Matcher, project: BaselineProject) -> bool:
    """Whether an entry stands for the finding, where it is or where it was in the version before."""
    if found.code == UNREADABLE:
        return False
    here = matcher.take_any(found.names, project.path(found.path))
    if found.binding is None:
        return here
    return matcher.take_any(found.aliases, project.path(found.binding.path)) or here


class _Matcher:
    """Entries by fingerprint, taken by findings."""

    def __init__(self, entries: Iterable[Entry], exists: Callable[[str], bool]) -> None:
        self._by_fingerprint: dict[str, dict[str, Entry]] = {}
        self._taken: dict[str, dict[str, str]] = {}
        for entry in entries:
            self._by_fingerprint.setdefault(entry.fingerprint, {})[entry.path] = entry
        self._exists = exists

    def take(self, fingerprint: str, path: str) -> bool:
        """Whether an entry stands for the finding: its file's own, or that of a file that is gone and for
        which no other file has taken it."""
        held = self._by_fingerprint.get(fingerprint, {})
        taken = self._taken.setdefault(fingerprint, {})
        if path in held:
            taken[path] = path
            return True
        for old in sorted(held):
            if taken.get(old, path) == path and not self._exists(old):
                taken[old] = path
                return True
        return False

    def take_any(self, fingerprints: Iterable[str], path: str) -> bool:
        """The same for each of the fingerprints of one finding."""
        return any([self.take(fingerprint, path) for fingerprint in fingerprints])  # noqa: C419 (each takes)

    def left(self) -> list[Entry]:
        """The entries that nothing has taken."""
        return [
            entry
            for fingerprint, held in self._by_fingerprint.items()
            for path, entry in held.items()
            if path not in self._taken.get(fingerprint, {})
        ]
