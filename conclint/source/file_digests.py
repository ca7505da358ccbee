"""What files hold, known by the hash of their bytes, and read only where nothing says that it is known."""

from __future__ import annotations

import errno
import marshal
import os
from collections.abc import Iterable, Mapping

from conclint.files.bounded_file import SOURCE, read_source
from conclint.process.failure import describe_failure
from conclint.source.discovery import Source
from conclint.store.cache import MARSHAL_FORMAT, Cache, content_hash


class FileDigests:
    """The hashes of one run's files, each found once; `overrides` stand for files' own (an editor's buffer).

    Hash and size are those of the Python in a file: of a notebook, its cells as one text. `problems` says,
    by path, what is wrong with files that can't be read: message, line, column; `failed` those where conclint
    itself failed. `unsettled` tells that a file whose shape was asked for is as young as this run. A file may
    have `most` bytes of Python.
    """

    def __init__(
        self, cache: Cache, overrides: Mapping[str, bytes] | None = None, most: int = SOURCE
    ) -> None:
        self.problems: dict[str, tuple[str, int, int]] = {}
        self.failed: dict[str, str] = {}
        self.digests: dict[str, bytes] = {}
        self.sizes: dict[str, int] = {}
        self.unsettled = False
        self._cache = cache
        self._stats: dict[str, os.stat_result] = {}
        self._overrides = overrides or {}
        self._most = most

    def shape(self, paths: Iterable[str]) -> bytes | None:
        """Bytes that differ where one of the files is another or was changed, without a look into any.

        None where that can't be told: a text is given, a file can't be read, or is as young as this run.
        """
        rows = []
        youngest = 0
        for path in paths:
            if path in self._overrides:
                return None
            stat = self.stat(path)
            if stat is None:
                return None
            modified, changed = stat.st_mtime_ns, stat.st_ctime_ns
            youngest = max(youngest, modified, changed)
            rows.append((path, stat.st_size, modified, changed, stat.st_ino))
        if not self._cache.is_settled(youngest):
            self.unsettled = True
            return None
        return content_hash(marshal.dumps(rows, MARSHAL_FORMAT))

    def stat(self, path: str) -> os.stat_result | None:
        """The file's stat, asked for once: what is read of it later is at least as young. None without it."""
        known = self._stats.get(path)
        if known is None:
            try:
                known = self._stats[path] = os.stat(path)
            except (OSError, ValueError):
                return None
        return known

    def digest(self, path: str) -> bytes | None:
        """The hash of the file's bytes, which are read if its stat is new; None if it can't be read."""
        known = self.digests.get(path)
        if known is not None or path in self.problems:
            return known
        try:
            return self._found_out(path)
        except Exception as error:
            self._fail(path, error)
            return None

    def _found_out(self, path: str) -> bytes | None:
        if path in self._overrides:
            self.read(path)
            return self.digests.get(path)
        try:
            stat = self._stats.get(path) or os.stat(path)
        except (OSError, ValueError) as error:
            self._unreadable(path, error)
            return None
        # A run with a higher limit may have left the hash of a file that is too large for this one.
        # (The source of a notebook can be a little longer than the notebook.)
        known = self._cache.get_hash(path, stat) if stat.st_size <= self._most // 2 else None
        if known is not None:
            self.digests[path] = known
            self.sizes[path] = stat.st_size
        elif self.read(path) is not None:
            known = self.digests[path]
            self._cache.put_hash(path, stat, known)
        return known

    def read(self, path: str) -> bytes | None:
        """The file's bytes, whose hash is from now on the file's; None if it can't be read."""
        from conclint.source.notebook import as_python, is_notebook
        from conclint.syntax.decoding import DecodingError

        data = self._overrides.get(path)
        if data is None:
            try:
                data = read_source(path, self._most)
            except (OSError, ValueError) as error:
                if getattr(error, "errno", None) == errno.EFBIG and not is_notebook(path):
                    self._too_large(path)
                    return None
                self._unreadable(path, error)
                return None
        try:
            data = as_python(path, data)
        except DecodingError as error:
            self.problems[path] = (error.message, error.line, 1)
            return None
        except Exception as error:
            self._fail(path, error)
            return None
        if len(data) > self._most:
            self._too_large(path)
            return None
        self.digests[path] = content_hash(data)
        self.sizes[path] = len(data)
        return data

    def _too_large(self, path: str) -> None:
        size = f"{self._most >> 20} MB"
        self.problems[path] = (f"not analysed: it has more than {size} of source (see max-file-size)", 1, 1)
        self.digests.pop(path, None)

    def _fail(self, path: str, error: Exception) -> None:
        self.failed[path] = describe_failure(error)
        self.problems[path] = (self.failed[path], 1, 1)
        self.digests.pop(path, None)

    def _unreadable(self, path: str, error: Exception) -> None:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        self.problems[path] = (f"the file cannot be read: {reason}", 1, 1)
        self.digests.pop(path, None)


def hashes_of(texts: Mapping[str, bytes]) -> set[bytes]:
    """The hashes of the texts."""
    return {content_hash(text) for text in texts.values()}


def given_texts(sources: Iterable[Source]) -> dict[str, bytes]:
    """The texts that were given with the sources, by path."""
    return {source.path: source.data for source in sources if source.data is not None}
