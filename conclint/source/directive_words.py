"""Whether a text may have comments that speak to conclint; asked before it is parsed."""

from __future__ import annotations


def may_have_directives(text: str | bytes) -> bool:
    """False where no directive can be in the text."""
    lower = text.lower()
    if isinstance(lower, bytes):
        return b"noqa" in lower or b"conclint" in lower
    return "noqa" in lower or "conclint" in lower
