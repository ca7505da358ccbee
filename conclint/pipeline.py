"""The stages as calls: discover, analyse (load, link, propagate, judge), filter, illustrate."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from conclint.analysis import Analysis, Progress, unreadable, with_fingerprints
from conclint.cache import Cache, Space
from conclint.catalog.loader import catalog_digest
from conclint.catalog.user_facts import read_user_knowledge
from conclint.config import Config
from conclint.model.concurrency_map import ConcurrencyMap
from conclint.model.finding import Finding
from conclint.report_cache import KeptReport, decode_report, encode_report, report_key, still_holds
from conclint.source.discovery import Source, discover_files, shown_path, source_of_text


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a run: findings filtered and sorted, files analysed, seconds of wall time, and
    directives that hid nothing (on request). For the baseline: the shown paths of the files that were asked
    for, and the fingerprint and shown path of everything that the rules found."""

    findings: tuple[Finding, ...]
    files: int
    seconds: float
    unused_directives: tuple[Finding, ...] = ()
    asked: tuple[str, ...] = ()
    occurring: tuple[tuple[str, str], ...] = ()


def check(
    paths: Sequence[str],
    config: Config,
    *,
    stdin: bytes | None = None,
    stdin_filename: str | None = None,
    progress: Progress | None = None,
    affected: bool = False,
    diff_base: str | None = None,
) -> Report:
    """Analyse the files that the paths stand for, and standard input where its bytes are given.

    With `affected` also what lies elsewhere and passes through these files, with `diff_base` only what was
    not there at that revision. The same input gives the same report, whatever the order of the paths, the
    number of workers and the state of the cache. Raises ConfigError where the user's own catalog facts are
    wrong, GitError where there is no such revision, nothing for wrong input.
    """
    started = time.perf_counter()
    discovery = discover_files([path for path in paths if path != "-"], config, config.cwd)
    sources = {source.path: source for source in discovery.sources}
    if stdin is not None:
        given = source_of_text(stdin, stdin_filename, config, config.cwd)
        if given is not None:
            sources[given.path] = given
    problems = [unreadable(path, 1, 1, message) for path, message in discovery.problems]
    asked = tuple(sources.values())
    if diff_base is not None:
        asked, kept = _report_of_change(asked, problems, config, progress, diff_base)
    elif affected:
        asked, kept = _report_of_affected(asked, problems, config, progress)
    else:
        kept = _report(asked, problems, config, progress)
    shown = tuple(source.shown for source in asked)
    seconds = time.perf_counter() - started
    return Report(kept.findings, len(shown), seconds, kept.unused, shown, kept.occurring)


def _report_of_affected(
    named: tuple[Source, ...], problems: list[Finding], config: Config, progress: Progress | None
) -> tuple[tuple[Source, ...], KeptReport]:
    from conclint.scope import affected_by

    scope = affected_by(named, config)
    report = _report(scope.sources, problems, config, progress)
    about = {source.shown for source in named} | {problem.path for problem in problems}
    return scope.sources, report._replace(
        findings=tuple(found for found in report.findings if found.path in about or scope.takes(found)),
        unused=tuple(found for found in report.unused if found.path in about),
    )


def _report_of_change(
    asked: tuple[Source, ...],
    problems: list[Finding],
    config: Config,
    progress: Progress | None,
    revision: str,
) -> tuple[tuple[Source, ...], KeptReport]:
    """What is found in the asked files that the change can have touched, and was not found in them then."""
    from conclint.before import laid_out, not_found_before
    from conclint.scope import affected_by, change_in
    from conclint.source.revisions import Repository

    repository = Repository(config.cwd)
    commit = repository.commit(revision)
    changes = repository.changes_since(commit)
    change = change_in(changes, config)
    reached = affected_by(change.touched, config, change.gone).sources
    sources = tuple(sorted({*asked} & {*reached}, key=lambda source: source.path))
    report = _report(sources, problems, config, progress)
    with laid_out(repository, commit, config, [source.path for source in sources], changes.renamed) as before:
        earlier = _report(before.sources, [], before.config, None, keep=False)
    cwd = os.path.realpath(config.cwd)
    old = {shown_path(new, cwd): shown_path(was, cwd) for new, was in changes.renamed.items()}
    return sources, report._replace(
        findings=not_found_before(report.findings, earlier.findings, old),
        unused=not_found_before(report.unused, earlier.unused, old),
    )


