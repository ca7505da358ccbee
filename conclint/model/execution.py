"""Execution models (where code runs), effects (what running it does) and families (what kind of wait)."""

from __future__ import annotations

from enum import Enum, IntEnum


class ExecutionModel(Enum):
    """Where code runs. *Unknown* is no member: it is `None`, and never a finding."""

    EVENT_LOOP = "event_loop"
    THREAD = "thread"
    PROCESS = "process"
    INTERPRETER = "interpreter"

    @property
    def bit(self) -> int:
        """The model's bit in a mask of models (see `ALL_MODELS`)."""
        return _BITS[self]


_BITS = {
    ExecutionModel.EVENT_LOOP: 1,
    ExecutionModel.THREAD: 2,
    ExecutionModel.PROCESS: 4,
    ExecutionModel.INTERPRETER: 8,
}

ALL_MODELS = 15
"""The mask of an effect that applies wherever the code runs."""


class EffectKind(Enum):
    """What running a function does, as far as the decision guide asks."""

    WAITS = "waits"
    COMPUTES_GIL = "computes_gil"
    COMPUTES_NOGIL = "computes_nogil"
    WAITS_FOR_ITSELF = "waits_for_itself"


class Family(Enum):
    """What is waited for; each family of waiting has a rule code of its own in the hundred CON1xx."""

    HTTP = "http"
    SLEEP = "sleep"
    SUBPROCESS = "subprocess"
    FILES = "files"
    DATABASE = "database"
    SOCKETS = "sockets"
    LOCKS = "locks"
    QUEUES = "queues"
    JOINS = "joins"
    CONSOLE = "console"
    OTHER = "other"
    CHEAP_FILES = "cheap-files"
    COMPUTE = "compute"


class Weight(IntEnum):
    """How much a piece of code computes: saturating buckets, so that recursion converges. What is moderate
    takes some milliseconds for one text, document or image: it counts in loops over these."""

    NONE = 0
    LIGHT = 1
    MODERATE = 2
    HEAVY = 3
    UNBOUNDED = 4


class Confidence(IntEnum):
    """How sure a finding is: the number of assumptions behind it, turned round."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2

    @property
    def label(self) -> str:
        """The lower-case word of options and reports."""
        return self.name.lower()

    @classmethod
    def of_assumptions(cls, count: int) -> Confidence:
        """High for none, medium for one, low for two or more."""
        return cls(max(0, 2 - count))
