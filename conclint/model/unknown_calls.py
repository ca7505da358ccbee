"""Calls that could not be judged: where silence proves nothing."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from conclint.model.execution import ExecutionModel


class UnknownCause(Enum):
    """Why nothing is known of a call."""

    NOT_DESCRIBED = "not-described"  # of a library that the catalog has nothing about
    UNRESOLVED = "unresolved"  # what is called could not be found out


class Cure(Enum):
    """The nearest way to know it."""

    FOLLOW = "follow"  # the library is installed, in Python, and not followed
    FACT = "fact"  # it can't be read there: an extension module
    INSTALL = "install"  # it is not installed where it was looked for
    ANNOTATION = "annotation"  # say what the object is


class UnknownCall(NamedTuple):
    """One such call. `name` is what is called, as far as that is known (`.fetch` for a method of something);
    `library` its top-level import name, empty for an unresolved one; `symbol` the function that it stands
    in; `models` what that runs on."""

    library: str
    cause: UnknownCause
    cure: Cure
    name: str
    path: str
    line: int
    column: int
    symbol: str
    models: tuple[ExecutionModel, ...]


class CallCounts(NamedTuple):
    """How many calls of libraries are known, and how many of how many on the event loop; how many are not."""

    known_on_loop: int
    on_loop: int
    unknown: int

    @property
    def in_words(self) -> str:
        """The share on the loop, never rounded up to all."""
        of = f"{self.on_loop:,} library {'call' if self.on_loop == 1 else 'calls'} on the loop"
        verb = "is" if self.on_loop == 1 else "are"
        return f"{percent(self.known_on_loop, self.on_loop)} of {of} {verb} known"


def percent(part: int, whole: int) -> str:
    """The share, never rounded up to all; all of nothing."""
    return "100%" if part == whole else f"{min(1000 * part // whole, 999) / 10}%"


class UnknownCalls(NamedTuple):
    """What is unknown, and how many calls of libraries and of the standard library are known, in all and on
    the event loop."""

    known: int
    calls: tuple[UnknownCall, ...]
    known_on_loop: int = 0

    @property
    def counts(self) -> CallCounts:
        """How many calls of libraries are known."""
        outside = self.of(UnknownCause.NOT_DESCRIBED)
        on_loop = sum(ExecutionModel.EVENT_LOOP in call.models for call in outside)
        return CallCounts(self.known_on_loop, self.known_on_loop + on_loop, len(outside))

    def of(self, cause: UnknownCause) -> tuple[UnknownCall, ...]:
        """The calls that are unknown for this cause."""
        return tuple(call for call in self.calls if call.cause is cause)

    @property
    def share(self) -> float:
        """The part of the calls of libraries that is known, 0 to 1."""
        number = self.known + len(self.of(UnknownCause.NOT_DESCRIBED))
        return self.known / number if number else 1.0
