"""What a finding on the event loop says: that it stops for a while, or that it never goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from conclint.effects.deadlocks import is_held_across_await
from conclint.effects.effects import Witness
from conclint.model.execution import Family
from conclint.model.symbols import readable, short_name
from conclint.rules.alone_on_loop import only_begins_programs
from conclint.rules.chains import Hop
from conclint.rules.drafts import ModuleView
from conclint.rules.registry import Rule

_KEPT: Final = (
    "the lock is held across an `await`, so the next coroutine that wants it stops the loop, and with it the "
    "one that holds it: a deadlock"
)


def is_deadlock(view: ModuleView, chain: Sequence[Hop], cause: str, rule: Rule) -> bool:
    """Whether the wait at the end of a chain of calls can't end."""
    last = chain[-1]
    return (
        rule.family == Family.LOCKS.value
        and len(chain) == 1
        and is_held_across_await(view.engine.evaluator, last.key, last.site, cause)
        and not only_begins_programs(view, last.key)
    )


def message_of(chain: Sequence[Hop], witness: Witness, rule: Rule, *, deadlock: bool) -> str:
    """The sentence about a chain of calls."""
    cause, called = readable(witness.cause), short_name(chain[0].symbol)
    is_direct = len(chain) == 1
    if deadlock and rule.family == Family.LOCKS.value:
        return f"`{cause}` can stop the event loop for ever: {_KEPT}"
    if is_direct:
        return f"`{cause}` blocks the event loop ({rule.words})"
    return f"`{called}` blocks the event loop: it calls `{cause}` ({rule.words})"
