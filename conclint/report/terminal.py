"""Where everything goes that is said: standard output and standard error, whatever the locale and whatever
the text holds. Nothing else writes to them (`tests/test_meta.py`)."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from typing import TextIO

from conclint.report.printable import printable, printable_lines, printable_patch

_BLANKS = "\t\f\r"
_CLEAR = "\x1b[2J\x1b[3J\x1b[H"
UNLIMITED_WIDTH = 160
"""Width of source lines where there is no terminal: wide, since nothing wraps; but no megabyte line."""


class _Asked:
    colour: bool | None = None


def ask_for_colour(when: str) -> None:
    """Takes the answer of `--color`: "always" and "never" go before what the environment says."""
    _Asked.colour = {"always": True, "never": False}.get(when)


def has_colour(stream: TextIO) -> bool:
    """Whether to print colours: `--color`, else NO_COLOR and FORCE_COLOR (set and not empty), else the
    terminal."""
    if _Asked.colour is not None:
        return _Asked.colour
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def source_width(stream: TextIO) -> int:
    """How wide a source line may be."""
    if not stream.isatty():
        return UNLIMITED_WIDTH
    import shutil  # of no use to most runs, and slow to import

    return shutil.get_terminal_size().columns


def write_folded(text: str, further: int = 4) -> None:
    """The same for text that nobody's program reads: on a terminal, lines are folded to its width, and what
    goes on stands so much further in."""
    if sys.stdout.isatty():
        from conclint.report.folding import folded

        text = folded(text, source_width(sys.stdout), further)
    write_output(text)


def write_output(text: str) -> None:
    """Writes to standard output in UTF-8, lone surrogates as escapes, and flushes.

    Raises UnwritableError where it takes nothing (a full disk), and BrokenPipeError where nobody reads on.
    """
    _write(encoded(text))


def write_patch(text: str) -> None:
    """The same for a patch, which other programs apply: as it is where a file takes it. A pipe may lead to a
    terminal or a CI log, so in one only the blanks of a source stay as they are."""
    if sys.stdout.isatty():
        text = printable_patch(text.replace("\r\n", "\n"), "\t")
    elif not _is_file(sys.stdout):
        text = printable_patch(text, _BLANKS)
    _write(text.encode("utf-8", "backslashreplace"))


def _is_file(stream: TextIO) -> bool:
    try:
        return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError):
        return False


def _write(data: bytes) -> None:
    try:
        sys.stdout.flush()
        buffer = getattr(sys.stdout, "buffer", None)
        if buffer is None:
            sys.stdout.write(data.decode("utf-8"))
        else:
            buffer.write(data)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        from conclint.report.destination import unwritable

        sys.stdout = None  # what is left in its buffer would fail once more at the end
        raise unwritable("standard output", error) from error


def encoded(text: str) -> bytes:
    """The bytes that stand for the text on standard output, where nothing but our colours steers anything."""
    return printable_lines(text, colour=has_colour(sys.stdout)).encode("utf-8", "backslashreplace")


def say(text: str) -> None:
    """A line on standard error, in the name of conclint."""
    say_line(f"conclint: {text}")


def say_line(text: str) -> None:
    """A line on standard error. Where that is closed or full there is nobody to tell."""
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            print(printable(text), file=sys.stderr, flush=True)


def clear_screen() -> None:
    """Begins a new screen, where there is one."""
    if sys.stdout.isatty():
        sys.stdout.write(_CLEAR)