def check_file(path: str, data: bytes, config: Config) -> tuple[Finding, ...]:
    """The findings in one file whose text is given, other files coming from disk, without those of the
    baseline; for flake8, which applies `noqa` itself. Raises BaselineError as well as ConfigError."""
    absolute = str(Path(path).absolute())
    source = Source(absolute, shown_path(absolute, str(config.cwd)), data)
    report = _report((source,), [], config, None, inline=False)
    if config.baseline is None:
        return report.findings
    from conclint.suppress.baseline import Project, compare, read_baseline

    entries = read_baseline(config.baseline)
    return compare(report.findings, entries, report.occurring, [source.shown], Project.of(config)).new


def map_concurrency(paths: Sequence[str], config: Config) -> tuple[ConcurrencyMap, tuple[Finding, ...]]:
    """The concurrency map of the files that the paths stand for, and what could not be read (CON900).

    Raises ConfigError as `check` does.
    """
    discovery = discover_files(list(paths), config, config.cwd)
    cache = Cache.open(str(config.cache_dir) if config.use_cache else None)
    analysis = Analysis(config, discovery.sources, cache, None, read_user_knowledge(config).facts)
    try:
        found = analysis.concurrency_map()
        problems = [unreadable(path, 1, 1, message) for path, message in discovery.problems]
        return found, tuple(
            sorted(
                analysis.in_cells([*problems, *analysis.unreadable_files()]), key=lambda item: item.sort_key
            )
        )
    finally:
        analysis.close()
        cache.save()


def _report(
    sources: Sequence[Source],
    problems: list[Finding],
    config: Config,
    progress: Progress | None,
    *,
    inline: bool = True,
    keep: bool = True,
) -> KeptReport:
    """What is reported of the sources: an earlier run's report where it still holds, else made anew, and
    kept for a later run unless `keep` is false."""
    knowledge = read_user_knowledge(config)
    cache = Cache.open(str(config.cache_dir) if config.use_cache else None)
    analysis = Analysis(config, sources, cache, progress, knowledge.facts)
    try:
        hashes = analysis.hashes()
        asked = [(source.path, source.shown, hashes[source.path]) for source in sources]
        key = None
        if keep and not problems and all(content is not None for _, _, content in asked):
            readable = sorted((path, shown, content or b"") for path, shown, content in asked)
            key = report_key(
                config, catalog_digest() + knowledge.digest(), readable, analysis.packages, inline=inline
            )
            entry = cache.get(Space.REPORT, key)
            earlier = decode_report(entry) if entry is not None else None
            if earlier is not None and still_holds(
                earlier, analysis.hashes(path for path, _ in earlier.followed)
            ):
                return earlier
        report = _analysed(analysis, problems, config, inline=inline)
        if key is not None:
            cache.put(Space.REPORT, key, encode_report(report))
        return report
    finally:
        analysis.close()
        cache.save()


def _analysed(analysis: Analysis, problems: list[Finding], config: Config, *, inline: bool) -> KeptReport:
    from conclint.suppress.filters import filter_findings

    found = with_fingerprints([*problems, *analysis.findings()])
    result = filter_findings(found, config, analysis.directives(), inline=inline)
    kept = analysis.in_cells(analysis.illustrated(result.kept))
    unused = analysis.in_cells(result.unused)
    occurring = sorted({(finding.fingerprint, finding.path) for finding in (*found, *result.unused)})
    return KeptReport(kept, unused, analysis.followed(), analysis.missed(), tuple(occurring))
