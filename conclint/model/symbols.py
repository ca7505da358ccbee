"""Dotted names, as people read them."""

from __future__ import annotations

import re
from typing import Final

_PSEUDO: Final = re.compile(r"\.<[^<>]*>(?:\.__\w+__)?")


def readable(name: str) -> str:
    """The whole name of a library's callable as people write it: `open` for `builtins.open`; without the
    catalog's own names for what it gives."""
    return _PSEUDO.sub("", name.removeprefix("builtins."))


def short_name(symbol: str) -> str:
    """The last two parts of a dotted name."""
    return ".".join(symbol.rsplit(".", 2)[-2:])
