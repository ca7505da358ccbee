"""A file's text with a change in it: what a reader gets who pastes the advice."""

from __future__ import annotations

import re
from typing import Final

from conclint.rules.advice.change import Change
from conclint.rules.advice.site import Fragment

_IMPORT: Final = re.compile(r"(?:import|from) ")
_FUTURE: Final = "from __future__ "


def pasted(text: str, fragment: Fragment, change: Change) -> str:
    """The text with the edits, the imports before the first one of the file, and the definitions before the
    statement at the top level that is changed."""
    body = text
    before = fragment.before(text)
    for edit in sorted(change.edits, reverse=True):
        start, end = (offset - fragment.skipped + before for offset in (edit.start, edit.end))
        body = body[:start] + edit.text + body[end:]
    lines = body.splitlines(keepends=True)
    if change.definitions:
        at = text[: before + 1].count("\n")
        while at and (lines[at][:1].isspace() or lines[at - 1].startswith("@") or lines[at].strip() == ""):
            at -= 1
        lines[at:at] = [f"{line}\n" for line in change.definitions]
    if change.imports:
        found = [number for number, line in enumerate(lines) if _IMPORT.match(line)]
        found = [number for number in found if not lines[number].startswith(_FUTURE)]
        at = found[0] if found else 0
        lines[at:at] = [f"{line}\n" for line in change.imports]
    return "".join(lines)
