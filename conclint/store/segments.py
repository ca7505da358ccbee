"""Segments: the files that a cache folder is made of, each written once and then only read.

A segment is a sealed directory of fixed-size records, and the blobs. The directory has the digest of each
blob, so what somebody else wrote, and what is truncated or damaged, is found out wherever it is read;
whatever is wrong with a file, reading it gives nothing rather than raising.
"""

from __future__ import annotations

import hashlib
import os
import struct
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise
from operator import itemgetter
from typing import Final, NamedTuple, TypeAlias

from conclint.files.own_folder import OwnFolder
from conclint.files.sealing import HEADER_SIZE, MOST_BELIEVED, read_at, read_sealed, seal
from conclint.process.gc_control import paused

_NAME: Final = b"segment"
_RECORD: Final = struct.Struct("<17sQI16sI")
KEY_SIZE: Final = 17
"""Length of a key: a byte for the space and 16 of the content's hash."""

_Row: TypeAlias = "tuple[bytes, int, int, bytes, int]"


class Entry(NamedTuple):
    """Where a blob is: offset and length in the segment, its digest, and the day it was last used."""

    key: bytes
    offset: int
    length: int
    digest: bytes
    day: int


class Segment:
    """An open segment, `written` so many nanoseconds after the epoch; the file stays open until `close`."""

    def __init__(self, file: int, size: int, written: int, directory: bytes) -> None:
        self.size = size
        self.written = written
        self._file: int | None = file
        self._directory = directory
        self._by_space: dict[int, dict[bytes, _Row]] = {}

    def find(self, key: bytes) -> Entry | None:
        """The entry of that key."""
        row = self._rows_of(key[0]).get(key)
        return Entry._make(row) if row is not None else None

    def keys(self, space: int) -> Collection[bytes]:
        """The keys of one space."""
        return self._rows_of(space).keys()

    def entries(self) -> Iterator[Entry]:
        """All entries, ordered by key."""
        return map(Entry._make, _RECORD.iter_unpack(self._directory))

    def read(self, entry: Entry) -> bytes | None:
        """The blob of one of the entries; None if it is damaged."""
        if self._file is None or entry.offset + entry.length > self.size:
            return None
        try:
            blob = read_at(self._file, entry.offset, entry.length)
        except OSError:
            return None
        return blob if _digest(blob) == entry.digest else None

    def close(self) -> None:
        """Closes the file; nothing can be read afterwards."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)

    def __del__(self) -> None:
        self.close()

    def _rows_of(self, space: int) -> dict[bytes, _Row]:
        rows = self._by_space.get(space)
        if rows is None:
            rows = self._by_space[space] = self._rows(space)
        return rows

    def _rows(self, space: int) -> dict[bytes, _Row]:
        """The records of one space: a run that needs no summaries doesn't unpack theirs."""
        directory = self._directory
        size = _RECORD.size
        starts = range(0, len(directory), size)
        first = bisect_left(starts, space, key=lambda start: directory[start])
        last = bisect_left(starts, space + 1, key=lambda start: directory[start])
        # Thousands of small tuples would set off the collector, which has nothing to collect here.
        with paused():
            return {row[0]: row for row in _RECORD.iter_unpack(directory[first * size : last * size])}


def open_segment(folder: OwnFolder, name: str, key: bytes | None, space: bytes) -> Segment | None:
    """The segment in that file, or None if it is damaged, sealed with another key, of another key space, or
    no segment. Without a key whoever has sealed it is believed.

    Raises FileNotFoundError: another process may just have merged the file into a new one.
    """
    try:
        file = folder.open_file(name)
    except FileNotFoundError:
        raise
    except OSError:
        return None
    segment = None
    try:
        sealed = read_sealed(file, key, _NAME)
        if sealed is not None:
            content, size = sealed
            directory = content[len(space) :]
            if content.startswith(space) and (key is not None or _is_possible(directory, size)):
                segment = Segment(file, size, os.fstat(file).st_mtime_ns, directory)
    except OSError:
        pass
    if segment is None:
        os.close(file)
    return segment


def write_segment(
    folder: OwnFolder, name: str, key: bytes, space: bytes, blobs: Iterable[tuple[bytes, int, bytes]]
) -> None:
    """Writes (key, day, blob) triples as a segment, whole or not at all. Raises OSError."""
    rows = sorted(blobs, key=itemgetter(0))
    offset = HEADER_SIZE + len(space) + _RECORD.size * len(rows)
    records = [space]
    for entry, day, blob in rows:
        records.append(_RECORD.pack(entry, offset, len(blob), _digest(blob), day))
        offset += len(blob)
    directory = b"".join(records)
    folder.replace(name, [seal(key, _NAME, directory), directory, *(blob for _, _, blob in rows)])


def _is_possible(directory: bytes, size: int) -> bool:
    """Whether the blobs of a directory that anybody may have written lie in the file, each apart: read one
    by one, they are no more than the file."""
    if len(directory) % _RECORD.size:
        return False
    rows = list(_RECORD.iter_unpack(directory))
    if any(row[0] > after[0] for row, after in pairwise(rows)):
        return False
    lengths = [row[2] for row in rows]
    return max(lengths, default=0) <= MOST_BELIEVED and sum(lengths) + HEADER_SIZE + len(directory) <= size


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()
