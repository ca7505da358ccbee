"""One process's judge: groups of modules linked, their effects propagated, their findings as plain data."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from conclint.catalog.loader import Catalog
from conclint.effects.effect_rows import to_rows
from conclint.effects.solver import EffectSolver
from conclint.incremental.effect_store import KeptEffects
from conclint.incremental.judgements import Edges, Judged
from conclint.judging.project import Project
from conclint.model.following import MOST_FILES
from conclint.process.failure import describe_failure
from conclint.process.gc_control import dismantle
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.program import NeedModule, Program
from conclint.rules.bound_calls import bound_in
from conclint.rules.examples import advise, fix_for, source_file
from conclint.rules.judge import Judge, wrapper_names
from conclint.rules.module_calls import ModuleCalls, module_calls
from conclint.store.finding_rows import to_row
from conclint.suppress.selection import Selections

if TYPE_CHECKING:
    from conclint.resolve.values import Key
    from conclint.rules.advice.site import SourceFile
    from conclint.rules.drafts import Draft

T = TypeVar("T")

MOST_DECODED: Final = 13 << 18
"""Bytes of encoded summaries that one linked program may hold; decoded and linked, with all that was
evaluated, they take about sixty times as much (1.35 GB for homeassistant's 22 MB)."""

_CORE: Final = 4
"""How many times the modules that a program was asked for it may hold, when it is dropped: where two in a row
held more, nearly everything needs one core (litellm's is 4 MB), and linking that again and again takes longer
than the rest. One alone tells nothing: homeassistant's first group leads to much, and no later one does."""
_MOST_ARRIVALS: Final = 200
"""How often it goes on with less than all that functions need."""
_LARGEST: Final = 4
"""How many times its limit a program with such a core may hold."""


class _UnsettledError(Exception):
    """What was worked out so far may be wrong: something that it asked for has to be propagated first."""


class ModuleJudge:
    """Judges modules, group after group; what they have in common is linked once.

    When the program has grown past `most` bytes of summaries (by default MOST_DECODED) it is dropped and
    begun anew, so memory does not grow with the project; but the effects that modules asked of each other
    are kept. The findings of a module do not depend on what was judged before it. `effects` are those of
    functions that an earlier run has found. `is_whole`: all that was judged is linked, in one program.
    """

    def __init__(
        self,
        project: Project,
        most: int | None = None,
        effects: KeptEffects | None = None,
    ) -> None:
        self._project = project
        self._effects = effects or KeptEffects()
        self.is_whole = effects is None
        self._told_effects: set[Key] = set()
        self._file: tuple[str, SourceFile] | None = None
        self._store = project.store
        self._catalog = Catalog(project.own_facts, project.packages.facts.by_import)
        self._selections = Selections(project.config)
        self._most = MOST_DECODED if most is None else most
        self._largest = _LARGEST * self._most
        self._outgrown = 0  # programs in a row that held mostly what others had held
        self._told: set[str] = set()
        self._told_words: set[tuple[str, str]] = set()
        self._begin()

    def _begin(self) -> None:
        self._served = 0
        self._failed: dict[str, str] = {}
        self._effects.release()
        self._program = Program(
            self._store, self._project.finder, self._catalog, self._project.subclasses, MOST_FILES
        )
        self.engine = EffectSolver(Evaluator(self._program), self._effects.of, self._store.want)
        self.judge = Judge(
            self.engine,
            self._project.shown,
            self._project.notebook,
            lambda shown: self._selections.of(shown).runtime,
            self._selections.is_chosen,
            self._project.library,
            loops_nest=self._project.loops_nest,
            part=self._part,
        )

    def judge_modules(self, paths: Iterable[str]) -> Judged:
        """The outcome for a group of asked modules: about other modules, what was not told before."""
        group = sorted(paths)
        self.make_room()
        self.gather(group)
        return self.judge_gathered(group)

    def make_room(self) -> None:
        """Begins the program anew where it has grown too large."""
        if self.is_full:
            is_core = self._program.size > _CORE * self._served
            self._outgrown = self._outgrown + 1 if is_core else 0
            if self._outgrown > 1:
                self._most = min(2 * self._most, self._largest)
            self._store.release()
            dismantle(self.judge, kept=(self._store,))
            self._begin()
            self.is_whole = False

    @property
    def is_full(self) -> bool:
        """Whether the program should not grow any more."""
        return self._store.decoded_bytes > self._most

    def gather(self, group: Sequence[str]) -> None:
        """Links a group of modules with what the program has."""
        self._served += len(group)
        self.link(group)

    def gather_gradually(self, group: Sequence[str]) -> None:
        """Begins to link a group of modules, as far as those that it needs have been loaded; they are loaded
        in the background where there are workers. To be followed by `finish`."""
        self._served += len(group)
        for path in group:
            self._store.load([path])
            self._demand(path)
            self.engine.advance()
        self._resume()

    def _resume(self) -> None:
        """Goes on with what waited for modules that have come meanwhile."""
        arrived = sorted(filter(self._store.has_come, self.engine.lacking))
        self._store.load(arrived)
        self.engine.resume(arrived)

    def finish(self) -> None:
        """Links all that was gathered: what can be, while modules are still to come."""
        for _ in range(_MOST_ARRIVALS):
            if not self._store.await_any(self.engine.lacking):
                break
            self._resume()
        self.engine.run(self._store.load)

    def judge_gathered(self, group: Sequence[str]) -> Judged:
        """The outcome for a group that is linked; see `judge_modules`."""
        rows: dict[str, tuple[tuple[Any, ...], ...]] = {}
        calls: dict[str, tuple[Any, ...]] = {}
        for path in group:
            try:
                drafts, called = self._settled(path, partial(self._judged_module, path))
                rows[path] = tuple(self._settled(path, partial(self._row, draft)) for draft in drafts)
                if called is not None and any(called):
                    calls[path] = tuple(called)
            except Exception as error:
                self._fail(path, error)
        self._file = None
        for path in self.failed.keys() & set(group):
            rows[path] = ()  # a part of what there is would depend on what was judged before
            calls.pop(path, None)
        return self._judged(rows, calls)

    def told(self) -> Judged:
        """What is known of modules by linking alone, and was not told before."""
        return self._judged({}, {})

    @property
    def failed(self) -> dict[str, str]:
        """The modules in which conclint itself failed so far, and what is to be said of it."""
        return {**self._store.failed, **self.engine.failed, **self._failed}

    def _fail(self, path: str, error: Exception) -> None:
        self._failed.setdefault(path, describe_failure(error))

    def effects_of(self, path: str, names: Iterable[str]) -> dict[str, tuple[Any, ...]]:
        """The effects of functions of a module, as rows, by their keys; of those that it has."""
        self._store.load([path])
        if self._store.get(path) is None:
            return {}

        def ask() -> dict[str, tuple[Any, ...]]:
            module = self._program.module(path)
            asked = [(path, name) for name in names if module is not None and module.has(name)]
            self.engine.demand(asked)
            return {key[1]: to_rows(self.engine.effects_of(key)) for key in asked}

        return self.settled(ask)

    def bound_in(
        self, path: str, names: Collection[str]
    ) -> tuple[tuple[tuple[Any, ...], ...], tuple[str, ...]]:
        """What coroutines of these names do with what a module gives to them, as rows; and the names of the
        module's own that hand on what they are given. Of the rest of the module nothing is judged."""
        self._store.load([path])

        def ask() -> tuple[list[Draft], tuple[str, ...]]:
            view = self.judge.plain_view(path)
            return ([], ()) if view is None else bound_in(view, names)

        try:
            drafts, handing = self.settled(ask)
            return tuple(self.settled(partial(self._row, draft)) for draft in drafts), handing
        except Exception as error:
            self._fail(path, error)
            return (), ()

    def drain_edges(self) -> Edges:
        """What was asked of other files since this was last told, for who keeps no more than that."""
        program = self._program
        return Edges(
            program.drain_imports(),
            program.drain_derived(),
            program.drain_bases(),
            self._project.finder.drain_missed(),
        )

    def link(self, paths: Sequence[str]) -> None:
        """Have the effects of all functions of these modules."""
        self._store.load(paths)
        for path in paths:
            self._demand(path)
        self.engine.run(self._store.load)

    def _demand(self, path: str) -> None:
        try:
            self.engine.demand(self.judge.roots(path))
        except Exception as error:
            self._fail(path, error)

    def settled(self, work: Callable[[], T]) -> T:
        """What the work gives once nothing is missing: what it turns out to need is loaded and propagated
        first."""
        while True:
            try:
                result = work()
            except NeedModule as need:
                self._program.load([need.path], self._store.load)
            except _UnsettledError:
                pass
            else:
                if self.engine.is_settled:
                    return result
            self.engine.run(self._store.load)

    def _part(self, work: Callable[[], T]) -> T:
        """As `settled`, for a part of what is being worked on: what turns out to be missing costs that part
        again, and not a module with hundreds of functions. What came before it must not lack anything."""
        if not self.engine.is_settled:
            raise _UnsettledError
        return self.settled(work)

    def _settled(self, path: str, work: Callable[[], T]) -> T:
        """As `settled`, for work about a module."""
        self.engine.asking = path
        try:
            return self.settled(work)
        finally:
            self.engine.asking = None

    def _judged_module(self, path: str) -> tuple[list[Draft], ModuleCalls | None]:
        view = self.judge.view(path)
        return ([], None) if view is None else (self.judge.judge_view(view), module_calls(view))

    def _row(self, draft: Draft) -> tuple[Any, ...]:
        """The finding as data, with its recommendation where it can be shown at all."""
        finding = draft.finding
        if self._selections.of(finding.path).shows(finding):
            file = self._file_of(draft.path)
            advice = advise(draft, file)
            fix = fix_for(draft, file, advice)
            finding = replace(finding, recommendation=advice.recommendation, fix=fix)
        return to_row(finding)

    def _file_of(self, path: str) -> SourceFile:
        """The text of a file; that of the last one is kept, since findings come file by file."""
        if self._file is None or self._file[0] != path:
            notebook = self._project.notebook(path)
            cells = [(cell.first, cell.end) for cell in notebook.cells] if notebook is not None else ()
            self._file = path, source_file(self._project.text(path), cells)
        return self._file[1]

    def _judged(
        self, rows: dict[str, tuple[tuple[Any, ...], ...]], calls: dict[str, tuple[Any, ...]]
    ) -> Judged:
        words: dict[str, list[str]] = {}
        for path, word in sorted(wrapper_names(self.engine) - self._told_words):
            words.setdefault(path, []).append(word)
            self._told_words.add((path, word))
        directives: dict[str, tuple[tuple[Any, ...], ...]] = {}
        contents: dict[str, bytes] = {}
        for path in self._program.drain_linked():
            content = self._store.source_hash(path) if path not in self._told else None
            if content is None:
                continue
            self._told.add(path)
            contents[path] = content
            module = self._program.module(path) if path in self._project.sources else None
            if module is not None and module.summary.directives:
                directives[path] = tuple(map(tuple, module.summary.directives))
        effects: dict[str, dict[str, tuple[Any, ...]]] = {}
        failed = self.failed
        for key, found in self.engine.drain_shared():
            if not failed and key not in self._told_effects and self._effects.of(key) is None:
                effects.setdefault(key[0], {})[key[1]] = to_rows(found)
                self._told_effects.add(key)
        for path, of_path in effects.items():
            self._effects.add(path, of_path)
        return Judged(
            rows,
            {path: tuple(found) for path, found in words.items()},
            *self.drain_edges(),
            directives,
            contents,
            effects,
            failed,
            calls,
        )


def in_groups(paths: Iterable[str], sizes: Mapping[str, int], least: int, most: int) -> list[list[str]]:
    """The paths in groups of neighbours, which have much in common: a group ends with a folder once it has
    the least number of bytes, and within one at the most."""
    groups: list[list[str]] = []
    weight, folder = 0, None
    for path in sorted(paths):
        here = os.path.dirname(path)
        if not groups or weight >= most or (weight >= least and here != folder):
            groups.append([])
            weight = 0
        groups[-1].append(path)
        weight += sizes.get(path, 0)
        folder = here
    return groups
