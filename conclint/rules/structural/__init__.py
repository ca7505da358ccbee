"""The few rules that are no cell of the decision guide: they look at how a module's code is built.

A structural rule is a function from a `ModuleView` to drafts, one module of this package each, listed in
`_RULES`. Its drafts are made by `conclint.rules.drafts.draft_at`, each with its own recommendation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from conclint.rules.drafts import Draft, ModuleView

_RULES: Final[tuple[Callable[[ModuleView], Iterator[Draft]], ...]] = ()


def judge_structural(view: ModuleView) -> Iterator[Draft]:
    """All that the structural rules find in a module."""
    for rule in _RULES:
        yield from rule(view)
