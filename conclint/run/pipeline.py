"""The stages as calls: discover, analyse (load, link, propagate, judge), filter, illustrate."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from conclint.catalog.digest import catalog_digest
from conclint.config.nested import with_nested
from conclint.config.settings import Config, ConfigError
from conclint.model.finding import UNREADABLE, Finding
from conclint.process.failure import bearable
from conclint.run.reports import (
    KeptReport,
    find_report,
    judgement_key,
    keep_report,
    report_key,
    still_holds,
)
from conclint.source.discovery import (
    Discovery,
    Source,
    Walked,
    discover_files,
    project_files_lately,
    shown_path,
    source_of_text,
)
from conclint.store.cache import Space, content_hash
from conclint.store.missing import MissingFiles, merged
from conclint.workspace import Workspace

if TYPE_CHECKING:
    from conclint.model.concurrency_map import ConcurrencyMap
    from conclint.model.unknown_calls import CallCounts, UnknownCalls
    from conclint.run.analysis import Analysis, Progress
    from conclint.run.wrapper_modules import Lenders
    from conclint.source.environments import Search


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a run: findings filtered and sorted, files analysed, seconds of wall time, and
    directives that hid nothing (on request). For the baseline: the shown paths of the files that were asked
    for, and the fingerprint and shown path of everything that the rules found. The concurrency map of the
    analysed files, if it was asked for. `hidden` is how many findings are not bad enough to be reported,
    `unsure` how many are not sure enough, `cache_note` why there is no cache, if there is none; `environment`
    whose packages were followed. `calls`: how many calls of libraries are known, if that was asked for.
    `warnings` are about configurations and facts of installed packages that could not be used, `led_out` the
    links that were passed over since they lead out of the project."""

    findings: tuple[Finding, ...]
    files: int
    seconds: float
    unused_directives: tuple[Finding, ...] = ()
    asked: tuple[str, ...] = ()
    occurring: tuple[tuple[str, str], ...] = ()
    concurrency: ConcurrencyMap | None = None
    basis: Basis | None = None
    hidden: int = 0
    unsure: int = 0
    cache_note: str | None = None
    environment: str | None = None
    calls: CallCounts | None = None
    warnings: tuple[str, ...] = ()
    led_out: tuple[str, ...] = ()


class Basis(NamedTuple):
    """The files and folders that a report hung on: what discovery found and walked, what was followed, and
    what was looked for in vain."""

    files: tuple[str, ...]
    walked: Walked
    missed: MissingFiles


class Run(NamedTuple):
    """What one run over given sources gave: the report, made now or kept, and the map if it was wanted; and
    whether the times of the files tell when one changes."""

    report: KeptReport
    concurrency: ConcurrencyMap | None = None
    settled: bool = False


def check(
    paths: Sequence[str],
    config: Config,
    *,
    stdin: bytes | None = None,
    stdin_filename: str | None = None,
    progress: Progress | None = None,
    affected: bool = False,
    diff_base: str | None = None,
    with_map: bool = False,
    with_calls: bool = False,
) -> Report:
    """Analyse the files that the paths stand for, and standard input where its bytes are given.

    With `affected` also what lies elsewhere and passes through these files, with `diff_base` only what was
    not there at that revision. The same input gives the same report, whatever the order of the paths, the
    number of workers and the state of the cache. Raises ConfigError where the user's own catalog facts are
    wrong, GitError where there is no such revision, nothing for wrong input.
    """
    started = time.perf_counter()
    discovery = discover_files([path for path in paths if path != "-"], config, config.cwd)
    config = _with_nested(config, discovery)
    sources = {source.path: source for source in discovery.sources}
    if stdin is not None:
        given = source_of_text(stdin, stdin_filename, config, config.cwd)
        if given is not None:
            sources[given.path] = given
    problems = _problems(discovery)
    asked = tuple(sources.values())
    with Workspace(config, asked) as workspace:
        if diff_base is not None:
            asked, run = _run_on_change(workspace, asked, problems, progress, diff_base, with_map=with_map)
        elif affected:
            asked, run = _run_on_affected(workspace, asked, problems, progress, with_map=with_map)
        else:
            run = run_on(workspace, asked, problems, progress, with_map=with_map, with_calls=with_calls)
    shown = tuple(source.shown for source in asked)
    seconds = time.perf_counter() - started
    kept, found, settled = run
    basis = None
    plain = settled and stdin is None and diff_base is None and not affected
    if (
        plain
        and not problems
        and kept.around is None
        and all(found.code != UNREADABLE for found in kept.findings)
    ):
        files = (*(source.path for source in asked), *(path for path, _ in kept.followed))
        files = (*files, *workspace.packages.facts.files)
        basis = Basis(files, _with_search(discovery.walked, workspace.packages.search), kept.missed)
    return Report(
        kept.findings,
        len(shown),
        seconds,
        kept.unused,
        shown,
        kept.occurring,
        found,
        basis,
        kept.hidden,
        kept.unsure,
        workspace.cache.note,
        kept.environment,
        kept.calls,
        (*config.unread, *workspace.packages.facts.warnings),
        discovery.led_out,
    )


