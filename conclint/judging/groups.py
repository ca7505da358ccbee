"""Groups of modules judged, here or in worker processes: a failure costs the module that it comes of."""

from __future__ import annotations

import os
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from conclint.config.settings import ConfigError
from conclint.process.failure import bearable, describe_failure
from conclint.process.gc_control import uncollected
from conclint.store.cache import Cache
from conclint.workers.forking import can_fork
from conclint.workers.forks import in_forks
from conclint.workers.work import processors

if TYPE_CHECKING:
    from conclint.incremental.judgements import Judged, Judgements
    from conclint.judging.checker import ModuleJudge
    from conclint.judging.project import Project
    from conclint.workspace import Workspace

_InSeveral: TypeAlias = "Callable[[Sequence[Sequence[str]], Judgements, int], Iterator[tuple[int, Judged]]]"
FORKING_PAYS: Final = 256 << 10
"""Bytes of source from which judging takes longer than to fork this process."""
_GROUP_LEAST: Final = 32 << 10
_GROUP_MOST: Final = 128 << 10


class GroupJudge:
    """Judges the modules of one run, in worker processes where that pays.

    A worker's failure, or one in what a group has in common, has the group judged again here, and at last
    each module by itself.
    """

    def __init__(self, workspace: Workspace, project: Project) -> None:
        self._workspace = workspace
        self._project = project
        self._judge: ModuleJudge | None = None
        self._temporary: tempfile.TemporaryDirectory[str] | None = None

    def close(self) -> None:
        """Removes what was handed to workers."""
        if self._temporary is not None:
            self._temporary.cleanup()

    @property
    def whole(self) -> ModuleJudge | None:
        """The judge of this process, if all modules were judged by it and are linked in one program."""
        return self._judge if self._judge is not None and self._judge.is_whole else None

    def judge(self, paths: Sequence[str], known: Judgements) -> Iterator[tuple[int, Judged]]:
        """Outcomes that together are about all of the modules, in no particular order, each with the number
        of modules that it is about. `known` is what need not be found out again."""
        from conclint.judging.checker import in_groups

        groups = in_groups(paths, self._project.contents.sizes, _GROUP_LEAST, _GROUP_MOST)
        jobs = self._workspace.config.jobs or processors()
        waiting = dict(enumerate(groups))
        several = self._several(paths) if min(jobs, len(groups)) > 1 else None
        if several != self._in_forks or not self._project.store.expect(paths):
            self._project.store.load(paths)
            self._save()
        if several is not None:
            try:
                for number, judged in several(groups, known, jobs):
                    yield len(waiting.pop(number, ())), judged
            except ConfigError:
                raise
            except Exception as error:
                describe_failure(error)
        for group in waiting.values():
            yield from self._here(group, known)

    def _several(self, paths: Sequence[str]) -> _InSeveral | None:
        """What judges groups in several processes, where that pays for so much."""
        from conclint.judging.processes import JUDGING_PAYS

        contents = self._project.contents
        weight = sum(contents.sizes.get(path, 0) for path in paths if contents.digest(path) is not None)
        self._project.store.rest()  # a fork has no threads but one
        if can_fork():
            return self._in_forks if weight >= FORKING_PAYS else None
        return self._in_processes if weight >= JUDGING_PAYS else None

    def _save(self) -> None:
        with bearable():
            self._workspace.cache.save()  # an interrupted run has not parsed in vain

    def _here(self, group: list[str], known: Judgements) -> Iterator[tuple[int, Judged]]:
        try:
            with uncollected():
                judged = self._judging_here(known).judge_modules(group)
        except ConfigError:
            raise
        except Exception as error:
            self._judge = None  # what it holds may be half done
            if len(group) > 1:
                for path in group:
                    yield from self._here([path], known)
                return
            from conclint.incremental.judgements import Judged

            judged = Judged.failed_at(group[0], describe_failure(error))
        yield len(group), judged

    def _judging_here(self, known: Judgements) -> ModuleJudge:
        from conclint.incremental.effect_store import KeptEffects
        from conclint.judging.checker import ModuleJudge

        if self._judge is None:
            effects = KeptEffects(known.effects) if known.effects else None
            self._judge = ModuleJudge(self._project, effects=effects)
        return self._judge

    def _in_forks(
        self, groups: Sequence[Sequence[str]], known: Judgements, jobs: int
    ) -> Iterator[tuple[int, Judged]]:
        """The outcomes of the groups, by number, linked here and judged also by forks of this process; and
        what was found out by linking, with the number -1. What a failure leaves has none."""
        todo = deque(enumerate(groups))
        while todo:
            linked: list[int] = []
            with uncollected():
                judge = self._judging_here(known)
                judge.make_room()
                while todo and not (linked and judge.is_full):
                    number, group = todo.popleft()
                    judge.gather_gradually(group)
                    linked.append(number)
                judge.finish()
                yield -1, judge.told()
            self._project.store.rest()
            self._save()
            yield from self._judged_in_forks(judge, [(number, groups[number]) for number in linked], jobs)

    def _judged_in_forks(
        self, judge: ModuleJudge, linked: Sequence[tuple[int, Sequence[str]]], jobs: int
    ) -> Iterator[tuple[int, Judged]]:
        from conclint.incremental.judgements import Judged

        cache = self._workspace.cache
        told = len(cache.unsaved())
        here = os.getpid()

        def outcome(place: int) -> tuple[object, ...] | None:
            nonlocal told
            try:
                judged = judge.judge_gathered(linked[place][1])
            except Exception as error:
                describe_failure(error)
                return None
            if os.getpid() == here:
                return tuple(judged), []
            fresh = cache.unsaved()[told:]
            told += len(fresh)
            return tuple(judged), fresh

        forks = min(jobs, len(linked)) - 1
        for place, answer in in_forks(outcome, len(linked), forks, self._project.store.stay_here):
            if answer is None:
                continue
            found, fresh = answer
            cache.take(fresh)
            yield linked[place][0], Judged(*found)

    def _share(self) -> Cache:
        """A cache for this run alone, through which workers get the summaries."""
        self._temporary = tempfile.TemporaryDirectory(prefix="conclint-")
        with Cache.open(self._temporary.name, os.urandom(32)) as shared:
            self._project.store.hand_over(shared)
        return shared

    def _in_processes(
        self, groups: Sequence[Sequence[str]], known: Judgements, jobs: int
    ) -> Iterator[tuple[int, Judged]]:
        """The outcomes of the groups, by number, that workers could judge."""
        from conclint.judging.processes import Setup, judge_in_processes

        cache = self._workspace.cache
        shared = cache if cache.folder is not None else self._share()
        self._project.store.release()
        contents = self._project.contents
        setup = Setup(
            self._workspace.config,
            tuple(self._project.sources.values()),
            self._project.own_facts,
            self._project.packages,
            str(shared.folder),
            shared.key,
            contents.digests,
            contents.sizes,
            known.headers,
            self._project.library,
            self._project.loops_nest,
        )
        for number, judged, fresh in judge_in_processes(setup, groups, jobs):
            cache.take(fresh)
            if judged is not None:
                yield number, judged
