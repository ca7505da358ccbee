"""A source file's text, and the bytes of another text of it: mark, encoding and line ends as they were."""

from __future__ import annotations

import ast
import codecs
import warnings
from typing import Final

from conclint.syntax.decoding import DecodingError, decode_source, encode_source
from conclint.syntax.parsing import SourceError, check_brackets, parse_checked
from conclint.syntax.tokens import find_tokens

_TOP_LEVEL_AWAIT: Final = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


class UnfixableError(Exception):
    """A file that is left as it is. The text says why, to follow the file's name."""


def text_of(data: bytes) -> str:
    """The text of a file. Raises UnfixableError where the file could not be written back as it is."""
    try:
        text = decode_source(data)
    except DecodingError as error:
        raise UnfixableError(error.message) from error
    if _encoded(text, data) != data:
        raise UnfixableError("its encoding can't be written back")
    return text


def bytes_of(text: str, before: bytes) -> bytes:
    """The bytes of another text for a file. Raises UnfixableError where its encoding has no such letters."""
    data = _encoded(text, before)
    try:
        if decode_source(data) == text:
            return data
    except DecodingError:
        pass
    raise UnfixableError("its encoding can't be written back")


def _encoded(text: str, before: bytes) -> bytes:
    mark = codecs.BOM_UTF8 if before.startswith(codecs.BOM_UTF8) else b""
    return mark + encode_source(text)


def check_syntax(before: str, after: str, *, awaits: bool = False) -> None:
    """Raises UnfixableError where the text was Python before, and isn't any more.

    It is compiled, never run; what this Python is too old for is parsed alone. `awaits`: cells of a notebook.
    """
    if _compiles(before, awaits=awaits):
        if not _compiles(after, awaits=awaits):
            raise UnfixableError("the fixes don't go together: the file would be no Python")
        return
    try:
        tokens = find_tokens(after)
        parse_checked(after, tokens, check_brackets(after, tokens))
    except (SourceError, RecursionError, MemoryError) as error:
        raise UnfixableError("the fixes don't go together: the file would be no Python") from error


def _compiles(text: str, *, awaits: bool) -> bool:
    flags = _TOP_LEVEL_AWAIT if awaits else 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(text, "<file>", "exec", flags, dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
            return False
    return True
