"""The cache folder: what was once computed from a file's bytes, kept under their hash.

Everything in it can be lost without harm. Entries are data, never code, and sealed with the user's key:
what somebody else wrote is not there, as is what is damaged or truncated. Each run that has something new
adds one segment file under a fresh name, so parallel runs never write to the same file; now and then
segments are merged into one, and what was not used for a month is left out.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from enum import IntEnum
from pathlib import Path
from typing import Final, TypeAlias

from conclint import __version__
from conclint.config.settings import Config
from conclint.files.own_folder import NotOwnError, OwnFolder
from conclint.files.sealing import NoKeyError, read_sealed, seal, user_key
from conclint.replay import RACY_NS
from conclint.store.segments import KEY_SIZE, Entry, Segment, open_segment, write_segment
from conclint.summary.records import FORMAT as SUMMARY_FORMAT

MARSHAL_FORMAT: Final = 2
"""The version in which entries are marshalled: every supported Python writes and reads it alike."""

_DAY: Final = 86_400
_REFRESH_DAYS: Final = 7
_KEEP_DAYS: Final = 30
_PASSING_DAYS: Final = 2
"""So much older is what passes taken for: it is the first to go when there is much."""
_SUFFIX: Final = ".pack"
_STATS: Final = ".stats"
_STATE: Final = ".state"
_STATES: Final = 8
"""So many projects and configurations that share a cache folder keep their state."""
_SEGMENTS: Final = 8
_SPARE_BYTES: Final = 32 << 20
_ABANDONED: Final = 3_600

_Stat: TypeAlias = "tuple[int, int, int, int, bytes]"


class Space(IntEnum):
    """What kind of thing an entry is; the first byte of its key."""

    SUMMARY = 1
    INDEX = 2
    CHECK = 3
    REPORT = 4
    UNCHANGED = 5
    ABSENT = 6


def content_hash(data: bytes) -> bytes:
    """The hash under which everything about a file's bytes is kept: 16 bytes."""
    return hashlib.blake2b(data, digest_size=16).digest()


def key_space(*more: object) -> bytes:
    """16 bytes that differ where entries of one conclint mean nothing to the other."""
    facts = (__version__, SUMMARY_FORMAT, MARSHAL_FORMAT, *more)
    return hashlib.blake2b(repr(facts).encode(), digest_size=16).digest()


