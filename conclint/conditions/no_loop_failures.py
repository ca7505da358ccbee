"""What a thread without a loop never does: calls that fail there, and what comes after them."""

from __future__ import annotations

from typing import Final

from conclint.conditions.failures import ExpectedFailures
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.external_facts import may_be_one_of
from conclint.resolve.values import Key
from conclint.summary import body_graph as graph
from conclint.summary.records import Site, SiteKind

_NO_LOOP: Final = "builtins.RuntimeError"
"""What they raise."""
_NEEDING_LOOP: Final = frozenset({"asyncio.create_task", "asyncio.ensure_future"})
_NAMES: Final = frozenset(name.rpartition(".")[2] for name in _NEEDING_LOOP)


class NoLoopFailures:
    """Whether code has failed by then for want of a loop, and goes another way (`except RuntimeError:`)."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._expected = ExpectedFailures(evaluator)

    def prevent(self, key: Key, number: int) -> bool:
        """Whether a site is a call that is expected to fail where no loop runs, or comes after one."""
        body = self._evaluator.body(key)
        region = body.sites[number].region
        return any(
            graph.is_inside(body, region, site.region)
            and self._needs_loop(key, site)
            and self._expected.covers(key, site.region, _NO_LOOP)
            for site in body.sites[: number + 1]
        )

    def _needs_loop(self, key: Key, site: Site) -> bool:
        """Whether a call makes a task of a coroutine, on no loop that it is given."""
        body = self._evaluator.body(key)
        callee = graph.node(body, site.callee)
        if site.kind != SiteKind.CALL or callee[-1] not in _NAMES or not site.args:
            return False
        if graph.call(body, site.args[0][1]) is None or any(slot == "loop" for slot, _ in site.args):
            return False
        return may_be_one_of(self._evaluator, key, site.callee, _NEEDING_LOOP)
