"""Whose attribute it may be that a method keeps on its own object."""

from __future__ import annotations

from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Class, Key


def may_be_of(evaluator: Evaluator, key: Key, cls: Class) -> bool:
    """Whether a method's own object may be one of a class, or of one of its bases; a function outside classes
    may know any."""
    owner = evaluator.enclosing_class(key)
    ancestry = evaluator.classes.ancestry
    return owner is None or owner in ancestry(cls).classes or cls in ancestry(owner).classes
