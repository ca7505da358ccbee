"""Which files a run may change."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from conclint.fix.text_file import UnfixableError
from conclint.source.discovery import is_below


class Territory(NamedTuple):
    """Where files may be changed: in the project, and outside of it where no link in the project has led.
    `named` are the paths that the user gave, absolute."""

    cwd: str
    root: str
    named: frozenset[str] = frozenset()

    @classmethod
    def of(cls, cwd: Path, root: Path, paths: Iterable[str]) -> Territory:
        """That of a run on the paths."""
        named = (os.path.abspath(os.path.join(cwd, path)) for path in paths)
        return cls(os.fspath(cwd), os.fspath(root), frozenset(named))

    def guard(self, shown: str) -> None:
        """Raises UnfixableError for a file that lies in the project only by a link that leads out of it, and
        that was not named itself: whoever wrote the project must not choose what else is changed."""
        path = os.path.abspath(os.path.join(self.cwd, shown))
        if path in self.named or not is_below(path, self.root):
            return
        if not is_below(os.path.realpath(path), os.path.realpath(self.root)):
            raise UnfixableError("a link leads to it, out of the project; name the file itself to change it")
