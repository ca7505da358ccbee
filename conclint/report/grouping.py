"""Findings put together to the entries of a report for people: what one change would mend stands once.

One helper that blocks is reached from many coroutines, and each of these calls is a finding of its own,
with its own fingerprint and its own place to suppress it. In text they are one entry: the helper is what to
change.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from enum import Enum
from typing import Final, NamedTuple

from conclint.model.context import Context
from conclint.model.file_handles import is_of_handle, opens_file
from conclint.model.finding import Finding

_ON_LOOP: Final = ("CON1", "CON3")


class GroupBy(Enum):
    """What makes findings one entry (`--group-by`)."""

    ROOT = "root"
    CALL = "call"
    FILE = "file"
    RULE = "rule"


class Entry(NamedTuple):
    """Findings that stand together, the one that heads them first."""

    findings: tuple[Finding, ...]

    @property
    def head(self) -> Finding:
        """The worst of them."""
        return self.findings[0]

    @property
    def causes(self) -> tuple[str, ...]:
        """The primitives behind them, the head's first."""
        return tuple(dict.fromkeys(finding.cause for finding in self.findings if finding.cause))

    @property
    def callers(self) -> tuple[str, ...]:
        """The functions that they stand in, the head's first."""
        return tuple(dict.fromkeys(finding.symbol for finding in self.findings))

    @property
    def is_shared(self) -> bool:
        """Whether a helper is what to change, rather than the place itself."""
        root = self.head.root
        return root is not None and (root.path, root.symbol) != (self.head.path, self.head.symbol)


def grouped(findings: Iterable[Finding], by: GroupBy = GroupBy.ROOT) -> list[Entry]:
    """The findings as entries, ordered by where their heads stand; within one the worst first."""
    groups: dict[Hashable, list[Finding]] = {}
    if by is GroupBy.ROOT:
        for key, found in _by_root(findings):
            groups.setdefault(key, []).extend(found)
    else:
        for finding in findings:
            groups.setdefault(_key(finding, by), []).append(finding)
    entries = [Entry(tuple(sorted(group, key=badness))) for group in groups.values()]
    return sorted(entries, key=lambda entry: entry.head.sort_key)


def badness(finding: Finding) -> tuple[object, ...]:
    """Least for what is worth being shown first: the worse, the surer, where somebody is served, then what
    takes the fewest steps to see."""
    served = finding.context in (Context.REQUEST, Context.BACKGROUND)
    return (-finding.severity, -finding.confidence, not served, len(finding.chain), finding.sort_key)


def _key(finding: Finding, by: GroupBy) -> Hashable:
    if by is GroupBy.CALL:
        return _place(finding)
    return finding.path if by is GroupBy.FILE else finding.code


def _place(finding: Finding) -> Hashable:
    at = finding.position
    return (finding.path, finding.cell, at.line, at.column)


def _by_root(findings: Iterable[Finding]) -> Iterable[tuple[Hashable, Sequence[Finding]]]:
    """Several causes at one call stand where the worst of them does."""
    calls: dict[Hashable, list[Finding]] = {}
    for finding in findings:
        calls.setdefault(_place(finding), []).append(finding)
    opened: dict[tuple[str, str], Hashable] = {}
    for key, found in sorted(calls.items(), key=lambda item: min(each.sort_key for each in item[1])):
        head = min(found, key=badness)
        root = head.root
        if not head.code.startswith(_ON_LOOP):
            yield key, found
        elif root is not None and len(head.chain) > 1:
            yield ("root", root.path, root.symbol), found
        else:
            function = (head.path, head.symbol)
            if opens_file(head):
                opened[function] = key
            yield opened.get(function, key) if is_of_handle(head) else key, found
