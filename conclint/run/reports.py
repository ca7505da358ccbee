"""Reports of earlier runs: where nothing changed, nothing is analysed again.

A report is kept under a key made of all that was asked: conclint's version, the catalog, the
configuration, and the asked files with the hashes of their contents. It also depends on files that were
followed without being asked for, and on files that were looked for and did not exist (CORE.md section 5);
both are checked before it is used. Entries are plain tuples, never code.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from conclint import __version__
from conclint.config.settings import Affects, Config
from conclint.model.finding import Finding
from conclint.model.unknown_calls import CallCounts
from conclint.store.cache import MARSHAL_FORMAT, Cache, Space, content_hash
from conclint.store.finding_rows import from_row, to_row
from conclint.store.missing import MissingFiles, has_appeared

_FORMAT: Final = 13


class KeptReport(NamedTuple):
    """What a run found, and what it depends on besides the asked files.

    `occurring` are the fingerprints and shown paths of everything that the rules found, reported or not.
    `around` is the shape of the project's other files, where it depends on these too, whether imports lead
    there or not. `hidden` is how many findings are sure enough, but not bad enough, to be reported, `unsure`
    how many are bad enough, but not sure enough. `environment` is that whose packages were followed; `calls`
    how many calls of libraries are known, where that was asked for.
    """

    findings: tuple[Finding, ...]
    unused: tuple[Finding, ...]
    followed: tuple[tuple[str, bytes], ...]
    missed: MissingFiles
    occurring: tuple[tuple[str, str], ...] = ()
    around: bytes | None = None
    hidden: int = 0
    unsure: int = 0
    environment: str | None = None
    calls: CallCounts | None = None


def judgement_key(config: Config, catalog: bytes, packages: tuple[str, ...], roots: tuple[str, ...]) -> bytes:
    """16 bytes that stand for all that the judgement of a module depends on besides files: `packages` are
    the folders of installed packages that are followed, `roots` those in which imports are looked for."""
    facts = (*_stated(catalog, packages), config.affecting(Affects.FINDINGS), roots)
    return blake2b(repr(facts).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def report_key(
    config: Config,
    catalog: bytes,
    sources: Iterable[tuple[str, str, bytes]],
    packages: tuple[str, ...] = (),
    *,
    inline: bool,
) -> bytes:
    """16 bytes that stand for everything that was asked: `sources` are (path, shown path, content hash),
    `packages` the folders of installed packages that are followed."""
    digest = blake2b(digest_size=16)
    asked = (*_stated(catalog, packages), config.affecting(Affects.FINDINGS, Affects.REPORT), inline)
    digest.update(repr(asked).encode("utf-8", "surrogatepass"))
    digest.update(
        b"".join(
            [
                b"%b%b" % (f"\0{path}\0{shown}\0".encode("utf-8", "surrogatepass"), content)
                for path, shown, content in sources
            ]
        )
    )
    return digest.digest()


def _stated(catalog: bytes, packages: tuple[str, ...]) -> tuple[object, ...]:
    return (_FORMAT, __version__, catalog, packages)


def still_holds(
    kept: KeptReport, content_of: Callable[[str], bytes | None], shape_around: Callable[[], bytes | None]
) -> bool:
    """Whether the files that were followed are the same (by their hashes of now), as are the project's
    others where they matter, and none has appeared."""
    if any(content_of(path) != content for path, content in kept.followed):
        return False
    if has_appeared(kept.missed):
        return False
    return kept.around is None or kept.around == shape_around()


def keep_report(cache: Cache, key: bytes, kept: KeptReport) -> None:
    """Keeps the report under the key. What is missing is kept apart: the reports of the single files of a
    project, which are taken from its judgements, have it in common."""
    missing = marshal.dumps(kept.missed, MARSHAL_FORMAT)
    name = content_hash(missing)
    if cache.get(Space.ABSENT, name) is None:
        cache.put(Space.ABSENT, name, missing)
    rows = [[to_row(finding) for finding in part] for part in (kept.findings, kept.unused)]
    entry: Any = (_FORMAT, name, *rows, kept.followed, kept.occurring, kept.around)
    entry = (*entry, kept.hidden, kept.unsure, kept.environment)
    entry = (*entry, tuple(kept.calls) if kept.calls is not None else None)
    cache.put(Space.REPORT, key, marshal.dumps(entry, MARSHAL_FORMAT))


def find_report(cache: Cache, key: bytes) -> KeptReport | None:
    """The report under the key; None if there is none, or one of another format."""
    data = cache.get(Space.REPORT, key)
    if data is None:
        return None
    try:
        version, name, findings, unused, followed, occurring, around, *counts = marshal.loads(data)
        missing = cache.get(Space.ABSENT, name)
        if version != _FORMAT or missing is None:
            return None
        found, hiding_none = (tuple(map(from_row, part)) for part in (findings, unused))
        missed = marshal.loads(missing)
        hidden, unsure, environment, calls = counts
        return KeptReport(
            found,
            hiding_none,
            tuple(followed),
            missed,
            tuple(occurring),
            around,
            hidden,
            unsure,
            environment,
            CallCounts(*calls) if calls is not None else None,
        )
    except (ValueError, TypeError, EOFError, KeyError, IndexError):
        return None
