"""The project as it was at a revision, laid out so that the same analysis can be made of it, and which of
today's findings were there then."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from conclint.config.settings import Config
from conclint.model.finding import Finding
from conclint.source.discovery import Source, shown_path
from conclint.source.revisions import Repository


class Before(NamedTuple):
    """The sources at the revision, and the configuration for them: that of today, moved."""

    config: Config
    sources: tuple[Source, ...]


@contextmanager
def laid_out(
    repository: Repository, commit: str, config: Config, paths: Iterable[str], renamed: Mapping[str, str]
) -> Iterator[Before]:
    """The files that had these paths' places (or, of renamed ones, their old places) at the commit.

    Everything lies as it does today, below a temporary folder in the place of the folder that the
    repository, the project and the working directory have in common.
    """
    common = os.path.commonpath([repository.top, _real(config.root), _real(config.cwd)])
    with tempfile.TemporaryDirectory(prefix="conclint-") as name:
        base = os.path.realpath(name)

        def moved(path: str | os.PathLike[str]) -> str:
            whole = _real(path)
            if os.path.commonpath([whole, common]) != common:
                return whole
            return os.path.normpath(os.path.join(base, os.path.relpath(whole, common)))

        top = Path(moved(repository.top))
        top.mkdir(parents=True, exist_ok=True)
        repository.write_sources(commit, top)
        there = replace(
            config,
            root=Path(moved(config.root)),
            cwd=Path(moved(config.cwd)),
            src=tuple(Path(moved(folder)) for folder in config.src),
            nested=tuple(
                replace(item, folder=Path(moved(item.folder)), root=Path(moved(item.root)))
                for item in config.nested
            ),
        )
        cwd = _real(config.cwd)
        was = sorted(renamed.get(real, real) for real in map(_real, paths))
        sources = tuple(
            Source(moved(path), shown_path(path, cwd)) for path in was if os.path.isfile(moved(path))
        )
        yield Before(there, sources)


def not_found_before(
    findings: Sequence[Finding], earlier: Iterable[Finding], renamed: Mapping[str, str]
) -> tuple[Finding, ...]:
    """The findings that were not there earlier: of equals in a file, those beyond the number it had then.

    Equal are those of one code, function and cause; `renamed` maps new to old shown paths.
    """
    had = Counter(_identity(finding, finding.path) for finding in earlier)
    new: list[Finding] = []
    for finding in findings:
        identity = _identity(finding, renamed.get(finding.path, finding.path))
        if had[identity]:
            had[identity] -= 1
        else:
            new.append(finding)
    return tuple(new)


def _identity(finding: Finding, path: str) -> tuple[str, ...]:
    return (
        path,
        finding.code,
        _within_module(finding.symbol, finding.path),
        finding.cause or finding.message,
    )


def _within_module(symbol: str, path: str) -> str:
    """The part of a dotted name that its file's own name has no part in."""
    parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
    for start in range(len(parts)):
        module = ".".join(parts[start:])
        if symbol == module or symbol.startswith(f"{module}."):
            return symbol[len(module) :]
    return symbol


def _real(path: str | os.PathLike[str]) -> str:
    return os.path.realpath(path)
