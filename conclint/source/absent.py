"""Files that were looked for in vain, and whether one of them has appeared."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TypeAlias

Absent: TypeAlias = "tuple[tuple[str, tuple[str, ...]], ...]"
"""Folders, each with the names that it does not hold: a file below a folder that doesn't exist is absent as
long as that folder is."""


def absent(paths: Iterable[str]) -> Absent:
    """The files that don't exist, by the nearest folder above that does."""
    folders: dict[str, bool] = {}
    names: dict[str, set[str]] = {}

    def exists(folder: str) -> bool:
        known = folders.get(folder)
        if known is None:
            above = os.path.dirname(folder)
            known = folders[folder] = above == folder or (exists(above) and os.path.isdir(folder))
        return known

    for path in paths:
        folder, name = os.path.split(path)
        while not exists(folder):
            folder, name = os.path.split(folder)
        names.setdefault(folder, set()).add(name)
    return tuple((folder, tuple(sorted(missing))) for folder, missing in sorted(names.items()))


def merged(first: Absent, second: Absent) -> Absent:
    """What one or the other says is absent."""
    names: dict[str, set[str]] = {}
    for folder, missing in (*first, *second):
        names.setdefault(folder, set()).update(missing)
    return tuple((folder, tuple(sorted(missing))) for folder, missing in sorted(names.items()))


def has_appeared(missing: Absent) -> bool:
    """Whether one of them exists now."""
    for folder, names in missing:
        try:
            held = os.listdir(folder)
        except OSError:
            continue  # the folder is gone too
        if not set(names).isdisjoint(held):
            return True
    return False
