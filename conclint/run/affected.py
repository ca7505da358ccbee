"""Scopes of a run other than "these files": what passes through them, and what a change can have caused."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from conclint.model.finding import Finding
from conclint.process.failure import describe_failure
from conclint.run.import_closure import files_reaching, passes_through
from conclint.source.discovery import Source
from conclint.source.modules import ModuleFinder
from conclint.source.revisions import Changes
from conclint.workspace import Workspace

_MUCH: Final = 0.25
"""The part of a project from which looking at all of it is as well."""


class AffectedScope(NamedTuple):
    """The files to analyse, and how to tell which findings are meant."""

    sources: tuple[Source, ...]
    named: frozenset[str]
    finder: ModuleFinder
    cwd: str

    def takes(self, finding: Finding) -> bool:
        """Whether the finding lies in a named file, or its chain passes through one."""
        return passes_through(finding, set(self.named), self.cwd, self.finder)


def affected_by(
    workspace: Workspace,
    named: Iterable[Source],
    gone: Iterable[str] = (),
    others: Iterable[Source] = (),
) -> AffectedScope:
    """The named files and all of the project's that may reach one of them, or one of those that are gone;
    the whole project where that is much of it.

    `others` are further files of the project whose text is given.
    """
    given = {source.path: source for source in named}
    every = {source.path: source for source in (*workspace.project, *others, *given.values())}
    gone = frozenset(gone)
    finder = workspace.finder(every, gone)
    store = workspace.store()
    try:
        reaching: Iterable[str] = files_reaching({*given, *gone}, store.indexes(every), finder)
    except Exception as error:
        describe_failure(error)
        reaching = every  # what can't be told is looked at
    finally:
        store.close()
    wanted = sorted({*given, *reaching} & every.keys())
    if len(wanted) > _MUCH * len(every):
        # Of all of it an earlier run's judgements can be taken, of a part not.
        wanted = sorted(every)
    sources = tuple(every[path] for path in wanted)
    return AffectedScope(sources, frozenset(given), finder, str(workspace.config.cwd))


class Change(NamedTuple):
    """A change in the terms of a run: the sources it touched, the files it took away, and new shown paths
    with their old ones."""

    touched: tuple[Source, ...]
    gone: frozenset[str]
    renamed: Mapping[str, str]


def change_in(workspace: Workspace, changes: Changes) -> Change:
    """The change as the run sees it: Git resolves symbolic links, discovery keeps them."""
    by_real = {os.path.realpath(source.path): source for source in workspace.project}
    root = workspace.config.root
    real_root = os.path.realpath(root)

    def as_seen(path: str) -> str:
        below = path.startswith(real_root + os.sep)
        return str(root / os.path.relpath(path, real_root)) if below else path

    touched = tuple(by_real[path] for path in sorted(changes.changed) if path in by_real)
    return Change(touched, frozenset(map(as_seen, changes.deleted)), changes.renamed)
