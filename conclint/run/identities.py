"""What stays the same of a finding while its file is edited: its fingerprint, and those that it had."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b
from typing import TypeAlias

from conclint.model.finding import Finding, Position
from conclint.rules.registry import rules_by_code

Place: TypeAlias = "tuple[str, str, str, str | None, Position]"


def _fingerprint(identity: tuple[str | None, ...], ordinal: int) -> str:
    text = "\0".join((*(part or "" for part in identity), str(ordinal)))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def with_fingerprints(findings: list[Finding]) -> list[Finding]:
    """The findings with fingerprints: code, symbol, cause, and the ordinal among equals in the file;
    neither lines nor the chain (CORE.md section 4). Equal findings at one place share theirs, as do those
    of two files that have one module name: what else was asked for changes nothing.

    What a coroutine does with what it is given stood at the call that gives it in the version before, and
    goes by the name that it had there too."""
    moved = [_at_binding(finding) for finding in findings]
    before: dict[Place, list[str]] = {}
    if any(was is not finding for was, finding in zip(moved, findings, strict=True)):
        named = _named(moved)
        for was, finding in zip(moved, findings, strict=True):
            if was is not finding:
                before.setdefault(_place(finding), []).extend(named[_place(was)])
    now = _named(findings)
    result: list[Finding] = []
    for finding in sorted(findings, key=lambda item: item.sort_key):
        place = _place(finding)
        fingerprint, *aliases = dict.fromkeys((*now[place], *sorted(before.get(place, ()))))
        result.append(replace(finding, fingerprint=fingerprint, aliases=tuple(aliases)))
    return result


def _at_binding(finding: Finding) -> Finding:
    binding = finding.binding
    if binding is None or binding.is_here:
        return finding
    return replace(finding, path=binding.path, symbol=binding.symbol, position=binding.position)


def _place(finding: Finding) -> Place:
    return (finding.path, finding.code, finding.symbol or finding.path, finding.cause, finding.position)


def _named(findings: list[Finding]) -> dict[Place, list[str]]:
    """The fingerprints at each place, that of today first."""
    seen: dict[tuple[str | None, ...], dict[Position, int]] = {}
    result: dict[Place, list[str]] = {}
    for finding in sorted(findings, key=lambda item: item.sort_key):
        place = _place(finding)
        path, code, symbol, cause, position = place
        places = seen.setdefault((path, code, symbol, cause), {})
        ordinal = places.setdefault(position, len(places))
        result[place] = [
            _fingerprint((word, symbol, cause), ordinal) for word in (code, *rules_by_code()[code].recoded)
        ]
    return result
