"""Paths as hosting services want them: relative to the root of the repository."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path


def repository_path(path: str, cwd: Path) -> str:
    """The shown path relative to the root of the Git repository that holds `cwd`, with forward slashes.

    Without a repository, or for a file outside it, the path as it is shown.
    """
    root = _repository(cwd)
    if root is None:
        return path
    whole = os.path.normpath(cwd / path)
    return Path(whole).relative_to(root).as_posix() if Path(whole).is_relative_to(root) else path


@cache
def _repository(folder: Path) -> Path | None:
    return next((above for above in (folder, *folder.parents) if (above / ".git").exists()), None)