def whole_configuration(paths: Sequence[str], config: Config) -> Config:
    """The configuration with those of the folders that a check of the paths comes by. Raises ConfigError."""
    return _with_nested(config, discover_files(list(paths) or ["."], config, config.cwd))


def _with_nested(config: Config, discovery: Discovery) -> Config:
    """The configuration with those of folders within the project. Raises ConfigError."""
    if not discovery.walked.configured:
        return config
    from conclint.rules.registry import selectable_words

    return with_nested(config, discovery.walked.configured, selectable_words())


def _with_search(walked: Walked, search: Search) -> Walked:
    """With what a search for an environment hung on."""
    listed: dict[str, tuple[str, ...] | None] = dict.fromkeys(search.listed)
    return walked._replace(folders={**listed, **walked.folders}, absent=(*walked.absent, *search.absent))


def _run_on_affected(
    workspace: Workspace,
    named: tuple[Source, ...],
    problems: list[Finding],
    progress: Progress | None,
    *,
    with_map: bool,
) -> tuple[tuple[Source, ...], Run]:
    from conclint.run.affected import affected_by

    scope = affected_by(workspace, named)
    beyond = _beyond(workspace.project, scope.sources)
    report, concurrency, _ = run_on(
        workspace, scope.sources, problems, progress, with_map=with_map, beyond=beyond
    )
    about = {source.shown for source in named} | {problem.path for problem in problems}
    report = report._replace(
        findings=tuple(found for found in report.findings if found.path in about or scope.takes(found)),
        unused=tuple(found for found in report.unused if found.path in about),
    )
    return scope.sources, Run(report, concurrency)


def _run_on_change(
    workspace: Workspace,
    asked: tuple[Source, ...],
    problems: list[Finding],
    progress: Progress | None,
    revision: str,
    *,
    with_map: bool,
) -> tuple[tuple[Source, ...], Run]:
    """What is found in the asked files that the change can have touched, and was not found in them then."""
    from conclint.run.affected import affected_by, change_in
    from conclint.run.revision import laid_out, not_found_before
    from conclint.source.revisions import Repository

    config = workspace.config
    repository = Repository(config.cwd)
    commit = repository.commit(revision)
    changes = repository.changes_since(commit)
    change = change_in(workspace, changes)
    reached = affected_by(workspace, change.touched, change.gone).sources
    sources = tuple(sorted({*asked} & {*reached}, key=lambda source: source.path))
    beyond = _beyond(asked, sources)
    report, concurrency, _ = run_on(workspace, sources, problems, progress, with_map=with_map, beyond=beyond)
    paths = [source.path for source in sources]
    with (
        laid_out(repository, commit, config, paths, changes.renamed) as before,
        # no commit holds the environment
        Workspace(before.config, before.sources, keep=False, packages=workspace.packages) as then,
    ):
        earlier = run_on(
            then, before.sources, [], keep=False, beyond=_beyond(then.project, before.sources)
        ).report
    cwd = os.path.realpath(config.cwd)
    old = {shown_path(new, cwd): shown_path(was, cwd) for new, was in changes.renamed.items()}
    report = report._replace(
        findings=not_found_before(report.findings, earlier.findings, old),
        unused=not_found_before(report.unused, earlier.unused, old),
    )
    return sources, Run(report, concurrency)


