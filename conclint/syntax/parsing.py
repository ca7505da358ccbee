"""Parsing with libcst, made safe: what would crash or stall its native parser is refused before."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn, TypeVar

from conclint.process.large_stack import on_own_stack
from conclint.syntax.decoding import DecodingError, decode_source
from conclint.syntax.nesting import Nesting, measure_nesting
from conclint.syntax.templates import TEMPLATE, is_template
from conclint.syntax.tokens import Token, find_tokens

if TYPE_CHECKING:
    from libcst import Module

    from conclint.syntax.layout import Layout

T = TypeVar("T")

_STACKS: Final = (512 << 20, 64 << 20)
"""Bytes of stack for deeply nested files, the first that the system grants. It costs what is used of it."""

_LARGE: Final = 100_000
"""Bytes of a file that may hold what crashes the compiler of Python 3.10: a chain of 100,000 calls."""
_PLACE: Final = re.compile(r"error at (\d+):(\d+)")
_NEWEST: Final = (3, 15)
"""The newest Python whose syntax is known to be read, whatever Python runs conclint."""
_EARLY: Final = ("never closed", "unterminated", "does not match")
"""What the compiler says of a place before the one where the text can't be read on."""


class SourceError(Exception):
    """The text is no Python, or too deeply nested to be analysed. `line` and `column` count from 1."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


class Parsed(NamedTuple):
    """A tree, and how the text was laid out for it, where libcst refuses the text as it is."""

    tree: Module
    layout: Layout | None = None


def check_brackets(text: str, tokens: Sequence[Token] | None = None) -> Nesting:
    """Refuses what can't be parsed without crashing or stalling; see `conclint.syntax.nesting`.

    `tokens` are the text's, if they are known. Raises SourceError at the place where nesting goes too far.
    """
    nesting = measure_nesting(text, find_tokens(text) if tokens is None else tokens)
    if nesting.too_deep is not None:
        message, offset, fault = nesting.too_deep
        line = text.count("\n", 0, offset) + 1
        column = offset - text.rfind("\n", 0, offset)
        raise SourceError(f"{fault} to be analysed: {message}", line, column)
    return nesting


def parse_module(text: str) -> Module:
    """The tree of a whole file, of the classes of `conclint.syntax.nodes`; where libcst refuses valid text,
    that of the text as `conclint.syntax.layout` lays it out.

    Raises SourceError where the text is found to be no Python, and where it is too deeply nested.
    """
    tokens = find_tokens(text)
    nesting = check_brackets(text, tokens)
    if nesting.deep:
        return with_large_stack(lambda: parse_checked(text, tokens, nesting)).tree
    return parse_checked(text, tokens, nesting).tree


def parse_checked(text: str, tokens: Sequence[Token], nesting: Nesting) -> Parsed:
    """As `parse_module`, for text that `check_brackets` has let through."""
    from libcst import ParserSyntaxError

    from conclint.syntax import nodes

    if nesting.slow:
        tree = _in_pieces(text, tokens)
        if tree is not None:
            return Parsed(tree)
    try:
        return Parsed(nodes.parse_module(text))
    except ParserSyntaxError as error:
        message, line = error.message, error.raw_line
    tree = None if nesting.slow else _in_pieces(text, tokens)
    if tree is not None:
        return Parsed(tree)
    return _laid_out(text, tokens) or _explain(text, message, line)


def _in_pieces(text: str, tokens: Sequence[Token]) -> Module | None:
    """The tree of the text, parsed in pieces; None where it has none, or they are found to be no Python."""
    from libcst import ParserSyntaxError

    from conclint.syntax.grafting import PieceError, parse_pieces
    from conclint.syntax.pieces import cut

    found = cut(text, tokens)
    if not found.pieces:
        return None
    try:
        return parse_pieces(found)
    except (ParserSyntaxError, PieceError):
        return None


def _laid_out(text: str, tokens: Sequence[Token]) -> Parsed | None:
    """The tree of the text as it is laid out for libcst; None where that doesn't help."""
    from libcst import ParserSyntaxError

    from conclint.syntax import nodes
    from conclint.syntax.layout import lay_out

    layout = lay_out(text, tokens)
    if layout is None or not _mean_the_same(text, layout.text):
        return None
    try:
        return Parsed(nodes.parse_module(layout.text), layout)
    except ParserSyntaxError:
        tree = _in_pieces(layout.text, find_tokens(layout.text))
    return Parsed(tree, layout) if tree is not None else None


def _mean_the_same(text: str, other: str) -> bool:
    """Whether both are the same to the running Python's compiler, be they too new for it, or too deep."""
    before, after = _compile(text), _compile(other)
    if isinstance(before, ast.AST) and isinstance(after, ast.AST):
        try:
            return ast.dump(before) == ast.dump(after)
        except RecursionError:
            return True
    return isinstance(before, ast.AST) == isinstance(after, ast.AST)


def _explain(text: str, message: str, line: int) -> NoReturn:
    """Raises the error libcst found, in the compiler's words and at its place, where that finds one too."""
    error = _compile(text)
    if not isinstance(error, ast.AST) and is_template(text):
        raise SourceError(TEMPLATE, 1, 1)
    place = _PLACE.search(message)
    if place is not None:
        line, column = int(place.group(1)), int(place.group(2)) + 1
    else:
        column = 1
    running = ".".join(map(str, sys.version_info[:2]))
    if isinstance(error, SyntaxError):
        told, at = error.msg or "invalid syntax", error.lineno or line
        if sys.version_info < _NEWEST and _is_read_on(text, at, line) and not any(map(told.count, _EARLY)):
            told += f" (in Python {running}, which runs conclint; code for a newer Python needs that one)"
        raise SourceError(told, at, max(error.offset or 1, 1))
    if isinstance(error, ast.AST):
        from importlib.metadata import version

        told = f"valid in Python {running}, but libcst {version('libcst')} cannot parse it: update libcst"
        raise SourceError(f"{told}, or report it if this is the newest", line, column)
    if place is None:
        raise SourceError(message.rpartition("error: ")[2] or "invalid syntax", line, 1)
    raise SourceError("invalid syntax", line, column)


def _is_read_on(text: str, line: int, end: int) -> bool:
    """Whether there is code after one line and before the other."""
    between = text.split("\n")[line : end - 1]
    return any(code and not code.startswith("#") for code in map(str.strip, between))


def _compile(source: str | bytes) -> ast.AST | Exception:
    """The tree of the running Python's compiler, or what it objects to; the code is not executed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = compile(source, "<source>", "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
            return error
    assert isinstance(tree, ast.AST)
    return tree


def with_large_stack(work: Callable[[], T]) -> T:
    """The result of `work`, done where there is room for deep recursion; its exceptions are raised here."""
    return on_own_stack(work, _STACKS)


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
    if isinstance(_compile(data), ast.AST):
        return None
    try:
        parse_module(text)
    except SourceError as error:
        return error
    except (RecursionError, MemoryError):
        return SourceError("too deeply nested to be analysed", 1, 1)
    return None
