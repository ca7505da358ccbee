"""Records what a command printed, so that it can be replayed while nothing changes (`conclint.replay`)."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from conclint.catalog.digest import shipped_files
from conclint.config.settings import CONFIG_FILES, ROOT_MARKERS, Config
from conclint.files.own_folder import OwnFolder
from conclint.files.sealing import NoKeyError, user_key
from conclint.replay import (
    RACY_NS,
    SUFFIX,
    Recording,
    cache_folders,
    encode,
    file_name,
    holds_still,
    look_at,
    question_of,
    today,
    with_parents,
)

if TYPE_CHECKING:
    from conclint.run.pipeline import Basis

_RECORDINGS: Final = 8
"""So many commands that share a cache folder are kept."""
_EXISTING: Final = (".git", ".hg", "conda-meta", "pyvenv.cfg")
_READ_ABOVE: Final = tuple(
    dict.fromkeys(
        name
        for name in (*CONFIG_FILES, *ROOT_MARKERS, ".gitignore", os.path.join(".git", "info", "exclude"))
        if name not in _EXISTING
    )
)


class Recorder:
    """Records one command, given before it runs: what was changed later is known by its times."""

    def __init__(self, arguments: tuple[str, ...]) -> None:
        self._arguments = list(arguments)
        self._question = question_of(self._arguments)
        self._settled_ns = time.time_ns() - RACY_NS

    def record(self, config: Config, paths: Iterable[str], basis: Basis, output: bytes, status: int) -> None:
        """Keeps the output in the configuration's cache folder, unless the command would not find it there,
        or something that it hung on is too young for its times to tell whether it changes.

        Never raises OSError: what can't be kept is made anew.
        """
        folder = os.fspath(config.cache_dir)
        question = self._question
        if question is None or folder not in map(os.path.abspath, cache_folders(self._arguments)):
            return
        with suppress(OSError, ValueError, OverflowError, NoKeyError):
            recording = self._recording(config, paths, basis, output, status)
            if recording is not None:
                key = user_key()
                _keep(config, file_name(key, question), encode(key, question, recording))

    def _recording(
        self, config: Config, paths: Iterable[str], basis: Basis, output: bytes, status: int
    ) -> Recording | None:
        walked = basis.walked
        here = os.path.join(os.fspath(config.cwd), "")

        def short(path: str) -> str:
            return path[len(here) :] if path.startswith(here) and path != here else path

        lists = {short(path): (True, names) for path, names in walked.folders.items() if names is not None}
        for path, missing in basis.missed:
            if path not in walked.folders:
                lists[short(path)] = (False, missing)
        present: set[str] = set()
        absent = set(walked.absent)
        files = {*basis.files, *walked.ignore_files, *shipped_files()}
        files.update(map(os.fspath, config.catalog_files))
        files.update(os.fspath(file) for file in (config.file, config.baseline) if file is not None)
        named = [os.path.join(folder, name) for folder in walked.configured for name in CONFIG_FILES]
        files.update(file for file in named if os.path.exists(file))
        for folder in with_parents([*paths, os.fspath(config.root), os.fspath(config.cwd)]):
            for name in _EXISTING:
                path = os.path.join(folder, name)
                (present if os.path.exists(path) else absent).add(path)
            for name in _READ_ABOVE:
                path = os.path.join(folder, name)
                (files if os.path.exists(path) else absent).add(path)
        seen = tuple(dict.fromkeys(map(short, (*files, *walked.folders, *lists))))
        looks = look_at(seen)
        for path, modified, changed in zip(seen, looks[::3], looks[1::3], strict=True):
            if max(modified, changed) < self._settled_ns:
                continue
            if path not in lists or not holds_still(path, *lists[path]):
                return None
        return Recording(today(), status, output, seen, looks.tobytes(), lists, tuple(present), tuple(absent))


def _keep(config: Config, name: str, data: bytes) -> None:
    within = os.fspath(config.cache_within) if config.cache_within is not None else None
    folder = OwnFolder.open(os.fspath(config.cache_dir), within, make=True)
    try:
        folder.replace(name, [data])
        for old in folder.entries("", SUFFIX)[:-_RECORDINGS]:
            folder.remove(old)
    finally:
        folder.close()
