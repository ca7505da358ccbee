"""Objects made so that their methods do not come to something (`Cache()` of a `Cache(remote=None)`)."""

from __future__ import annotations

from collections.abc import Iterable

from conclint.conditions.bound_tests import BoundTests, Call
from conclint.resolve.arguments import EVERYTHING
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Function, Instance, Key, Value
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, RegionKind

_DECIDED = (*graph.TESTS, RegionKind.FOR, RegionKind.COMP, RegionKind.CASE)
"""Regions to which a method comes or not by how its object was made; a `while` waits for what changes."""


class MissingParts:
    """Whether a method tests for an attribute that its receiver, as it was made, does not have."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._asking: dict[tuple[Key, int], tuple[int, ...]] = {}
        self._found: dict[tuple[Instance, Key, int], tuple[str, ...]] = {}

    def reasons(self, receiver: Value | None, steps: Iterable[tuple[Key, int]]) -> tuple[str, ...]:
        """Why a call on the receiver may not come to the last of the sites, each a phrase for the reader: the
        first is in the called function, each other in a method that the one before calls on `self`. Never a
        certainty: whoever has the object may store the part later."""
        if not isinstance(receiver, Instance) or receiver.made is None:
            return ()
        for key, site in steps:
            if site < 0:
                break
            region = self._evaluator.body(key).sites[site].region
            for asking in self._regions(key, region):
                found = self._look(receiver, key, asking)
                if found:
                    return found
        return ()

    def _regions(self, key: Key, region: int) -> tuple[int, ...]:
        """The regions around that a test of an attribute of `self` decides about."""
        slot = (key, region)
        found = self._asking.get(slot)
        if found is None:
            body = self._evaluator.body(key)
            found = self._asking[slot] = tuple(
                number
                for number in graph.around(body, region)
                if body.regions[number].kind in _DECIDED and _asks_receiver(body, body.regions[number].value)
            )
        return found

    def _look(self, receiver: Instance, key: Key, region: int) -> tuple[str, ...]:
        slot = (receiver, key, region)
        found = self._found.get(slot)
        if found is None:
            found = self._reasons(receiver, key, region)
            if self._evaluator.solver.is_idle:
                self._found[slot] = found
        return found

    def _reasons(self, receiver: Instance, key: Key, region: int) -> tuple[str, ...]:
        tests = BoundTests(self._evaluator, Call(Function(key, receiver), EVERYTHING), asks_objects=True)
        if not tests.is_closed(region) or not tests.asked:
            return ()
        name = min(tests.asked)
        missing = f"the object is made without {name}"
        if not all(tests.asked.values()):
            return (missing,)
        return (missing, f"no method of its class gives it {name} later")


def _asks_receiver(body: Body, value: int) -> bool:
    return any(
        node[0] == Op.ATTR and graph.node(body, graph.base(node)) == (Op.PARAM, 0)
        for node in (body.values[item] for item in graph.made_from(body, [value]))
    )
