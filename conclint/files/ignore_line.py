"""One line of .gitignore as a test of paths that takes time in proportion to the path, whatever the line.

`pathspec` knows what a line means, but its regular expressions try every way to share a name between several
`*`, or a path between several `**`: of `*a*a*a*a*a*a*b` and a long name of `a`s they find no end. Nothing is
lost if each `*` but a component's last takes as little as it can, once and for all, since the next one makes
up for it; and likewise for `**`.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

LONGEST: Final = 4096
"""Characters of a line at most: no path that a system takes is longer."""

_STAR: Final = "[^/]*"
_LEADING: Final = "(?:.+/)?"
_BETWEEN: Final = "(?:/.+)?"
_END: Final = re.compile(r"\(\?:\(\?P<ps_d>|\(\?P<ps_d>|/\.\*|\(\?:/\.\*\)|\$|/?\Z")
"""Where the last component ends, in what pathspec writes."""
_TOKEN: Final = re.compile(
    r"""
    \(\?:/\.\+\)\?  |  /  |  \[\^/\]\*         # a `**`, the end of a component, a `*`
    | (?P<set> \[ \^? \]? [^\]]* \] \+? )     # a `?`, or one of several characters
    | \\.  |  [^\\()\[\]|^$*+?.{}]           # a character
    """,
    re.DOTALL | re.VERBOSE,
)


class IgnoreLine(NamedTuple):
    """A line that is a pattern. `ignores` is false for one with `!`."""

    ignores: bool
    match: Callable[[str], Any]

    def covers(self, path: str) -> bool:
        """Whether the line has the path ignored, which is relative to its folder, or a folder above it."""
        return self.ignores and self.match(path) is not None


def parse_ignore_line(line: str) -> IgnoreLine | None:
    """What the line means; None for a comment and a blank line. Raises ValueError for what is no pattern."""
    from pathspec import GitIgnoreSpec

    if len(line) > LONGEST:
        raise ValueError(f"longer than {LONGEST} characters")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what a set such as `[[a]` may mean in later versions of Python
        try:
            pattern: Any = next(iter(GitIgnoreSpec.from_lines([line]).patterns), None)
        except re.error as error:  # a range such as z-a is passed on as it is
            raise ValueError(str(error)) from error
        if pattern is None or pattern.include is None:
            return None
        regex = without_backtracking(pattern.regex.pattern)
        if regex != pattern.regex.pattern:
            pattern.regex = re.compile(regex)
    return IgnoreLine(pattern.include, pattern.match_file)


def without_backtracking(regex: str) -> str:
    """A regular expression that matches as pathspec's does, but for a set (`[!a]`), which never matches a
    slash; the same one where nothing in it can take long, or it is none that is known here."""
    if regex.count(_STAR) < 2 and _BETWEEN not in regex:
        return regex
    if not regex.startswith("^"):
        return regex
    start = len(_LEADING) + 1 if regex.startswith(_LEADING, 1) else 1
    tokens, end = _tokens(regex, start)
    if end is None:
        return regex
    names = _names()
    blocks = _split(tokens, _BETWEEN)
    written = ["^"]
    for number, block in enumerate(blocks):
        is_first, is_last = number == 0, number == len(blocks) - 1
        text = "/".join(_component(part, names) for part in _split(block, "/"))
        if is_last:
            gap = _BETWEEN if not is_first else _LEADING if start > 1 else ""
            written.append(gap + text)
        elif is_first and start == 1:
            written.append(text)
        else:
            gap = "(?:.+?/)??" if is_first else "(?:/.+?)??"
            written.append(_once(f"{gap}{text}(?=/)", names))
    return "".join(written) + regex[end:]


def _tokens(regex: str, at: int) -> tuple[list[str], int | None]:
    """The parts of the components from there on, and where they end; None where there is something else."""
    tokens: list[str] = []
    while _END.match(regex, at) is None:
        found = _TOKEN.match(regex, at)
        if found is None:
            return tokens, None
        tokens.append(f"(?!/){found[0]}" if found["set"] else found[0])
        at = found.end()
    return tokens, at


def _component(tokens: list[str], names: Iterator[str]) -> str:
    """A component of which no `*` but the last can take more than it has to."""
    first, *rest = map("".join, _split(tokens, _STAR))
    if not rest:
        return first
    return "".join([first, *(_once(f"[^/]*?{part}", names) for part in rest[:-1] if part), _STAR, rest[-1]])


def _once(regex: str, names: Iterator[str]) -> str:
    """The expression with the first match that there is, and no other, as Python writes it from 3.11 on:
    `(?>…)`."""
    name = next(names)
    return f"(?=(?P<{name}>{regex}))(?P={name})"


def _names() -> Iterator[str]:
    number = 0
    while True:
        yield f"once{number}"
        number += 1


def _split(tokens: list[str], separator: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for token in tokens:
        if token == separator:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts
