"""Whether the project has a file that drives coroutines by hand: asked of every file for the sake of one, so
what was found in a file is remembered until that is changed."""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final

from conclint.judging.project import Project
from conclint.process.failure import bearable
from conclint.source.own_driver import drives_beside
from conclint.store.cache import MARSHAL_FORMAT, Cache, content_hash

_FORMAT: Final = 1
_FEW: Final = 16
"""So many files are looked at again rather than all that is remembered being written anew."""

_Looks = tuple[int, int, int, int]
"""A file's size, times and inode: what tells that it was not changed."""


class DrivingFiles:
    """Of one project, in the folder `root`, whose files are given with their shown paths."""

    def __init__(self, project: Project, cache: Cache, root: str) -> None:
        self._project = project
        self._cache = cache
        self._name = content_hash(f"driving files\0{root}".encode("utf-8", "surrogatepass"))

    def any_of(self, shown: Mapping[str, str]) -> bool:
        """Whether one of these drives coroutines by hand and is no test."""
        known = self._recall()
        now = {path: self._looks(path) for path in shown if not self._project.is_given(path)}
        old = {
            path for path, looks in now.items() if looks is not None and known.get(path, _NONE)[0] == looks
        }
        if any(known[path][1] for path in old):
            return True
        fresh = shown.keys() - old
        driving = self._driving(fresh, shown)
        if len(fresh) > _FEW:
            rows = {path: known[path] for path in old}
            for path in fresh:
                looks = now.get(path)
                if looks is not None and self._cache.is_settled(max(looks[1:3])):
                    rows[path] = (looks, path in driving)
            with bearable():
                self._cache.put_state(self._name, marshal.dumps((_FORMAT, rows), MARSHAL_FORMAT))
        return bool(driving)

    def _driving(self, paths: Iterable[str], shown: Mapping[str, str]) -> set[str]:
        return {
            path
            for path, index in self._project.store.indexes(paths)
            if drives_beside(index, shown[path], partial(self._project.text, path))
        }

    def _looks(self, path: str) -> _Looks | None:
        stat = self._project.contents.stat(path)
        return None if stat is None else (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)

    def _recall(self) -> dict[str, tuple[_Looks | None, bool]]:
        with bearable():
            data = self._cache.get_state(self._name)
            version, rows = marshal.loads(data) if data is not None else (_FORMAT, {})
            if version == _FORMAT:
                return dict(rows)
        return {}


_NONE: Final[tuple[_Looks | None, bool]] = (None, False)
