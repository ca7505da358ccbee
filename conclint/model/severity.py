"""How bad a finding is, apart from how sure it is."""

from __future__ import annotations

from enum import IntEnum


class Severity(IntEnum):
    """How long others wait, by the fact behind a finding and its measured time where there is one.

    *Critical*: over a second, or nobody knows how long (network, subprocesses, locks, deadlocks, heavy
    computing), or the program fails. *Warning*: from a millisecond to a second (files, local databases), and
    what is not known better. *Info*: less, or where nobody waits.
    """

    INFO = 0
    WARNING = 1
    CRITICAL = 2

    @property
    def label(self) -> str:
        """The lower-case word of options and reports."""
        return self.name.lower()

    @classmethod
    def of_milliseconds(cls, time: float) -> Severity:
        """The severity of a pause of that many milliseconds."""
        return cls.INFO if time < 1 else cls.WARNING if time < 1000 else cls.CRITICAL
