"""A folder that is conclint's own: nothing else is ever written to, and nothing else removed.

The project says where the cache is, and the project may be a stranger's. So the folder is one that conclint
makes, or an empty one, or one that holds nothing but what conclint has written; no link leads to it; and of
what it holds, only files whose names have exactly the form that conclint gives them are touched. It is held
open while it is used: what happens to the path meanwhile leads nowhere else.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import takewhile
from typing import Final

from conclint.files.parents import with_parents
from conclint.files.sealing import open_regular, read_at

TAG_NAME: Final = "CACHEDIR.TAG"
_IGNORE_NAME: Final = ".gitignore"
_TAG: Final = (
    b"Signature: 8a477f597d28d172789f06886806bc55\n"
    b"# This folder is a cache of conclint. See https://bford.info/cachedir/\n"
)
_IGNORE: Final = b"# Made by conclint.\n*\n"
_MARKS: Final = {TAG_NAME: _TAG, _IGNORE_NAME: _IGNORE}

_ENTRY: Final = r"(?:[0-9a-f]{12}(?:-[0-9a-f]{16}\.pack|-[0-9a-f]{32}\.state|\.stats)|[0-9a-f]{8}\.replay)"
_is_entry: Final = re.compile(_ENTRY).fullmatch
_is_temporary: Final = re.compile(rf"(?:{_ENTRY}|CACHEDIR\.TAG|\.gitignore)\.[0-9a-f]{{16}}\.tmp").fullmatch
_is_harmless: Final = re.compile(
    r"\.gitignore|\.gitkeep|\.keep|\.DS_Store|Thumbs\.db|desktop\.ini|\.nfs[0-9a-f]+"
).fullmatch
"""What makes a folder no one else's: all that keeps an empty one in a repository, and what systems leave."""
_VERSION_CONTROL: Final = frozenset({".git", ".hg", ".svn"})

_FOLDER: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
_THROUGH: Final = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0)
_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK | getattr(os, "O_BINARY", 0)
_HAS_DIR_FD: Final = os.open in os.supports_dir_fd and os.rename in os.supports_dir_fd


_LONGEST: Final = 1_000
"""Characters of its path at most: with the names in it, what every system takes."""
_MOST_NEW: Final = 50
"""So many folders at most are made for it, one in the other."""


class NotOwnError(OSError):
    """A folder that is not conclint's to use; `strerror` is why, as what is true of the folder."""

    def __init__(self, why: str) -> None:
        super().__init__(errno.EPERM, why)


def check_place(path: str, holding: Sequence[tuple[str, str]], within: str) -> None:
    """Raises NotOwnError for a place at which no folder of conclint's own can be.

    `holding` are folders, each with what it is called, that the place may neither be nor hold. No component
    below `within` may be a link.
    """
    if "\0" in path:
        raise NotOwnError("has a NUL in its name")
    if len(path) > _LONGEST:
        raise NotOwnError(f"has a path of more than {_LONGEST:,} characters")
    missing = takewhile(lambda above: not os.path.lexists(above), with_parents(path))
    if sum(1 for _ in missing) > _MOST_NEW:
        raise NotOwnError(f"lies in more than {_MOST_NEW} folders that are yet to be made")
    if not _VERSION_CONTROL.isdisjoint(os.path.normcase(path).split(os.sep)):
        raise NotOwnError("lies in a folder of version control")
    if os.path.dirname(path) == path:
        raise NotOwnError("is the root of the file system")
    looks = _stat_or_none(os.stat, path)
    for folder, called in holding:
        for above in with_parents(folder):
            other = _stat_or_none(os.stat, above)
            if above == path or (looks and other and os.path.samestat(looks, other)):
                raise NotOwnError(f"is {called}" if above == folder else f"holds {called}")
    for part in _steps(path, within):
        looks = _stat_or_none(os.lstat, part)
        if looks is not None and stat.S_ISLNK(looks.st_mode):
            raise NotOwnError("is a symbolic link" if part == path else f"lies behind a link, {part!r}")
    if looks is not None and not stat.S_ISDIR(looks.st_mode):
        raise NotOwnError("is not a folder")


def check_folder(path: str, within: str) -> None:
    """Raises NotOwnError for a folder that holds what is not conclint's, and for a place where none can be.
    One that is not there, or can't be read, is for who makes or reads it."""
    try:
        OwnFolder.open(path, within).close()
    except (FileNotFoundError, PermissionError):
        return
    except NotOwnError:
        raise
    except OSError as error:
        raise NotOwnError(f"cannot be a folder: {error.strerror or error}") from error


