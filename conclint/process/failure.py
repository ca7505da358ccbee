"""What is said of a failure of conclint's own: no finding of the user's code, but a report for its makers."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Final

from conclint.process.dependency import MissingDependencyError, missing_dependency

_PACKAGE: Final = str(Path(__file__).parent.parent)
FAILED: Final = "could not be analysed"
"""How a message begins, or goes on, that tells of a failure of conclint's own."""
_ADVICE: Final = "please report this"


def describe_failure(error: BaseException) -> str:
    """One line for the user: the kind of the error and where in conclint it came from. Not its text, which
    may differ from run to run. CONCLINT_DEBUG shows all of it on standard error.

    Raises MissingDependencyError where it is no failure of this file's, but of the installation.
    """
    if os.environ.get("CONCLINT_DEBUG"):
        import traceback

        traceback.print_exception(type(error), error, error.__traceback__, file=sys.stderr)
    missing = missing_dependency(error)
    if missing is not None:
        raise MissingDependencyError(missing) from error
    return f"{FAILED}: {type(error).__name__}{_place(error)} ({_ADVICE})"


@contextmanager
def bearable(*others: type[Exception]) -> Iterator[None]:
    """Around what saves a later run time, or is no more than an addition: the run goes on without it. The
    `others` are no failures of ours, and raised."""
    try:
        yield
    except others:
        raise
    except Exception as error:
        describe_failure(error)


def _place(error: BaseException) -> str:
    place = ""
    traceback = error.__traceback__
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        if file.startswith(_PACKAGE + os.sep):
            place = f" at {PurePath(os.path.relpath(file, _PACKAGE)).as_posix()}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place
