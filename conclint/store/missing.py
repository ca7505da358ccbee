"""Files that were looked for in vain, and whether one of them has appeared."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TypeAlias

MissingFiles: TypeAlias = "tuple[tuple[str, tuple[str, ...]], ...]"
"""Folders, each with the names that it does not hold: a file below a folder that doesn't exist is absent as
long as that folder is."""


def absent(paths: Iterable[str]) -> MissingFiles:
    """The files that don't exist, by the nearest folder above that does."""
    above: dict[str, tuple[str, str] | None] = {}
    names: dict[str, set[str]] = {}

    def nearest(folder: str) -> tuple[str, str] | None:
        """For a folder that doesn't exist, the nearest above that does, and the name that it lacks."""
        try:
            return above[folder]
        except KeyError:
            pass
        parent, name = os.path.split(folder)
        found = nearest(parent) if parent != folder else None
        if found is None and parent != folder and not os.path.isdir(folder):
            found = (parent, name)
        above[folder] = found
        return found

    for path in paths:
        folder, name = os.path.split(path)
        folder, name = nearest(folder) or (folder, name)
        names.setdefault(folder, set()).add(name)
    return tuple((folder, tuple(sorted(missing))) for folder, missing in sorted(names.items()))


def merged(first: MissingFiles, second: MissingFiles) -> MissingFiles:
    """What one or the other says is absent."""
    names: dict[str, set[str]] = {}
    for folder, missing in (*first, *second):
        names.setdefault(folder, set()).update(missing)
    return tuple((folder, tuple(sorted(missing))) for folder, missing in sorted(names.items()))


def has_appeared(missing: MissingFiles) -> bool:
    """Whether one of them exists now."""
    for folder, names in missing:
        try:
            held = os.listdir(folder)
        except OSError:
            continue  # the folder is gone too
        if not set(names).isdisjoint(held):
            return True
    return False