def _beyond(files: Sequence[Source], sources: Sequence[Source]) -> tuple[Source, ...]:
    """Those of the files in which a change of the sources may show, though they lead to none of them: a
    callback that is handed to a coroutine there."""
    known = {source.path for source in sources}
    return tuple(source for source in files if source.path not in known) if sources else ()


def check_file(path: str, data: bytes, config: Config) -> tuple[Finding, ...]:
    """The findings in one file whose text is given, other files coming from disk, without those of the
    baseline; for flake8, which applies `noqa` itself. Raises BaselineError as well as ConfigError."""
    absolute = str(Path(path).absolute())
    source = Source(absolute, shown_path(absolute, str(config.cwd)), data)
    with Workspace(config, (source,), listed=partial(project_files_lately, config)) as workspace:
        if not _may_hold_findings(workspace, source):
            return ()
        run = run_on(workspace, (source,), [], inline=False)
    return new_findings((source,), run.report, config)


def _may_hold_findings(workspace: Workspace, source: Source) -> bool:
    """Whether the file is worth an analysis: by its own words, or by what it calls."""
    from conclint.run.root_files import is_root
    from conclint.run.wrapper_modules import find_lenders
    from conclint.source.index import scan

    if is_root(scan(source.data or b"")) or workspace.knowledge.facts:
        return True
    lenders = find_lenders(workspace, (source,))
    return bool(lenders.sources or lenders.failed)


def new_findings(asked: Sequence[Source], report: KeptReport, config: Config) -> tuple[Finding, ...]:
    """The report's findings without those of the configured baseline. Raises BaselineError."""
    return _without_baseline(report.findings, report.occurring, [source.shown for source in asked], config)


def without_baseline(report: Report, config: Config) -> tuple[Finding, ...]:
    """The same of a whole run's report."""
    return _without_baseline(report.findings, report.occurring, report.asked, config)


def _without_baseline(
    findings: tuple[Finding, ...],
    occurring: tuple[tuple[str, str], ...],
    shown: Sequence[str],
    config: Config,
) -> tuple[Finding, ...]:
    if config.baseline is None:
        return findings
    from conclint.suppress.baseline import BaselineProject, compare, read_baseline

    entries = read_baseline(config.baseline)
    return compare(findings, entries, occurring, shown, BaselineProject.of(config)).new


def map_concurrency(
    paths: Sequence[str], config: Config, *, everything: bool = False, externals: bool = False
) -> tuple[ConcurrencyMap, tuple[Finding, ...]]:
    """The concurrency map of the files that the paths stand for (with `everything`, of those too that say
    nothing of concurrency; with `externals`, with libraries), with what is reported in them, and what could
    not be read (CON900).

    Raises ConfigError as `check` does.
    """
    from conclint.run.analysis import Analysis

    discovery = discover_files(list(paths), config, config.cwd)
    config = _with_nested(config, discovery)
    sources, problems = discovery.sources, _problems(discovery)

    def mapped() -> tuple[ConcurrencyMap, tuple[Finding, ...]]:
        with closing(Analysis(workspace, sources)) as analysis:
            found = analysis.concurrency_map(everything=everything, externals=externals)
            return found, _unread(analysis, problems)

    with Workspace(config, sources) as workspace:
        findings = run_on(workspace, sources, list(problems)).report.findings
        found, unread = workspace.within_limits(mapped)
    return found.with_problems(findings), unread


def map_sources(workspace: Workspace, sources: Sequence[Source]) -> ConcurrencyMap:
    """The concurrency map of the sources."""
    from conclint.run.analysis import Analysis

    def mapped() -> ConcurrencyMap:
        with closing(Analysis(workspace, sources)) as analysis:
            return analysis.concurrency_map()

    return workspace.within_limits(mapped)


