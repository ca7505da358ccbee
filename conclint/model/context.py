"""What kind of code a finding is in: who waits there, and how much that matters."""

from __future__ import annotations

from enum import Enum


class Context(Enum):
    """A kind of code; the values are the words of reports and of `[tool.conclint.contexts]`."""

    REQUEST = "request"
    BACKGROUND = "background"
    START_UP = "start-up"
    SHUTDOWN = "shutdown"
    COMMAND = "command"
    THREAD = "thread"
    TEST = "test"
    SCRIPT = "script"
    VENDORED = "vendored"

    @property
    def words(self) -> str:
        """The kind, as a report names it."""
        return _WORDS[self]


_WORDS = {
    Context.REQUEST: "request path",
    Context.BACKGROUND: "background task",
    Context.START_UP: "start-up",
    Context.SHUTDOWN: "shutdown",
    Context.COMMAND: "command line",
    Context.THREAD: "a loop of its own",
    Context.TEST: "test",
    Context.SCRIPT: "script",
    Context.VENDORED: "others' code",
}
