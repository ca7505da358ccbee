"""Early cut-off: what depends on a module that was looked at again is judged again only if its effects are
others now (`conclint.incremental.judgements` says on what they can hang besides imports)."""

from __future__ import annotations

import marshal
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from conclint.effects.effect_rows import names_any, names_places
from conclint.incremental.effect_store import KeptEffects
from conclint.incremental.invalidation import Affected, Touched, Versions
from conclint.incremental.judgements import Edges, Judgements
from conclint.judging.checker import ModuleJudge
from conclint.judging.project import Project
from conclint.process.gc_control import uncollected
from conclint.store.cache import MARSHAL_FORMAT, Cache, Space
from conclint.summary.codec import CodecError, decode_module
from conclint.summary.records import ModuleSummary

_MOST_CHANGED: Final = 50
"""Where so many files have changed (another branch, say), nobody waits for the run as for one after an edit,
and comparing would be most of it."""


class CutOff:
    """Finds out what of an earlier run's judgements holds after some modules have changed; `missed` are the
    files that were looked for in vain for that."""

    def __init__(self, project: Project, cache: Cache) -> None:
        self._project = project
        self._cache = cache
        self.missed: set[str] = set()
        self._edges: list[Edges] = []

    def still_known(
        self, known: Judgements, changed: set[str], doubtful: set[str], wanted: Collection[str]
    ) -> Judgements:
        """Nothing of a module holds that an edit reaches (`conclint.incremental.invalidation`). Of modules
        that ask who derives from a class, here from another (those are the `doubtful` ones) or from one that
        doesn't hold, the findings don't; what depends on these holds unless the effects in them are others
        now. What is known of others than the wanted modules may be wrong."""
        if len(changed) > _MOST_CHANGED:
            stale = known.importing(changed)
            while more := (known.asking_about(stale) | doubtful) - stale:
                stale |= known.importing(more)
            return known.without(changed, stale, ())
        versions = {path: (self._before(known, path), self._now(path)) for path in changed}
        touched = None
        if not any(facts.registering for facts in self._project.own_facts):  # whose names nobody else knows
            touched = Touched(known, self._cache, wanted, self._project.finder).by(versions)
        again: set[str] = set()
        if touched is None:
            stale = known.importing(changed)
            gone = changed
        else:
            known, lost = outlived(known, touched, versions)
            known = known.after_edit({path: new.source_hash for path, (_, new) in versions.items() if new})
            stale = known.importing(lost)
            again |= touched.keys()
            gone = set()
        while True:
            asking = (known.asking_about(stale | again) | doubtful).intersection(wanted) - stale
            if not asking:
                break
            found = self._effects_now(known, known.without(gone, stale, asking), sorted(asking))
            others = {path for path, effects in found.items() if known.effects_in(path) != effects}
            if not others:
                known = known.with_effects(found)
                break
            stale |= known.importing(others)
        again |= asking
        # others hold for now, though their chains may pass through a changed file, on other lines
        shifted = {path for path, pair in versions.items() if touched is None or not _stays_in_place(*pair)}
        if again and shifted:
            again |= known.naming({self._project.shown(path) for path in shifted})
        holding = known.without(gone, stale, again)
        for edges in self._edges:  # what was found out about the changed modules is about what they are now
            holding.add_edges(edges)
        return holding

    def _effects_now(
        self, known: Judgements, holding: Judgements, paths: Iterable[str]
    ) -> dict[str, dict[str, tuple[Any, ...]]]:
        """The effects in these modules of which others asked, as they are now."""
        effects = {path: data for path, data in holding.effects.items() if path not in paths}
        judge = ModuleJudge(self._project, effects=KeptEffects(effects))
        with uncollected():
            found = {path: judge.effects_of(path, sorted(known.effects_in(path))) for path in paths}
        edges = judge.drain_edges()
        known.add_edges(edges)
        self._edges.append(edges)
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


def outlived(
    known: Judgements, touched: Mapping[str, Affected], versions: Versions
) -> tuple[Judgements, set[str]]:
    """The same without the effects of functions that an edit reaches; and the modules with effects that name
    a def that is gone, or a value or a site of one that is not what it was: these are numbered anew."""
    hashes = {path: tuple(map(_hashes, pair)) for path, pair in versions.items()}
    gone = {path: was.keys() - now.keys() for path, (was, now) in hashes.items()}
    altered = {path: dict(was.items() ^ now.items()).keys() for path, (was, now) in hashes.items()}
    held: dict[str, bytes] = {}
    lost: set[str] = set()
    encoded = [path.encode("utf-8", "surrogatepass") for path in versions]
    for path, data in known.effects.items():
        if path not in touched and not any(name in data for name in encoded):
            held[path] = data
            continue
        dropped = {*altered.get(path, ()), *(touched[path].defs if path in touched else ())}
        rows = {key: row for key, row in marshal.loads(data).items() if key not in dropped}
        if any(names_any(row, gone) or names_places(row, altered) for row in rows.values()):
            lost.add(path)
        else:
            held[path] = marshal.dumps(rows, MARSHAL_FORMAT)
    words = {
        path: tuple(word for word in of_path if path not in touched or word not in touched[path].names)
        for path, of_path in known.words.items()
    }
    return known._replace(effects=held, words={path: held for path, held in words.items() if held}), lost


def _hashes(version: ModuleSummary | None) -> dict[str, bytes]:
    return {item.key: item.semantic_hash for item in version.defs} if version is not None else {}
