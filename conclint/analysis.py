"""One run: the asked sources through link, propagate and judge, with one store of summaries."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from conclint.cache import Cache
from conclint.config import Config, ConfigError
from conclint.config_file import FOLLOW_ALL
from conclint.link.summaries import SummaryStore
from conclint.model.execution import Confidence
from conclint.model.finding import Finding, Position
from conclint.model.summary import Directive
from conclint.source.cells import in_cell
from conclint.source.contents import Contents, given_texts
from conclint.source.decoding import DecodingError
from conclint.source.discovery import Source, shown_path
from conclint.source.index import mentions
from conclint.source.modules import ModuleFinder
from conclint.source.notebook import Notebook, as_python, is_notebook, read_notebook

if TYPE_CHECKING:
    from conclint.catalog.schema import LibraryFacts
    from conclint.model.concurrency_map import ConcurrencyMap
    from conclint.propagate.engine import Engine
    from conclint.rules.drafts import Draft
    from conclint.rules.judge import Judge

T = TypeVar("T")
Progress = Callable[[int, int, str], None]
_PROJECT_MARKS = ("pyproject.toml", "setup.py", "setup.cfg")


class Analysis:
    """One run: the asked sources, and the stages that share the store of summaries."""

    def __init__(
        self,
        config: Config,
        sources: Iterable[Source],
        cache: Cache,
        progress: Progress | None = None,
        own_facts: tuple[LibraryFacts, ...] = (),
        contents: Contents | None = None,
    ) -> None:
        self._config = config
        self._own_facts = own_facts
        self._sources = {source.path: source for source in sources}
        overrides = given_texts(self._sources.values())
        self._cache = cache
        self._store = SummaryStore(
            cache,
            config.jobs or None,
            (lambda done, total: progress(done, total, "summarising")) if progress else None,
            contents or Contents(cache, overrides),
        )
        self._packages, followed = followed_packages(config)
        roots = source_roots(config, self._sources)
        self._finder = ModuleFinder(roots, self._sources, self._packages, followed)
        self._overrides = overrides
        self._notebooks: dict[str, Notebook | None] = {}
        self._drafts: dict[tuple[str, str, Position], Draft] = {}
        self._program: tuple[Engine, Judge, list[str]] | None = None

    def close(self) -> None:
        """Stop the workers."""
        self._store.close()

    def hashes(self, paths: Iterable[str] | None = None) -> dict[str, bytes | None]:
        """The content hash of each of the files (by default the asked ones); None if it can't be read."""
        wanted = sorted(self._sources) if paths is None else paths
        return {path: self._store.source_hash(path) for path in wanted}

    def followed(self) -> tuple[tuple[str, bytes], ...]:
        """The files that the findings depend on though they were not asked for, with their hashes."""
        paths = [path for path in self._store.loaded() if path not in self._sources]
        return tuple((path, content) for path, content in self.hashes(paths).items() if content is not None)

    def missed(self) -> tuple[str, ...]:
        """The files that were looked for, do not exist, and would change the findings if they did."""
        return tuple(sorted(self._finder.missed))

    def findings(self) -> list[Finding]:
        """Everything found in the asked files, unfiltered."""
        asked = sorted(self._sources)
        engine, judge, taken = self._linked()
        drafts: list[Draft] = []
        for path in taken:
            drafts += self._settled(engine, partial(judge.judge_module, path))
        self._store.check([path for path in asked if path not in set(taken)])
        for draft in drafts:
            finding = draft.finding
            slot = (finding.path, finding.code, finding.position)
            held = self._drafts.get(slot)
            if held is None or _is_better(draft, held):
                self._drafts[slot] = draft
        return [*(draft.finding for draft in drafts), *self.unreadable_files()]

    def unreadable_files(self) -> list[Finding]:
        """The asked files that were found to be no Python, so far."""
        return [
            unreadable(self._shown(path), line, column, message)
            for path, (message, line, column) in self._store.problems.items()
            if path in self._sources
        ]

    def concurrency_map(self) -> ConcurrencyMap:
        """Which functions of the asked files, and of what they lead to, run on which execution models."""
        from conclint.mapping.build import build_map
        from conclint.rules.starts import find_starts

        engine, judge, taken = self._linked()

        def build() -> ConcurrencyMap:
            views = [view for path in taken if (view := judge.view(path)) is not None]
            keys = [key for view in views for key in view.keys]
            on_loop = {key for view in views for key in find_starts(view).on_loop}
            return build_map(engine, keys, on_loop, self._shown)

        return self._settled(engine, build)

    def _linked(self) -> tuple[Engine, Judge, list[str]]:
        """The asked files linked and their effects propagated, once: with the files that can hold a
        finding."""
        if self._program is None:
            self._program = self._link(sorted(self._sources))
        return self._program

    def _link(self, asked: list[str]) -> tuple[Engine, Judge, list[str]]:
        from conclint.catalog.loader import Catalog, starting_imports
        from conclint.link.evaluate import Evaluator
        from conclint.link.program import Program
        from conclint.propagate.engine import Engine
        from conclint.rules.judge import Judge
        from conclint.rules.registry import all_rules
        from conclint.suppress.selection import Selection

        catalog = Catalog(self._own_facts)
        selection = Selection(self._config)
        everywhere = any(rule.everywhere and selection.is_chosen(rule.code) for rule in all_rules())
        placers = set(catalog.user_placements())
        roots = [
            path
            for path, index in self._store.indexes(asked)
            if index.words
            or everywhere
            or index.mentions_library(starting_imports())
            or (placers and self._mentions(path, placers))
            or self._awaits(path)
        ]
        self._store.load(roots)
        self._cache.save()  # an interrupted run has not parsed in vain
        engine = Engine(Evaluator(Program(self._store, self._finder, catalog)))
        judge = Judge(engine, self._shown, self.notebook, self._config.runtime, selection.is_chosen)
        return engine, judge, self._propagate(engine, judge, asked, roots)

    def _propagate(self, engine: Engine, judge: Judge, asked: list[str], roots: list[str]) -> list[str]:
        """Effects for the roots, and for the files that mention a wrapper which that discovered, until
        none is added; returns all these files."""
        from conclint.rules.judge import wrapper_names

        taken: set[str] = set()
        words: set[str] = set()
        while len(taken) < len(roots):
            for path in roots:
                if path not in taken:
                    engine.demand(judge.roots(path))
            taken.update(roots)
            engine.run(self._store.load)
            new_words = wrapper_names(engine) - words
            if new_words:
                words |= new_words
                more = [path for path in asked if path not in taken and self._mentions(path, new_words)]
                self._store.load(more)
                roots = sorted({*roots, *more})
        return sorted(taken)

    def _settled(self, engine: Engine, work: Callable[[], T]) -> T:
        """What the work gives once nothing is missing: what it turns out to need is loaded and propagated
        first."""
        from conclint.link.program import NeedModule

        while True:
            try:
                result = work()
            except NeedModule as need:
                self._store.load([need.path])
            else:
                if engine.is_settled:
                    return result
            engine.run(self._store.load)

    def _mentions(self, path: str, words: set[str]) -> bool:
        text = self._text(path)
        return text is not None and bool(mentions(text, words))

    def _text(self, path: str) -> bytes | None:
        """The file's Python, as it was analysed; None if it can't be read."""
        try:
            return as_python(path, self._data(path))
        except (OSError, DecodingError):
            return None

    def _data(self, path: str) -> bytes:
        """The bytes that were given for the file, be they none, else those on disk. Raises OSError."""
        given = self._overrides.get(path)
        return Path(path).read_bytes() if given is None else given

    def notebook(self, path: str) -> Notebook | None:
        """The cells of an asked notebook; None for any other file."""
        if path not in self._notebooks:
            self._notebooks[path] = None
            if is_notebook(path):
                with suppress(OSError, DecodingError):
                    self._notebooks[path] = read_notebook(self._data(path))
        return self._notebooks[path]

    def _awaits(self, path: str) -> bool:
        """Whether a cell runs on the event loop without a word of concurrency in it."""
        notebook = self.notebook(path)
        return notebook is not None and any(cell.awaits for cell in notebook.cells)

    def in_cells(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """The findings, those in notebooks placed in their cells."""
        notebooks = {
            self._shown(path): notebook
            for path in self._sources
            if is_notebook(path) and (notebook := self.notebook(path)) is not None
        }
        return tuple(in_cell(finding, notebooks) for finding in findings) if notebooks else tuple(findings)

    def directives(self) -> dict[str, tuple[Directive, ...]]:
        """The directives of the asked files, by shown path."""
        result: dict[str, tuple[Directive, ...]] = {}
        for path in self._sources:
            summary = self._store.get(path) if self._store.is_loaded(path) else None
            if summary is not None and summary.directives:
                result[self._shown(path)] = summary.directives
        return result

    def _shown(self, path: str) -> str:
        source = self._sources.get(path)
        return source.shown if source is not None else shown_path(path, str(self._config.cwd))

    def illustrated(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """The findings with recommendations, in the names of their own source."""
        from conclint.rules.illustrate import illustrate

        result: list[Finding] = []
        texts: dict[str, bytes | None] = {}
        for finding in findings:
            draft = self._drafts.get((finding.path, finding.code, finding.position))
            if draft is not None:
                if draft.path not in texts:
                    texts[draft.path] = self._text(draft.path)
                finding = replace(finding, recommendation=illustrate(draft, texts[draft.path]))
            result.append(finding)
        return tuple(result)


def followed_packages(config: Config) -> tuple[tuple[str, ...], frozenset[str] | None]:
    """The folders of installed packages, and the import names to follow into them (None: all).

    Raises ConfigError where a wanted package or the environment isn't there.
    """
    if not config.follow:
        return (), None
    from conclint.source.installed import NoPackagesError, find_package_folders, import_names

    try:
        folders = find_package_folders(config.python, config.root)
        every = FOLLOW_ALL in config.follow
        return folders, None if every else import_names(config.follow, folders)
    except NoPackagesError as error:
        raise ConfigError(f"follow: {error}") from error


def source_roots(config: Config, paths: Iterable[str]) -> list[str]:
    """Where imports are looked for: the project's own folders, and those of projects inside it."""
    roots = [str(config.root), *(str(folder) for folder in config.src)]
    nested: dict[str, str | None] = {str(config.root): None}
    for folder in sorted({os.path.dirname(path) for path in paths}):
        trail: list[str] = []
        while folder not in nested and folder.startswith(roots[0]):
            trail.append(folder)
            if any(os.path.isfile(os.path.join(folder, mark)) for mark in _PROJECT_MARKS):
                nested[folder] = folder
                break
            folder = os.path.dirname(folder)
        home = nested.get(folder)
        nested.update(dict.fromkeys(trail, home))
        if home is not None:
            roots += [home, os.path.join(home, "src")]
    return list(dict.fromkeys(roots))


def with_fingerprints(findings: list[Finding]) -> list[Finding]:
    """The findings with fingerprints: code, symbol, cause, and the ordinal among equals in the file;
    neither lines nor the chain (CORE.md section 4). Equal findings at one place share theirs, as do those
    of two files that have one module name: what else was asked for changes nothing."""
    seen: dict[tuple[str | None, ...], dict[Position, int]] = {}
    result: list[Finding] = []
    for finding in sorted(findings, key=lambda item: item.sort_key):
        equals = (finding.code, finding.symbol or finding.path, finding.cause)
        places = seen.setdefault((finding.path, *equals), {})
        ordinal = places.setdefault(finding.position, len(places))
        text = "\0".join((*(part or "" for part in equals), str(ordinal)))
        digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        result.append(replace(finding, fingerprint=digest))
    return result


def _is_better(draft: Draft, held: Draft) -> bool:
    new, old = draft.finding, held.finding
    return (-new.confidence, len(new.chain), new.message) < (-old.confidence, len(old.chain), old.message)


def unreadable(path: str, line: int, column: int, message: str) -> Finding:
    return Finding(
        code="CON900",
        name="unreadable-file",
        message=message,
        path=path,
        position=Position(line, column, line, column),
        symbol="",
        confidence=Confidence.HIGH,
        logical_line=(line, line),
    )
