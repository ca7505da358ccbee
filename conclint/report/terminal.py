"""Where the report goes: encoding, colour and width of standard output, whatever the locale says."""

from __future__ import annotations

import os
import sys
from typing import TextIO

UNLIMITED_WIDTH = 160
"""Width of source lines where there is no terminal: wide, since nothing wraps; but no megabyte line."""


def has_colour(stream: TextIO) -> bool:
    """Whether to print colours: NO_COLOR and FORCE_COLOR (set and not empty) decide, else the terminal."""
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


def write_output(text: str) -> None:
    """Writes to standard output in UTF-8, lone surrogates as escapes, and flushes.

    Raises UnwritableError where it takes nothing (a full disk), and BrokenPipeError where nobody reads on.
    """
    try:
        sys.stdout.flush()
        data = encoded(text)
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
    """The bytes that stand for the text on standard output."""
    return text.encode("utf-8", "backslashreplace")
