"""Seals: what conclint kept is believed only if this user's conclint, or one with the same key, wrote it.

A cache lies in the project, so whoever ships the project could ship a cache with it. Every file of one
therefore begins with a header that only who has the key can make: over the length and the digest of what
follows, and over what it is the answer to, so that no entry can stand in another's place. Nothing is read
beyond the header, and nothing decoded, before it is known to be right.

The key lies in the user's own cache folder, or is given by `CONCLINT_CACHE_KEY`. A replay needs it, so
nothing is imported here but what costs nothing.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import time

try:  # as `hashlib` has it, without what else that loads
    from _blake2 import blake2b as blake2b
except ImportError:  # pragma: no cover (another Python)
    from hashlib import blake2b as blake2b

VARIABLE = "CONCLINT_CACHE_KEY"
SHORTEST = 16
"""Characters that a key given by the variable has at least: fewer can be guessed."""

_MAGIC = b"conclint sealed\n"
_DIGEST = 32
_MAC = 16
_LENGTH = slice(len(_MAGIC), len(_MAGIC) + 8)
_CONTENT = slice(_LENGTH.stop, _LENGTH.stop + _DIGEST)
_SEAL = slice(_CONTENT.stop, _CONTENT.stop + _MAC)
HEADER_SIZE = _SEAL.stop
MOST_BELIEVED = 1 << 28
"""Bytes that are read at once of what is believed without a key."""

_KEY_SIZE = 32
_TURNS = 100
_TURN = 0.01
_ABANDONED = 2.0
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_MAKE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


class NoKeyError(Exception):
    """There is no key, so there is no cache. The text is why, in one line."""


def seal(key: bytes, name: bytes, content: bytes) -> bytes:
    """The header for the content, as the answer to what is called by that name."""
    start = _MAGIC + len(content).to_bytes(8, "little") + blake2b(content, digest_size=_DIGEST).digest()
    return start + _signature(key, name, start)


def sealed_length(key: bytes | None, name: bytes, header: bytes) -> int | None:
    """The length of what follows the header; None if it is not sealed with the key, by that name. Without a
    key (a cache that the user has named as one to trust) whoever has sealed it is believed."""
    if len(header) != HEADER_SIZE or not header.startswith(_MAGIC):
        return None
    if key is not None and header[_SEAL] != _signature(key, name, header[: _SEAL.start]):
        return None
    length = int.from_bytes(header[_LENGTH], "little")
    return length if key is not None or length <= MOST_BELIEVED else None


def is_sealed(header: bytes, content: bytes) -> bool:
    """Whether the content is that of the header, which `sealed_length` has found right."""
    return header[_CONTENT] == blake2b(content, digest_size=_DIGEST).digest()


def read_sealed(file: int, key: bytes | None, name: bytes) -> tuple[bytes, int] | None:
    """What is sealed at the beginning of an open file, and the file's size; None for anything else.

    Raises OSError.
    """
    looks = os.fstat(file)
    if not stat.S_ISREG(looks.st_mode):
        return None
    header = read_at(file, 0, HEADER_SIZE)
    length = sealed_length(key, name, header)
    if length is None or length > looks.st_size - HEADER_SIZE:
        return None
    content = read_at(file, HEADER_SIZE, length)
    return (content, looks.st_size) if len(content) == length and is_sealed(header, content) else None


def read_at(file: int, offset: int, length: int) -> bytes:
    """That many bytes from the offset on, fewer at the end of the file. Raises OSError."""
    data = _read_once(file, length, offset)
    while 0 < len(data) < length:  # cut short by a signal, or more than the system reads at once
        more = _read_once(file, length - len(data), offset + len(data))
        if not more:
            break
        data += more
    return data


if hasattr(os, "pread"):
    _read_once = os.pread
else:  # pragma: no cover (Windows)

    def _read_once(file: int, length: int, offset: int) -> bytes:
        os.lseek(file, offset, os.SEEK_SET)
        return os.read(file, length)


def open_regular(path: str, folder: int | None = None, *, links: bool = False) -> int:
    """The file, open for reading, if it is one: no pipe is waited for, and no link followed unless `links`
    are to be. Raises OSError."""
    file = os.open(path, _READ if links else _READ | _NO_LINK, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise OSError(errno.EINVAL, "it is not a regular file", path)
    return file


def user_key(*, make: bool = True) -> bytes:
    """The key of this user's seals, made where there is none yet.

    A copy of the key's file is another key: what came in an archive or with a checkout opens nothing. Raises
    NoKeyError.
    """
    given = given_key()
    if given is not None:
        return given
    folder = os.path.join(_caches_of_user(), "conclint")
    path = os.path.join(folder, "key")
    try:
        if make:
            _make_folder(folder)
        for _ in range(_TURNS):
            key = _read_key(folder, path, make)
            if key is not None:
                return key
            if make:
                _make_key(path)
            else:
                break
    except OSError as error:
        raise NoKeyError(f"{error.filename or path}: {error.strerror or error}") from error
    raise NoKeyError(f"{path}: there is no key")


def given_key() -> bytes | None:
    """The key that the environment gives, if it does. Raises NoKeyError for one that is too short."""
    given = os.environ.get(VARIABLE, "").strip()
    if not given:
        return None
    if len(given) < SHORTEST:
        raise NoKeyError(f"{VARIABLE} must have at least {SHORTEST} characters")
    return blake2b(given.encode("utf-8", "surrogateescape"), digest_size=32, person=b"given").digest()


def _signature(key: bytes, name: bytes, start: bytes) -> bytes:
    return blake2b(start + name, key=key, digest_size=_MAC, person=b"header").digest()


def _caches_of_user() -> str:
    """The folder for caches that is the user's own. Raises NoKeyError if there is none."""
    folder = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(folder):
        return folder
    if sys.platform == "win32":
        folder = os.environ.get("LOCALAPPDATA", "")
    else:
        home = os.path.expanduser("~")  # of the user's entry in the system where HOME is not set
        folder = os.path.join(home, "Library/Caches" if sys.platform == "darwin" else ".cache")
    if not os.path.isabs(folder):
        raise NoKeyError("there is no home folder")
    return folder


