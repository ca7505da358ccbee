"""What an editor offers to do about findings. The edits of an action are found when it is chosen."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, Final

from lsprotocol import types

from conclint.model.finding import Applicability
from conclint.server.jobs import Change, Extent, Mark

FIX_ALL: Final = f"{types.CodeActionKind.SourceFixAll.value}.conclint"
KINDS: Final = (types.CodeActionKind.QuickFix, FIX_ALL)
OPEN_PAGE: Final = "conclint.openPage"
"""Command: the rule's page, whose address is given, in a browser."""
SHOW: Final = "conclint.show"
"""Command: the text that is given, in a message."""
GO_TO: Final = "conclint.goTo"
"""Command: the file whose URI is given, at the line and column that are."""

_ABOUT_FILES: Final = "CON9"


class Offer:
    """The actions for some lines of one open file."""

    def __init__(
        self,
        uri: str,
        version: int,
        diagnose: Callable[[Mark], types.Diagnostic],
        uri_of: Callable[[str], str],
    ) -> None:
        self._uri = uri
        self._version = version
        self._diagnose = diagnose
        self._uri_of = uri_of

    def actions(
        self, marks: Sequence[Mark], at: types.Range, only: Collection[str] | None
    ) -> list[types.CodeAction]:
        """For all marks of the file: those that touch the range, and the file. `only` are the wanted kinds,
        None for all that belongs into a menu."""
        found: list[types.CodeAction] = []
        here = [mark for mark in marks if _touches(mark.extent, at)]
        if only is None or _is_wanted(types.CodeActionKind.QuickFix.value, only):
            found += [action for mark in here for action in self._fix(mark)]
            found += self._fix_all(marks, here, types.CodeActionKind.QuickFix.value)
            found += [action for mark in here for action in self._others(mark)]
        if only is not None and _is_wanted(FIX_ALL, only):
            found += self._fix_all(marks, [], FIX_ALL)
        return found

    def _fix(self, mark: Mark) -> Iterator[types.CodeAction]:
        fix = mark.finding.fix
        if fix is not None:
            is_safe = fix.applicability is Applicability.SAFE
            title = f"{fix.description} ({mark.code}{'' if is_safe else ', check the result'})"
            yield self._action(title, Change.FIX, [mark], is_preferred=is_safe)

    def _fix_all(self, marks: Sequence[Mark], here: Sequence[Mark], kind: str) -> Iterator[types.CodeAction]:
        """All safe fixes of the file; in a menu where there is more to mend than what is there."""
        safe = [mark for mark in marks if _is_safe(mark)]
        if safe and (kind == FIX_ALL or (here and len(safe) > sum(map(_is_safe, here)))):
            title = f"Apply all safe fixes in this file (conclint: {len(safe)})"
            yield types.CodeAction(title, kind=kind, data=self._data(Change.FIX, []))

    def _others(self, mark: Mark) -> Iterator[types.CodeAction]:
        if not mark.code.startswith(_ABOUT_FILES):
            yield self._action(f"Ignore {mark.code} on this line", Change.IGNORE, [mark])
        if mark.related:
            cause = mark.related[-1]
            name = mark.finding.chain[-1].symbol
            target = [self._uri_of(cause.path), cause.extent.line, cause.extent.column]
            yield self._command(mark, f"Go to the call of {name}", GO_TO, target)
            chain = " → ".join([mark.finding.symbol, *(step.symbol for step in mark.finding.chain)])
            yield self._command(mark, f"Show the call chain of {mark.code}", SHOW, [chain])
        yield self._command(mark, f"Open the page of {mark.code}", OPEN_PAGE, [mark.url])

    def _action(
        self, title: str, change: Change, marks: Sequence[Mark], *, is_preferred: bool | None = None
    ) -> types.CodeAction:
        return types.CodeAction(
            title,
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[self._diagnose(mark) for mark in marks],
            is_preferred=is_preferred or None,
            data=self._data(change, marks),
        )

    def _command(self, mark: Mark, title: str, name: str, arguments: list[Any]) -> types.CodeAction:
        command = types.Command(title, name, arguments=arguments)
        return types.CodeAction(
            title,
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[self._diagnose(mark)],
            command=command,
        )

    def _data(self, change: Change, marks: Sequence[Mark]) -> dict[str, Any]:
        return {
            "uri": self._uri,
            "version": self._version,
            "change": change.value,
            "findings": [_name(mark) for mark in marks],
        }


def chosen(action: types.CodeAction, marks: Sequence[Mark]) -> tuple[Change, list[Mark]] | None:
    """What an action that is to be resolved is about; None where its findings aren't there any more."""
    data: Any = action.data
    if not isinstance(data, dict) or not isinstance(data.get("findings"), list):
        return None
    try:
        change = Change(data.get("change"))
    except ValueError:
        return None
    if not data["findings"]:
        return change, [mark for mark in marks if _is_safe(mark)]
    found = [mark for mark in marks if _name(mark) in data["findings"]]
    return (change, found) if found else None


def _name(mark: Mark) -> list[Any]:
    """What a finding is known by, of those of one text."""
    position = mark.finding.position
    return [mark.code, position.line, position.column, mark.finding.fingerprint]


def _is_safe(mark: Mark) -> bool:
    return mark.finding.fix is not None and mark.finding.fix.applicability is Applicability.SAFE


def _is_wanted(kind: str, only: Collection[str]) -> bool:
    return any(kind == wanted or kind.startswith(f"{wanted}.") or not wanted for wanted in only)


def _touches(extent: Extent, at: types.Range) -> bool:
    return (extent.line, extent.column) <= (at.end.line, at.end.character) and (
        at.start.line,
        at.start.character,
    ) <= (extent.end_line, extent.end_column)
