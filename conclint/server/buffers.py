"""What the editor has open, and which folders it works in."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from conclint.server.jobs import Mark


@dataclass(slots=True)
class Buffer:
    """An open document: its text, as the bytes that its file would have."""

    version: int
    data: bytes


@dataclass(slots=True)
class Folder:
    """A folder that is checked as a whole, and what is known of it.

    `is_open_wanted` is whether what is open in it is to be looked at again, `is_wanted` whether the rest is.
    Of a guest, a folder that is none of the workspace's, only what is open is looked at: it may be a
    library's.
    """

    path: str
    is_guest: bool = False
    is_open_wanted: bool = False
    is_wanted: bool = False
    marks: dict[str, tuple[Mark, ...]] = field(default_factory=dict)

    def holds(self, path: str) -> bool:
        """Whether the file lies below it."""
        return path.startswith(self.path.rstrip(os.sep) + os.sep)

    def want(self) -> None:
        """Notes that it is to be looked at again."""
        self.is_open_wanted = True
        self.is_wanted = not self.is_guest


class Folders:
    """The workspace's folders, and those of files that lie in none of them."""

    def __init__(self) -> None:
        self._given: dict[str, Folder] = {}
        self._guests: dict[str, Folder] = {}

    def add(self, path: str) -> None:
        """Takes a folder of the workspace."""
        whole = os.path.normpath(path)
        self._given.setdefault(whole, Folder(whole)).want()

    def remove(self, path: str) -> Folder | None:
        """Forgets a folder of the workspace."""
        return self._given.pop(os.path.normpath(path), None)

    def all(self) -> list[Folder]:
        """Every folder, those of the workspace first."""
        return [*self._given.values(), *self._guests.values()]

    def of(self, path: str) -> Folder:
        """The innermost folder of the workspace that holds the file; its own if none does."""
        holding = [folder for folder in self._given.values() if folder.holds(path)]
        if holding:
            return max(holding, key=lambda folder: len(folder.path))
        own = str(Path(path).parent)
        return self._guests.setdefault(own, Folder(own, is_guest=True))

    def holding(self, path: str) -> list[Folder]:
        """The folders that the file may concern: all that hold it."""
        return [folder for folder in self.all() if folder.holds(path)]