def _make_folder(folder: str) -> None:
    """Makes the key's folder; not in one of another user, as `sudo` with the user's HOME would. Raises
    OSError, NoKeyError."""
    if os.path.isdir(folder):
        return
    parent = os.path.dirname(folder)
    there = parent
    while not os.path.lexists(there):
        there = os.path.dirname(there)
    owner = os.stat(there).st_uid
    if hasattr(os, "geteuid") and owner not in (os.geteuid(), 0):
        raise NoKeyError(f"{there} belongs to another user")
    os.makedirs(parent, 0o700, exist_ok=True)
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        if not os.path.isdir(folder):
            raise


def _read_key(folder: str, path: str, make: bool) -> bytes | None:
    """The key in the file; None if there is none, or one that is being made. Raises OSError, NoKeyError."""
    place = os.stat(folder)
    if hasattr(os, "geteuid") and (place.st_uid != os.geteuid() or place.st_mode & 0o022):
        raise NoKeyError(f"{folder} is not this user's alone")
    try:
        file = open_regular(path)
    except FileNotFoundError:
        return None
    try:
        looks = os.fstat(file)
        content = os.read(file, _KEY_SIZE + 1)
    finally:
        os.close(file)
    if hasattr(os, "geteuid"):
        if looks.st_uid != os.geteuid():
            raise NoKeyError(f"{path} belongs to another user")
        if looks.st_mode & 0o077:  # whoever has read it could seal with it
            _give_up(path, make)
            return None
    if len(content) != _KEY_SIZE:
        if time.time() - looks.st_mtime > _ABANDONED:
            _give_up(path, make)
        else:
            time.sleep(_TURN)
        return None
    itself = repr((looks.st_ino, looks.st_ctime_ns)).encode()
    return blake2b(content + itself, digest_size=32, person=b"user").digest()


def _give_up(path: str, make: bool) -> None:
    if make:
        os.unlink(path)


def _make_key(path: str) -> None:
    """Makes the file, unless another process has. Raises OSError."""
    try:
        file = os.open(path, _MAKE, 0o600)
    except FileExistsError:
        return
    try:
        os.write(file, os.urandom(_KEY_SIZE))
    except OSError:
        os.unlink(path)
        raise
    finally:
        os.close(file)
