"""Reports of earlier runs: where nothing changed, nothing is analysed again.

A report is kept under a key made of all that was asked: conclint's version, the catalog, the
configuration, and the asked files with the hashes of their contents. It also depends on files that were
followed without being asked for, and on files that were looked for and did not exist (CORE.md section 5);
both are checked before it is used. Entries are plain tuples, never code.
"""

from __future__ import annotations

import marshal
import os
from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from conclint import __version__
from conclint.cache import MARSHAL_FORMAT
from conclint.config import Config
from conclint.model.execution import Confidence, EffectKind, ExecutionModel
from conclint.model.finding import Finding, Position, Recommendation, Step

_FORMAT: Final = 3


class KeptReport(NamedTuple):
    """What a run found, and what it depends on besides the asked files.

    `occurring` are the fingerprints and shown paths of everything that the rules found, reported or not.
    """

    findings: tuple[Finding, ...]
    unused: tuple[Finding, ...]
    followed: tuple[tuple[str, bytes], ...]
    missed: tuple[str, ...]
    occurring: tuple[tuple[str, str], ...] = ()


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
    asked = (
        _FORMAT,
        __version__,
        catalog,
        str(config.root),
        str(config.cwd),
        config.select,
        config.ignore,
        config.extend_select,
        config.per_file_ignores,
        config.target_version,
        config.gil.value,
        int(config.min_confidence),
        tuple(str(folder) for folder in config.src),
        config.warn_unused_ignores,
        config.follow,
        packages,
        inline,
    )
    digest.update(repr(asked).encode("utf-8", "surrogatepass"))
    for path, shown, content in sources:
        digest.update(f"\0{path}\0{shown}\0".encode("utf-8", "surrogatepass"))
        digest.update(content)
    return digest.digest()


def still_holds(kept: KeptReport, content_of: Callable[[str], bytes | None]) -> bool:
    """Whether the files that were followed are the same (by their hashes of now), and none has appeared."""
    if any(content_of(path) != content for path, content in kept.followed):
        return False
    return not any(os.path.lexists(path) for path in kept.missed)


def encode_report(kept: KeptReport) -> bytes:
    """The report as bytes; equal reports give equal bytes."""
    rows = [[_to_row(finding) for finding in part] for part in (kept.findings, kept.unused)]
    rest = (kept.followed, kept.missed, kept.occurring)
    return marshal.dumps((_FORMAT, *rows, *rest), MARSHAL_FORMAT)


def decode_report(data: bytes) -> KeptReport | None:
    """The report, or None where the bytes are of another format."""
    try:
        version, findings, unused, *rest = marshal.loads(data)
        if version != _FORMAT:
            return None
        return KeptReport(tuple(map(_from_row, findings)), tuple(map(_from_row, unused)), *map(tuple, rest))
    except (ValueError, TypeError, EOFError, KeyError):
        return None


def _to_row(finding: Finding) -> tuple[Any, ...]:
    at, advice = finding.position, finding.recommendation
    return (
        finding.code,
        finding.name,
        finding.message,
        finding.path,
        (at.line, at.column, at.end_line, at.end_column),
        finding.symbol,
        int(finding.confidence),
        finding.model.value if finding.model else None,
        finding.effect.value if finding.effect else None,
        finding.family,
        finding.cause,
        tuple((step.symbol, step.path, step.line, step.column, step.cell) for step in finding.chain),
        (advice.model.value, advice.text, advice.example) if advice else None,
        finding.fingerprint,
        finding.reasons,
        finding.logical_line,
        finding.cell,
        finding.source_hash,
    )


def _from_row(row: tuple[Any, ...]) -> Finding:
    model, effect, advice = row[7], row[8], row[12]
    return Finding(
        code=row[0],
        name=row[1],
        message=row[2],
        path=row[3],
        position=Position(*row[4]),
        symbol=row[5],
        confidence=Confidence(row[6]),
        model=ExecutionModel(model) if model else None,
        effect=EffectKind(effect) if effect else None,
        family=row[9],
        cause=row[10],
        chain=tuple(Step(*step) for step in row[11]),
        recommendation=Recommendation(ExecutionModel(advice[0]), *advice[1:]) if advice else None,
        fingerprint=row[13],
        reasons=tuple(row[14]),
        logical_line=(row[15][0], row[15][1]),
        cell=row[16],
        source_hash=row[17],
    )