class OwnFolder:
    """An open folder of conclint's own. All methods raise OSError."""

    def __init__(self, path: str, folder: int | None) -> None:
        self.path = path
        self._folder = folder

    @classmethod
    def open(cls, path: str, within: str | None = None, *, make: bool = False) -> OwnFolder:
        """The folder at the path, made if that is wanted. Raises NotOwnError for one of somebody else.

        Below `within` (without it, the nearest folder above that exists) no link is followed.
        """
        if within is None or within not in with_parents(os.path.dirname(path)):
            within = _nearest(path)
        folder = cls(path, _open_folder(path, within, make))
        try:
            folder._check()
            if make:
                folder._mark()
        except BaseException:
            folder.close()
            raise
        return folder

    def close(self) -> None:
        """Nothing can be done with the folder afterwards."""
        folder, self._folder = self._folder, None
        if folder is not None:
            os.close(folder)

    def __del__(self) -> None:
        self.close()

    def names(self) -> list[str]:
        """The names in the folder, in order."""
        return sorted(os.listdir(self.path if self._folder is None else self._folder))

    def entries(self, start: str, end: str) -> list[str]:
        """The names of entries (as `replace` makes them) that begin and end so, the oldest first."""
        found = []
        for name in self.names():
            if name.startswith(start) and name.endswith(end) and _is_entry(name):
                with suppress(FileNotFoundError):  # another run has just removed it
                    found.append((self.looks(name).st_mtime_ns, name))
        return [name for _, name in sorted(found)]

    def looks(self, name: str) -> os.stat_result:
        """The stat of what has the name, a link's own."""
        return os.stat(self._at(name), dir_fd=self._folder, follow_symlinks=False)

    def open_file(self, name: str) -> int:
        """The file of that name, open for reading; a link or anything but a file is an OSError."""
        return open_regular(self._at(name), self._folder)

    def replace(self, name: str, parts: Iterable[bytes]) -> None:
        """Puts the parts into the file so that a reader sees the old content or the new."""
        assert _is_entry(name) or name in _MARKS
        temporary = f"{name}.{os.urandom(8).hex()}.tmp"
        file = os.open(self._at(temporary), _NEW, 0o666, dir_fd=self._folder)
        try:
            with os.fdopen(file, "wb") as stream:
                stream.writelines(parts)
            os.replace(self._at(temporary), self._at(name), src_dir_fd=self._folder, dst_dir_fd=self._folder)
        except BaseException:
            with suppress(OSError):
                self._unlink(temporary)
            raise

    def remove(self, name: str) -> None:
        """Removes an entry."""
        assert _is_entry(name)
        self._unlink(name)

    def sweep(self, kept: str, temporary_before: float, entry_before: float) -> None:
        """Removes what killed runs and other versions have left: temporary files, and entries whose names
        begin otherwise than those `kept`, that were last changed before these times."""
        for name in self.names():
            if _is_temporary(name):
                limit = temporary_before
            elif _is_entry(name) and not name.startswith(kept):
                limit = entry_before
            else:
                continue
            with suppress(OSError):
                looks = self.looks(name)
                if looks.st_mtime < limit and stat.S_ISREG(looks.st_mode) and self._is_written(name):
                    self._unlink(name)

    def clear(self) -> list[str]:
        """Removes all that conclint has written, its marks last; the names that are left."""
        written = [name for name in self.names() if _is_temporary(name) or _is_entry(name)]
        written += [name for name in (_IGNORE_NAME, TAG_NAME) if self._content(name) == _MARKS[name]]
        for name in written:
            with suppress(FileNotFoundError):  # another run was first
                self._unlink(name)
        return self.names()

    def _check(self) -> None:
        for name in self.names():
            is_written = name == TAG_NAME or _is_entry(name) or _is_temporary(name)
            if not is_written and not _is_harmless(name):
                raise NotOwnError(f"holds what is not conclint's ({name!r})")
        tag = self._content(TAG_NAME)
        if tag is not None and not _TAG.startswith(tag):  # a power failure may have left it empty
            raise NotOwnError(f"has another program's {TAG_NAME}")

    def _mark(self) -> None:
        """Writes the marks by which others know what the folder is."""
        there = self.names()
        for name, content in _MARKS.items():
            if name not in there:
                self.replace(name, [content])

    def _content(self, name: str) -> bytes | None:
        """The beginning of a file, which is all of a mark; None if there is no such file."""
        try:
            file = self.open_file(name)
        except FileNotFoundError:
            return None
        except OSError:
            return b"\0"  # a link, a folder: nothing of ours
        try:
            return read_at(file, 0, 1024)
        finally:
            os.close(file)

    def _is_written(self, name: str) -> bool:
        """Whether the file begins as conclint's do; a temporary one may be empty, or be cut anywhere."""
        content = self._content(name)
        return content is not None and (content.startswith(b"conclint ") or bool(_is_temporary(name)))

    def _unlink(self, name: str) -> None:
        os.unlink(self._at(name), dir_fd=self._folder)

    def _at(self, name: str) -> str:
        return name if self._folder is not None else os.path.join(self.path, name)


def _open_folder(path: str, within: str, make: bool) -> int | None:
    """The folder, each step below `within` taken from the one before, so that no link is followed even if
    one is put there meanwhile. None where the system has no such way: then as far as looking goes."""
    if not _HAS_DIR_FD:  # pragma: no cover (Windows)
        check_place(path, (), within)
        if make:
            os.makedirs(path, exist_ok=True)
        os.listdir(path)
        return None
    parts = os.path.relpath(path, within).split(os.sep)
    at = os.open(within, _THROUGH)
    for number, part in enumerate(parts):
        flags = (_FOLDER if number == len(parts) - 1 else _THROUGH) | _NO_LINK
        try:
            at = _step(at, part, flags, make)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.EMLINK, errno.ENOTDIR):
                check_place(path, (), within)  # says which link it is
            raise
    return at


def _step(at: int, part: str, flags: int, make: bool) -> int:
    try:
        if make:
            with suppress(FileExistsError):
                os.mkdir(part, dir_fd=at)
        return os.open(part, flags, dir_fd=at)
    finally:
        os.close(at)


def _nearest(path: str) -> str:
    return next(above for above in with_parents(os.path.dirname(path)) if os.path.isdir(above))


def _steps(path: str, within: str) -> Iterator[str]:
    """The folders below `within` on the way to the path, and the path; only the path if it lies elsewhere."""
    steps = [path]
    for above in with_parents(os.path.dirname(path)):
        if above == within:
            yield from reversed(steps)
            return
        steps.append(above)
    yield path


def _stat_or_none(look: Callable[[str], os.stat_result], path: str) -> os.stat_result | None:
    try:
        return look(path)
    except (OSError, ValueError):
        return None
