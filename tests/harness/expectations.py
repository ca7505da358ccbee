"""What a fixture says about its own lines.

An expectation is a comment on the line it speaks of, or on comment lines right above it:

    # expect: CODE [column] "cause" via symbol, symbol confidence

The code is required; the rest narrows. `via` names every step of the chain between the reported call and
the cause, each by the last parts of its dotted name. `# todo-expect: … -- reason` states a missed alarm,
`# todo-ok: … -- reason` a false alarm, each a known limit.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Kind(Enum):
    """What an expectation demands of the line."""

    EXPECT = "expect"
    TODO_EXPECT = "todo-expect"
    TODO_OK = "todo-ok"


class BadExpectationError(ValueError):
    """A comment that looks like an expectation and can't be read; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """One stated finding: where, which code, and what else must be true of it."""

    kind: Kind
    path: str
    line: int
    code: str
    column: int | None = None
    cause: str | None = None
    via: tuple[str, ...] | None = None
    confidence: str | None = None
    reason: str = ""

    def __str__(self) -> str:
        parts = [f"{self.path}:{self.line}: {self.kind.value}: {self.code}"]
        parts += [f"[{self.column}]"] if self.column is not None else []
        parts += [f'"{self.cause}"'] if self.cause is not None else []
        parts += ["via " + ", ".join(self.via)] if self.via is not None else []
        parts += [self.confidence] if self.confidence is not None else []
        return " ".join(parts)


_MARK = re.compile(r"#\s*(?P<kind>expect|todo-expect|todo-ok):(?P<rest>[^#]*)")
_LOOSE = re.compile(r"#\s*(?:todo[-_ ]?)?(?:expect|ok)\w*\s*:", re.IGNORECASE)
_REST = re.compile(
    r"""\s*(?P<code>[A-Z]{3}\d{3})
        (?:\s+\[(?P<column>\d+)\])?
        (?:\s+"(?P<cause>[^"]+)")?
        (?:\s+via\s+(?P<via>[\w.<>\#]+(?:\s*,\s*[\w.<>\#]+)*))?
        (?:\s+(?P<confidence>high|medium|low))?
        (?:\s+--\s*(?P<reason>\S.*?))?
        \s*$""",
    re.VERBOSE,
)


def read_expectations(file: Path, path: str) -> list[Expectation]:
    """The expectations of one file, which is called `path` in reports.

    A file that Python can't tokenize is read line by line instead. Raises BadExpectationError.
    """
    return list(_parse(path, _comments(file.read_bytes())))


def _comments(source: bytes) -> list[tuple[int, bool, str]]:
    """Line, whether the line holds nothing else, and text of each comment."""
    try:
        tokens = list(tokenize.tokenize(io.BytesIO(source).readline))
    except (tokenize.TokenError, SyntaxError, UnicodeDecodeError):
        return [
            (number, line.lstrip().startswith("#"), line[line.index("#") :])
            for number, line in enumerate(source.decode("latin-1").splitlines(), 1)
            if "#" in line
        ]
    return [
        (token.start[0], token.line.lstrip("\ufeff \t").startswith("#"), token.string)
        for token in tokens
        if token.type == tokenize.COMMENT
    ]


def _parse(path: str, comments: list[tuple[int, bool, str]]) -> Iterator[Expectation]:
    alone = {line for line, is_alone, _ in comments if is_alone}
    for line, _, text in comments:
        marks = list(_MARK.finditer(text))
        if len(marks) != len(_LOOSE.findall(text)):
            raise BadExpectationError(f"{path}:{line}: neither expect, todo-expect nor todo-ok: {text}")
        target = line
        while target in alone:
            target += 1
        for mark in marks:
            yield _expectation(path, line, target, Kind(mark["kind"]), mark["rest"])


def _expectation(path: str, line: int, target: int, kind: Kind, rest: str) -> Expectation:
    match = _REST.match(rest)
    if match is None:
        raise BadExpectationError(f"{path}:{line}: can't read the expectation {rest.strip()!r}")
    if (kind is Kind.EXPECT) == bool(match["reason"]):
        raise BadExpectationError(f"{path}:{line}: todo-expect and todo-ok need a reason, expect has none")
    return Expectation(
        kind=kind,
        path=path,
        line=target,
        code=match["code"],
        column=int(match["column"]) if match["column"] else None,
        cause=match["cause"],
        via=tuple(re.split(r"\s*,\s*", match["via"])) if match["via"] else None,
        confidence=match["confidence"],
        reason=match["reason"] or "",
    )
