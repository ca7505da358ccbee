"""What conclint reports: findings, their chains, their recommendations and fixes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple

from conclint.model.context import Context
from conclint.model.execution import Confidence, EffectKind, ExecutionModel
from conclint.model.severity import Severity

UNREADABLE: Final = "CON900"
"""The code of what isn't a judgement: a file could not be analysed."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A range in a source file; lines and columns count from 1, the end column is exclusive.

    Columns count characters (code points), as editors and flake8 do.
    """

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a chain: the place of the call, and the dotted name of what is called there."""

    symbol: str
    path: str
    line: int
    column: int
    cell: int | None = None

    @property
    def place(self) -> str:
        """Path and line as people write them, the cell between in a notebook."""
        return place_of(self.path, self.cell, self.line)


def place_of(path: str, cell: int | None, *numbers: int) -> str:
    """`path:line:column`, in a notebook `path:cell 2:line:column`; the line counts from the cell's first."""
    where = path if cell is None else f"{path}:cell {cell}"
    return ":".join((where, *map(str, numbers)))


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What to do instead: the model that fits, a sentence, and a line of code in the reader's own names."""

    model: ExecutionModel
    text: str
    example: str | None = None


class Applicability(Enum):
    """Whether a fix keeps what the program does: *safe* does; *unsafe* may change more than when it waits, so
    somebody should look at it."""

    SAFE = "safe"
    UNSAFE = "unsafe"


@dataclass(frozen=True, slots=True)
class TextEdit:
    """Text that takes the place of a range of the finding's file, in a notebook of one of its cells.

    `rank` is 0 for an edit of the fix's own. Above that it is an insertion that other fixes may need too
    (1 an import, 2 a definition): of several at one place each is made once, in this order.
    """

    position: Position
    text: str
    cell: int | None = None
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Fix:
    """What mends a finding, as edits in order of place: all of them, or none."""

    applicability: Applicability
    description: str
    edits: tuple[TextEdit, ...]


@dataclass(frozen=True, slots=True)
class Root:
    """The last function of the program before the primitive: what to change once for all that reach it.

    `symbol` is its dotted name, `path` its file as shown, `line` that of the primitive's call.
    """

    symbol: str
    path: str
    line: int


class Binding(NamedTuple):
    """The call that gives a coroutine what it calls, for a finding that such a call makes.

    `file` is its file, `path` that as shown, `symbol` the function that it stands in, at `position`.
    `through` are the coroutine functions of other files that it is handed on to, each as (path, name), the
    one that calls it last. `is_here`: the finding points at this call, and not where the coroutine blocks.
    """

    file: str
    path: str
    symbol: str
    position: Position
    through: tuple[tuple[str, str], ...]
    is_here: bool


class Library(NamedTuple):
    """An installed package that a chain goes into: its import name, the name and version of the distribution
    that brought it, as far as that is known, and the environment that it is in, as shown to the user."""

    name: str
    release: str = ""
    environment: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One reported place.

    `path` is as shown to the user: relative to the working directory where it lies under it, with
    forward slashes. `symbol` is the dotted name of the function that holds the place. `chain` leads
    from the reported call to the primitive. `reasons` are the assumptions that lowered the confidence.
    `logical_line` is the first and last physical line of the statement, for suppressions.
    `context` says what kind of code it is in (`conclint.model.context`), None where that isn't known;
    `entries` who waits, in words, the first few of `entry_count`; `root` what to change, `fix` how, where
    that can be done for the reader. `aliases` are the fingerprints that it had in the version before, under
    another code or at another place. `binding`: what it comes from is given to a coroutine there. `library`:
    the installed package whose code the chain goes into.
    """

    code: str
    name: str
    message: str
    path: str
    position: Position
    symbol: str
    confidence: Confidence
    severity: Severity = Severity.WARNING
    model: ExecutionModel | None = None
    effect: EffectKind | None = None
    family: str | None = None
    cause: str | None = None
    chain: tuple[Step, ...] = ()
    recommendation: Recommendation | None = None
    fingerprint: str = ""
    reasons: tuple[str, ...] = ()
    logical_line: tuple[int, int] = (0, 0)
    cell: int | None = None
    context: Context | None = None
    entries: tuple[str, ...] = ()
    entry_count: int = 0
    root: Root | None = None
    aliases: tuple[str, ...] = ()
    fix: Fix | None = None
    binding: Binding | None = None
    library: Library | None = None
    source_hash: bytes = field(default=b"", compare=False)

    @property
    def place(self) -> str:
        """Path, line and column as people write them, the cell between in a notebook."""
        return place_of(self.path, self.cell, self.position.line, self.position.column)

    @property
    def names(self) -> tuple[str, ...]:
        """Its fingerprint, and those that it had in the version before."""
        return (self.fingerprint, *self.aliases)

    @property
    def sort_key(self) -> tuple[str, int, int, int, str, str]:
        """Findings are ordered by path, place, code, then message."""
        return (self.path, self.cell or 0, self.position.line, self.position.column, self.code, self.message)
