"""Names as Python compares them."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_BEFORE_WALRUS: Final = re.compile(r"([^\W\d]\w*)[ \t]*\Z")
_LONGEST: Final = 200


def identifier(name: str) -> str:
    """A name in the form that PEP 3131 says."""
    return name if name.isascii() else unicodedata.normalize("NFKC", name)


def walrus_names(text: str) -> tuple[str, ...]:
    """The names that stand before a `:=` in the text, strings and comments included."""
    found: dict[str, None] = {}
    at = text.find(":=")
    while at >= 0:
        name = _BEFORE_WALRUS.search(text, max(at - _LONGEST, 0), at)
        if name is not None:
            found[identifier(name.group(1))] = None
        at = text.find(":=", at + 2)
    return tuple(found)
