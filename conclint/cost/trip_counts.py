"""Trip counts: how often each region of a body runs, for the numeric arguments of one call."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, NamedTuple

from conclint.cost.constant_values import Calculator, Numbers
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import External, Key
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, LoopFlags, Op, Region, RegionKind, Site

_SAME_LENGTH = frozenset({"builtins.enumerate", "builtins.reversed", "builtins.sorted", "builtins.list"})
_THROUGH: Final = tuple(
    (Op.GLOBAL, name) for name in ("range", "len", "enumerate", "sorted", "list", "reversed", "tuple")
)
_REACH: Final = 12
_FEW: Final = 1024.0
"""The most that a loop variable is taken to count up to from a start that is not known."""
_NO_SIZES: Final = frozenset(2.0**bits - less for bits in (31, 32, 53, 63, 64) for less in (0.0, 1.0))
"""Limits of types: they stand for none."""
_HALVING: Final = 32.0
"""How often a loop runs at most, in effect, that halves a number."""


def _chosen(of: float, size: float, *, in_order: bool, again: bool = False) -> float:
    """How many choices there are of `size` out of so many things."""
    total, things = int(min(of, 1e6)), int(min(max(size, 0.0), 60.0))
    if again:
        total += things - 1
    found = 1.0
    for number in range(things):
        found *= max(total - number, 0)
    return found if in_order else found / math.factorial(things)


CHOICES: Final[dict[str, Callable[[float, float], float]]] = {
    "itertools.permutations": lambda of, size: _chosen(of, size, in_order=True),
    "itertools.combinations": lambda of, size: _chosen(of, size, in_order=False),
    "itertools.combinations_with_replacement": lambda of, size: _chosen(of, size, in_order=False, again=True),
    "itertools.product": lambda of, size: min(of, 1e6) ** min(size, 40.0),
}


class Trips(NamedTuple):
    """How often a region runs: `times` by loops of known length, in `counting` loops over numbers and
    `over_data` loops of unknown length besides. A loop over what another one brings (the cells of a row of
    a table) is one with it: together they go through the data once. With `pairs` two of the loops go through
    the same argument: they bring each of its items together with each."""

    times: float = 1.0
    counting: int = 0
    over_data: int = 0
    pairs: bool = False

    @property
    def is_once(self) -> bool:
        """Whether no loop is around it that runs more often than once."""
        return self.times <= 1.0 and not self.counting and not self.over_data


class TripCounter:
    """Counts trips of loops."""

    def __init__(self, evaluator: Evaluator, calculator: Calculator) -> None:
        self._evaluator = evaluator
        self._calculator = calculator

    def of_regions(
        self, key: Key, body: Body, numbers: Numbers, suspending: frozenset[int] = frozenset()
    ) -> list[Trips]:
        """The trips of each region. A loop of `suspending` counts once: between two of its iterations
        the event loop runs."""
        result: list[Trips] = []
        for number, region in enumerate(body.regions):
            trip = result[region.parent] if result else Trips()
            if region.kind in graph.LOOPS and number not in suspending:
                count = self._count(key, body, region, numbers)
                if count in _NO_SIZES and region.extra & LoopFlags.BREAKS:
                    count = None  # until it is left
                if count is not None:
                    if region.extra & LoopFlags.BREAKS and count > 1:
                        count = math.sqrt(count)  # left early: how early is not known
                    trip = trip._replace(times=trip.times * max(count, 0.0))
                elif self._is_counting(key, body, region, numbers):
                    trip = trip._replace(counting=trip.counting + 1)
                elif is_of_pairs(body, region.value, region.parent, suspending):
                    trip = trip._replace(over_data=trip.over_data + 1, pairs=True)
                elif not comes_from_loop(body, region.value, region.parent):
                    trip = trip._replace(over_data=trip.over_data + 1)
                else:
                    trip = trip._replace(over_data=max(trip.over_data, 1))
            result.append(trip)
        return result

    def length(self, key: Key, value: int, numbers: Numbers) -> float | None:
        """How many elements iterating a value brings; None where that can't be told."""
        return self._length(key, self._evaluator.body(key), value, numbers)

    def _count(self, key: Key, body: Body, region: Region, numbers: Numbers) -> float | None:
        if region.extra & LoopFlags.ASYNC:
            return 1.0
        if region.kind == RegionKind.WHILE:
            return self._of_while(key, body, region, numbers)
        return self._length(key, body, region.value, numbers)

    def _length(self, key: Key, body: Body, value: int, numbers: Numbers) -> float | None:
        site = graph.call(body, value)
        if site is not None:
            names = self._names(key, site.callee)
            positional = [v for slot, v in site.args if isinstance(slot, int) and slot >= 0]
            if names == {"builtins.range"} and positional:
                found = [self._calculator.number(key, item, numbers) for item in positional]
                if len(found) == 2 and (size := self._distance(key, body, positional, numbers)) is not None:
                    return size
                if any(item is None for item in found):
                    return None
                bounds = [item for item in found if item is not None]
                if len(bounds) == 1:
                    return bounds[0]
                step = bounds[2] if len(bounds) > 2 else 1.0
                return (bounds[1] - bounds[0]) / (step or 1.0)
            combined = self._combinations(key, site, names, positional, numbers)
            if combined is not None:
                return combined
            if names and names <= _SAME_LENGTH and positional:
                found_here = self._length(key, body, positional[0], numbers)
                if found_here is not None:
                    return found_here
        return self._calculator.lengths.of(key, value, numbers)

    def _combinations(
        self, key: Key, site: Site, names: set[str], positional: list[int], numbers: Numbers
    ) -> float | None:
        """How many choices `itertools` makes of a known number of things."""
        name = next(iter(names)) if len(names) == 1 else ""
        if name == "itertools.islice" and len(positional) == 2:
            return self._calculator.number(key, positional[1], numbers)
        if name not in CHOICES or not positional:
            return None
        given = positional if name == "itertools.product" else positional[:1]
        lengths = [self._length(key, self._evaluator.body(key), item, numbers) for item in given]
        known = [length for length in lengths if length is not None]
        if len(known) < len(lengths) or min(known) < 0:
            return None
        by_name = dict(site.args)
        if name == "itertools.product":
            repeat = self._calculator.number(key, by_name["repeat"], numbers) if "repeat" in by_name else 1.0
            return None if repeat is None else CHOICES[name](math.prod(known), repeat)
        chosen = by_name.get("r", positional[1] if len(positional) > 1 else -1)
        if chosen < 0:
            return CHOICES[name](known[0], known[0]) if name == "itertools.permutations" else None
        size = self._calculator.number(key, chosen, numbers)
        return None if size is None else CHOICES[name](known[0], size)

    def _distance(self, key: Key, body: Body, bounds: list[int], numbers: Numbers) -> float | None:
        """How far `range(start, start + size)` goes, where only the size is known."""
        start, end = bounds
        node = graph.node(body, end)
        if node[0] != Op.ARITH or node[1] != "+" or start not in graph.operands(node):
            return None
        left, right = graph.operands(node)
        return self._calculator.number(key, right if left == start else left, numbers)

    def _of_while(self, key: Key, body: Body, region: Region, numbers: Numbers) -> float | None:
        for side, limit in self._tested(key, body, region, numbers):
            sources = graph.operands(body.values[side])
            if any(self._halves(key, body, side, item) for item in sources):
                return _HALVING
            shared = self._shared_out(key, body, region, side, numbers)
            if shared is not None:
                return shared
            starts = [self._calculator.number(key, item, numbers) for item in sources]
            start = next((item for item in starts if item is not None), None)
            steps = (self._step(key, body, side, item, numbers) for item in sources)
            step = next((found for found in steps if found), None)
            if limit is not None and step is not None:
                if start is not None:
                    return abs(limit - start) / step
                if 0 < limit <= _FEW and self._counts_to(body, side, sources):
                    return limit / step
        return None

    def _counts_to(self, body: Body, phi: int, sources: tuple[int, ...]) -> bool:
        """Whether the loop variable is only ever added to: from where it starts, which is 0 as a rule."""
        return any(
            graph.node(body, item)[:2] == (Op.ARITH, "+") and phi in body.values[item] for item in sources
        )

    def _shared_out(self, key: Key, body: Body, region: Region, phi: int, numbers: Numbers) -> float | None:
        """How often a `while` runs in each round of the loop around it, if it takes from what that loop adds
        to and leaves the rest for the next round (`bits += 8`, `while bits >= 5: bits -= 5`): all in all it
        runs as often as there is something to take."""
        sources = graph.operands(body.values[phi])
        steps = [item for item in sources if self._step(key, body, phi, item, numbers) is not None]
        starts = [item for item in sources if item not in steps]
        outer = graph.loop_of(body, region.parent)
        if not steps or len(starts) != 1 or outer < 0:
            return None
        step = self._step(key, body, phi, steps[0], numbers)
        start = graph.node(body, starts[0])
        if start[0] == Op.PHI:
            return 1.0 if self._is_carried(body, starts[0], phi) else None
        if start[0] != Op.ARITH or start[1] not in ("+", "-", "^", "|"):
            return None
        left, right = graph.operands(start)
        for kept, added in ((left, right), (right, left)):
            if self._is_carried(body, kept, phi):
                amount = self._calculator.number(key, added, numbers)
                if amount is not None and step:
                    return max(amount / step, 1.0)
                return 1.0 if step != 1.0 else None
        return None

    def _is_carried(self, body: Body, value: int, phi: int) -> bool:
        """Whether a value is the loop variable as the round before left it."""
        node = graph.node(body, value)
        return node[0] == Op.PHI and value != phi and phi in graph.operands(node)

    def _tested(
        self, key: Key, body: Body, region: Region, numbers: Numbers
    ) -> list[tuple[int, float | None]]:
        """The loop variables that a `while` tests, each with what it is compared to."""
        if region.value < 0:
            return []
        test = body.values[region.value]
        tests = [test]
        if test[0] == Op.BOOL and test[1] in ("and", "or"):
            tests = [body.values[item] for item in graph.parts(test)]
        result: list[tuple[int, float | None]] = []
        if test[0] == Op.PHI:
            result.append((region.value, 0.0))
        for item in tests:
            if item[0] != Op.COMPARE:
                continue
            sides = graph.operands(item)
            for side in sides:
                if body.values[side][0] == Op.PHI:
                    others = [other for other in sides if other != side]
                    limit = self._calculator.number(key, others[0], numbers) if others else 0.0
                    result.append((side, limit))
        return result

    def _step(self, key: Key, body: Body, phi: int, value: int, numbers: Numbers) -> float | None:
        """The number that a loop variable is stepped by; None where it is not stepped by a number."""
        node = body.values[value]
        if node[0] == Op.ARITH and node[1] in ("+", "-") and phi in (node[2], node[3]):
            left, right = graph.operands(node)
            number = self._calculator.number(key, right if left == phi else left, numbers)
            return abs(number) if number else None
        return None

    def _halves(self, key: Key, body: Body, phi: int, value: int) -> bool:
        """Whether a value is the loop variable with a part of its bits or digits gone: divided, shifted,
        `divmod`'s first result, or `n & (n - 1)`."""
        node = graph.node(body, value)
        if node[0] == Op.ITEM:
            site = graph.call(body, graph.operand(node))
            return (
                site is not None
                and self._names(key, site.callee) == {"builtins.divmod"}
                and any(slot == 0 and passed == phi for slot, passed in site.args)
            )
        if node[0] != Op.ARITH:
            return False
        if node[1] == "&":
            left, right = graph.operands(node)
            other = graph.node(body, right if left == phi else left)
            return phi in (left, right) and other[:2] == (Op.ARITH, "-") and phi in other[2:]
        return node[1] in ("//", ">>", "/") and node[2] == phi

    def _is_counting(self, key: Key, body: Body, region: Region, numbers: Numbers) -> bool:
        """Whether a loop of unknown length counts: over a range, or a `while` that steps a number or
        tests the outcome of arithmetic. A range over the length of something is a loop over data."""
        if region.kind == RegionKind.WHILE:
            return self._counts_up(key, body, region, numbers)
        site = graph.call(body, region.value)
        if site is None:
            return False
        if "builtins.range" not in self._names(key, site.callee):
            return False
        return not any(self._is_length(key, body, value, 0) for _, value in site.args)

    def _counts_up(self, key: Key, body: Body, region: Region, numbers: Numbers) -> bool:
        """A `while` whose tested variable is made by arithmetic from itself, with a limit that is no length
        of data."""
        test = graph.node(body, region.value)
        tests = [test]
        if test[0] == Op.BOOL:
            tests = [body.values[item] for item in graph.parts(test)]
        for item in tests:
            sides = graph.operands(item) if item[0] == Op.COMPARE else ()
            if any(self._is_length(key, body, side, 0) for side in sides):
                return False
        for phi, _ in self._tested(key, body, region, numbers):
            sources = graph.operands(body.values[phi])
            if any(self._is_made_from(body, item, phi, 0) for item in sources):
                return True
        return False

    def _is_made_from(self, body: Body, value: int, phi: int, depth: int) -> bool:
        """Whether arithmetic makes the value from the loop variable."""
        if value < 0 or depth > 4:
            return False
        node = body.values[value]
        if node[0] not in (Op.ARITH, Op.PHI):
            return False
        inner = graph.operands(node)
        if node[0] == Op.ARITH and phi in inner:
            return True
        return any(item != phi and self._is_made_from(body, item, phi, depth + 1) for item in inner)

    def _is_length(self, key: Key, body: Body, value: int, depth: int) -> bool:
        """Whether a value is, or is made from, the length of something."""
        if value < 0 or depth > 4:
            return False
        site = graph.call(body, value)
        if site is not None:
            return bool(self._names(key, site.callee) & {"builtins.len", "builtins.min"}) or any(
                self._is_length(key, body, item, depth + 1) for _, item in site.args
            )
        node = body.values[value]
        if node[0] in (Op.ARITH, Op.PHI):
            return any(self._is_length(key, body, item, depth + 1) for item in graph.operands(node))
        return False

    def _names(self, key: Key, value: int) -> set[str]:
        values = self._evaluator.evaluate(key, value).values
        return {item.dotted for item in values if isinstance(item, External)}


