"""Names of files in the protocol."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from pygls.uris import to_fs_path


def path_of(uri: str) -> str | None:
    """The file that the name stands for; None for what is no file."""
    with suppress(ValueError):
        path = to_fs_path(uri)
        is_path = path and "\0" not in path and Path(path).is_absolute()
        return os.path.normpath(path) if path and is_path else None
    return None
