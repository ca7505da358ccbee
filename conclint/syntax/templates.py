"""Files that end in `.py` and are templates of one: what makes projects of them writes Python (Jinja's
statements and expressions, as Cookiecutter, Copier and the like have them)."""

from __future__ import annotations

import re
from typing import Final

TEMPLATE: Final = "a template, not Python: not analysed"
"""What is said of such a file."""

_STATEMENT: Final = re.compile(
    r"^[ \t]*(?:\{%[-+]?|#[ \t]*%)[ \t]*"
    r"(?:block|call|elif|else|end\w+|extends|filter|for|from|if|import|include|macro|raw|set|with)\b",
    re.MULTILINE,
)
_EXPRESSION: Final = re.compile(r"""^[^"'#\n]*\{\{-?[ \t]*[A-Za-z_]\w*(?:\.\w+|[ \t]*\|)""", re.MULTILINE)
"""A name of a namespace, or a name through a filter, where no string began before it on its line."""


def is_template(text: str) -> bool:
    """Whether a text that is no Python is a template of Python, by the tags in it.

    In a text that *is* Python the same may stand in a string; so this is asked of what can't be parsed only.
    """
    return _STATEMENT.search(text) is not None or _EXPRESSION.search(text) is not None
