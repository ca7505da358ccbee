"""The cells of a notebook, and the notebook with other text in some: all else stays as it is written.

A notebook is JSON that other tools write in their own way, so only the values of changed cells are replaced.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

from conclint.fix.text_file import UnfixableError

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+', re.DOTALL)
_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")
_MARK: Final = b"\xef\xbb\xbf"


def cell_texts(data: bytes) -> dict[int | None, str]:
    """The text of each cell that has any, by its number from 1. Raises UnfixableError."""
    text = _decoded(data)
    return {number: _value(text[start:end]) for number, (start, end) in _sources(text).items()}


def with_cells(data: bytes, cells: Mapping[int, str]) -> bytes:
    """The notebook with these texts in its cells. Raises UnfixableError."""
    text = _decoded(data)
    sources = _sources(text)
    for number in sorted(cells, reverse=True):
        start, end = sources[number]
        old = text[start:end]
        if _value(old) != cells[number]:
            text = text[:start] + _written(old, cells[number], ascii_only=text.isascii()) + text[end:]
    mark = _MARK if data.startswith(_MARK) else b""
    return mark + text.encode("utf-8", "surrogatepass")


def _decoded(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnfixableError("is no notebook") from error
    if not isinstance(document, dict) or not isinstance(document.get("cells"), list):
        raise UnfixableError("is a notebook of an old format")
    return text


def _value(written: str) -> str:
    value = json.loads(written)
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


def _written(old: str, new: str, *, ascii_only: bool) -> str:
    """The text as JSON, in one string or in one for each line, laid out as it was."""
    if not old.startswith("["):
        return json.dumps(new, ensure_ascii=ascii_only)
    lines = _LINE.findall(new)
    before = _SPACE.match(old, 1)
    blank = before[0] if before else ""
    inner = old[:-1]
    closing = inner[len(inner.rstrip()) :]
    items = [json.dumps(line, ensure_ascii=ascii_only) for line in lines]
    separator = f",{blank}" if blank else ", "
    return f"[{blank}{separator.join(items)}{closing}]"


def _sources(text: str) -> dict[int, tuple[int, int]]:
    """Where the value of each cell's `source` stands."""
    found: dict[int, tuple[int, int]] = {}
    for key, start, _ in _members(text, _SPACE.match(text, 0).end()):  # type: ignore[union-attr]
        if key != "cells":
            continue
        for number, (begin, _) in enumerate(_elements(text, start), 1):
            for name, value, end in _members(text, begin):
                if name == "source":
                    found[number] = (value, end)
    return found


def _members(text: str, start: int) -> Iterator[tuple[str, int, int]]:
    """The keys of an object that begins there, and where their values begin and end."""
    at = start + 1
    while True:
        token = _TOKEN.search(text, at)
        if token is None or token[0] == "}":
            return
        if token[0] == ",":
            at = token.end()
            continue
        colon = _TOKEN.search(text, token.end())
        assert colon is not None
        value = _SPACE.match(text, colon.end())
        assert value is not None
        at = _end(text, value.end())
        yield json.loads(token[0]), value.end(), at


def _elements(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Where the elements of an array that begins there begin and end."""
    at = start + 1
    while True:
        token = _TOKEN.search(text, at)
        if token is None or token[0] == "]":
            return
        if token[0] == ",":
            at = token.end()
            continue
        at = _end(text, token.start())
        yield token.start(), at


def _end(text: str, start: int) -> int:
    """Where the value ends that begins there."""
    depth = 0
    for token in _TOKEN.finditer(text, start):
        depth += (token[0] in "[{") - (token[0] in "]}")
        if not depth:
            return token.end()
    return len(text)
