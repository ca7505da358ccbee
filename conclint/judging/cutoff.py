"""Early cut-off: what depends on a module that was looked at again is judged again only if its effects are
others now (`conclint.judging.kept` says on what they can hang besides imports)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from conclint.cache import Cache, Space
from conclint.catalog.schema import LibraryFacts
from conclint.extract.codec import CodecError, decode_module
from conclint.judging.kept import Judgements
from conclint.judging.memory import uncollected
from conclint.judging.modules import ModuleJudge
from conclint.judging.project import Project
from conclint.judging.recalled import KeptEffects
from conclint.model.summary import Def

_MOST_CHANGED: Final = 50
"""Where so many files have changed (another branch, say), nobody waits for the run as for one after an edit,
and comparing would be most of it."""

Names = Mapping[str, "list[tuple[str, int]]"]
"""By path: what each def is called, in the order of their numbers, and how many before it are called that."""


class CutOff:
    """Finds out what of an earlier run's judgements holds after some modules have changed; `missed` are the
    files that were looked for in vain for that."""

    def __init__(self, project: Project, own_facts: tuple[LibraryFacts, ...], cache: Cache) -> None:
        self._project = project
        self._own_facts = own_facts
        self._cache = cache
        self.missed: set[str] = set()

    def still_known(
        self, known: Judgements, changed: set[str], doubtful: set[str], wanted: Collection[str]
    ) -> Judgements:
        """Nothing of a module whose imports lead to a changed one holds. Of modules that ask who derives
        from a class, here from another (those are the `doubtful` ones) or from one that doesn't hold, the
        findings don't; what depends on these holds unless the effects in them are others now. What is known
        of others than the wanted modules may be wrong."""
        stale = known.importing(changed)
        if len(changed) > _MOST_CHANGED:
            while more := (known.asking_about(stale) | doubtful) - stale:
                stale |= known.importing(more)
            return known.without(changed, stale, ())
        before = {path: _names(self._defs_before(known, path)) for path in changed}
        now = {path: _names(self._defs_now(path)) for path in changed}
        while True:
            asking = (known.asking_about(stale) | doubtful).intersection(wanted) - stale
            if not asking:
                break
            found = self._effects_now(known, known.without(changed, stale, asking), sorted(asking))
            others = {
                path
                for path, effects in found.items()
                if named(known.effects_in(path), before) != named(effects, now)
            }
            if not others:
                known = known.with_effects(found)
                break
            stale |= known.importing(others)
        again = asking
        if asking:  # others hold for now, though their chains may pass through a changed file, on other lines
            again |= known.naming({self._project.shown(path) for path in changed})
        return known.without(changed, stale, again)

    def _effects_now(
        self, known: Judgements, holding: Judgements, paths: Iterable[str]
    ) -> dict[str, dict[int, tuple[Any, ...]]]:
        """The effects in these modules of which others asked, as they are now."""
        effects = {path: data for path, data in holding.effects.items() if path not in paths}
        judge = ModuleJudge(self._project, self._own_facts, effects=KeptEffects(effects))
        with uncollected():
            found = {path: judge.effects_of(path, sorted(known.effects_in(path))) for path in paths}
        edges = judge.take_edges()
        known.add_edges(edges)
        self.missed.update(edges.missed)
        return found

    def _defs_before(self, known: Judgements, path: str) -> Iterable[Def]:
        encoded = self._cache.get(Space.SUMMARY, known.contents[path])
        try:
            return decode_module(encoded).defs if encoded is not None else ()
        except CodecError:
            return ()

    def _defs_now(self, path: str) -> Iterable[Def]:
        store = self._project.store
        if store.source_hash(path) is None:
            return ()
        store.load([path])
        summary = store.get(path)
        return summary.defs if summary is not None else ()


def named(row: Any, names: Names) -> Any:
    """The data with names for the numbers of defs in some modules, which change when a def is added."""
    if isinstance(row, dict):
        return {key: named(value, names) for key, value in row.items()}
    if not isinstance(row, tuple):
        return row
    if len(row) > 1 and isinstance(row[-1], int) and isinstance(row[-2], str) and row[-2] in names:
        held = names[row[-2]]
        return (*row[:-1], held[row[-1]] if row[-1] < len(held) else None)
    return tuple([named(item, names) for item in row])


def _names(defs: Iterable[Def]) -> list[tuple[str, int]]:
    seen: Counter[str] = Counter()
    names = []
    for item in defs:
        names.append((item.key, seen[item.key]))
        seen[item.key] += 1
    return names
