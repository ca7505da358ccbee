"""A line of source with the place to look at: where the caret stands on the screen, and what fits there."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from conclint.report.printable import TAB_STOP, character_cells

_CUT = "…"


class Excerpt(NamedTuple):
    """One printable line; the range to underline begins at cell `offset` and fills `length` cells."""

    text: str
    offset: int
    length: int


def make_excerpt(line: str, column: int, end_column: int | None, width: int) -> Excerpt:
    """The part of `line` around the range, at most `width` cells wide.

    Columns count characters from 1, the end is exclusive; `end_column` None means to the end of the line.
    Indentation is dropped, tabs are expanded, wide characters fill two cells. The underline is never
    empty and never goes beyond the line by more than one cell.
    """
    line = line.rstrip()
    first = min(max(column - 1, 0), len(line))
    last = len(line) if end_column is None else min(max(end_column - 1, first), len(line))
    # The indentation tells nothing in a single line, unless the range begins in it.
    start = min(len(line) - len(line.lstrip(" \t\f")), first)
    # A line may be a megabyte: beyond this nothing can be seen.
    start, stop = max(start, first - width), min(len(line), first + 2 * width)
    shown, ends = _lay_out(line[start:stop])
    begin, end = first - start, min(last, stop) - start
    cut_left, cut_right = line[:start].strip() != "", stop < len(line)
    left, right = 0, len(shown)
    if cut_left or cut_right or ends[-1] > width:
        left, right = _window(ends, begin, end, max(width - 2 * len(_CUT), 8))
    prefix = _CUT if cut_left or left > 0 else ""
    suffix = _CUT if cut_right or right < len(shown) else ""
    underlined = ends[min(end, right)] - ends[begin]
    return Excerpt(
        prefix + "".join(shown[left:right]) + suffix,
        ends[begin] - ends[left] + len(prefix),
        max(underlined, 1),
    )


def _lay_out(text: str) -> tuple[list[str], list[int]]:
    """What to print for each character, and the cells filled before each (and, last, altogether)."""
    shown: list[str] = []
    ends = [0]
    for character in text:
        if character == "\t":
            cells = TAB_STOP - ends[-1] % TAB_STOP
            shown.append(" " * cells)
        else:
            piece, cells = character_cells(character)
            shown.append(piece)
        ends.append(ends[-1] + cells)
    return shown, ends


def _window(ends: Sequence[int], begin: int, end: int, room: int) -> tuple[int, int]:
    """The characters to show in `room` cells: from a little before the range (more if that wastes no room,
    none if the range wouldn't fit), as far as possible."""
    wanted = min(ends[begin] - room // 4, ends[-1] - room)
    if ends[end] > wanted + room:
        wanted = min(ends[begin], ends[end] - room)
    left = min(bisect_left(ends, max(wanted, 0)), begin)
    right = bisect_right(ends, ends[left] + room) - 1
    return left, right