def unknown_calls(paths: Sequence[str], config: Config) -> tuple[UnknownCalls, tuple[Finding, ...]]:
    """The calls in the files that the paths stand for which could not be judged, and what could not be read.

    Raises ConfigError as `check` does.
    """
    from conclint.run.analysis import Analysis
    from conclint.source.environments import NoPackagesError, find_environment

    discovery = discover_files(list(paths), config, config.cwd)
    try:
        environment = find_environment(config.python, config.root).environment
    except NoPackagesError as error:
        raise ConfigError(str(error)) from error
    folders = environment.folders if environment is not None else ()
    with Workspace(config, discovery.sources, keep=False) as workspace:

        def looked_for() -> tuple[UnknownCalls, tuple[Finding, ...]]:
            with closing(Analysis(workspace, discovery.sources)) as analysis:
                found = analysis.unknown_calls(folders)
                return found, _unread(analysis, _problems(discovery))

        return workspace.within_limits(looked_for)


def _unread(analysis: Analysis, problems: Sequence[Finding]) -> tuple[Finding, ...]:
    """With the given problems, what an analysis could not read, in order."""
    found = analysis.in_cells([*problems, *analysis.unreadable_files(), *analysis.failures()])
    return tuple(sorted(found, key=lambda item: item.sort_key))


def resolve_line(path: str, line: int, config: Config) -> tuple[str, ...]:
    """What the analysis made of a line of a file, in words (`conclint debug resolve`); empty where the file
    can't be analysed or has no such line. Raises ConfigError."""
    from conclint.run.analysis import Analysis

    sources = discover_files([path], config, config.cwd).sources[:1]
    with Workspace(config) as workspace:

        def resolved() -> tuple[str, ...]:
            with closing(Analysis(workspace, sources)) as analysis:
                return analysis.resolved(sources[0].path, line) if sources else ()

        return workspace.within_limits(resolved)


def _problems(discovery: Discovery) -> list[Finding]:
    if not discovery.problems:
        return []
    from conclint.judging.failures import unreadable

    return [unreadable(path, 1, 1, message) for path, message in discovery.problems]


def run_on(
    workspace: Workspace,
    sources: Sequence[Source],
    problems: list[Finding],
    progress: Progress | None = None,
    *,
    inline: bool = True,
    keep: bool = True,
    with_map: bool = False,
    with_calls: bool = False,
    beyond: Sequence[Source] = (),
) -> Run:
    """What is reported of the sources, and at files `beyond` them of calls in these: an earlier run's report
    where it still holds, else made anew, and kept for a later run unless `keep` is false. Raises ConfigError
    for wrong facts of the user's own."""
    config, contents = workspace.config, workspace.contents
    key = None
    report = None
    shape_around = partial(_shape_around, workspace, frozenset(source.path for source in sources))
    if keep and not problems:
        with bearable(ConfigError):
            key = _key_of(workspace, sources, beyond, inline=inline)
            report = _kept_report(workspace, key, shape_around) if key is not None else None
    if report is not None and with_calls and report.calls is None:
        report = None
    if report is not None and not with_map:
        return Run(report, settled=not contents.unsettled)
    from conclint.run.analysis import Analysis
    from conclint.run.wrapper_modules import find_lenders

    lenders = find_lenders(workspace, sources)
    asked = {source.shown for source in sources}
    problems = [*problems, *lenders.problems(sources)]
    sources = sorted((*sources, *lenders.sources), key=lambda source: source.path)
    helpers = [source.path for source in lenders.sources]

    def analysed() -> Run:
        with closing(Analysis(workspace, sources, progress, helpers, beyond)) as analysis:
            return made(analysis, report)

    def made(analysis: Analysis, report: KeptReport | None) -> Run:
        shown = asked | {source.shown for source in beyond}
        if report is None:
            catalog = catalog_digest() + workspace.knowledge.digest()
            name = judgement_key(config, catalog, analysis.packages, analysis.roots)
            analysis.recall(name)
            whole = config.warn_unused_ignores and bool(config.allow) and _is_whole(workspace, sources)
            found_now = _analysed(analysis, problems, config, inline=inline, whole=whole)
            report = _about(found_now, shown, lenders)
            if keep:
                analysis.remember(name)
            if with_calls:
                report = report._replace(calls=analysis.unknown_calls(()).counts)
            if key is not None and analysis.looked_around:
                report = report._replace(around=shape_around())
            is_good = not analysis.has_failed and not lenders.failed
            if key is not None and is_good and analysis.looked_around == (report.around is not None):
                with bearable():
                    keep_report(workspace.cache, key, report)
        found = analysis.concurrency_map() if with_map else None
        return Run(report, found, settled=not contents.unsettled)

    return workspace.within_limits(analysed)


