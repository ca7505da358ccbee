"""Dotted names of functions, as people read them."""

from __future__ import annotations


def short_name(symbol: str) -> str:
    """The last two parts of a dotted name."""
    return ".".join(symbol.rsplit(".", 2)[-2:])
