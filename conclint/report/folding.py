"""Lines that fit a terminal: text folded at spaces, what goes on further in than what follows."""

from __future__ import annotations

from typing import Final

_FURTHER: Final = 4


def folded(text: str, width: int, further: int = _FURTHER) -> str:
    """Each line of the text in lines of at most so many columns. A longer word (a path) is kept whole."""
    return "".join(f"{part}\n" for line in text.splitlines() for part in _folded(line, width, further))


def _folded(line: str, width: int, further: int) -> list[str]:
    if len(line) <= width:
        return [line]
    indent = " " * (len(line) - len(line.lstrip(" ")))
    rows: list[str] = []
    row = indent
    for word in line.split():
        grown = f"{row} {word}" if row.strip() else f"{row}{word}"
        fits_below = len(indent) + further + len(word) <= width
        if len(grown) > width and row.strip() and fits_below:
            rows.append(row)
            grown = f"{indent}{' ' * further}{word}"
        row = grown
    return [*rows, row]
