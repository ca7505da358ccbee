"""What coroutines do with what is given to them from other files: findings in their places, those included
that come of calls in files that were not asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, Final

from conclint.incremental.judgements import Judgements
from conclint.judging.checker import ModuleJudge
from conclint.judging.project import Project
from conclint.model.finding import Finding
from conclint.run.bindings import Bindings, names_of
from conclint.run.import_closure import Leads
from conclint.run.naming import Naming
from conclint.source.discovery import Source
from conclint.source.index import FileIndex
from conclint.store.finding_rows import from_row

_MOST_ROUNDS: Final = 4
"""A callback is handed on through so many files that were not asked for."""
_IMPORTING_BY_NAME: Final = {"import_module", "__import__"}
_NO_CALLS: Final[tuple[Any, ...]] = ((), (), (), (), ())


class Callers:
    """Of one run: `everything` are the project's files, `known` what was judged; at files `beyond` the asked
    ones only what comes of calls in these is reported."""

    def __init__(
        self,
        project: Project,
        naming: Naming,
        everything: Callable[[], Collection[str]],
        known: Callable[[], Judgements],
        beyond: Iterable[Source],
    ) -> None:
        self._project = project
        self._naming = naming
        self._everything = everything
        self._known = known
        self._root = str(project.config.root)
        self._beyond = {source.shown: source.path for source in beyond}
        self._leads = Leads(project.finder, self._index_of)
        self.reported_beyond: set[str] = set()

    @property
    def looked_around(self) -> bool:
        """Whether files were looked into that were not asked for."""
        return self._naming.looked_around

    def in_their_places(self, found: list[Finding]) -> list[Finding]:
        """The findings of the asked files, with those that come of calls in others."""
        sources = self._project.sources
        calls = self._known().calls
        handed = {(path, name) for path in sources for name in calls.get(path, _NO_CALLS)[3]}
        if handed and any(path not in sources for path in self._everything()):
            found = [*found, *self._from_others(handed)]
        names = names_of(found)
        if names:
            found = list(self._bindings(names).placed(found))
        shown = self._beyond.keys() | {source.shown for source in sources.values()}
        found = [item for item in found if item.binding is None or item.path in shown]
        self.reported_beyond = {self._beyond[item.path] for item in found if item.path in self._beyond}
        return found

    def _bindings(self, names: Collection[str]) -> Bindings:
        return Bindings(self._naming.files(names), self._root)

    def _leading(self, files: Iterable[str], path: str) -> Iterator[str]:
        """Those of the files that can call what `path` defines: judging any of them means reading all that it
        imports."""
        targets = self._leads.targets(path)
        for file in files:
            if self._leads.to_any(file, targets) or self._project.mentioned(file, _IMPORTING_BY_NAME):
                yield file

    def _index_of(self, path: str) -> FileIndex:
        ((_, index),) = self._project.store.indexes([path])
        return index

    def _from_others(self, todo: set[tuple[str, str]]) -> Iterator[Finding]:
        """What comes of calls in files that were not asked for, which hand something to one of these
        coroutines, given by path and name. The files are judged by themselves: what an earlier run knew of
        them may not hold any more."""
        asked = self._project.sources.keys()
        done: set[tuple[str, str]] = set()
        judged: set[str] = set()
        judge: ModuleJudge | None = None
        for _ in range(_MOST_ROUNDS):
            bindings = self._bindings({name for _, name in todo})
            new: set[str] = set()
            for path, name in todo:
                likely = bindings.binding_files(path, name) - asked - judged - new
                new.update(self._leading(likely, path) if likely else ())
            if not new:
                return
            judge = judge or ModuleJudge(self._project)
            names = {name for _, name in todo}
            judged |= new
            done |= todo
            todo = set()
            for path in sorted(new):
                rows, handing = judge.bound_in(path, names)
                todo |= {(path, name) for name in handing} - done
                for finding in map(from_row, rows):
                    if finding.binding is not None and not finding.binding.is_here:
                        yield finding
