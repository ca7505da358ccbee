"""Comments in the source that hide findings, and those that hide none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum

from conclint.config.file import nearest, unknown_code
from conclint.model.execution import Confidence
from conclint.model.finding import UNREADABLE, Finding, Position
from conclint.rules.registry import code_of, selectable_words
from conclint.summary.records import DIRECTIVE_WORDS, Directive, DirectiveKind
from conclint.suppress.async_codes import stands_for
from conclint.suppress.spans import Spans

UNUSED_CODE = "CON901"
UNUSED_NAME = "unused-suppression"
_FOR = " hides nothing for "


class Noqa(Enum):
    """Which `# noqa` comments hide findings: those for our codes and blanket ones, or those for the ASYNC
    codes of other linters, or both. flake8 applies the former itself."""

    NONE = (False, False)
    OURS = (True, False)
    THEIRS = (False, True)
    BOTH = (True, True)

    @classmethod
    def of(cls, *, ours: bool, theirs: bool) -> Noqa:
        """The member that says so."""
        return cls((ours, theirs))


def holds_for(directive: Directive, finding: Finding, noqa: Noqa = Noqa.BOTH) -> bool:
    """Whether the directive hides the finding.

    Codes are prefixes, so `# noqa: E501` hides none of ours and `# noqa: CON1` many. A file that could not
    be analysed is hidden by `skip-file` alone.
    """
    if directive.kind == DirectiveKind.SKIP_FILE:
        return True
    if directive.kind == DirectiveKind.UNKNOWN:
        return False
    if finding.code == UNREADABLE or not _touches(directive, finding):
        return False
    if directive.kind == DirectiveKind.IGNORE:
        return _hides(directive, finding)
    ours, theirs = noqa.value
    return (ours and _hides(directive, finding)) or (
        theirs and any(stands_for(code, finding.code) for code in directive.codes)
    )


def lines_of(finding: Finding) -> tuple[int, int]:
    """The first and the last line that a directive for the finding can be on."""
    first, last = finding.logical_line
    return min(first, finding.position.line), max(last, finding.position.line)


class DirectivesOfFile:
    """The directives of a file, of which those that may hide a finding are found by its lines."""

    __slots__ = ("_skips", "_spans")

    def __init__(self, directives: Iterable[Directive]) -> None:
        directives = list(directives)
        self._skips = any(directive.kind == DirectiveKind.SKIP_FILE for directive in directives)
        self._spans = Spans((directive.first, directive.last, directive) for directive in directives)

    def hide(self, finding: Finding, noqa: Noqa) -> bool:
        """Whether any of them hides the finding; see `holds_for`."""
        return self._skips or any(
            holds_for(directive, finding, noqa) for directive in self._spans.meeting(*lines_of(finding))
        )


def unused_directives(
    path: str, directives: Sequence[Directive], findings: Sequence[Finding]
) -> Iterator[Finding]:
    """A finding for each directive of a file that hides none of the file's findings, or names codes that
    hide none. `findings` are all that the rules found.

    A `# noqa` without codes may be meant for another linter, as may codes that are not ours.
    """
    seen: dict[str, int] = {}
    spans = Spans((*lines_of(finding), finding) for finding in findings)
    for directive in sorted(directives):
        message = _complaint(directive, spans.meeting(directive.first, directive.last))
        if message is not None:
            seen[message] = seen.get(message, 0) + 1
            yield _report(directive, path, message, seen[message])


def misspelled_directives(path: str, directives: Sequence[Directive]) -> Iterator[Finding]:
    """A finding for each directive of a file that says something that we don't know, with the nearest word:
    who wrote it believes that it holds."""
    known = selectable_words()
    for number, directive in enumerate(sorted(directives)):
        for word in directive.codes:
            if directive.kind == DirectiveKind.UNKNOWN:
                message = f"unknown comment `conclint: {word}`{nearest(word, DIRECTIVE_WORDS)}"
            elif directive.kind == DirectiveKind.IGNORE and (problem := unknown_code(word, known)):
                message = f"this `conclint: ignore` hides nothing: {problem}"
            else:
                continue
            lines = (directive.first, directive.last)
            yield unused(path, directive.line, directive.column, lines, message, (message, str(number)))


def _complaint(directive: Directive, findings: Iterable[Finding]) -> str | None:
    if directive.kind in (DirectiveKind.SKIP_FILE, DirectiveKind.UNKNOWN):
        return None
    here = [finding for finding in findings if holds_for(directive, finding)]
    if not directive.codes:
        if directive.kind == DirectiveKind.NOQA or here:
            return None
        return "this `conclint: ignore` hides nothing"
    idle = [
        code
        for code in directive.codes
        if (directive.kind == DirectiveKind.IGNORE or code.upper().startswith("CON"))
        and not any(_names(code, finding) for finding in here)
        and (directive.kind == DirectiveKind.NOQA or not unknown_code(code, selectable_words()))
    ]
    if not idle:
        return None
    word = "noqa" if directive.kind == DirectiveKind.NOQA else "conclint: ignore"
    return f"this `{word}`{_FOR}{', '.join(idle)}"


def idle_codes(finding: Finding) -> tuple[str, ...]:
    """The codes that a finding about a directive says hide nothing; none where that is all of it."""
    _, found, codes = finding.message.partition(_FOR)
    return tuple(codes.split(", ")) if found else ()


def _hides(directive: Directive, finding: Finding) -> bool:
    return not directive.codes or any(_names(code, finding) for code in directive.codes)


def _names(code: str, finding: Finding) -> bool:
    return bool(code) and finding.code.startswith(code_of(code))


def _touches(directive: Directive, finding: Finding) -> bool:
    first, last = finding.logical_line
    if directive.first <= last and first <= directive.last:
        return True
    return directive.first <= finding.position.line <= directive.last


def _report(directive: Directive, path: str, message: str, ordinal: int) -> Finding:
    identity = (message, str(ordinal))
    lines = (directive.first, directive.last)
    return unused(path, directive.line, directive.column, lines, message, identity)


def unused(
    path: str, line: int, column: int, lines: tuple[int, int], message: str, identity: Iterable[str]
) -> Finding:
    """A finding about something that hides nothing (CON901), known by its `identity` within its file."""
    name = "\0".join((UNUSED_CODE, path, *identity))
    return Finding(
        code=UNUSED_CODE,
        name=UNUSED_NAME,
        message=message,
        path=path,
        position=Position(line, column, line, column),
        symbol="",
        confidence=Confidence.HIGH,
        logical_line=lines,
        fingerprint=hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest(),
    )
