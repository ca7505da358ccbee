"""The lines that a reader is shown: the statement as it would be, on lines that fit, … for what is long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from conclint.model.code_lines import folded_code
from conclint.rules.advice.change import Change
from conclint.rules.advice.site import Fragment, Node
from conclint.syntax.nodes import cst

WIDTH: Final = 100
_MOST_LINES: Final = 14
_MOST_FOLDED: Final = 4
"""Lines on which one line of a statement is shown whole."""
_KEPT: Final = (
    "to_thread",
    "run_sync",
    "deferToThread",
    "sync_to_async",
    "run_in_executor",
    "asyncio",
    "lambda",
)
_LEFT: Final = 6
"""Characters of something in brackets that are worth leaving out."""
_COMMENT: Final = re.compile(r"#[^\r\n]*")
_STRING: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'")
_LONG_STRING: Final = 26
"""Characters of a string, with its quotes, from which it gives way."""


def shown(fragment: Fragment, change: Change, header: str = "") -> str:
    """The changed statement, or its header, after the imports that it needs; under a line of the function
    around it, where that changes too."""
    start, end, more = _range(fragment, change)
    line = fragment.text.rfind("\n", 0, start) + 1
    indent = fragment.text[line:start]
    indent = indent if not indent.strip() else ""
    text = change.applied(fragment, start, end).rstrip()
    lines = [item.removeprefix(indent) for item in re.split(r"\r\n|\r|\n", text)]
    if not change.what:
        lines = _on_one_line(lines).split("\n")
    lines = _shortened([_elided(item) for item in lines])
    if more:
        lines.append("    …")
    if header:
        lines = [header, "    …", *(f"    {line}" for item in lines for line in item.split("\n"))]
    head = [*change.imports, *([""] if change.imports and change.definitions else []), *change.definitions]
    return "\n".join([*head, "", *lines] if head else lines)


def _range(fragment: Fragment, change: Change) -> tuple[int, int, bool]:
    """What is shown of the statement: all of it, or its header where it has a body that stays as it is."""
    node = change.shown
    start = fragment.start(node)
    body = getattr(node, "body", None)
    if (
        change.what
        or isinstance(node, cst.SimpleStatementLine)
        or body is None
        or isinstance(body, tuple | list)
    ):
        return start, fragment.end(node), False
    last = max((item.end for item in change.edits), default=start)
    return start, _header_end(fragment, node, max(last, start)), True


def _header_end(fragment: Fragment, node: Node, last: int) -> int:
    """Where the header of a compound statement ends: behind its colon."""
    body = getattr(node, "body", None)
    first = body.body[0] if isinstance(body, cst.BaseSuite) and body.body else None
    if first is None or not fragment.knows(first):
        return last
    header = _COMMENT.sub(lambda found: " " * len(found[0]), fragment.text[last : fragment.start(first)])
    colon = header.rfind(":")
    return last + colon + 1 if colon >= 0 else last


def _on_one_line(lines: list[str]) -> str:
    """A statement's lines as one, where none has a comment; a string over several lines is left out."""
    if len(lines) == 1 or any(quotes in line for line in lines for quotes in ('"""', "'''")):
        return "\n".join(lines)
    text = " ".join(item for line in lines if (item := _without_comment(line).strip()))
    for bracket in "([{":
        text = text.replace(f"{bracket} ", bracket)
    return re.sub(r",? ([)\]}])", r"\1", text)


def _without_comment(line: str) -> str:
    quote = ""
    for at, letter in enumerate(line):
        if quote:
            quote = "" if letter == quote and line[at - 1] != "\\" else quote
        elif letter in "\"'":
            quote = letter
        elif letter == "#":
            return line[:at]
    return line


