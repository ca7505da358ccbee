"""From the bytes of a source file to its text, as PEP 263 says."""

from __future__ import annotations

import codecs
import io
import re
import tokenize

_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK = re.compile(rb"^[ \t\f]*(?:#[^\r\n]*)?$")
_NOT_ASCII = re.compile(rb"[^\x00-\x7f]")
_NEWLINE = re.compile(rb"\r\n|\r|\n")


class DecodingError(Exception):
    """The bytes are no Python source text. `line` is the line at fault, from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


def decode_source(data: bytes) -> str:
    """The text of a source file: without its byte order mark, newlines as they are in the file.

    The encoding is the one of the coding line, else UTF-8. Raises DecodingError for a NUL byte, bytes
    that the encoding doesn't allow, a coding line that contradicts the byte order mark, and an encoding
    Python doesn't know.
    """
    marked = data.startswith(codecs.BOM_UTF8)
    if marked:
        data = data[3:]
    nul = data.find(b"\0")
    if nul >= 0:
        raise DecodingError("source contains a NUL byte", _line_of(data, nul))
    declared, line = _coding_line(data)
    if declared is None:
        return _decode(data, "utf-8", "it has no coding line, so it must be UTF-8")
    try:
        encoding = codecs.lookup(declared)
    except (LookupError, ValueError):
        raise DecodingError(f"unknown encoding {declared!r}", line) from None
    if not getattr(encoding, "_is_text_encoding", True):
        raise DecodingError(f"{declared!r} is no text encoding", line)
    if marked and encoding.name != "utf-8":
        raise DecodingError(f"the byte order mark says UTF-8, but the coding line {declared!r}", line)
    text = _decode(data, encoding.name, f"its coding line says {declared!r}")
    if declared not in text[: data.find(declared.encode()) + len(declared)]:
        raise DecodingError(
            f"{declared!r} is no encoding that a coding line can name: it isn't ASCII's", line
        )
    return text


def encode_source(text: str) -> bytes:
    """Bytes that decode, as PEP 263 says, to the text (an editor's buffer has no bytes of its own)."""
    data = text.encode("utf-8", "surrogatepass")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return data if encoding.startswith("utf-8") else text.encode(encoding)
    except (SyntaxError, UnicodeError):
        return data


def _coding_line(data: bytes) -> tuple[str | None, int]:
    """The encoding named in the first two lines, and the line that names it."""
    lines = _NEWLINE.split(data[:4096], 2)[:2]
    for number, text in enumerate(lines, 1):
        found = _CODING.match(text)
        if found:
            return found.group(1).decode("ascii", "replace"), number
        if not _BLANK.match(text):
            break
    return None, 0


def _decode(data: bytes, encoding: str, why: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        found = data[error.start : error.start + 1].hex()
        raise DecodingError(f"byte 0x{found} is no {encoding}: {why}", _line_of(data, error.start)) from None
    except (UnicodeError, ValueError) as error:
        foreign = _NOT_ASCII.search(data)
        line = _line_of(data, foreign.start()) if foreign else 1
        raise DecodingError(f"cannot be decoded as {encoding}: {error}", line) from None


def _line_of(data: bytes, offset: int) -> int:
    return len(_NEWLINE.findall(data, 0, offset)) + 1
