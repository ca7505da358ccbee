"""Ignore patterns as .gitignore writes them, matched cheaply against tens of thousands of entries.

`pathspec` knows what a pattern means, at about a microsecond for each pattern and path. A pattern can
match an entry only if its last component matches the entry's name, which one look-up and one regular
expression tell for all patterns together; only then is `pathspec` asked. (Entries inside an ignored
folder are never asked about: the walk doesn't enter it.)
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from conclint.files.bounded_file import IGNORE_FILE, read_bounded
from conclint.files.ignore_line import parse_ignore_line


class _Pattern(NamedTuple):
    """One line. `ignores` is false for a line with `!`.

    `match` says yes to whatever lies in a matching folder, too. Only the entry itself is
    asked about here (its folders were, before), so what `match` is given makes the difference: the last
    `parts` parts of the path (if not `floating`, the path must have just so many), for `folder/**` (0
    parts, `contents`) the path as if it were a file, else (`**` inside) the path, if `name` matches too.
    """

    ignores: bool
    match: Callable[[str], object]
    name: Callable[[str], object]
    parts: int
    floating: bool
    contents: bool

    def matches(self, relative: str, *, folder: bool) -> bool:
        """Whether the entry itself matches."""
        slash = "/" if folder else ""
        if self.contents:
            return self.match(relative) is not None
        if self.parts == 0:
            last = relative.rsplit("/", 1)[-1]
            return self.name(last + slash) is not None and self.match(relative + slash) is not None
        if relative.count("/") >= self.parts:
            if not self.floating:
                return False
            relative = "/".join(relative.rsplit("/", self.parts)[1:])
        return self.match(relative + slash) is not None


class Patterns:
    """Patterns that hold below one folder; the last that matches an entry decides."""

    __slots__ = ("_base", "_last_first", "_literal", "_wild")

    def __init__(self, base: str, lines: Iterable[str]) -> None:
        self._base = base if base.endswith(os.sep) else base + os.sep
        literal: set[str] = set()
        wild: set[str] = set()
        patterns: list[_Pattern] = []
        for line in lines:
            pattern = _parse(line)
            if pattern is None:
                continue
            patterns.append(pattern)
            component = _last_component(line)
            if _is_wild(component):
                wild.add(_as_regex(component))
            else:
                literal.add(component)
        self._last_first = tuple(reversed(patterns))
        self._literal = frozenset(literal)
        self._wild = re.compile("|".join(sorted(wild)), re.DOTALL).fullmatch if wild else None

    def decide(self, path: str, name: str, *, folder: bool) -> bool | None:
        """Whether the entry is ignored: True, False (by a pattern with `!`), or None if no pattern matches.

        `path` is absolute and below the patterns' folder, `name` its last part.
        """
        if name not in self._literal and (self._wild is None or self._wild(name) is None):
            return None
        relative = path[len(self._base) :]
        if os.sep != "/":
            relative = relative.replace(os.sep, "/")
        for pattern in self._last_first:
            if pattern.matches(relative, folder=folder):
                return pattern.ignores
        return None

    def covers(self, path: str) -> bool:
        """Whether the path lies below the patterns' folder."""
        return path.startswith(self._base)


def read_ignore_file(file: str, base: str) -> Patterns | None:
    """The patterns of a file such as .gitignore for the entries of `base`; None if it can't be read."""
    try:
        lines = read_bounded(file, IGNORE_FILE).decode("utf-8-sig", "surrogateescape").splitlines()
    except OSError:
        return None
    return Patterns(base, lines)


def _parse(line: str) -> _Pattern | None:
    """None for a comment, a blank line, and a line that is no pattern (Git passes over those)."""
    if _compile(line) is None:
        return None
    body = _body(line)
    if "//" in body:
        return None  # Git strips one slash at either end; no path has an empty component for what is left
    core = body.strip("/")
    floating = "/" not in body.rstrip("/")
    while core.startswith("**/"):
        core, floating = core[3:].lstrip("/"), True
    components = core.split("/")
    contents = components[-1] == "**" and len(components) > 1
    parts = 0 if "**" in components[len(components) == 1 :] else len(components)
    slash = "/" if body.endswith("/") else ""
    match = _compile(f"/{core}{slash}" if parts else body)
    name = match if parts == 1 else _compile(f"/{components[-1]}{slash}")
    if match is None or name is None:
        return None
    return _Pattern(not line.startswith("!"), match, name, parts, floating, contents)


def _compile(pattern: str) -> Callable[[str], object] | None:
    """What tells whether a path matches the pattern; None for what is none."""
    try:
        parsed = parse_ignore_line(pattern)
    except ValueError:
        return None
    return parsed.match if parsed is not None else None


def _body(line: str) -> str:
    body = line.removeprefix("!")
    # Blanks at the end count only if escaped; who escapes one is given the benefit of the doubt.
    return body if body.endswith("\\ ") else body.rstrip()


def _last_component(pattern: str) -> str:
    """What the name of a matching entry must match. Where blanks or slashes are escaped it may allow more
    names than the pattern does, never fewer."""
    return _body(pattern).rstrip("/").rsplit("/", 1)[-1]


def _is_wild(component: str) -> bool:
    return any(character in component for character in "*?[\\") or component == ""


_ONE_CHARACTER = re.compile(r"\[[!^]?\]?[^\]]*\]|\\.|\?", re.DOTALL)

_MOST_STARS = 2


def _as_regex(component: str) -> str:
    """A regular expression that all names matching the component match: sets and escapes stand for any
    one character, trailing blanks may be missing. Of many `*` only the outermost count, since each has
    the expression try more."""
    if component in ("", "**"):
        return ".*"
    parts = re.split(r"\*+", _ONE_CHARACTER.sub("\0", component))
    if len(parts) > _MOST_STARS + 1:
        parts = [parts[0], max(parts[1:-1], key=len), parts[-1]]
    regex = ".*".join(re.escape(part).replace(re.escape("\0"), ".") for part in parts)
    return regex + (r"\s*" if "\\" in component else "")
