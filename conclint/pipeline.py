"""The stages as calls: discover, analyse (load, link, propagate, judge), filter, illustrate."""

from __future__ import annotations

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
    directives that hid nothing (on request)."""

    findings: tuple[Finding, ...]
    files: int
    seconds: float
    unused_directives: tuple[Finding, ...] = ()


def check(
    paths: Sequence[str],
    config: Config,
    *,
    stdin: bytes | None = None,
    stdin_filename: str | None = None,
    progress: Progress | None = None,
) -> Report:
    """Analyse the files that the paths stand for, and standard input where its bytes are given.

    The same input gives the same report, whatever the order of the paths, the number of workers and the
    state of the cache. Raises ConfigError where the user's own catalog facts are wrong,
    nothing for wrong input.
    """
    started = time.perf_counter()
    discovery = discover_files([path for path in paths if path != "-"], config, config.cwd)
    sources = {source.path: source for source in discovery.sources}
    if stdin is not None:
        given = source_of_text(stdin, stdin_filename, config, config.cwd)
        if given is not None:
            sources[given.path] = given
    problems = [unreadable(path, 1, 1, message) for path, message in discovery.problems]
    kept = _report(list(sources.values()), problems, config, progress, inline=True)
    return Report(kept.findings, len(sources), time.perf_counter() - started, kept.unused)


def check_file(path: str, data: bytes, config: Config) -> tuple[Finding, ...]:
    """The findings in one file whose text is given, other files coming from disk; for flake8, which
    applies `noqa` itself."""
    absolute = str(Path(path).absolute())
    source = Source(absolute, shown_path(absolute, str(config.cwd)), data)
    return _report([source], [], config, None, inline=False).findings


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
        return found, tuple(sorted([*problems, *analysis.unreadable_files()], key=lambda item: item.sort_key))
    finally:
        analysis.close()
        cache.save()


def _report(
    sources: list[Source],
    problems: list[Finding],
    config: Config,
    progress: Progress | None,
    *,
    inline: bool,
) -> KeptReport:
    """What is reported of the sources: an earlier run's report where it still holds, else made anew."""
    knowledge = read_user_knowledge(config)
    cache = Cache.open(str(config.cache_dir) if config.use_cache else None)
    analysis = Analysis(config, sources, cache, progress, knowledge.facts)
    try:
        hashes = analysis.hashes()
        asked = [(source.path, source.shown, hashes[source.path]) for source in sources]
        key = None
        if not problems and all(content is not None for _, _, content in asked):
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
    kept = analysis.illustrated(result.kept)
    return KeptReport(kept, result.unused, analysis.followed(), analysis.missed())
