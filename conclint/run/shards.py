"""One of several parts of a project summarised, for a CI matrix: each machine fills a cache of its own, one
merges them (`conclint merge`), and its check finds everything parsed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from conclint.config.settings import Config, ConfigError
from conclint.judging.project import Project
from conclint.run.analysis import Progress
from conclint.run.import_closure import files_reached
from conclint.run.root_files import is_root
from conclint.source.discovery import discover_files
from conclint.workspace import Workspace

_CHECK_WEIGHT = 0.1
"""What finding out whether a file is Python costs, beside summarising it."""


class Shard(NamedTuple):
    """The part `number` (from 1) of so many."""

    number: int
    of: int


def parse_shard(text: str) -> Shard:
    """The shard that "2/5" names.

    Raises ValueError for anything else.
    """
    match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text.strip())
    shard = Shard(int(match[1]), int(match[2])) if match else Shard(0, 0)
    if not 1 <= shard.number <= shard.of:
        raise ValueError(f'a part such as "1/4", the second of four being "2/4", not {text!r}')
    return shard


class Summarised(NamedTuple):
    """How many files the shard has, of how many in all; and the links that were passed over since they lead
    out of the project."""

    files: int
    total: int
    led_out: tuple[str, ...] = ()


def summarise_shard(
    paths: Sequence[str], config: Config, shard: Shard, progress: Progress | None = None
) -> Summarised:
    """The cache has all that a check of the paths will ask about single files of this shard.

    Those are the files that can hold a finding and all that their imports lead to: more than a check needs,
    as which of them a chain reaches is known only when all are linked. Every shard makes the same division
    of the same files. Raises ConfigError.
    """
    discovery = discover_files(paths, config, config.cwd)
    sources = discovery.sources
    workspace = Workspace(config)
    cache = workspace.cache
    if cache.folder is None:
        raise ConfigError(f"--shard fills a cache, and {config.no_cache_because or cache.note}")
    tell = (lambda done, total: progress(done, total, "summarising")) if progress else None
    project = Project(workspace, sources, tell)
    store = project.store
    try:
        indexes = dict(store.indexes(project.sources))
        starting = [path for path, index in indexes.items() if is_root(index)]
        reached = files_reached(starting, indexes, project.finder, store.index)
        weights = {
            path: project.contents.sizes.get(path, 0) * (1 if path in reached else _CHECK_WEIGHT)
            for path in {*reached, *project.sources}
        }
        own = _division(weights, {path: project.shown(path) for path in weights}, shard.of)[shard.number - 1]
        store.load(own & reached)
        store.check(own - reached)
        return Summarised(len(own), len(weights), discovery.led_out)
    finally:
        store.close()
        cache.save()
        cache.close()


def _division(weights: Mapping[str, float], names: Mapping[str, str], parts: int) -> list[set[str]]:
    """The files in parts of about equal weight, the same on every machine that calls them by these names."""
    division: list[set[str]] = [set() for _ in range(parts)]
    loads = [0.0] * parts
    for path in sorted(weights, key=lambda path: (-weights[path], names[path])):
        lightest = loads.index(min(loads))
        division[lightest].add(path)
        loads[lightest] += weights[path]
    return division
