"""Which operators a file defines methods for."""

from __future__ import annotations

import re
from typing import Final

from conclint.summary.records import OPERATOR_METHODS

_DEFINED: Final = re.compile(r"\bdef\s+(__[a-z_]+__)\s*\(")
_BY_METHOD: Final = {
    method: frozenset(word for word, methods in OPERATOR_METHODS.items() if method in methods)
    for methods in OPERATOR_METHODS.values()
    for method in methods
}


def operators_defined(text: str) -> frozenset[str]:
    """The operators for which a file defines a method."""
    if "def __" not in text:
        return frozenset()
    found = (_BY_METHOD.get(name, frozenset()) for name in set(_DEFINED.findall(text)))
    return frozenset().union(*found)
