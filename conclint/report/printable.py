"""Text that is safe to print: what a file name or a source line holds must not steer the terminal."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

TAB_STOP = 4


@lru_cache(maxsize=4096)
def character_cells(character: str) -> tuple[str, int]:
    """What to print for one character other than a tab, and how many terminal cells that fills.

    Control characters, those that change the direction of text, and lone surrogates become escapes.
    """
    category = unicodedata.category(character)
    if category in ("Cc", "Cs", "Zl", "Zp") or (category == "Cf" and _turns_direction(character)):
        escape = character.encode("unicode_escape", "surrogatepass").decode("ascii")
        return escape, len(escape)
    if category in ("Mn", "Me", "Cf"):
        return character, 0
    return character, 2 if unicodedata.east_asian_width(character) in "WF" else 1


def printable(text: str) -> str:
    """The text on one line, with characters that a terminal would obey written as escapes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if character == " " else character_cells(character)[0] for character in text)


def _turns_direction(character: str) -> bool:
    return (
        "\u202a" <= character <= "\u202e" or "\u2066" <= character <= "\u2069" or character in "\u200e\u200f"
    )
