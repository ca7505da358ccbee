"""Files read, and replaced in one step: whoever reads one sees the old text or the new one, never a part."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from conclint.fix.text_file import UnfixableError


def read_file(path: Path) -> bytes:
    """The file's bytes. Raises UnfixableError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnfixableError(_reason("can't be read", error)) from error


def replace_file(path: Path, before: bytes, after: bytes) -> None:
    """Puts new bytes in the place of the file's, if they are what they were.

    The mode stays, and the owner where that may be set; a symbolic link stays one, and its target is
    replaced. Raises UnfixableError, and then the file is as it was.
    """
    draft: Path | None = None
    try:
        target = Path(os.path.realpath(path))
        status = target.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UnfixableError("is no regular file")
        if not os.access(target, os.W_OK):
            raise UnfixableError("can't be written: it is read-only")
        draft = target.with_name(f".{target.name[:200]}.{os.urandom(4).hex()}.tmp")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(after)
            stream.flush()
            os.fsync(stream.fileno())
        if hasattr(os, "chown"):
            with suppress(OSError):
                os.chown(draft, status.st_uid, status.st_gid)
        draft.chmod(stat.S_IMODE(status.st_mode))
        if target.read_bytes() != before:
            raise UnfixableError("has changed meanwhile")
        draft.replace(target)
        draft = None
    except OSError as error:
        raise UnfixableError(_reason("can't be written", error)) from error
    finally:
        if draft is not None:
            with suppress(OSError):
                draft.unlink()


def _reason(what: str, error: OSError) -> str:
    words = error.strerror or str(error)
    return f"{what}: {words[:1].lower()}{words[1:]}"
