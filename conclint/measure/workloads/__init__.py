"""What is run to measure a callable: one workload for each dotted name, kept by the libraries they need."""

from __future__ import annotations

from conclint.measure.workloads import arrays, crypto, documents, frames, media, native, standard
from conclint.measure.workloads.group import Group

GROUPS: tuple[Group, ...] = tuple(
    group
    for module in (native, standard, crypto, documents, arrays, frames, media)
    for group in vars(module).values()
    if isinstance(group, Group)
)


def group_of(name: str) -> Group | None:
    """The group that has a workload for a dotted name."""
    return next((group for group in GROUPS if name in group.calls), None)