class Cache:
    """Entries of earlier runs, and those of this run until `save` writes them.

    Without a folder, with one that is not conclint's own or can't be read, and without a key, it is empty;
    one that can't be written is used as far as it can be read. `note` then says why. No link is followed on
    the way to the folder, below `within`. If it is `believed`, so is whoever has sealed what is in it: for a
    cache that the user has named as one to trust, which is only read.
    """

    def __init__(
        self,
        folder: Path | None,
        space: bytes | None = None,
        now: Callable[[], float] = time.time,
        *,
        key: bytes | None = None,
        within: str | None = None,
        believed: bool = False,
    ) -> None:
        self.folder = folder
        self.note: str | None = None
        self._within = within
        self._believed = believed
        self._space = space or key_space()
        self._started_ns = int(now() * 1e9)
        self._now = now
        self._today = int(now() // _DAY)
        self._own: OwnFolder | None = None
        self._is_made = False
        self._segments: dict[str, Segment] = {}  # newest first: a report may have been made anew
        self._new: dict[bytes, bytes] = {}
        self._used: dict[bytes, int] = {}
        self._broken: set[str] = set()
        self._damaged = False
        self._stats: dict[str, _Stat] | None = None  # read when first asked for
        self._new_stats: dict[str, _Stat] = {}
        self._asked: set[str] = set()
        self.passing: set[bytes] = set()
        """Hashes of contents that hardly any later run has to do with: the text between two keystrokes."""
        if folder is not None and key is None and not believed:
            try:
                key = user_key()
            except NoKeyError as error:
                self.note = f"there is no key to seal it with: {error}"
                self.folder = None
        self.key = key or b""
        # What was sealed with another key is another's: neither read nor removed.
        self._prefix = hashlib.blake2b(self._space, digest_size=6, key=self.key).hexdigest()
        if self.folder is not None:
            self._open_folder()
            for _ in range(3):
                if self._own is None or not self._load_segments(self._own):
                    break

    @classmethod
    def open(cls, folder: str | None, key: bytes | None = None) -> Cache:
        """The cache in that folder, which need not exist yet; None stands for no cache. Without a key it is
        sealed with the user's."""
        return cls(Path(folder).absolute() if folder is not None else None, key=key)

    @classmethod
    def of(cls, config: Config) -> Cache:
        """The cache that the configuration asks for."""
        within = str(config.cache_within) if config.cache_within is not None else None
        return cls(config.cache_dir if config.use_cache else None, within=within)

    def get(self, space: Space, digest: bytes) -> bytes | None:
        """The entry for a content's hash, or None if there is none or it is damaged."""
        key = bytes((space,)) + digest
        if key in self._new:
            return self._new[key]
        for segment in self._segments.values():
            entry = segment.find(key)
            if entry is not None:
                blob = segment.read(entry)
                if blob is not None:
                    self._used[key] = entry.day
                    return blob
                self._damaged = True
        return None

    def digests(self, space: Space) -> list[bytes]:
        """The hashes of all contents that there is an entry for, in order."""
        keys = {key for segment in self._segments.values() for key in segment.keys(space)} | self._new.keys()
        return sorted(key[1:] for key in keys if key[0] == space)

    def put(self, space: Space, digest: bytes, blob: bytes) -> None:
        """Keeps an entry, for this run and, once saved, for later ones."""
        if self.folder is not None:
            key = bytes((space,)) + digest
            if len(key) != KEY_SIZE:
                raise ValueError(f"a content hash has {KEY_SIZE - 1} bytes, not {len(digest)}")
            self._new[key] = blob

    def unsaved(self) -> list[tuple[bytes, bytes]]:
        """What was put and not saved yet, in that order; another process hands it to `take`."""
        return list(self._new.items())

    def take(self, entries: Iterable[tuple[bytes, bytes]]) -> None:
        """Puts what another process has made."""
        if self.folder is not None:
            self._new.update(entries)

    def get_state(self, digest: bytes) -> bytes | None:
        """What was last kept under that name by `put_state`; None if there is nothing or it is damaged."""
        return self._read(self._state_file(digest), b"state" + digest)

    def put_state(self, digest: bytes, content: bytes) -> None:
        """Keeps something that changes from run to run, at once; of parallel runs the last one's stays."""
        if self.folder is None:
            return
        try:
            folder = self._folder()
            header = seal(self.key, self._space + b"state" + digest, content)
            folder.replace(self._state_file(digest), [header, content])
            for name in folder.entries(self._prefix, _STATE)[:-_STATES]:
                folder.remove(name)
        except OSError as error:
            self._cannot_write(error)

    def _state_file(self, digest: bytes) -> str:
        return f"{self._prefix}-{digest.hex()}{_STATE}"

    def _read(self, file: str, name: bytes) -> bytes | None:
        """What is sealed by that name in a small file of the folder."""
        if self._own is None:
            return None
        try:
            opened = self._own.open_file(file)
        except OSError:
            return None
        try:
            sealed = read_sealed(opened, self.key, self._space + name)
            return sealed[0] if sealed is not None else None
        except OSError:
            return None
        finally:
            os.close(opened)

    def _cannot_write(self, error: OSError) -> None:
        self.note = f"the cache folder {self.folder} cannot be written: {error.strerror or error}"

    def get_hash(self, path: str, stat: os.stat_result) -> bytes | None:
        """The hash of the file's content, if its stat says that it is the content of an earlier run."""
        self._asked.add(path)
        if self._stats is None:
            self._stats = self._read_stats()
        known = self._new_stats.get(path) or self._stats.get(path)
        return known[4] if known is not None and known[:4] == _identity(stat) else None

    def put_hash(self, path: str, stat: os.stat_result, digest: bytes) -> None:
        """Remembers the hash of a file's content; `stat` was taken before the content was read.

        A file as young as this run is not remembered: it could change again and look the same.
        """
        if self.folder is not None and self.is_settled(max(stat.st_mtime_ns, stat.st_ctime_ns)):
            self._new_stats[path] = (*_identity(stat), digest)

    def is_settled(self, changed_ns: int) -> bool:
        """Whether a file that was changed then would not look the same if it were changed again."""
        return changed_ns + RACY_NS < self._started_ns

    def save(self) -> None:
        """Writes what is new. Never raises OSError: a folder that can't be written is no cache."""
        if self.folder is None or self._believed:
            return
        try:
            rows = self._unsaved()
            if rows:
                self._add_segment(self._folder(), rows)
                self._new.clear()
            if self._damaged or self._broken or len(self._segments) > _SEGMENTS:
                self._merge(self._folder())
            if self._new_stats:
                self._write_stats(self._folder())
        except OSError as error:
            self._cannot_write(error)

    def __enter__(self) -> Cache:
        return self

    def __exit__(self, *failure: object) -> None:
        """Writes what is new, whatever has happened, and closes the files."""
        try:
            self.save()
        finally:
            self.close()

    def close(self) -> None:
        """Closes the files; the cache is then empty."""
        for segment in self._segments.values():
            segment.close()
        self._segments.clear()
        if self._own is not None:
            self._own.close()
            self._own = None

    def _open_folder(self) -> None:
        try:
            self._own = OwnFolder.open(str(self.folder), self._within)
        except FileNotFoundError:
            return
        except OSError as error:
            if isinstance(error, NotOwnError):
                self.note = f"{self.folder} {error.strerror}"
                self.folder = None
            else:
                self.note = f"the cache folder {self.folder} cannot be read: {error.strerror or error}"

    def _folder(self) -> OwnFolder:
        """The folder, to write to. Raises OSError."""
        if self._own is None or not self._is_made:
            self._own = OwnFolder.open(str(self.folder), self._within, make=True)
            self._is_made = True
        return self._own

    def _load_segments(self, folder: OwnFolder) -> bool:
        """Opens the segments not yet open; whether one vanished, merged by another run into a new one."""
        vanished = False
        start = "" if self._believed else self._prefix
        try:
            names = folder.entries(start, _SUFFIX)
        except OSError as error:
            self.note = f"the cache folder {self.folder} cannot be read: {error.strerror or error}"
            return False
        for name in sorted(names):
            if name in self._segments:
                continue
            try:
                segment = open_segment(folder, name, None if self._believed else self.key, self._space)
            except FileNotFoundError:
                vanished = True
                continue
            if segment is None:
                self._broken.add(name)
                continue
            self._segments[name] = segment
        self._order_segments()
        return vanished

    def _order_segments(self) -> None:
        ordered = sorted(self._segments.items(), key=lambda item: (-item[1].written, item[0]))
        self._segments = dict(ordered)

    def _unsaved(self) -> list[tuple[bytes, int, bytes]]:
        """What to write: what is new, and, lest it expire, what was used now but not in the last days."""
        rows = [
            (key, self._today - (_PASSING_DAYS if key[1:] in self.passing else 0), blob)
            for key, blob in self._new.items()
        ]
        for key, day in self._used.items():
            if day + _REFRESH_DAYS <= self._today and key not in self._new:
                blob = self.get(Space(key[0]), key[1:])
                if blob is not None:
                    rows.append((key, self._today, blob))
        return rows

    def _add_segment(self, folder: OwnFolder, rows: list[tuple[bytes, int, bytes]]) -> None:
        name = f"{self._prefix}-{os.urandom(8).hex()}{_SUFFIX}"
        write_segment(folder, name, self.key, self._space, rows)
        segment = open_segment(folder, name, self.key, self._space)
        if segment is not None:
            self._segments[name] = segment
            self._order_segments()

    def _merge(self, folder: OwnFolder) -> None:
        """Makes one segment of the small ones; of all, without what expired, when the small outweigh."""
        by_size = sorted(self._segments, key=lambda name: (self._segments[name].size, name))
        weight = sum(self._segments[name].size for name in by_size[:-1])
        everything = self._damaged or len(by_size) < 2 or 2 * weight > self._segments[by_size[-1]].size
        merged = by_size if everything else by_size[:-1]
        places: dict[bytes, list[tuple[Segment, Entry]]] = {}
        for segment in [segment for name, segment in self._segments.items() if name in merged]:
            for entry in segment.entries():
                places.setdefault(entry.key, []).append((segment, entry))
        days = {
            key: self._today if key in self._used else max(entry.day for _, entry in copies)
            for key, copies in places.items()
        }
        if everything:
            self._expire(days, {key: copies[0][1].length for key, copies in places.items()})
        rows = []
        for key, day in days.items():
            blobs = (segment.read(entry) for segment, entry in places[key])
            blob = next((blob for blob in blobs if blob is not None), None)
            if blob is not None:
                rows.append((key, day, blob))
        if rows:
            self._add_segment(folder, rows)
        for name in merged:
            self._segments.pop(name).close()
        for name in [*merged, *sorted(self._broken)]:
            with suppress(OSError):  # another run was first, or (Windows) still reads it
                folder.remove(name)
        self._broken.clear()
        self._damaged = False
        now = self._now()
        folder.sweep(self._prefix, now - _ABANDONED, now - _KEEP_DAYS * _DAY)

    def _expire(self, days: dict[bytes, int], lengths: dict[bytes, int]) -> None:
        """Drops what was not used for long, and the oldest where there is more than twice the rest."""
        older = sorted((-day, key) for key, day in days.items() if day + 1 < self._today)
        recent = days.keys() - {key for _, key in older}
        spare = _SPARE_BYTES + 2 * sum(lengths[key] for key in recent)
        for age, key in older:
            spare -= lengths[key]
            if spare < 0 or -age + _KEEP_DAYS < self._today:
                del days[key]

    def _read_stats(self) -> dict[str, _Stat]:
        content = self._read(f"{self._prefix}{_STATS}", b"stats")
        return marshal.loads(content) if content is not None else {}

    def _write_stats(self, folder: OwnFolder) -> None:
        table = self._read_stats()  # another run may have written meanwhile
        if not self._new_stats.keys() <= table.keys():
            # The table grows: a time to forget files that are no more.
            table = {path: row for path, row in table.items() if path in self._asked or Path(path).exists()}
        table.update(self._new_stats)
        content = marshal.dumps(table, MARSHAL_FORMAT)
        header = seal(self.key, self._space + b"stats", content)
        folder.replace(f"{self._prefix}{_STATS}", [header, content])
        self._stats = table
        self._new_stats = {}


def _identity(stat: os.stat_result) -> tuple[int, int, int, int]:
    """What changes when a file's content does: also if it is put back to its old time (ctime)."""
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino
