"""Edits of one text: which of several fixes can be made together, and the text with them in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from conclint.model.finding import Fix, TextEdit
from conclint.syntax.positions import Lines


class Replacement(NamedTuple):
    """Text in the place of what stands between two offsets; `rank` as that of a `TextEdit`."""

    start: int
    end: int
    rank: int
    text: str


def located(edits: Iterable[TextEdit], lines: Lines) -> tuple[Replacement, ...]:
    """The edits by offset, in order."""
    found = []
    for edit in edits:
        at = edit.position
        start = lines.offset(at.line, at.column - 1)
        found.append(Replacement(start, lines.offset(at.end_line, at.end_column - 1), edit.rank, edit.text))
    return tuple(sorted(found))


class Settled:
    """The fixes taken so far, none of which is in another's way."""

    def __init__(self) -> None:
        self._own: list[tuple[Replacement, ...]] = []
        self._shared: set[Replacement] = set()

    def take(self, edits: Sequence[Replacement]) -> bool:
        """Takes a fix if it can be made with those before. One that makes the same change is made already.

        Edits that touch are in each other's way: what one was made for may be gone.
        """
        own = tuple(edit for edit in edits if not edit.rank)
        shared = {edit for edit in edits if edit.rank}
        if own and own in self._own:
            self._shared |= shared
            return True
        taken = [edit for other in self._own for edit in other]
        if any(_touch(edit, other) for edit in own for other in taken):
            return False
        if any(other.start < edit.start < other.end for edit in shared for other in (*taken, *own)):
            return False
        if any(edit.start < other.start < edit.end for edit in own for other in self._shared):
            return False
        self._own.append(own)
        self._shared |= shared
        return True

    def applied(self, text: str, newline: str) -> str:
        """The text with all of them in it."""
        edits = sorted({*self._shared, *(edit for own in self._own for edit in own)})
        parts: list[str] = []
        at = 0
        for number, edit in enumerate(edits):
            before = edits[number - 1] if number else None
            joined = before is not None and before.rank and edit.rank and before.start == edit.start
            parts.append(text[at : edit.start])
            if joined and before is not None:
                parts.append(_joined(parts, before, edit, newline))
            else:
                parts.append(edit.text)
            at = edit.end
        parts.append(text[at:])
        return "".join(parts)


def _joined(parts: list[str], before: Replacement, edit: Replacement, newline: str) -> str:
    """The text of an insertion behind another at the same place: without blank lines between lines of one
    kind, with one between different kinds."""
    if not before.text.endswith(newline) or not edit.text.endswith(newline):
        return edit.text
    while parts[-1] == "":
        parts.pop()
    last = parts[-1]
    body = last.rstrip("\r\n")
    tail = last[len(body) :]
    parts[-1] = body + newline
    own = edit.text.lstrip("\r\n")
    gap = newline if before.rank != edit.rank else ""
    stripped = own.rstrip("\r\n")
    end = max(tail, own[len(stripped) :], key=len)
    return gap + stripped + end


def applied(text: str, edits: Sequence[Replacement]) -> str:
    """The text with edits in it of which none is in another's way."""
    parts, at = [], 0
    for edit in sorted(edits):
        parts += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*parts, text[at:]])


def _touch(first: Replacement, second: Replacement) -> bool:
    return first.start <= second.end and second.start <= first.end


def order_of(fix: Fix) -> tuple[object, ...]:
    """Fixes are taken by the place of their own first edit, safe ones before others at the same place."""
    own = [edit for edit in fix.edits if not edit.rank] or list(fix.edits)
    first = own[0]
    return (first.cell or 0, first.position, fix.applicability.value, fix.description)
