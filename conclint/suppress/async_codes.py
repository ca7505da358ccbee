"""What flake8-async, flake8-trio before it, and ruff say of blocking calls, in our codes: a `# noqa` for one
of theirs is a decision that stands for ours too. docs/codes.md has the table for readers."""

from __future__ import annotations

from typing import Final

_OURS: Final = {
    "200": ("CON1",),  # calls that the user lists: of any family
    "210": ("CON101",),
    "211": ("CON101",),
    "212": ("CON101",),
    "220": ("CON103",),
    "221": ("CON103",),
    "222": ("CON103",),
    "230": ("CON104", "CON112"),
    "231": ("CON104", "CON112"),
    "232": ("CON104", "CON112"),
    "240": ("CON104", "CON112"),
    "250": ("CON110",),
    "251": ("CON102",),
}
_THEIR_NAMES: Final = ("ASYNC", "TRIO")

OUR_CODES: Final = {f"{name}{number}": ours for name in _THEIR_NAMES for number, ours in _OURS.items()}
"""Our codes (or prefixes of them) by theirs."""


def stands_for(theirs: str, ours: str) -> bool:
    """Whether a code of theirs, or a prefix of one (`ASYNC2`), speaks of what our code reports."""
    theirs = theirs.upper()
    if not theirs.startswith(_THEIR_NAMES):
        return False
    return any(code.startswith(theirs) and ours.startswith(codes) for code, codes in OUR_CODES.items())
