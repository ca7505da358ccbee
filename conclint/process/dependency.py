"""Packages that conclint needs and can't import: what is said of that, once, and not of each file."""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder

from conclint.process.search_path import left_out


class MissingDependencyError(Exception):
    """A package that conclint needs can't be imported, so nothing can be analysed. The text is one line for
    the user."""


def missing_dependency(error: BaseException) -> str | None:
    """What to say of an error that comes of such a package; None for any other."""
    if isinstance(error, MissingDependencyError):
        return str(error)
    if not isinstance(error, ImportError) or not error.name:
        return None
    name = error.name.partition(".")[0]
    if name == "conclint" or name in sys.stdlib_module_names:
        return None
    where = [entry for entry in left_out if entry and PathFinder.find_spec(name, [entry]) is not None]
    if where:
        return (
            f"conclint needs the package {name}, which is only to be found in {where[0]}: nothing is "
            "imported from what is analysed; install conclint in an environment of its own"
        )
    return f"conclint needs the package {name}, which cannot be imported here: install conclint again"
