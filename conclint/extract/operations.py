"""Operators that may run a method of the program's own: comparisons, arithmetic, truth, formatting.

Nearly all of them work on numbers and strings, so they are sites only in a file that defines such a method
itself; whose class comes from another file is not seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conclint.summary.records import Op, SiteKind

if TYPE_CHECKING:
    from libcst import CSTNode

    from conclint.extract.scope import Scope


def operation(s: Scope, node: CSTNode, word: str, *operands: int) -> None:
    """The site of an operator, where the file says that it may run something."""
    if word in s.module.operators and any(s.values[item][0] != Op.CONST for item in operands):
        s.add_site(SiteKind.OPERATE, node, operands[0], 0, tuple((word, item) for item in operands[-1:]))
