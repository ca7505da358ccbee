"""The project that a run is about: the asked sources, their summaries, and what their imports lead to."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress

from conclint.config.settings import Config
from conclint.files.bounded_file import read_source
from conclint.source.derived import Derived
from conclint.source.discovery import Source, shown_path
from conclint.source.index import mentions
from conclint.source.notebook import Notebook, as_python, is_notebook, read_notebook
from conclint.summary_store import Progress
from conclint.syntax.decoding import DecodingError
from conclint.workers.work import Workers
from conclint.workspace import Workspace


class Project:
    """The asked sources by path, with one store of summaries and one finder of modules. `library`: the async
    library that the program runs on, as soon as that is found out; `loops_nest`: its event loops can run
    inside one another.

    Raises ConfigError where packages are to be followed that aren't there.
    """

    def __init__(
        self,
        workspace: Workspace,
        sources: Iterable[Source],
        progress: Progress | None = None,
    ) -> None:
        self.config = workspace.config
        self.sources = {source.path: source for source in sources}
        self._overrides = workspace.texts
        self.contents = workspace.contents
        self.own_facts = workspace.knowledge.facts
        self.packages = workspace.packages
        self.store = workspace.store(progress, remote=_remote_workers(workspace.config))
        self.finder = workspace.finder(self.sources, installed=True)
        self.roots = self.finder.roots
        self.subclasses = Derived()
        self.library = "asyncio"
        self.loops_nest = False
        self._notebooks: dict[str, Notebook | None] = {}

    @property
    def has_buffers(self) -> bool:
        """Whether the text of some source was given, and is perhaps not what is on disk."""
        return bool(self._overrides)

    def shown(self, path: str) -> str:
        """The path as it is reported."""
        source = self.sources.get(path)
        return source.shown if source is not None else shown_path(path, str(self.config.cwd))

    def is_given(self, path: str) -> bool:
        """Whether the file's text was given, and is perhaps not what is on disk."""
        return path in self._overrides

    def exists(self, path: str) -> bool:
        """Whether there is such a file, given or on disk."""
        return path in self._overrides or os.path.isfile(path)

    def data(self, path: str) -> bytes:
        """The bytes that were given for the file, be they none, else those on disk. Raises OSError."""
        given = self._overrides.get(path)
        return read_source(path) if given is None else given

    def text(self, path: str) -> bytes | None:
        """The file's Python, as it was analysed; None if it can't be read."""
        try:
            return as_python(path, self.data(path))
        except (OSError, DecodingError):
            return None

    def mentioned(self, path: str, words: set[str]) -> set[str]:
        """Those of the words that the file has in it; none if it can't be read."""
        text = self.text(path) if words else None
        return mentions(text, words) if text is not None else set()

    def notebook(self, path: str) -> Notebook | None:
        """The cells of an asked notebook; None for any other file."""
        if path not in self._notebooks:
            self._notebooks[path] = None
            if is_notebook(path):
                with suppress(OSError, DecodingError):
                    self._notebooks[path] = read_notebook(self.data(path))
        return self._notebooks[path]

    def awaits(self, path: str) -> bool:
        """Whether a cell runs on the event loop without a word of concurrency in it."""
        notebook = self.notebook(path)
        return notebook is not None and any(cell.awaits for cell in notebook.cells)


def _remote_workers(config: Config) -> Workers | None:
    if config.executor is None:
        return None
    from conclint.workers.dask import connect

    start, threads = connect(config.executor)
    return Workers(max(threads, 2), start, always=True)
