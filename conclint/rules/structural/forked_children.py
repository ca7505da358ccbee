"""Whether the child of a fork is seen to end, or to become another program, in the branch that is its own."""

from __future__ import annotations

from typing import Final

from conclint.rules.structural.code import Code
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, RegionKind

_LEAVING: Final = frozenset(
    {"os._exit", *(f"os.exec{form}" for form in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe"))}
)


def child_leaves(code: Code, fork: int) -> bool:
    """Whether the child never comes back to the loop: its branch awaits nothing, and ends on every way."""
    body = code.body
    made = code.results.get(fork, -1)
    leaving = {body.sites[call.site].region for call in code.calls_to(_LEAVING)}
    if not leaving:
        return False
    ending = _ending(body, leaving)
    return any(
        region.kind in graph.TESTS
        and number in ending
        and _is_childs(body, region.value, bool(region.extra), made)
        and not _is_left(body, number, ending)
        for number, region in enumerate(body.regions)
    )


def _ending(body: Body, leaving: set[int]) -> set[int]:
    """The regions that end the process whenever they are run to their end: at their own level, in a `with`
    or `finally`, in both branches of an `if`, or in a `try` and all its handlers."""
    ending = set(leaving)
    handlers: dict[int, list[int]] = {}
    tries: dict[int, list[int]] = {}
    branches: dict[tuple[int, int], set[int]] = {}
    for number, region in enumerate(body.regions):
        if region.kind == RegionKind.EXCEPT:
            handlers.setdefault(region.extra, []).append(number)
        elif region.kind == RegionKind.TRY_ELSE:
            tries.setdefault(region.extra, []).append(number)
    # a region has a higher number than its parent: those inside are known first
    for number in range(len(body.regions) - 1, 0, -1):
        region = body.regions[number]
        if region.kind == RegionKind.TRY:
            does = number in ending or any(other in ending for other in tries.get(number, ()))
            ends = does and all(other in ending for other in handlers.get(number, ()))
        elif region.kind == RegionKind.IF and number in ending:
            sides = branches.setdefault((region.parent, region.value), set())
            sides.add(region.extra)
            ends = len(sides) > 1
        else:
            ends = number in ending and region.kind in (RegionKind.WITH, RegionKind.FINALLY)
        if ends:
            ending.add(region.parent)
    return ending


def _is_left(body: Body, branch: int, ending: set[int]) -> bool:
    """Whether a branch may be left before its end, by an `await` or a `return` that no `finally` catches."""
    if any(graph.pauses(site) and graph.is_inside(body, site.region, branch) for site in body.sites):
        return True
    caught = {
        region.extra
        for number, region in enumerate(body.regions)
        if region.kind == RegionKind.FINALLY and number in ending
    }
    return any(
        graph.is_inside(body, region, branch) and caught.isdisjoint(graph.around(body, region))
        for _, region in body.returns
        if region > 0
    )


def _is_childs(body: Body, test: int, polarity: bool, fork: int) -> bool:
    """Whether a test that came out so says that a fork gave 0 (`pid == 0`, `not pid`)."""
    for value, outcome in graph.outcomes(body, test, polarity):
        node = graph.node(body, value)
        tested, is_zero = value, not outcome
        if node[0] == Op.COMPARE and graph.node(body, graph.operand(node, 1)) == (Op.CONST, 0):
            tested, is_zero = graph.operand(node), (node[1] == "==") == outcome
        if is_zero and graph.without_items(body, graph.bare(body, tested)) == fork:
            return True
    return False
