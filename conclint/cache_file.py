"""Segments: the files that a cache folder is made of, each written once and then only read.

A segment is a header, a directory of fixed-size records, and the blobs. Header, directory and each blob
carry a checksum, so a truncated, damaged or foreign file is found out wherever it is read; whatever is
wrong with a file, reading it gives nothing rather than raising.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from operator import itemgetter
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from conclint.gc_control import paused

_MAGIC: Final = b"conclint cache 1\n"
_HEADER: Final = struct.Struct("<17s16sQ16s")
_RECORD: Final = struct.Struct("<17sQIII")
KEY_SIZE: Final = 17
"""Length of a key: a byte for the space and 16 of the content's hash."""

_Row: TypeAlias = "tuple[bytes, int, int, int, int]"


class Entry(NamedTuple):
    """Where a blob is: offset and length in the segment, its checksum, and the day it was last used."""

    key: bytes
    offset: int
    length: int
    checksum: int
    day: int


class Segment:
    """An open segment, `written` so many nanoseconds after the epoch; the file stays open until `close`."""

    def __init__(self, path: Path, file: int, stat: os.stat_result, directory: bytes) -> None:
        self.path = path
        self.size = stat.st_size
        self.written = stat.st_mtime_ns
        self._file = file
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
        try:
            blob = _read(self._file, entry.offset, entry.length)
        except (OSError, OverflowError):
            return None
        return blob if _checksum(entry.key, blob) == entry.checksum else None

    def close(self) -> None:
        """Closes the file; nothing can be read afterwards."""
        os.close(self._file)

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


def open_segment(path: Path, space: bytes) -> Segment | None:
    """The segment in that file, or None if it is damaged, of another key space, or no segment.

    Raises FileNotFoundError: another process may just have merged the file into a new one.
    """
    try:
        file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise
    except OSError:
        return None
    try:
        stat = os.fstat(file)
        directory = _read_directory(file, stat.st_size, space)
    except OSError:
        directory = None
    if directory is None:
        os.close(file)
        return None
    return Segment(path, file, stat, directory)


def write_segment(path: Path, space: bytes, blobs: Iterable[tuple[bytes, int, bytes]]) -> None:
    """Writes (key, day, blob) triples as a segment, whole or not at all. Raises OSError."""
    rows = sorted(blobs, key=itemgetter(0))
    offset = _HEADER.size + _RECORD.size * len(rows)
    records = []
    for key, day, blob in rows:
        records.append(_RECORD.pack(key, offset, len(blob), _checksum(key, blob), day))
        offset += len(blob)
    directory = b"".join(records)
    header = _HEADER.pack(_MAGIC, space, len(directory), _digest(space + directory))
    replace_file(path, [header, directory, *(blob for _, _, blob in rows)])


def replace_file(path: Path, parts: Iterable[bytes]) -> None:
    """Puts the parts into the file so that a reader sees the old content or the new. Raises OSError."""
    temporary = path.with_name(f"{path.name}.{os.urandom(8).hex()}.tmp")
    try:
        with temporary.open("xb") as file:
            file.writelines(parts)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def seal(space: bytes, data: bytes) -> bytes:
    """The data with a header that `unseal` checks, for a small file that is read at once."""
    return _HEADER.pack(_MAGIC, space, len(data), _digest(space + data)) + data


def unseal(space: bytes, data: bytes) -> bytes | None:
    """What was sealed in the same key space; None if it is anything else."""
    if len(data) < _HEADER.size:
        return None
    magic, written, length, checksum = _HEADER.unpack_from(data)
    content = data[_HEADER.size :]
    if magic != _MAGIC or written != space or length != len(content) or checksum != _digest(space + content):
        return None
    return content


def _read_directory(file: int, size: int, space: bytes) -> bytes | None:
    header = _read(file, 0, _HEADER.size)
    if len(header) < _HEADER.size:
        return None
    magic, written, length, checksum = _HEADER.unpack(header)
    if magic != _MAGIC or written != space or length > size or length % _RECORD.size:
        return None
    directory = _read(file, _HEADER.size, length)
    return directory if len(directory) == length and _digest(space + directory) == checksum else None


def _read(file: int, offset: int, length: int) -> bytes:
    """That many bytes from the offset on, fewer at the end of the file."""
    if hasattr(os, "pread"):
        data = os.pread(file, length, offset)
    else:  # pragma: no cover (Windows)
        os.lseek(file, offset, os.SEEK_SET)
        data = os.read(file, length)
    if len(data) == length or not data:
        return data
    return data + _read(file, offset + len(data), length - len(data))


def _checksum(key: bytes, blob: bytes) -> int:
    return zlib.crc32(blob, zlib.crc32(key))


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()
