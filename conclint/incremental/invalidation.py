"""Which modules an edit reaches: those that mention, directly or through others, what it changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from conclint.incremental.fingerprints import (
    ANYTHING,
    INHERITED,
    Part,
    Parts,
    TooLargeError,
    differing,
    identifiers_of,
)
from conclint.incremental.judgements import Judgements, reached
from conclint.source.modules import ModuleFinder
from conclint.store.cache import Cache, Space
from conclint.summary.codec import CodecError, decode_module, text_of_names
from conclint.summary.records import ModuleSummary

Versions = Mapping[str, tuple[ModuleSummary | None, ModuleSummary | None]]
"""Of each changed module what it was and what it is; None where that was no module, or is none."""

_MOST: Final = 0.2
"""Of the modules that depend on what has changed: if more mention it, nearly all may be touched, and judging
them anew takes less time than finding out."""
_FEW: Final = 50
_MOST_NAMES: Final = 400
"""That a module is told of, likewise."""


class Affected(NamedTuple):
    """Of a touched module, the keys of the defs that an edit reaches, in what it was or what it is, and their
    names."""

    defs: frozenset[str]
    names: frozenset[str]


class Touched:
    """Finds those of the wanted modules that an edit reaches, by what is known of the imports of all."""

    def __init__(
        self, known: Judgements, cache: Cache, wanted: Collection[str], finder: ModuleFinder
    ) -> None:
        self._known = known
        self._finder = finder
        self._cache = cache
        self._wanted = wanted
        self._importers = known.importers()
        self._dependents: dict[str, set[str]] = {}
        self._parts: dict[str, tuple[Parts, ...]] = {}
        self._identifiers: dict[str, set[str]] = {}
        self._pending: dict[str, set[str]] = {}
        self._told: dict[str, set[str]] = {}  # all names that a module was told of, pending ones among them

    def by(self, changed: Versions) -> dict[str, Affected] | None:
        """The changed modules and all whose judgement may be another now; None where that can't be told from
        the names, or where it would be most of those that depend on the changed ones."""
        try:
            return self._search(changed)
        except (TooLargeError, CodecError):
            return None

    def _search(self, changed: Versions) -> dict[str, Affected] | None:
        first: dict[str, list[Part]] = {}
        for path, (was, now) in changed.items():
            if was is None or now is None or was.exports != now.exports or _stars(was) != _stars(now):
                return None
            old, new = (Parts(summary, self._outside(path, summary)) for summary in (was, now))
            self._parts[path] = (old, new)
            first[path] = differing(old, new)
        most = max(_FEW, _MOST * len(set().union(*map(self._depending_on, changed))))
        for path, parts in first.items():
            self._reach(path, set(), parts)
        while self._pending:
            wave, self._pending = self._pending, {}
            for path, names in wave.items():
                if path in changed or self._mentions(path, names):
                    self._reach(path, names)
                    if len(self._parts) > most:
                        return None
        found = {path: self._affected(path) for path in self._parts}
        return {path: affected for path, affected in found.items() if path in changed or affected.defs}

    def _affected(self, path: str) -> Affected:
        reached = [item for version in self._parts[path] for item in version.affected]
        return Affected(frozenset(item.key for item in reached), frozenset(item.name for item in reached))

    def _reach(self, path: str, names: set[str], changed: Collection[Part] = ()) -> None:
        """Has what a module gives another meaning to by these names reach its dependents."""
        versions = self._parts_of(path)
        given = set().union(*(version.mark(names, changed) for version in versions))
        if len(versions) > 1:  # each may mention what the other gives
            more = given
            while more:
                more = set().union(*(version.mark(more) for version in versions)) - given
                given |= more
        if ANYTHING in given:
            given.add(self._finder.module_name(path).rpartition(".")[2] + ANYTHING)
        for other in self._depending_on(path) if given else ():
            told = self._told.setdefault(other, set())
            if not given <= told:
                if len(told) > _MOST_NAMES:
                    raise TooLargeError
                self._pending.setdefault(other, set()).update(given - told)
                told |= given

    def _depending_on(self, path: str) -> set[str]:
        found = self._dependents.get(path)
        if found is None:
            found = reached((path,), self._importers).intersection(self._wanted) - {path}
            self._dependents[path] = found
        return found

    def _outside(self, path: str, summary: ModuleSummary) -> set[str]:
        """The top-level names that lead out of the program."""
        inside: set[str] = set()
        tops: set[str] = set()
        for item in summary.imports:
            top = item.module.partition(".")[0]
            tops.add(top)
            if not item.level and top not in inside:
                names = (top, item.module, f"{item.module}.{item.name}")
                if any(self._finder.find(name, path) is not None for name in names):
                    inside.add(top)
        return tops - inside

    def _encoded(self, path: str) -> bytes:
        content = self._known.contents.get(path)
        encoded = self._cache.get(Space.SUMMARY, content) if content is not None else None
        if encoded is None:
            raise CodecError(path)
        return encoded

    def _mentions(self, path: str, names: set[str]) -> bool:
        if path not in self._known.contents:
            return False  # it was looked for, and never looked into
        plain = {name.removesuffix(INHERITED).removesuffix(ANYTHING) for name in names}
        if "" in plain:  # `from . import name` names no module
            return True
        found = self._identifiers.get(path)
        if found is None:
            encoded = self._encoded(path)
            text = text_of_names(encoded)
            if not any(name in text for name in plain):
                return False
            found = self._identifiers[path] = identifiers_of(decode_module(encoded))
        return not plain.isdisjoint(found)

    def _parts_of(self, path: str) -> tuple[Parts, ...]:
        found = self._parts.get(path)
        if found is None:
            summary = decode_module(self._encoded(path))
            found = self._parts[path] = (Parts(summary, self._outside(path, summary)),)
        return found


def _stars(summary: ModuleSummary) -> list[tuple[str, int]]:
    return [(item.module, item.level) for item in summary.imports if item.name == "*"]
