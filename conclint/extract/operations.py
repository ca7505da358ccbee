"""Operators that may run a method of the program's own: comparisons, arithmetic, truth, formatting.

Nearly all of them work on numbers and strings, so they are sites only in a file that defines such a method
itself; whose class comes from another file is not seen.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from conclint.summary.records import OPERATOR_METHODS, Op, SiteKind

if TYPE_CHECKING:
    from libcst import CSTNode

    from conclint.extract.scope import Scope

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


def operation(s: Scope, node: CSTNode, word: str, *operands: int) -> None:
    """The site of an operator, where the file says that it may run something."""
    if word in s.module.operators and any(s.values[item][0] != Op.CONST for item in operands):
        s.add_site(SiteKind.OPERATE, node, operands[0], 0, tuple((word, item) for item in operands[-1:]))
