"""Text that is safe to print: what a file name, a source line or a configuration holds must not steer the
terminal, a CI log or an editor, nor look like what it is not.

Everything that is written passes through here, piece by piece where a report is made, and once more as a
whole where it leaves (`conclint.report.terminal`).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

TAB_STOP = 4

# Control characters, line and paragraph separators, lone surrogates, what changes the direction of text, and
# what can't be seen at all. Joiners stay: words of some languages, and emoji, need them.
_UNSAFE_BUT_LINE_FEED: Final = (
    "\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f\\xad\\u061c\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f"
    "\\ud800-\\udfff\\ufeff\\ufff9-\\ufffb\\U000e0000-\\U000e007f"
)
_UNSAFE: Final = re.compile(f"[\\n{_UNSAFE_BUT_LINE_FEED}]")
_UNSAFE_IN_LINES: Final = re.compile(f"[{_UNSAFE_BUT_LINE_FEED}]")
_COLOUR: Final = "\x1b\\[[0-9;]*m"
_LINK: Final = "\x1b\\]8;;(?:https://github\\.com/conclint/[\\w./-]*)?\x1b\\\\"
"""A link as terminals know it, to a page of ours or ending there (OSC 8)."""
_OURS_OR_UNSAFE: Final = re.compile(f"({_COLOUR}|{_LINK})|[{_UNSAFE_BUT_LINE_FEED}]")


_AZURE: Final = re.compile(r"##(?=\[|vso\[)", re.IGNORECASE)
"""What begins a command to Azure Pipelines, anywhere in a line of a log."""
_GITHUB: Final = re.compile(r"^([ \t]*):(?=:)", re.MULTILINE)
"""What begins a command to GitHub's runner, at the beginning of a line."""


@lru_cache(maxsize=4096)
def character_cells(character: str) -> tuple[str, int]:
    """What to print for one character other than a tab, and how many terminal cells that fills."""
    if _UNSAFE.match(character):
        escape = _escape(character)
        return escape, len(escape)
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return character, 0
    return character, 2 if unicodedata.east_asian_width(character) in "WF" else 1


def printable(text: str) -> str:
    """The text on one line, with an escape for each character that a terminal would obey or not show, and for
    what a CI log would take for a command."""
    if "::" in text or "##" in text:
        text = _AZURE.sub(r"#\\x23", _GITHUB.sub(r"\1\\x3a", text))
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(lambda found: _escape(found[0]), text)


def printable_lines(text: str, *, colour: bool = False) -> str:
    """The same for a text of several lines, in which `colour` may be set, and links to pages of ours, and
    whose lines may be commands of ours to GitHub."""
    text = _AZURE.sub(r"#\\x23", text)
    if colour:
        return _OURS_OR_UNSAFE.sub(lambda found: found[1] or _escape(found[0]), text)
    return _UNSAFE_IN_LINES.sub(lambda found: _escape(found[0]), text)


def printable_patch(text: str, blanks: str) -> str:
    """The same for a text of several lines in which these characters stay, too."""
    text = _AZURE.sub(r"#\\x23", _GITHUB.sub(r"\1\\x3a", text))
    return _UNSAFE_IN_LINES.sub(lambda found: found[0] if found[0] in blanks else _escape(found[0]), text)


def printable_json(document: str) -> str:
    """A document of JSON, or a value of TOML, with the same characters in its strings as these write them."""
    document = _AZURE.sub(r"#\\u0023", document)
    return _UNSAFE_IN_LINES.sub(_escape_for_json, document)


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def _escape_for_json(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
