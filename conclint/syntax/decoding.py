"""From the bytes of a source file to its text, as PEP 263 says."""

from __future__ import annotations

import codecs
import encodings.aliases
import pkgutil
import re
from functools import cache

_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK = re.compile(rb"^[ \t\f]*(?:#[^\r\n]*)?$")
_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_REWRITING = frozenset(("unicode-escape", "raw-unicode-escape", "utf-7", "idna", "punycode"))
"""Codecs of text that CPython decodes sources with, after which lines and columns are others."""
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
    if data.startswith(_WIDE_MARKS):
        raise DecodingError("is UTF-16 or UTF-32 by its byte order mark; Python sources can't be", 1)
    marked = data.startswith(codecs.BOM_UTF8)
    if marked:
        data = data[3:]
    nul = data.find(b"\0")
    if nul >= 0:
        raise DecodingError("source contains a NUL byte", _line_of(data, nul))
    declared, line = _coding_line(data)
    if declared is None:
        return _decode(data, "utf-8", "it has no coding line, so it must be UTF-8")
    encoding = _lookup(_usual_name(declared))
    if encoding is None:
        raise DecodingError(f"unknown encoding {declared!r}", line)
    if encoding.name in _REWRITING:
        raise DecodingError(f"{declared!r} gives ASCII another meaning, so places in the file are lost", line)
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
    declared, _ = _coding_line(data)
    encoding = _lookup(_usual_name(declared)) if declared is not None else None
    if encoding is None or encoding.name == "utf-8":
        return data
    try:
        return text.encode(encoding.name)
    except (UnicodeError, LookupError):
        return data


def _usual_name(declared: str) -> str:
    """The encoding that CPython takes the word of a coding line for (Emacs writes `utf-8-unix`)."""
    word = declared[:12].lower().replace("_", "-")
    if word == "utf-8" or word.startswith("utf-8-"):
        return "utf-8"
    latin = ("latin-1", "iso-8859-1", "iso-latin-1")
    if word in latin or word.startswith(tuple(f"{name}-" for name in latin)):
        return "iso-8859-1"
    return declared


def _lookup(name: str) -> codecs.CodecInfo | None:
    """Python's own codec of that name. No other is looked for: to find one is to import it."""
    normal = encodings.normalize_encoding(name).lower()
    module = encodings.aliases.aliases.get(normal) or encodings.aliases.aliases.get(normal.replace(".", "_"))
    if (module or normal) not in _known_codecs():
        return None
    try:
        return codecs.lookup(name)
    except (LookupError, ValueError):
        return None


@cache
def _known_codecs() -> frozenset[str]:
    """The modules of the package `encodings`, and nothing else that bears such a name."""
    return frozenset(module.name for module in pkgutil.iter_modules(encodings.__path__)) - {"aliases"}


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
        if encoding == "utf-8" and _are_in_comments(data):
            return data.decode("utf-8", "replace")
        found = data[error.start : error.start + 1].hex()
        raise DecodingError(f"byte 0x{found} is no {encoding}: {why}", _line_of(data, error.start)) from None
    except (UnicodeError, ValueError) as error:
        foreign = _NOT_ASCII.search(data)
        line = _line_of(data, foreign.start()) if foreign else 1
        raise DecodingError(f"cannot be decoded as {encoding}: {error}", line) from None


def _are_in_comments(data: bytes) -> bool:
    """Whether all that is no UTF-8 comes after a `#` on its line: CPython compiles that."""
    for line in _NEWLINE.split(data):
        try:
            line.partition(b"#")[0].decode("utf-8")
        except UnicodeDecodeError:
            return False
    return True


def _line_of(data: bytes, offset: int) -> int:
    return len(_NEWLINE.findall(data, 0, offset)) + 1
