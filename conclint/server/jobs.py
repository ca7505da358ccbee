"""What the server asks of its worker process, and what comes back. Lines and columns are the editor's: from
0, in the units that it counts in."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from conclint.model.finding import Finding


class JobScope(Enum):
    """Which of a folder's files a check looks at: the open ones, or all. Of all, what an edit does not
    concern is taken from an earlier run."""

    OPEN = "open"
    ALL = "all"


class Extent(NamedTuple):
    """A range of text; the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int

    def holds(self, line: int, column: int) -> bool:
        """Whether the place is in it, or right behind it."""
        return (self.line, self.column) <= (line, column) <= (self.end_line, self.end_column)


class CheckJob(NamedTuple):
    """Check a folder. `texts` are the open buffers by path, `units` what columns count: "utf-16", "utf-8" or
    "utf-32"."""

    folder: str
    scope: JobScope
    texts: tuple[tuple[str, bytes], ...]
    units: str = "utf-16"


class MapJob(NamedTuple):
    """Find out what the functions of one file run on."""

    folder: str
    path: str
    texts: tuple[tuple[str, bytes], ...]
    units: str = "utf-16"


class Change(Enum):
    """What a text is changed for: to mend findings, or to say that they are known."""

    FIX = "fix"
    IGNORE = "ignore"


class EditJob(NamedTuple):
    """Find out how a text is changed for the findings."""

    folder: str
    path: str
    data: bytes
    findings: tuple[Finding, ...]
    change: Change
    units: str = "utf-16"


Job = CheckJob | MapJob | EditJob


class Related(NamedTuple):
    """One step of a chain."""

    path: str
    extent: Extent
    message: str


class Mark(NamedTuple):
    """One finding as an editor shows it; `level` is "error", "warning" or "note", `explanation` Markdown."""

    path: str
    extent: Extent
    code: str
    url: str
    level: str
    message: str
    related: tuple[Related, ...]
    explanation: str
    finding: Finding


class Note(NamedTuple):
    """What is known of a function at its name, or at a call of it. `title` is empty for a call, and where
    there is nothing to say in one line."""

    extent: Extent
    title: str
    explanation: str


class Checked(NamedTuple):
    """The files that were looked at, and what was found in them."""

    paths: tuple[str, ...]
    marks: tuple[Mark, ...]


class Mapped(NamedTuple):
    """What there is to say about the functions of a file."""

    notes: tuple[Note, ...]


class Edited(NamedTuple):
    """New text for ranges of a text, in order; none overlap."""

    edits: tuple[tuple[Extent, str], ...]


class Failed(NamedTuple):
    """Why there is no answer, in one line. `is_usage`: a wrong configuration, and no fault of ours."""

    message: str
    is_usage: bool = False


Answer = Checked | Mapped | Edited | Failed
