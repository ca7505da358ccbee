"""Groups of modules judged in worker processes: judging is Python that computes, and holds the GIL."""

from __future__ import annotations

import marshal
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from conclint.catalog.user_facts import UserFacts
from conclint.incremental.judgements import Judged
from conclint.judging.checker import ModuleJudge
from conclint.judging.project import Project
from conclint.process.failure import describe_failure
from conclint.process.gc_control import never_collect
from conclint.source.derived import Derived
from conclint.store.cache import MARSHAL_FORMAT, Cache
from conclint.workers.process_pool import ProcessPool
from conclint.workers.work import Work, Workers
from conclint.workspace import Workspace

if TYPE_CHECKING:
    from conclint.catalog.schema import LibraryFacts
    from conclint.config.settings import Config
    from conclint.source.derived import Headers
    from conclint.source.discovery import Source
    from conclint.source.roots import Packages

JUDGING_PAYS: Final = 3 << 20
"""Bytes of source from which judging takes longer than to start workers and link twice what all share."""

_PRELOAD: Final = ["conclint.judging.checker"]


class Setup(NamedTuple):
    """All that a worker needs to know of the run; summaries come from the cache in `folder`, which
    is sealed with that key."""

    config: Config
    sources: tuple[Source, ...]
    own_facts: tuple[LibraryFacts, ...]
    packages: Packages
    folder: str
    key: bytes
    hashes: dict[str, bytes]
    sizes: dict[str, int]
    headers: dict[str, Headers]
    library: str
    loops_nest: bool


class _State:
    """What a worker process holds from one group to the next."""

    project: Project
    judge: ModuleJudge
    cache: Cache
    told: int = 0


def judge_in_processes(
    setup: Setup, groups: Sequence[Sequence[str]], jobs: int
) -> Iterator[tuple[int, Judged | None, list[tuple[bytes, bytes]]]]:
    """For each group, by number and in no particular order: its outcome (None where a worker died of it or
    failed), and what is new for the cache."""

    workers = Workers(jobs, lambda count: ProcessPool(count, _PRELOAD, _prepare, setup))
    sizes = [sum(setup.sizes.get(path, 0) for path in group) for group in groups]
    work = Work(
        _judge_group, sizes, lambda number: marshal.dumps(list(groups[number]), MARSHAL_FORMAT), b"", 0
    )
    try:
        for number, answer in workers.run(work):
            if answer:
                judged, fresh = marshal.loads(answer)
                yield number, Judged(*judged), fresh
            else:
                yield number, None, []
    finally:
        workers.close()


def _prepare(setup: Setup) -> None:
    never_collect()
    cache = Cache.open(setup.folder, setup.key)
    config = replace(setup.config, jobs=1, executor=None)
    workspace = Workspace(
        config, setup.sources, cache=cache, knowledge=UserFacts(setup.own_facts), packages=setup.packages
    )
    project = Project(workspace, setup.sources)
    project.contents.digests.update(setup.hashes)  # what was analysed is what the run began with
    project.contents.sizes.update(setup.sizes)
    project.subclasses = Derived(lambda: setup.headers, project.sources)
    project.library = setup.library
    project.loops_nest = setup.loops_nest
    _State.project = project
    _State.judge = ModuleJudge(project)
    _State.cache = cache


def _judge_group(data: bytes) -> bytes:
    try:
        judged = _State.judge.judge_modules(marshal.loads(data))
    except Exception as error:
        describe_failure(error)
        _State.judge = ModuleJudge(_State.project)  # what it holds may be half done
        return b""
    fresh = _State.cache.unsaved()[_State.told :]
    _State.told += len(fresh)
    return marshal.dumps((tuple(judged), fresh), MARSHAL_FORMAT)
