"""Early cut-off: what depends on a module that was looked at again is judged again only if its effects are
others now (`conclint.judging.kept` says on what they can hang besides imports)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any, Final

from conclint.cache import Cache, Space
from conclint.catalog.schema import LibraryFacts
from conclint.extract.codec import CodecError, decode_module
from conclint.gc_control import uncollected
from conclint.judging.kept import Judgements
from conclint.judging.modules import ModuleJudge
from conclint.judging.project import Project
from conclint.judging.recalled import KeptEffects
from conclint.judging.renumbering import named, renumbered
from conclint.judging.touched import Touched
from conclint.model.summary import ModuleSummary

_MOST_CHANGED: Final = 50
"""Where so many files have changed (another branch, say), nobody waits for the run as for one after an edit,
and comparing would be most of it."""


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
        """Nothing of a module holds that an edit reaches (`conclint.judging.touched`). Of modules that ask
        who derives from a class, here from another (those are the `doubtful` ones) or from one that doesn't
        hold, the findings don't; what depends on these holds unless the effects in them are others now. What
        is known of others than the wanted modules may be wrong."""
        if len(changed) > _MOST_CHANGED:
            stale = known.importing(changed)
            while more := (known.asking_about(stale) | doubtful) - stale:
                stale |= known.importing(more)
            return known.without(changed, stale, ())
        versions = {path: (self._before(known, path), self._now(path)) for path in changed}
        before = {path: _names(was) for path, (was, _) in versions.items()}
        now = {path: _names(new) for path, (_, new) in versions.items()}
        touched = Touched(known, self._cache, wanted, self._project.finder).by(versions)
        again: set[str] = set()
        if touched is None:
            stale = known.importing(changed)
            gone = changed
        else:
            known, lost = renumbered(known, touched, before, now)
            known = known.after_edit({path: new.source_hash for path, (_, new) in versions.items() if new})
            stale = known.importing(lost)
            again |= touched.keys()
            before, gone = now, set()
        while True:
            asking = (known.asking_about(stale | again) | doubtful).intersection(wanted) - stale
            if not asking:
                break
            found = self._effects_now(known, known.without(gone, stale, asking), sorted(asking))
            others = {
                path
                for path, effects in found.items()
                if named(known.effects_in(path), before) != named(effects, now)
            }
            if not others:
                known = known.with_effects(found)
                break
            stale |= known.importing(others)
        again |= asking
        # others hold for now, though their chains may pass through a changed file, on other lines
        shifted = {path for path, pair in versions.items() if touched is None or not _stays_in_place(*pair)}
        if again and shifted:
            again |= known.naming({self._project.shown(path) for path in shifted})
        return known.without(gone, stale, again)

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

    def _before(self, known: Judgements, path: str) -> ModuleSummary | None:
        encoded = self._cache.get(Space.SUMMARY, known.contents[path])
        try:
            return decode_module(encoded) if encoded is not None else None
        except CodecError:
            return None

    def _now(self, path: str) -> ModuleSummary | None:
        store = self._project.store
        if store.source_hash(path) is None:
            return None
        store.load([path])
        return store.get(path)


def _stays_in_place(before: ModuleSummary | None, now: ModuleSummary | None) -> bool:
    """Whether everything in the functions and classes that both versions have is where it was."""
    if before is None or now is None:
        return False
    was, are = _places(before), _places(now)
    return all(was[key] == are[key] for key in was.keys() & are.keys())


def _places(summary: ModuleSummary) -> dict[str, tuple[int, int, bytes]]:
    inner = zip(summary.defs[1:], summary.bodies[1:], strict=True)
    return {item.key: (item.start, item.column, body.spans) for item, body in inner}


def _names(summary: ModuleSummary | None) -> list[tuple[str, int]]:
    seen: Counter[str] = Counter()
    names = []
    for item in summary.defs if summary is not None else ():
        names.append((item.key, seen[item.key]))
        seen[item.key] += 1
    return names
