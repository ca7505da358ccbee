"""What follows from two tests that both came out false: neither `a and b` nor `a and not b`, so not `a`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op

_OPPOSITES: Final = ({"==", "!="}, {"is", "is not"})
_ASKING: Final = "is_"
"""How methods begin that tell the same when they are asked again at once (`loop.is_running()`)."""


def denied_by_both(body: Body, number: int) -> Iterator[int]:
    """The values that are false in a region, since its own test and one around it leave nothing else."""
    own = _denied(body, number)
    if not own:
        return
    for outer in graph.around(body, body.regions[number].parent):
        other = _denied(body, outer)
        for same, rest in (own, own[::-1]) if other else ():
            for again, opposite in (other, other[::-1]):
                if _is_same(body, same, again) and _are_opposite(body, rest, opposite):
                    yield same


def _denied(body: Body, number: int) -> tuple[int, ...]:
    """The two parts of the `and` that a region's test is, where it came out false."""
    region = body.regions[number]
    if region.kind not in graph.TESTS or region.extra or region.value < 0:
        return ()
    node = graph.node(body, region.value)
    parts = graph.parts(node) if node[:2] == (Op.BOOL, "and") else ()
    return parts if len(parts) == 2 else ()


def _is_same(body: Body, first: int, second: int) -> bool:
    if first == second:
        return True
    one, other = graph.call(body, first), graph.call(body, second)
    if one is None or other is None or one.args or other.args or one.callee != other.callee:
        return False
    return str(graph.node(body, one.callee)[-1]).startswith(_ASKING)


def _are_opposite(body: Body, first: int, second: int) -> bool:
    one, other = graph.node(body, first), graph.node(body, second)
    if graph.negated(one) == second or graph.negated(other) == first:
        return True
    return (
        one[0] == other[0] == Op.COMPARE
        and {one[1], other[1]} in _OPPOSITES
        and graph.operands(one) == graph.operands(other)
    )
