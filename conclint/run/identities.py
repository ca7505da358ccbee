"""What stays the same of a finding while its file is edited: its fingerprint, and those that it had."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b

from conclint.model.finding import Finding, Position
from conclint.rules.registry import rules_by_code


def _fingerprint(identity: tuple[str | None, ...], ordinal: int) -> str:
    text = "\0".join((*(part or "" for part in identity), str(ordinal)))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def with_fingerprints(findings: list[Finding]) -> list[Finding]:
    """The findings with fingerprints: code, symbol, cause, and the ordinal among equals in the file;
    neither lines nor the chain (CORE.md section 4). Equal findings at one place share theirs, as do those
    of two files that have one module name: what else was asked for changes nothing."""
    seen: dict[tuple[str | None, ...], dict[Position, int]] = {}
    result: list[Finding] = []
    for finding in sorted(findings, key=lambda item: item.sort_key):
        equals = (finding.code, finding.symbol or finding.path, finding.cause)
        places = seen.setdefault((finding.path, *equals), {})
        ordinal = places.setdefault(finding.position, len(places))
        fingerprint, *aliases = (
            _fingerprint((code, *equals[1:]), ordinal)
            for code in (finding.code, *rules_by_code()[finding.code].recoded)
        )
        result.append(replace(finding, fingerprint=fingerprint, aliases=tuple(aliases)))
    return result
