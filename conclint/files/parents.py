"""The folders that a path lies in."""

from __future__ import annotations

import os
from collections.abc import Iterator


def with_parents(path: str) -> Iterator[str]:
    """The path, and each folder above it, the nearest first."""
    while True:
        yield path
        above = os.path.dirname(path)
        if above == path:
            return
        path = above
