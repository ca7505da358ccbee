"""One run: the asked sources linked, propagated and judged; what an earlier run judged is not done again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from conclint.incremental.judgements import Judgements, decode_judgements, encode_judgements
from conclint.judging.failures import failure, unreadable
from conclint.judging.groups import GroupJudge
from conclint.judging.project import Project
from conclint.model.execution import ExecutionModel
from conclint.model.finding import Finding
from conclint.model.following import MOST_FILES, FollowedTooMuchError
from conclint.process.failure import bearable, describe_failure
from conclint.rules.advice.library import TELLING, library_of_program, loops_nest
from conclint.run.callers import Callers
from conclint.run.driving_files import DrivingFiles
from conclint.run.naming import Naming
from conclint.source.cells import in_cell
from conclint.source.derived import Derived, Headers, bases_changed, headers_of
from conclint.source.directive_words import may_have_directives
from conclint.source.discovery import Source
from conclint.source.notebook import is_notebook
from conclint.source.own_driver import drives_its_own, has_loop, is_hand_driven
from conclint.store.cache import Space
from conclint.store.finding_rows import from_row
from conclint.store.missing import absent, has_appeared, merged
from conclint.summary.records import MODULE_KEY, Directive
from conclint.workspace import Workspace

if TYPE_CHECKING:
    from conclint.effects.solver import EffectSolver
    from conclint.incremental.judgements import Judged
    from conclint.model.concurrency_map import ConcurrencyMap
    from conclint.model.unknown_calls import UnknownCalls
    from conclint.resolve.values import Key
    from conclint.source.index import FileIndex
    from conclint.store.missing import MissingFiles

_T = TypeVar("_T")
Progress = Callable[[int, int, str], None]
_MOST_COMPARED = 20
"""Changed files that are compared with what they were; where more have changed, most mean something else."""


class Analysis:
    """One run: the asked sources, judged here or in worker processes, with what an earlier run knew.

    `helpers` are those of the sources that were not asked for by name: nothing is reported at them. At
    files `beyond` the sources only what comes of calls in these is.
    """

    def __init__(
        self,
        workspace: Workspace,
        sources: Iterable[Source],
        progress: Progress | None = None,
        helpers: Collection[str] = (),
        beyond: Iterable[Source] = (),
    ) -> None:
        self._workspace = workspace
        self._config = workspace.config
        self._own_facts = workspace.knowledge.facts
        self._cache = workspace.cache
        self._progress = progress
        self._project = Project(
            workspace,
            sources,
            (lambda done, total: progress(done, total, "summarising")) if progress else None,
        )
        self._store = self._project.store
        self._sources = self._project.sources
        self._project.subclasses = Derived(self._headers, self._sources if len(self._sources) > 1 else None)
        self._known = Judgements.none()
        self._around: dict[str, Headers] | None = None
        self._taken: list[str] | None = None
        self._missed: set[str] = set()
        self._followed: set[str] = set()
        self._failed: dict[str, str] = {}
        self._judged_anew = 0
        self._steps: bool | None = None
        self._drives: dict[str, bool] = {}
        self._looked_for_loop = False
        self._keeps = False
        self._helpers = frozenset(helpers)
        self._groups = GroupJudge(workspace, self._project)
        naming = Naming(self._project, self._in_project, lambda: self._known, self._starts)
        self._callers = Callers(self._project, naming, self._in_project, lambda: self._known, beyond)

    def close(self) -> None:
        """Stop the workers."""
        self._store.close()
        self._groups.close()

    @property
    def packages(self) -> tuple[str, ...]:
        """What tells the installed packages into which chains are followed from others."""
        return self._project.packages.identity

    @property
    def environment(self) -> str | None:
        """The environment into whose packages calls are followed, in words."""
        return self._project.packages.in_words

    @property
    def roots(self) -> tuple[str, ...]:
        """The folders in which imports are looked for."""
        return self._project.roots

    @property
    def has_failed(self) -> bool:
        """Whether conclint itself failed in a module: what was found then is not kept for a later run."""
        return bool(self._failed) or bool(self._store.failed)

    @property
    def looked_around(self) -> bool:
        """Whether what was found depends on files of the project that were neither asked for nor led to."""
        return self._around is not None or self._looked_for_loop or self._callers.looked_around

    def followed(self) -> tuple[tuple[str, bytes], ...]:
        """The files that the findings depend on though they were not asked for, with their hashes."""
        reached = self._known.led_to(self._taken or ()) - self._sources.keys()
        known = self._known.contents
        return tuple((path, known[path]) for path in sorted(reached) if path in known)

    @property
    def missing(self) -> MissingFiles:
        """The files that were looked for, do not exist, and would change the findings if they did."""
        return merged(self._known.absent, absent(self._missed))

    def recall(self, name: bytes) -> None:
        """Takes in what an earlier run has judged, as far as it still holds; `name` is its name in the
        cache, that of all that judgements depend on besides files.

        What was judged for another choice of files is no help: which files are roots depends on it. Where
        that can't be found out, everything is judged anew.
        """
        try:
            self._recall(name)
        except Exception as error:
            describe_failure(error)
            self._known = Judgements.none()

    def _recall(self, name: bytes) -> None:
        data = self._cache.get_state(name)
        if data is None:
            self._keeps = True
            return
        known = decode_judgements(data)
        is_alone = len(self._sources) == 1
        elsewhere = () if is_alone else known.starting.keys() - self._sources.keys()
        gone = {path for path in elsewhere if self._project.exists(path)}
        # a choice of a few files is not worth more than what is known of the rest
        self._keeps = not is_alone and (not gone or 2 * len(self._sources) > len(known.starting))
        if gone or has_appeared(known.absent):
            return
        wanted = known.led_to(self._sources) if is_alone else known.contents
        changed = {
            path
            for path in wanted
            if path in known.contents and self._store.source_hash(path) != known.contents[path]
        }
        moved = self._moved(known, changed)
        changed -= moved.keys()
        doubtful: set[str] = set()
        if not known.bases.keys().isdisjoint(wanted):
            now = self._headers_now(known, changed)
            doubtful = known.asking(_bases_changed(known.headers, now)).intersection(wanted)
            known = self._known = known._replace(headers=now)  # what is asked from here on is about today
        if changed or doubtful:
            from conclint.judging.effect_cutoff import CutOff

            cutoff = CutOff(self._project, self._cache)
            known = cutoff.still_known(known, changed, doubtful, wanted)
            self._missed.update(cutoff.missed)
        self._known = known.after_move(moved, self._project.shown) if moved else known

    def _headers_now(self, known: Judgements, changed: set[str]) -> dict[str, Headers]:
        """The class headers of the files as they are, of which those are known that did not change."""
        is_alone = len(self._sources) == 1
        paths = self._in_project() if is_alone else self._sources.keys()
        fresh = {path for path in paths if path in changed or path not in known.starting}
        if is_alone:  # of the files that it does not lead to it was not asked whether they changed
            content_of = self._store.source_hash
            fresh |= {path for path in paths if content_of(path) != known.contents.get(path)}
        read = {path: headers_of(index) for path, index in self._store.indexes(fresh)}
        stale = changed | fresh | (known.headers.keys() - paths if is_alone else set())
        held = {path: text for path, text in known.headers.items() if path not in stale}
        now = held | {path: text for path, text in read.items() if text}
        if is_alone:
            self._around = now
        return now

    def _in_project(self) -> set[str]:
        return {*self._sources, *(source.path for source in self._workspace.project)}

    def _headers(self) -> dict[str, Headers]:
        """The class headers of the asked files; of the whole project, where a single one was asked for."""
        if len(self._sources) > 1:
            return self._known.headers
        if self._around is None:
            indexes = self._store.indexes(self._in_project())
            self._around = {path: text for path, index in indexes if (text := headers_of(index))}
        return self._around

    def _moved(self, known: Judgements, changed: set[str]) -> dict[str, bytes]:
        """Those of the changed modules that mean what they meant, with their hashes: a comment was written,
        or a blank line."""
        if not changed or len(changed) > _MOST_COMPARED:
            return {}
        from conclint.extract.meaning import mean_the_same

        present = sorted(path for path in changed if self._store.source_hash(path) is not None)
        self._store.load(present)
        moved: dict[str, bytes] = {}
        for path in present:
            now = self._store.get(path)
            before = self._cache.get(Space.SUMMARY, known.contents[path])
            if now is not None and before is not None and mean_the_same(before, now):
                moved[path] = now.source_hash
        return moved

    def remember(self, name: bytes) -> None:
        """Keeps what is judged for a later run. An editor's buffer is not what that will find on disk."""
        if self._keeps and self._judged_anew and not self._project.has_buffers and not self.has_failed:
            with bearable():
                self._cache.put_state(name, encode_judgements(self._known._replace(absent=self.missing)))

    def findings(self) -> list[Finding]:
        """Everything found in the asked files, unfiltered; with recommendations where they can be shown."""
        taken = self._judged()
        self._store.check(self._sources.keys() - set(taken))
        rows = self._known.rows
        found = [from_row(row) for path in taken if path not in self._failed for row in rows.get(path, ())]
        found = self._callers.in_their_places(found)
        shown = {self._project.shown(path): path for path in taken}
        on_loop = {shown[item.path] for item in found if _is_on_loop(item) and item.path in shown}
        if on_loop and self._has_no_loop(sorted(on_loop)):
            found = [item for item in found if not _is_on_loop(item)]
        return [*found, *self.unreadable_files(), *self.failures()]

    def _has_no_loop(self, likely: list[str]) -> bool:
        """Whether the project steps its coroutines itself, and has no event loop for them to stop. The
        `likely` files are looked at first."""
        from conclint.catalog.loader import starting_imports

        libraries = starting_imports()
        if any(self._project.awaits(path) for path in self._sources):
            return False
        for paths in (likely[:1], likely[1:], self._sources.keys() - set(likely)):
            if any(has_loop(index, libraries) for _, index in self._store.indexes(paths)):
                return False
        shown = self._shown_around()
        texts = ((name, self._project.text(path) or b"") for path, name in shown.items())
        return is_hand_driven(texts, libraries)

    def _shown_around(self) -> dict[str, str]:
        """The shown path of each of the project's files, asked for or not; the report hangs on these then."""
        shown = {source.path: source.shown for source in (*self._workspace.project, *self._sources.values())}
        self._looked_for_loop = self._looked_for_loop or shown.keys() != self._sources.keys()
        return shown

    def _is_stepped(self, path: str) -> bool:
        """Whether a file drives coroutines by hand, or the project does, though it may have an event loop
        besides."""
        from conclint.catalog.loader import starting_imports

        if path not in self._drives:  # asked for each finding of the file
            self._drives[path] = drives_its_own(self._project.text(path) or b"", starting_imports)
        if self._drives[path]:
            return True
        if self._steps is None:
            driving = DrivingFiles(self._project, self._cache, str(self._config.root))
            self._steps = driving.any_of(self._shown_around())
        return self._steps

    def in_context(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings with the kind of code that they are in, and who waits there."""
        from conclint.run.contexts import SERVING_WORDS, SHARING_WORDS, TEST_IMPORTS, Contexts
        from conclint.run.file_handles import under_their_open

        project = self._project
        paths = {project.shown(path): path for path in self._sources}

        def imports_tests(path: str) -> bool:
            return any(index.mentions_library(TEST_IMPORTS) for _, index in self._store.indexes([path]))

        def shares_loop(path: str) -> bool:
            words = set(SHARING_WORDS)
            return any(project.mentioned(other, words) for other in sorted(self._known.led_to([path])))

        contexts = Contexts(
            self._config,
            self._known.calls,
            lambda shown: paths.get(shown, shown),
            imports_tests,
            shares_loop,
            lambda path: bool(project.mentioned(path, set(SERVING_WORDS))),
            self._is_stepped,
        )
        return under_their_open(contexts.place(findings))

    def with_releases(self, findings: list[Finding]) -> tuple[list[Finding], list[tuple[str, bytes]]]:
        """The findings, with the releases of the libraries that they go through; and the files that told
        these, with their hashes."""
        if not any(finding.library is not None for finding in findings):
            return findings, []
        from conclint.run.libraries import Releases

        packages = self._project.packages
        environment = packages.search.environment
        prefix = environment.prefix if environment is not None else ""
        releases = Releases(packages.folders, prefix, str(self._config.cwd))
        named = releases.named_in(findings)
        digests = ((path, self._project.contents.digest(path)) for path in sorted(releases.read))
        return named, [(path, digest) for path, digest in digests if digest is not None]

    def with_removals(self, unused: Sequence[Finding]) -> Sequence[Finding]:
        """The findings about comments that hide nothing, with the fixes that take these out."""
        if not unused:
            return unused
        from conclint.fix.unused_directives import with_fixes

        paths = {self._project.shown(path): path for path in self._sources}
        return with_fixes(unused, lambda shown: self._project.text(paths[shown]) if shown in paths else None)

    def unreadable_files(self) -> list[Finding]:
        """The asked files that were found to be no Python, so far."""
        return [
            unreadable(self._project.shown(path), line, column, message)
            for path, (message, line, column) in self._store.problems.items()
            if path in self._sources and path not in self._store.failed
        ]

    def resolved(self, path: str, line: int) -> tuple[str, ...]:
        """What is known of a line of an asked file, in words; empty where the file has no summary."""
        from conclint.debug.resolution import describe_line
        from conclint.judging.checker import ModuleJudge

        here = ModuleJudge(self._project)
        here.link([path])
        if self._store.get(path) is None:
            return ()
        return here.settled(lambda: tuple(describe_line(here.engine, path, line, self._project.shown)))

    def failures(self) -> list[Finding]:
        """What is said of the files in which conclint itself failed, so far: at the file, or, where that was
        not asked for, at one that leads there."""
        failed = {**self._store.failed, **self._failed}
        asked = self._sources.keys() - self._helpers
        found = [failure(self._project.shown(path), failed[path]) for path in sorted(failed.keys() & asked)]
        for path in sorted(failed.keys() - asked):
            leading = self._known.importing([path]) & asked or asked
            if leading:
                message = f"{self._project.shown(path)}, which this file uses, {failed[path]}"
                found.append(failure(self._project.shown(min(leading)), message))
        return found

    def concurrency_map(self, *, everything: bool = False, externals: bool = False) -> ConcurrencyMap:
        """Which functions of the asked files, and of what they lead to, run on which execution models. With
        `everything` also of the files that say nothing of concurrency; with `externals` what is called of
        libraries, too."""
        from conclint.mapping.build import build_map

        def build(engine: EffectSolver, keys: list[Key], on_loop: set[Key]) -> ConcurrencyMap:
            return build_map(engine, keys, on_loop, self._project.shown, externals=externals)

        return self._over(sorted(self._sources) if everything else self._judged(), build)

    def unknown_calls(self, library_folders: Sequence[str]) -> UnknownCalls:
        """The calls reached on an execution model that could not be judged; `library_folders` are those of
        installed packages, in which their libraries are looked for."""
        from conclint.mapping.unknown import find_unknown

        def find(engine: EffectSolver, keys: list[Key], on_loop: set[Key]) -> UnknownCalls:
            return find_unknown(engine, keys, on_loop, self._project.shown, library_folders)

        return self._over(self._judged(), find)

    def _over(self, taken: Sequence[str], build: Callable[[EffectSolver, list[Key], set[Key]], _T]) -> _T:
        """What is built of the functions of these files, and of those that run on the loop by themselves."""
        from conclint.judging.checker import ModuleJudge
        from conclint.resolve.program import NeedModule
        from conclint.rules.entry_points import find_starts

        # the map shows how functions come by their effects, which is not kept
        here = self._groups.whole or ModuleJudge(self._project)
        here.link(taken)
        engine, judge = here.engine, here.judge

        def built() -> _T:
            keys: list[Key] = []
            on_loop: set[Key] = set()
            for path in taken:
                try:
                    view = judge.view(path)
                    if view is not None:
                        on_loop.update(find_starts(view).on_loop)
                        keys += view.keys
                except NeedModule:
                    raise
                except Exception as error:
                    engine.fail((path, MODULE_KEY), error)
            return build(engine, keys, on_loop)

        found = here.settled(built)
        self._failed.update(here.failed)
        return found

    def _judged(self) -> list[str]:
        """The asked files that can hold a finding, once all of them are judged: those that mention
        concurrency, and those that mention a wrapper which was discovered in others."""
        if self._taken is None:
            self._note_starting()
            self._note_library()
            known = self._known
            taken: set[str] = set()
            words: set[str] = set()
            roots = {path for path in self._sources if known.starting.get(path)}
            while not roots <= taken:
                new = sorted(path for path in roots - taken if path not in known.judged)
                self._judge_anew(new)
                taken |= roots
                found = {word for names in known.words.values() for word in names} - words
                words |= found
                roots |= self._mentioning(taken, found)
            self._taken = sorted(taken)
        return self._taken

    def _note_starting(self) -> None:
        """Find out which files are roots by what they mention themselves, of those that changed."""
        asked = [path for path in self._sources if path not in self._known.starting]
        for path, index in self._store.indexes(asked):
            content = self._store.source_hash(path)
            try:
                self._known.starting[path] = self._is_starting(path, index)
            except Exception as error:
                self._failed[path] = describe_failure(error)
                continue
            if content is not None:
                self._known.contents[path] = content
            if headers := headers_of(index):
                self._known.headers[path] = headers
            if spoken := TELLING.intersection(module.partition(".")[0] for module, _ in index.imports):
                self._known.speaks[path] = tuple(sorted(spoken))

    @cached_property
    def _starting_words(self) -> tuple[bool, frozenset[str]]:
        """Whether every file can hold a finding, and the user's own wrappers, which make a file one."""
        from conclint.catalog.loader import Catalog
        from conclint.rules.registry import all_rules
        from conclint.suppress.selection import Selections

        selections = Selections(self._config)
        everywhere = any(rule.everywhere and selections.is_chosen(rule.code) for rule in all_rules())
        facts = self._own_facts
        return everywhere, frozenset(Catalog(facts).user_placements()) if facts else frozenset()

    def _is_starting(self, path: str, index: FileIndex) -> bool:
        """Whether a file is a root by what it mentions itself."""
        from conclint.run.root_files import is_root

        everywhere, placers = self._starting_words
        return bool(
            is_root(index)
            or everywhere
            or (placers and self._project.mentioned(path, set(placers)))
            or self._project.awaits(path)
        )

    def _starts(self, path: str) -> bool:
        """The same of any file of the project."""
        known = self._known.starting.get(path) if path in self._sources else None
        if known is not None:
            return known
        return any(self._is_starting(path, index) for _, index in self._store.indexes([path]))

    def _note_library(self) -> None:
        """Find out which async library the program runs on; where that is another one than it was, advice for
        it is another."""
        known = self._known
        library = self._project.library = library_of_program(known.speaks)
        self._project.loops_nest = loops_nest(known.speaks)
        told = f"{library}, nested" if self._project.loops_nest else library
        if known.library not in ("", told):
            known.judged.clear()
            known.rows.clear()
        self._known = known._replace(library=told)

    def _mentioning(self, taken: set[str], words: set[str]) -> set[str]:
        """Those of the other files that mention one of the wrappers."""
        known = self._known
        found: set[str] = set()
        if not words:
            return found
        every, fresh = known.scanned | words, words - known.scanned
        for path in self._sources.keys() - taken:
            earlier = known.mentions.get(path)
            unscanned = every if earlier is None else fresh
            try:
                more = self._project.mentioned(path, unscanned) if unscanned else set()
            except Exception as error:
                self._failed[path] = describe_failure(error)
                continue
            if more or earlier is None:
                earlier = known.mentions[path] = tuple(sorted({*(earlier or ()), *more}))
            if earlier and not words.isdisjoint(earlier):
                found.add(path)
        known.scanned.update(words)
        return found

    def _judge_anew(self, paths: list[str]) -> None:
        """Judge these modules, in worker processes where that pays."""
        if not paths:
            return
        self._judged_anew += len(paths)
        done = 0
        for number, judged in self._groups.judge(paths, self._known):
            self._take(judged)
            done += number
            if self._progress is not None:
                self._progress(done, len(paths), "judging")
        # A file that is no Python has nothing to judge, and is to be found to be none by each run.
        self._known.judged.difference_update(self._store.problems)

    def _take(self, judged: Judged) -> None:
        """Takes in what a group gave. Raises FollowedTooMuchError."""
        self._known.add(judged)
        self._followed.update(filter(self._project.finder.is_installed, judged.contents))
        if len(self._followed) > MOST_FILES:
            raise FollowedTooMuchError
        self._missed.update(judged.missed)
        self._failed.update(judged.failed)

    def in_cells(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """The findings, those in notebooks placed in their cells."""
        notebooks = {
            self._project.shown(path): notebook
            for path in self._sources
            if is_notebook(path) and (notebook := self._project.notebook(path)) is not None
        }
        return tuple(in_cell(finding, notebooks) for finding in findings) if notebooks else tuple(findings)

    def directives(self) -> dict[str, tuple[Directive, ...]]:
        """The directives of the asked files, by shown path: of those that can hold a finding; of all, where
        one that hides nothing is reported."""
        judged = self._judged()
        known = self._known.directives
        found: dict[str, Iterable[Iterable[Any]]] = {path: known[path] for path in judged if path in known}
        others = self._callers.reported_beyond | (
            self._sources.keys() - judged if self._config.warn_unused_ignores else set()
        )
        if others:
            spoken = sorted(path for path in others if may_have_directives(self._project.text(path) or b""))
            self._store.load(spoken)
            for path in spoken:
                with bearable():  # what hides nothing
                    summary = self._store.get(path)
                    if summary is not None:
                        found[path] = summary.directives
        return {
            self._project.shown(path): tuple(Directive(*row) for row in rows)
            for path, rows in sorted(found.items())
        }


def _is_on_loop(finding: Finding) -> bool:
    return finding.model is ExecutionModel.EVENT_LOOP


def _bases_changed(before: Mapping[str, Headers], now: Mapping[str, Headers]) -> set[str]:
    """The names of the classes from which not the same classes are derived as were."""
    paths = [path for path in before.keys() | now.keys() if before.get(path) != now.get(path)]
    return {base for path in paths for base in bases_changed(before.get(path, ""), now.get(path, ""))}
