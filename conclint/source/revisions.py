"""What Git knows: which files changed since a revision, and the sources as they were then.

Only reading commands are run. Working tree against revision: what is staged or not makes no difference,
and files that Git doesn't know yet (and isn't told to ignore) have changed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from conclint.source.git import GitError, run_git

__all__ = ["Changes", "GitError", "Repository"]


class Changes(NamedTuple):
    """Python files that differ, as absolute paths. `renamed` maps new to old names; new ones are in
    `changed` and old ones in `deleted` too."""

    changed: frozenset[str]
    deleted: frozenset[str]
    renamed: Mapping[str, str]


class Repository:
    """The working tree that holds a folder.

    Raises GitError where there is none, or no Git.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        top = self._git("rev-parse", "--show-toplevel").decode("utf-8", "surrogateescape").rstrip("\n")
        self.top = Path(os.path.realpath(top))

    def commit(self, revision: str) -> str:
        """The commit that the revision names; `REV...` means where the working tree's branch left REV.

        Raises GitError for a revision that doesn't exist.
        """
        if revision.endswith("..."):
            base = self.commit(revision.removesuffix("..."))
            return self._git("merge-base", base, "HEAD").decode().strip()
        try:
            found = self._git(
                "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
            )
        except GitError as error:
            raise GitError(f"no such Git revision: {revision!r}") from error
        return found.decode().strip()

    def changes_since(self, commit: str) -> Changes:
        """The Python files that differ between the commit and the working tree."""
        listed = self._git(
            *("diff", "--name-status", "--no-ext-diff", "--no-textconv", "--ignore-submodules=all"),
            *("-M", "-z", commit, "--"),
        )
        fields = iter(listed.decode("utf-8", "surrogateescape").split("\0"))
        changed: set[str] = set()
        deleted: set[str] = set()
        renamed: dict[str, str] = {}
        for status in fields:
            if not status:
                break
            path = next(fields)
            if status.startswith(("R", "C")):
                new = next(fields)
                changed.add(new)
                if status.startswith("R"):
                    deleted.add(path)
                    renamed[new] = path
            else:
                (deleted if status == "D" else changed).add(path)
        untracked = self._git("ls-files", "--others", "--exclude-standard", "-z", "--full-name", ":/")
        changed.update(filter(None, untracked.decode("utf-8", "surrogateescape").split("\0")))
        return Changes(
            frozenset(self._absolute(path) for path in changed if path.endswith(".py")),
            frozenset(self._absolute(path) for path in deleted if path.endswith(".py")),
            {self._absolute(new): self._absolute(old) for new, old in renamed.items()},
        )

    def write_sources(self, commit: str, folder: Path) -> None:
        """Writes the Python files of the commit below the folder, and those that mark a project's folder;
        what .gitattributes keeps from an archive is among them."""
        environment = {"GIT_INDEX_FILE": str(folder / ".git-index")}
        self._git("read-tree", commit, environment=environment)
        patterns = [f":(top,glob)**/{name}" for name in ("*.py", "pyproject.toml", "setup.cfg")]
        names = self._git("ls-files", "-z", *patterns, environment=environment)
        prefix = f"{folder}{os.sep}"
        self._git(
            "checkout-index", f"--prefix={prefix}", "-z", "--stdin", environment=environment, given=names
        )

    def _absolute(self, path: str) -> str:
        return os.path.join(self.top, *path.split("/"))

    def _git(
        self, *arguments: str, environment: Mapping[str, str] | None = None, given: bytes | None = None
    ) -> bytes:
        folder = getattr(self, "top", self._folder)
        return run_git(folder, *arguments, environment=environment, given=given)
