"""Forwards: which files must be known so that a wrapper is recognised in a file that calls it.

A file that says nothing of concurrency itself may hand a function to a wrapper of another file
(`in_background(load)`). Where that file is asked for too, the analysis discovers the wrapper by itself; this
finds it where it is not. Only indexes are asked (CORE.md section 1), so a file without such imports costs
next to nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

from conclint.config.settings import ConfigError
from conclint.judging.failures import failure
from conclint.model.finding import Finding
from conclint.process.failure import describe_failure
from conclint.source.discovery import Source, shown_path
from conclint.source.file_digests import FileDigests
from conclint.source.imports import imported_files, imported_names
from conclint.source.index import FileIndex, mentions
from conclint.source.modules import ModuleFinder
from conclint.source.notebook import is_notebook
from conclint.store.missing import MissingFiles, absent
from conclint.summary_store import SummaryStore
from conclint.workspace import Workspace

_MOST: Final = 200
"""Where more files are asked for, what they lean on is among them as a rule, and nothing is looked for."""
_DEPTH: Final = 2
_PLACING: Final = frozenset(
    {"Pool", "Process", "anyio", "call_at", "call_later", "call_soon", "concurrent", "hread", "joblib"}
    | {"multiprocessing", "run_in_", "run_sync", "submit", "xecutor"}
)
"""Those of the index's words one of which stands in a file that hands a callable to another model."""
_CALLS: Final = re.compile(
    rb"(?:Thread|Process|Pool|Executor|to_thread|submit|apply_async|run_in_\w{1,40}|run_sync|call_soon\w{0,40}"
    rb"|call_later|call_at|delayed)\s*\("
)
_MANY: Final = 5
"""So many files are analysed besides those that were asked for; of more, none: that would take too long."""


class Lenders(NamedTuple):
    """Files of the project that may hold a wrapper, in order; and what that answer depends on: the files
    that were looked into, and those that were looked for in vain. `failed` are the given files of which it
    could not be found out, and what is to be said of that."""

    sources: tuple[Source, ...] = ()
    looked_at: tuple[tuple[str, bytes], ...] = ()
    missing: MissingFiles = ()
    failed: tuple[tuple[str, str], ...] = ()

    def problems(self, sources: Sequence[Source]) -> list[Finding]:
        """What is reported of the given files where conclint itself failed."""
        shown = {source.path: source.shown for source in sources}
        return [failure(shown[path], message) for path, message in self.failed]


def find_lenders(workspace: Workspace, sources: Sequence[Source]) -> Lenders:
    """Files of the project besides the given ones that may hold a wrapper which one of these calls, though
    it says nothing of concurrency itself."""
    if len(sources) > _MOST:
        return Lenders()
    asked = {source.path: source for source in sources}
    store = workspace.store(jobs=1)
    borrowers: list[tuple[str, FileIndex]] = []
    try:
        for path, index in store.indexes(asked):
            if index.imports and not index.words and not is_notebook(path):
                borrowers.append((path, index))
        return _lenders_of(borrowers, asked.keys(), store, workspace) if borrowers else Lenders()
    except ConfigError:
        raise
    except Exception as error:
        message = describe_failure(error)
        return Lenders(failed=tuple((path, message) for path, _ in borrowers))
    finally:
        store.close()


def _lenders_of(
    borrowers: Sequence[tuple[str, FileIndex]],
    asked: Collection[str],
    store: SummaryStore,
    workspace: Workspace,
) -> Lenders:
    contents = workspace.contents
    finder = workspace.finder(asked)
    search = _Search(store, contents, finder, frozenset(asked))
    found: set[str] = set()
    failed: list[tuple[str, str]] = []
    for path, index in borrowers:
        try:
            found |= search.lenders(path, index)
        except Exception as error:
            failed.append((path, describe_failure(error)))
    if len(found) > _MANY:
        found = set()
    return Lenders(
        tuple(Source(path, shown_path(path, str(workspace.config.cwd))) for path in sorted(found)),
        tuple(
            (path, content)
            for path in sorted(search.looked_at)
            if (content := contents.digest(path)) is not None
        ),
        absent(finder.missed),
        tuple(failed),
    )


class _Search:
    def __init__(
        self, store: SummaryStore, contents: FileDigests, finder: ModuleFinder, asked: frozenset[str]
    ) -> None:
        self._store = store
        self._contents = contents
        self._finder = finder
        self._asked = asked
        self.looked_at: set[str] = set()
        self._known: dict[str, FileIndex] = {}

    def lenders(self, path: str, index: FileIndex) -> set[str]:
        """The files that place something and define a name that the file mentions; or that one between them
        mentions, which then belongs to them: a wrapper of a wrapper."""
        found: set[str] = set()
        importers = {path: path}
        todo = [(path, index, 0)]
        while todo:
            importer, of_importer, depth = todo.pop()
            for file, of_file in self._lent(importer, of_importer, importers.keys()):
                importers[file] = importer
                if not _PLACING.isdisjoint(of_file.words) and self._hands_over(file):
                    between = file
                    while between != path:
                        found.add(between)
                        between = importers[between]
                elif depth < _DEPTH:
                    todo.append((file, of_file, depth + 1))
        return found

    def _indexes(self, paths: Collection[str]) -> Iterator[tuple[str, FileIndex]]:
        self._known.update(self._store.indexes(path for path in paths if path not in self._known))
        for path in sorted(paths):
            yield path, self._known[path]

    def _hands_over(self, file: str) -> bool:
        """Whether the file calls something that runs a callable elsewhere: more than a mention of a lock."""
        return _CALLS.search(self._contents.read(file) or b"") is not None

    def _lent(
        self, importer: str, index: FileIndex, seen: Collection[str]
    ) -> Iterator[tuple[str, FileIndex]]:
        """Imported files that define a function whose name is mentioned; and packages' own files, which
        pass on what their modules define."""
        imported = imported_files(importer, imported_names(index), self._finder)
        text = self._contents.read(importer) or b""
        self.looked_at |= imported - self._asked
        for file, of_file in self._indexes(imported - self._asked - {*seen}):
            if file.endswith(f"{os.sep}__init__.py") or mentions(text, of_file.functions):
                yield file, of_file
