"""What advice has found out about one module, kept for the other places that ask the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conclint.resolve.values import Instance, Key


@dataclass(slots=True)
class AdviceMemos:
    """Answers by function (`unsendable`: by object, with the depth of the question; `any_thread` and
    `sync_parts`: by file), each of the module that fills it. Whoever fills one does so with settled answers
    alone."""

    around: dict[Key, object] = field(default_factory=dict)
    works_on_loop: dict[Key, str] = field(default_factory=dict)
    given: dict[Key, frozenset[int]] = field(default_factory=dict)
    stored: dict[Key, frozenset[int]] = field(default_factory=dict)
    helpers: dict[Key, object] = field(default_factory=dict)
    unsendable: dict[tuple[Instance, int], str] = field(default_factory=dict)
    any_thread: dict[str, bool | None] = field(default_factory=dict)
    sync_parts: dict[tuple[str, str], bool] = field(default_factory=dict)
    awaited_offloads: list[tuple[Key, int, Key | str]] | None = None
    in_threads: set[Key] | None = None
    mentions: tuple[frozenset[str], frozenset[str]] | None = None
