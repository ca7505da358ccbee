"""What one run builds once and hands to whoever needs it: its configuration, what the user knows, its cache,
what files hold, the files of the project, and what makes stores of summaries and finders of modules."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import cached_property, partial
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from conclint.catalog.user_facts import UserFacts, read_user_knowledge
from conclint.config.settings import Config
from conclint.model.following import FollowedTooMuchError
from conclint.process.failure import bearable
from conclint.source.discovery import Source, project_files
from conclint.source.file_digests import FileDigests, given_texts, hashes_of
from conclint.source.roots import Depth, Packages, followed_packages, source_roots
from conclint.store.cache import Cache

if TYPE_CHECKING:
    from conclint.source.modules import ModuleFinder
    from conclint.summary_store import SummaryStore
    from conclint.workers.work import Workers


T = TypeVar("T")


class Workspace:
    """The fixed things of one run. Used as a context manager it saves and closes its cache.

    `given` are sources whose text is perhaps given (an editor's buffer); with `keep` false these are not
    worth keeping for long. `cache`, `knowledge` and `packages` are used instead of the configured ones;
    `listed` gives the project's files where they need not be looked for anew.
    """

    def __init__(
        self,
        config: Config,
        given: Iterable[Source] = (),
        *,
        keep: bool = True,
        cache: Cache | None = None,
        knowledge: UserFacts | None = None,
        packages: Packages | None = None,
        listed: Callable[[], tuple[Source, ...]] | None = None,
    ) -> None:
        self.config = config
        self.texts = given_texts(given)
        self.cache = Cache.of(config) if cache is None else cache
        self.cache.passing = set() if keep else hashes_of(self.texts)
        self.contents = FileDigests(self.cache, self.texts, config.max_file_size << 20)
        self._knowledge = knowledge
        self._packages = packages
        self._listed = listed

    def __enter__(self) -> Workspace:
        self.cache.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with bearable():
            self.cache.__exit__(kind, error, trace)

    @cached_property
    def knowledge(self) -> UserFacts:
        """The user's own facts. Raises ConfigError where they are wrong."""
        return read_user_knowledge(self.config) if self._knowledge is None else self._knowledge

    @cached_property
    def project(self) -> tuple[Source, ...]:
        """All source files of the project, asked for or not."""
        return project_files(self.config) if self._listed is None else self._listed()

    @property
    def packages(self) -> Packages:
        """The installed packages into which chains go on. Raises ConfigError where a wanted package or the
        environment isn't there."""
        if self._packages is None:
            self._packages = followed_packages(self.config)
        return self._packages

    def within_limits(self, work: Callable[[], T]) -> T:
        """What the work gives, with calls followed into packages as deep as not too many files are read."""
        while True:
            try:
                return work()
            except FollowedTooMuchError:
                self._packages = self.packages.less_deep()

    def roots(self, paths: Iterable[str]) -> tuple[str, ...]:
        """The folders in which imports of these files are looked for."""
        return tuple(source_roots(self.config, paths))

    def finder(
        self, paths: Collection[str], gone: Iterable[str] = (), *, installed: bool = False
    ) -> ModuleFinder:
        """A finder of the modules that these files import, in the project, and with `installed` in the
        packages that are followed. The files in `gone` are found too, though they are no more."""
        from conclint.source.modules import ModuleFinder

        packages = self.packages if installed else Packages()
        return ModuleFinder(
            self.roots(paths),
            [*paths, *gone],
            packages.folders,
            packages.followed,
            packages.by_name,
            partial(_is_described, {top for top, facts in packages.facts.by_import if not facts.partial}),
            across=packages.depth is Depth.EVERYWHERE,
        )

    def store(
        self,
        progress: Callable[[int, int], None] | None = None,
        *,
        jobs: int | None = None,
        remote: Workers | None = None,
    ) -> SummaryStore:
        """A store of summaries of the run's files; to be closed. By default as many workers as configured."""
        from conclint.summary_store import SummaryStore

        return SummaryStore(
            self.cache,
            self.contents,
            (self.config.jobs or None) if jobs is None else jobs,
            progress,
            remote=remote,
            installed=self.packages.folders,
        )


def _is_described(brought: Collection[str], dotted: str) -> bool:
    """Whether facts speak for a module: those that packages have `brought`, or those that are shipped."""
    from conclint.catalog.loader import is_described

    return dotted.partition(".")[0] in brought or is_described(dotted)