def _shortened(lines: list[str]) -> list[str]:
    """Not more lines than a reader takes in. Of a function that is made, what it begins with and its call are
    kept, so that what is left is a program still; of other code, what is left out is from the middle."""
    if len(lines) <= _MOST_LINES:
        return lines
    if lines[0].startswith("def "):
        call = max(number for number, line in enumerate(lines) if line[:1].strip())
        start = next((number for number, line in enumerate(lines) if number and _is_header(line)), 0)
        if 0 < start < _MOST_LINES - 4 and start < call:
            indent = re.match(r"\s*", lines[start])
            body = f"{indent[0] if indent else ''}    …"
            given = [line for line in lines[call - 2 : call - 1] if line.startswith("    return ")]
            return [*lines[: start + 1], body, *given, "", *lines[call:]]
    head, tail = lines[: _MOST_LINES - 6], lines[-5:]
    indent = re.match(r"\s*", head[-1])
    return [*head, f"{indent[0] if indent else ''}…", *tail]


def _is_header(line: str) -> bool:
    """Whether a line ends the header of a block."""
    return _COMMENT.sub("", line).rstrip().endswith(":")


def _elided(line: str) -> str:
    """A line that fits: on several lines, so that it can be pasted; where these are too many, what stands in
    brackets, or in long strings, gives way to …."""
    if len(line) > WIDTH:
        folded = folded_code(line, WIDTH)
        if len(folded) <= _MOST_FOLDED and max(map(len, folded)) <= WIDTH:
            return "\n".join(folded)
    while len(line) > WIDTH:
        line, before = _without_string(line), line
        if line != before:
            continue
        found = _longest(line)
        if found is None:
            return "\n".join(folded_code(line, WIDTH))  # nothing more can be left out
        line = _without(line, *found)
    return line


def _without_string(line: str) -> str:
    """The line without what is in its first long string: what stands between two short ones is none."""
    for found in _STRING.finditer(line):
        if len(found[0]) >= _LONG_STRING:
            return f"{line[: found.start()]}'…'{line[found.end() :]}"
    return line


def _without(line: str, start: int, end: int) -> str:
    """The line without what stands between, but for the first items, as far as they fit."""
    kept = start
    depth = 0
    for at in range(start, end):
        depth += (line[at] in "([{") - (line[at] in ")]}")
        quotes = line[start:at].count('"') % 2 or line[start:at].count("'") % 2
        if line[at] == "," and not depth and not quotes and at + 3 + len(line) - end <= WIDTH:
            kept = at + 2
    return f"{line[:kept]}…{line[end:]}"


def _longest(line: str) -> tuple[int, int] | None:
    """The content of brackets that is left out: the shortest with which the line fits, else the longest. None
    that holds what the change is about."""
    excess = len(line) - WIDTH
    found = sorted(_contents(line), key=lambda place: place[1] - place[0])
    return next((place for place in found if place[1] - place[0] > excess), found[-1] if found else None)


def _contents(line: str) -> Iterator[tuple[int, int]]:
    """Where the contents of brackets are that can be left out."""
    opened: list[int] = []
    quote = ""
    for at, letter in enumerate(line):
        if quote:
            quote = "" if letter == quote and line[at - 1] != "\\" else quote
        elif letter in "\"'":
            quote = letter
        elif letter in "([{":
            opened.append(at)
        elif letter in ")]}" and opened:
            start = _first_to_leave(line, opened.pop() + 1, at)
            inner = line[start:at]
            if not any(word in inner for word in _KEPT):
                if len(inner) >= _LEFT:
                    yield start, at
                continue
            rest = _after_what_is_kept(line, start, at)
            if rest < at - _LEFT:
                yield rest, at


def _after_what_is_kept(line: str, start: int, end: int) -> int:
    """Where the items begin that follow, in brackets, the one that the change is about; the end if none."""
    depth, last = 0, end
    for at in range(end - 1, start - 1, -1):
        depth += (line[at] in ")]}") - (line[at] in "([{")
        if line[at] == "," and not depth:
            if any(word in line[at:last] for word in _KEPT):
                break
            last = at + 2
    return last


def _first_to_leave(line: str, start: int, end: int) -> int:
    """Of a call in a thread the function is kept, and what it is given is left out."""
    if not line[:start].rstrip("(").endswith(_KEPT):
        return start
    depth = 0
    for at in range(start, end):
        depth += (line[at] in "([{") - (line[at] in ")]}")
        if line[at] == "," and not depth:
            return at + 2
    return end
