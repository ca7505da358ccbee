"""How a text is changed for findings: by what the command would write, as the fewest lines that differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from conclint.files.lines import LINE
from conclint.fix.text_file import UnfixableError, text_of
from conclint.server.jobs import Change, Edited, EditJob, Extent, Failed
from conclint.server.position_encoding import width

if TYPE_CHECKING:
    from conclint.model.finding import Finding


def edited(job: EditJob) -> Edited | Failed:
    """The changes; Failed where the text is not the one that was analysed, or can't be changed."""
    try:
        data = _changed(job.path, job.data, job.findings, job.change)
        before, after = text_of(job.data), text_of(data)
    except UnfixableError as error:
        return Failed(str(error), is_usage=True)
    return Edited(tuple(_edits(LINE.findall(before), LINE.findall(after), job.units)))


def _changed(path: str, data: bytes, findings: Sequence[Finding], change: Change) -> bytes:
    if change is Change.IGNORE:
        from conclint.fix.noqa_files import noqa_bytes

        return noqa_bytes(path, data, findings, "")
    from conclint.fix.apply import fix_bytes

    return fix_bytes(path, data, findings)[0]


def _edits(before: list[str], after: list[str], units: str) -> Iterator[tuple[Extent, str]]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for tag, first, last, new_first, new_last in matcher.get_opcodes():
        if tag != "equal":
            start, end = _place(before, first, units), _place(before, last, units)
            yield Extent(*start, *end), "".join(after[new_first:new_last])


def _place(lines: list[str], number: int, units: str) -> tuple[int, int]:
    """The beginning of a line; behind the last one its end, where it has no line end."""
    if number == len(lines) and lines and not lines[-1].endswith(("\n", "\r")):
        return number - 1, width(lines[-1], units)
    return number, 0
