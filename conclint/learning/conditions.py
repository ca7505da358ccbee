"""On which argument a wait depends, as the catalog's schema says it."""

from __future__ import annotations

from typing import Any

from conclint.conditions.stated_conditions import ArgumentCondition, Relation
from conclint.resolve.values import Literal

_FALSE: tuple[object, ...] = (False, "<none>", 0, "")


def condition_of(depends: ArgumentCondition, name: str, default: Literal | None) -> dict[str, Any] | None:
    """`unless` or `when` for the parameter of this name; None where the schema can't say it.

    A default counts as the value that a call without the argument passes: the schema knows no defaults.
    """
    value = depends.literal.value
    if depends.relation is not Relation.EQUALS or not isinstance(value, (bool, int, float, str, type(None))):
        return None
    if depends.is_branch and isinstance(value, bool):  # a test of truth, not of equality
        values = list(_FALSE)
        is_absent = depends.absent_if_equal != value  # whether what is false keeps the wait away
        holds = default is not None and not default.value
    else:
        values = ["<none>" if value is None else value]
        is_absent = depends.absent_if_equal
        holds = default is not None and _same(default.value, value)
    if holds and default is not None:  # first, since it decides for a caller that hands on its own default
        usual = "<none>" if default.value is None else default.value
        values = ["<absent>", usual, *(item for item in values if not _same(item, usual))]
    return {"unless" if is_absent else "when": [{name: item} for item in values]}


def _same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other
