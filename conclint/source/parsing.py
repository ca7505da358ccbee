"""Parsing with libcst, made safe: what would crash or stall its native parser is refused before."""

from __future__ import annotations

import ast
import re
import threading
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from conclint.source.decoding import DecodingError, decode_source
from conclint.source.nesting import Token, measure_nesting
from conclint.source.tokens import find_tokens

if TYPE_CHECKING:
    from libcst import Module

T = TypeVar("T")

_STACKS: Final = (512 << 20, 64 << 20)
"""Bytes of stack for deeply nested files, the first that the system grants. It costs what is used of it."""

_LARGE: Final = 100_000
"""Bytes of a file that may hold what crashes the compiler of Python 3.10: a chain of 100,000 calls."""
_PLACE: Final = re.compile(r"error at (\d+):(\d+)")

_stack_lock = threading.Lock()


class SourceError(Exception):
    """The text is no Python, or too deeply nested to be analysed. `line` and `column` count from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


def check_brackets(text: str, tokens: Sequence[Token] | None = None) -> bool:
    """Refuses what libcst can't parse without crashing or stalling; see `conclint.source.nesting`.

    True for text so deeply nested that it needs the stack of `with_large_stack`. `tokens` are the text's,
    if they are known. Raises SourceError at the place where nesting goes too far.
    """
    nesting = measure_nesting(text, find_tokens(text) if tokens is None else tokens)
    if nesting.too_deep is not None:
        message, offset = nesting.too_deep
        line = text.count("\n", 0, offset) + 1
        column = offset - text.rfind("\n", 0, offset)
        raise SourceError(f"too deeply nested to be analysed: {message}", line, column)
    return nesting.deep


def parse_module(text: str) -> Module:
    """The tree of a whole file, of the classes of `conclint.source.nodes`.

    Raises SourceError where libcst finds the text to be no Python, and where it is too deeply nested.
    """
    if check_brackets(text):
        return with_large_stack(lambda: parse_checked(text))
    return parse_checked(text)


def parse_checked(text: str) -> Module:
    """As `parse_module`, for text that `check_brackets` has let through."""
    from libcst import ParserSyntaxError

    from conclint.source import nodes

    try:
        return nodes.parse_module(text)
    except ParserSyntaxError as error:
        raise _explain(text, error.message, error.raw_line) from None


def _explain(text: str, message: str, line: int) -> SourceError:
    """The error libcst found, in the compiler's words and at its place, where the compiler finds one too."""
    error = _compile(text)
    if isinstance(error, SyntaxError):
        return SourceError(error.msg or "invalid syntax", error.lineno or line, max(error.offset or 1, 1))
    place = _PLACE.search(message)
    if place is None:
        return SourceError(message.rpartition("error: ")[2] or "invalid syntax", line, 1)
    return SourceError("invalid syntax", int(place.group(1)), int(place.group(2)) + 1)


def _compile(source: str | bytes) -> Exception | None:
    """What the running Python's compiler objects to; the code is not executed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(source, "<source>", "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
            return error
    return None


def with_large_stack(work: Callable[[], T]) -> T:
    """The result of `work`, done by a thread with room for deep recursion; its exceptions are raised here."""
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    thread = _start_thread(run)
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def _start_thread(run: Callable[[], None]) -> threading.Thread:
    with _stack_lock:
        before = threading.stack_size()
        try:
            for size in _STACKS:
                try:
                    threading.stack_size(size)
                    thread = threading.Thread(target=run, name="conclint-deep-source")
                    thread.start()
                    return thread
                except (ValueError, RuntimeError):
                    continue
        finally:
            threading.stack_size(before)
    thread = threading.Thread(target=run, name="conclint-deep-source")
    thread.start()
    return thread


def check_syntax(data: bytes) -> SourceError | None:
    """Why the bytes are no Python, or None if they are: for files that are never parsed.

    Nothing is executed. The running Python's compiler answers in a tenth of libcst's time; where it
    objects, libcst is asked too, as the code may be newer than the running Python. What neither can read
    for its depth alone is an error too.
    """
    try:
        text = decode_source(data)
    except DecodingError as error:
        return SourceError(error.message, error.line, 1)
    if len(data) > _LARGE:
        try:
            check_brackets(text)
        except SourceError as error:
            return error
    if _compile(data) is None:
        return None
    try:
        parse_module(text)
    except SourceError as error:
        return error
    except (RecursionError, MemoryError):
        return SourceError("too deeply nested to be analysed", 1, 1)
    return None
