"""What a thread without a loop never does: calls that fail there, and what comes after them."""

from __future__ import annotations

from typing import Final

from conclint.conditions.failures import ExpectedFailures
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.external_facts import may_be_one_of
from conclint.resolve.values import Key
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, RegionKind, Site, SiteKind

_NO_LOOP: Final = "builtins.RuntimeError"
"""What they raise."""
_CATCHING_IT: Final = (_NO_LOOP, "builtins.Exception", "builtins.BaseException")
_NEEDING_LOOP: Final = frozenset({"asyncio.create_task", "asyncio.ensure_future"})
_ASKING: Final = frozenset({"asyncio.get_event_loop", "asyncio.get_running_loop"})
_NAMES: Final = frozenset(name.rpartition(".")[2] for name in _NEEDING_LOOP | _ASKING)
_NONE: Final = (None, False)
_SAME: Final = ("is", "==")
_OTHER: Final = ("is not", "!=")


class NoLoopFailures:
    """Whether code has failed by then for want of a loop, and goes another way (`except RuntimeError:`)."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._expected = ExpectedFailures(evaluator)

    def prevent(self, key: Key, number: int) -> bool:
        """Whether a site is a call that is expected to fail where no loop runs, or comes after one."""
        body = self._evaluator.body(key)
        region = body.sites[number].region
        asked = graph.call(body, graph.receiver(body, body.sites[number]))  # comes before, listed after
        return any(
            graph.is_inside(body, region, site.region)
            and self._needs_loop(key, site)
            and self._expected.covers(key, site.region, _NO_LOOP)
            for site in (*body.sites[: number + 1], *((asked,) if asked is not None else ()))
        ) or any(self._is_reached_with_loop(key, body, outer) for outer in graph.around(body, region))

    def _needs_loop(self, key: Key, site: Site) -> bool:
        """Whether a call asks for the loop, or makes a task of a coroutine on no loop that it is given."""
        body = self._evaluator.body(key)
        callee = graph.node(body, site.callee)
        if site.kind != SiteKind.CALL or callee[-1] not in _NAMES:
            return False
        if not site.args:
            return may_be_one_of(self._evaluator, key, site.callee, _ASKING)
        if graph.call(body, site.args[0][1]) is None or any(slot == "loop" for slot, _ in site.args):
            return False
        return may_be_one_of(self._evaluator, key, site.callee, _NEEDING_LOOP)

    def _is_reached_with_loop(self, key: Key, body: Body, number: int) -> bool:
        """Whether only who has got a loop comes to a region: asking in a `try` has not failed, or what that
        has given, or None in place of it, has been tested."""
        region = body.regions[number]
        if region.kind in graph.TESTS and region.value >= 0:
            tested = graph.outcomes(body, region.value, bool(region.extra))
            return any(self._is_loop(key, body, value, came_out) for value, came_out in tested)
        is_after = region.kind in (RegionKind.TRY_ELSE, RegionKind.AFTER_TRY)
        if not is_after or body.regions[region.extra].kind != RegionKind.TRY:
            return False
        return any(site.region == region.extra and self._may_fail(key, site) for site in body.sites)

    def _is_loop(self, key: Key, body: Body, value: int, came_out: bool) -> bool:
        """Whether a test that came out so says that a loop was given."""
        node = graph.node(body, value)
        if node[0] == Op.COMPARE and node[1] in (*_SAME, *_OTHER):
            value, other = graph.operands(node)
            if graph.node(body, other) != (Op.CONST, None) or (node[1] in _SAME) == came_out:
                return False
        elif not came_out:
            return False
        node = graph.node(body, graph.bare(body, value))
        if node[0] != Op.PHI:
            return False
        given = [item for item in graph.parts(node) if graph.node(body, item)[0] != Op.CONST]
        nothing = [body.values[item] for item in graph.parts(node) if item not in given]
        asked = [graph.call(body, item) for item in given]
        return (
            bool(asked)
            and bool(nothing)
            and all(item[1] in _NONE for item in nothing)
            and all(site is not None and self._may_fail(key, site) for site in asked)
        )

    def _may_fail(self, key: Key, site: Site) -> bool:
        """Whether a site asks for the loop in a `try` that is prepared for there being none."""
        callee = graph.node(self._evaluator.body(key), site.callee)
        return (
            site.kind == SiteKind.CALL
            and callee[-1] in _NAMES
            and may_be_one_of(self._evaluator, key, site.callee, _ASKING)
            and any(self._expected.covers(key, site.region, name) for name in _CATCHING_IT)
        )
