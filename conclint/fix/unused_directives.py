"""The fixes of CON901: a comment that hides nothing, taken out, or the codes in it that hide nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from conclint.extract.directives import CONCLINT, NOQA
from conclint.files.lines import LINE
from conclint.fix.text_file import UnfixableError, text_of
from conclint.model.finding import Applicability, Finding, Fix, Position, TextEdit
from conclint.store.cache import content_hash
from conclint.suppress.directives import idle_codes

_SEPARATOR: Final = re.compile(r"[,\s]+")


def with_fixes(findings: Iterable[Finding], read: Callable[[str], bytes | None]) -> tuple[Finding, ...]:
    """The findings about comments that hide nothing, with their fixes; `read` gives a file's Python by its
    shown path, of a notebook the module that its cells make."""
    by_path: dict[str, tuple[list[str], bytes]] = {}
    found = []
    for finding in findings:
        if finding.path not in by_path:
            by_path[finding.path] = _lines(read(finding.path))
        lines, content = by_path[finding.path]
        fix = _fix(finding, lines)
        found.append(finding if fix is None else replace(finding, fix=fix, source_hash=content))
    return tuple(found)


def _lines(source: bytes | None) -> tuple[list[str], bytes]:
    try:
        return LINE.findall(text_of(source or b"")), content_hash(source or b"")
    except UnfixableError:
        return [], b""


def _fix(finding: Finding, lines: list[str]) -> Fix | None:
    at = finding.position
    if at.line > len(lines):
        return None
    line = lines[at.line - 1]
    start, end = at.column - 1, len(line.rstrip("\r\n"))
    found = NOQA.match(line, start, end) or CONCLINT.match(line, start, end)
    if found is None:
        return None
    idle = set(idle_codes(finding))
    codes = [code for code in _SEPARATOR.split(found["codes"] or "") if code]
    kept = [code for code in codes if code.upper() not in idle]
    if idle and kept:
        own = found["codes"].rstrip(", \t")
        edit = _edit(at.line, found.start("codes"), found.start("codes") + len(own), ", ".join(kept))
        return Fix(Applicability.SAFE, "Remove the codes that hide nothing", (edit,))
    return Fix(Applicability.SAFE, "Remove the comment", (_removal(at.line, line, found),))


def _removal(number: int, line: str, found: re.Match[str]) -> TextEdit:
    """The comment taken out, with what is said behind it, up to another one."""
    start, body = found.start(), line.rstrip("\r\n")
    following = body.find("#", found.end())
    if following >= 0:
        return _edit(number, start, following, "")
    before = body[:start].rstrip(" \t")
    if before or line == body:
        return _edit(number, len(before), len(body), "")
    return TextEdit(Position(number, 1, number + 1, 1), "")


def _edit(line: int, start: int, end: int, text: str) -> TextEdit:
    return TextEdit(Position(line, start + 1, line, end + 1), text)