def comes_from_loop(body: Body, value: int, region: int) -> bool:
    """Whether a value is made from what a loop around the region brings."""
    iterables = {body.regions[loop].value for loop in graph.loops_around(body, region)}
    return bool(iterables) and _reaches(body, value, iterables, 0)


def _reaches(body: Body, value: int, iterables: set[int], depth: int) -> bool:
    if value < 0 or depth > _REACH:
        return False
    node = body.values[value]
    if node[0] == Op.ELEM and node[1] in iterables:
        return True
    if node[0] not in (
        Op.CALL,
        Op.ATTR,
        Op.ITEM,
        Op.ELEM,
        Op.ARITH,
        Op.BOOL,
        Op.NARROW,
        Op.CAST,
        Op.AWAIT,
        Op.TUPLE,
        Op.STAR,
    ):
        return False
    return any(_reaches(body, item, iterables, depth + 1) for item in graph.inputs(body, value))


def is_of_pairs(body: Body, value: int, region: int, suspending: frozenset[int]) -> bool:
    """Whether a loop goes through the argument again that a loop around it goes through: all of it, or from
    where that loop is (`for i in range(len(x)): for j in range(i, len(x))`)."""
    own = _gone_through(body, value)
    return own >= 0 and any(
        _gone_through(body, body.regions[loop].value) == own
        for loop in graph.loops_around(body, region)
        if loop not in suspending
    )


def _gone_through(body: Body, value: int) -> int:
    """The parameter that a loop goes through by its items or positions, as a value; -1 for anything else."""
    for _ in range(_REACH):
        node = graph.node(body, value)
        if node[0] == Op.PARAM:
            return value
        site = graph.call(body, value)
        is_slice = node[0] == Op.ITEM and graph.node(body, graph.operand(node, 1))[0] == Op.SLICE
        if site is not None and site.args and graph.node(body, site.callee) in _THROUGH:
            value = site.args[-1 if len(site.args) == 2 else 0][1]
        elif is_slice or node[0] == Op.ARITH:
            value = graph.operand(node)
        else:
            return -1
    return -1