def _about(report: KeptReport, shown: Collection[str], lenders: Lenders) -> KeptReport:
    """The part of the report that is about these files; it depends on what was looked at for lenders too."""
    report = report._replace(
        followed=tuple(sorted({*report.followed, *lenders.looked_at})),
        missed=merged(report.missed, lenders.missing),
    )
    if not lenders.sources:
        return report
    return report._replace(
        findings=tuple(finding for finding in report.findings if finding.path in shown),
        unused=tuple(finding for finding in report.unused if finding.path in shown),
        occurring=tuple(entry for entry in report.occurring if entry[1] in shown),
    )


def _kept_report(
    workspace: Workspace, key: bytes, shape_around: Callable[[], bytes | None]
) -> KeptReport | None:
    """The report of an earlier run that was asked the same, if it still holds."""
    report = find_report(workspace.cache, key)
    holds = report is not None and still_holds(report, workspace.contents.digest, shape_around)
    return report if holds else None


def _shape_around(workspace: Workspace, asked: Collection[str]) -> bytes | None:
    """The shape of the project's files besides those that were asked for."""
    others = [source.path for source in workspace.project if source.path not in asked]
    return workspace.contents.shape(others)


def _key_of(
    workspace: Workspace, sources: Sequence[Source], beyond: Sequence[Source], *, inline: bool
) -> bytes | None:
    """What the report is kept under; None where a file can't be read, so that it is tried again.

    It is a hash over the contents of all files, so where all of them look as they did when it was last
    made, it isn't made again.
    """
    config, cache, contents = workspace.config, workspace.cache, workspace.contents
    packages = workspace.packages.identity
    facts = catalog_digest() + workspace.knowledge.digest()
    if beyond:
        facts += content_hash("\0".join(source.path for source in beyond).encode("utf-8", "surrogatepass"))
    shape = contents.shape([source.path for source in sources])
    short = None
    if shape is not None:
        short = report_key(config, facts, [("", "", shape)], packages, inline=inline)
        known = cache.get(Space.UNCHANGED, short)
        if known is not None:
            return known
    asked = []
    for source in sources:
        content = contents.digest(source.path)
        if content is None:
            return None
        asked.append((source.path, source.shown, content))
    key = report_key(config, facts, sorted(asked), packages, inline=inline)
    if short is not None:
        cache.put(Space.UNCHANGED, short, key)
    return key


def _is_whole(workspace: Workspace, sources: Iterable[Source]) -> bool:
    """Whether all files of the project are asked for."""
    asked = {source.path for source in sources}
    return workspace.config.is_project and all(source.path in asked for source in workspace.project)


def _analysed(
    analysis: Analysis, problems: list[Finding], config: Config, *, inline: bool, whole: bool
) -> KeptReport:
    from conclint.run.identities import with_fingerprints
    from conclint.suppress.filters import filter_findings

    found = analysis.in_context(with_fingerprints([*problems, *analysis.findings()]))
    found, read = analysis.with_releases(found)
    result = filter_findings(found, config, analysis.directives(), inline=inline, whole=whole)
    kept = analysis.in_cells(result.kept)
    unused = analysis.in_cells([*analysis.with_removals(result.unused), *result.misspelled])
    occurring = sorted(
        {
            (fingerprint, path)
            for finding in (*found, *result.unused, *result.misspelled)
            for path in (finding.path, *((finding.binding.path,) if finding.binding is not None else ()))
            for fingerprint in finding.names
        }
    )
    return KeptReport(
        kept,
        unused,
        (*analysis.followed(), *read),
        analysis.missing,
        tuple(occurring),
        hidden=result.hidden,
        unsure=result.unsure,
        environment=analysis.environment,
    )
