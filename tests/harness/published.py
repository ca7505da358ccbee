"""A repository of what is published, as a user would name it."""

from __future__ import annotations

import shutil
from pathlib import Path

from programs_on_disk import commit_all

ROOT = Path(__file__).parents[2]
ADDRESS = "https://github.com/conclint/conclint"
_PUBLISHED = (
    "conclint",
    "fixtures/pairs",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    ".pre-commit-hooks.yaml",
)


def publish(folder: Path) -> str:
    """Makes it in the folder, and gives its commit."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in _PUBLISHED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    return commit_all(folder)
