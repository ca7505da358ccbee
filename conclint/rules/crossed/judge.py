"""The rules of CON7xx that look at how a module's code is built; and which other findings they replace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

from conclint.model.execution import Confidence
from conclint.rules.crossed.busy_waiting import busy_waiting
from conclint.rules.crossed.coroutine_functions import coroutine_function_elsewhere
from conclint.rules.crossed.dropped_offloads import dropped_offload
from conclint.rules.crossed.from_threads import loop_used_in_threads
from conclint.rules.crossed.held_locks import lock_held_across_await
from conclint.rules.crossed.loops_of_threads import loop_of_thread_used
from conclint.rules.crossed.own_pools import waits_for_own_pool
from conclint.rules.crossed.thread_locals import ThreadLocals
from conclint.rules.crossed.undrained_queues import joined_before_drained
from conclint.rules.crossed.unfinished_tasks import task_never_awaited_for
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.code import Code

_Rule: TypeAlias = Callable[[ModuleView, Code], Iterator[Draft]]

_RULES: Final[tuple[_Rule, ...]] = (
    coroutine_function_elsewhere,
    dropped_offload,
    lock_held_across_await,
    busy_waiting,
    task_never_awaited_for,
)
_CODE: Final = "CON7"
_REPLACED: Final = ("CON1", "CON2", "CON3", "CON4", "CON5", "CON6")


def crossed_in(view: ModuleView, code: Code, thread_locals: ThreadLocals) -> Iterator[Draft]:
    """All that they find in a function."""
    for rule in _RULES:
        yield from rule(view, code)
    yield from thread_locals.across_await(view, code)


def crossed_in_module(view: ModuleView, codes: Sequence[Code]) -> Iterator[Draft]:
    """What they find by looking at a whole module."""
    yield from loop_used_in_threads(view)
    yield from loop_of_thread_used(view, codes)
    yield from joined_before_drained(view, codes)
    yield from waits_for_own_pool(view, codes)


def without_replaced(drafts: Sequence[Draft], is_chosen: Callable[[str], bool]) -> list[Draft]:
    """The findings without those that say of a call, more weakly, what one of CON7xx says of it: that it is
    slow, where it never ends."""
    stronger: dict[tuple[object, ...], Confidence] = {}
    for draft in drafts:
        if draft.finding.code.startswith(_CODE) and is_chosen(draft.finding.code):
            place = _place(draft)
            stronger[place] = max(stronger.get(place, Confidence.LOW), draft.finding.confidence)
    if not stronger:
        return list(drafts)
    return [
        draft
        for draft in drafts
        if not draft.finding.code.startswith(_REPLACED)
        or (held := stronger.get(_place(draft))) is None
        or held < min(draft.finding.confidence, Confidence.MEDIUM)
    ]


def _place(draft: Draft) -> tuple[object, ...]:
    finding = draft.finding
    return (finding.position.line, finding.position.column, finding.cause)
