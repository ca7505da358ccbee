"""How much a function computes in pure Python, for the arguments of one call.

Operations are counted, not timed: one is an arithmetic or container operation of the interpreter, some
30 to 60 ns on CPython 3.11. Trip counts are taken where they are known: `range` of constants, of
parameters bound to constants, counting `while` loops; what is not known is said.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from conclint.catalog.facts import Effect as Stated
from conclint.link.arguments import Arguments, Passed, bind
from conclint.link.calls import Link
from conclint.link.evaluate import Evaluator
from conclint.link.values import (
    UNKNOWN,
    Class,
    Container,
    Display,
    External,
    ExternalMethod,
    Function,
    Generator,
    Key,
    Literal,
    Parameter,
    Partial,
    Value,
)
from conclint.model.execution import Weight
from conclint.model.summary import Assertion, Body, LoopFlags, Op, Region, RegionKind, SiteKind
from conclint.propagate.engine import Engine

HEAVY: Final = 1_000_000.0
"""Operations from which a call is heavy: some 40 ms on CPython 3.11."""
_HOT: Final = 1_000.0
_DEPTH: Final = 6
_LOOPS = (RegionKind.FOR, RegionKind.WHILE, RegionKind.COMP)


class Cost(NamedTuple):
    """What one call costs.

    `operations` that are certain; `unsized` the depth of nested counting loops (or branching recursion)
    whose length is not known, `over_data` that of loops over data of unknown length; `opaque` where
    something unknown runs in a hot loop; `native` where native code that releases the GIL does; `chain`
    leads to the function that does most of it, as (key, site).
    """

    operations: float = 0.0
    unsized: int = 0
    over_data: int = 0
    opaque: bool = False
    native: bool = False
    chain: tuple[tuple[Key, int], ...] = ()
    worker: Key | None = None


class _Trips(NamedTuple):
    """How often a region runs: `times` by loops of known length, in `counting` loops over numbers and
    `over_data` loops of unknown length besides."""

    times: float
    counting: int
    over_data: int


class CostModel:
    """Costs of calls, remembered by function and numeric arguments."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._evaluator: Evaluator = engine.evaluator
        self._memo: dict[tuple[Key, tuple[tuple[int, float], ...]], Cost] = {}
        self._active: list[Key] = []

    def of_call(self, value: Value, arguments: Arguments, each: bool) -> Cost:
        """The cost of calling a candidate with these arguments (of its items, with `each`)."""
        if isinstance(value, Partial):
            return self.of_call(value.target, self._evaluator.results.with_partial(value, arguments), each)
        if not isinstance(value, Function):
            return Cost(opaque=True)
        return self._function(value, self._numbers(value, arguments, each))

    def _numbers(self, function: Function, arguments: Arguments, each: bool) -> dict[int, float]:
        definition = self._evaluator.module(function.key[0]).definition(function.key[1])
        if function.receiver is not None:
            arguments = arguments.prepend(UNKNOWN)
        numbers: dict[int, float] = {}
        for position, param in enumerate(definition.params):
            passed = bind(definition, position, arguments)
            number = None
            if passed is not None:
                number = self._number_of(passed, each)
            elif param.default >= 0 and not arguments.spread:
                number = self._number((function.key[0], definition.parent), param.default, {})
            if number is not None:
                numbers[position] = number
        return numbers

    def _number_of(self, passed: Passed, each: bool) -> float | None:
        known = self._evaluator.passed(passed)
        if each:
            known = self._evaluator.element(known)
        numbers = [_as_number(value) for value in known.values]
        found = [number for number in numbers if number is not None]
        if found and len(found) == len(numbers):
            return max(found)
        if not each and isinstance(passed, tuple) and len(passed) == 2:
            key, value = passed
            if isinstance(value, int) and isinstance(key, tuple):
                return self._number(key, value, {})
        return None

    def _function(self, function: Function, numbers: dict[int, float]) -> Cost:
        key = function.key
        slot = (key, tuple(sorted(numbers.items())))
        found = self._memo.get(slot)
        if found is not None:
            return found
        if key in self._active or len(self._active) > _DEPTH:
            return Cost()
        if self._evaluator.module(key[0]).definition(key[1]).assertion == Assertion.NONBLOCKING:
            return Cost()
        self._active.append(key)
        try:
            found = self._measure(function, numbers)
        finally:
            self._active.pop()
        if not self._active:
            self._memo[slot] = found
        return found

    def _measure(self, function: Function, numbers: dict[int, float]) -> Cost:
        key = function.key
        body = self._evaluator.body(key)
        trips = self._trips(key, body, numbers)
        operations, unsized, over_data = 1.0, 0, 0
        for number, region in enumerate(body.regions):
            trip = trips[number]
            operations += (region.arithmetic + region.container) * trip.times
            if region.arithmetic:
                unsized = max(unsized, trip.counting)
                over_data = max(over_data, trip.over_data)
        opaque = native = False
        chain: tuple[tuple[Key, int], ...] = ()
        worker, heaviest = key, operations
        links = {link.site: link for link in self._engine.links(key)}
        branches = 0.0
        for number, site in enumerate(body.sites):
            if site.kind not in (SiteKind.CALL, SiteKind.ITERATE):
                continue
            trip = trips[site.region]
            hot = trip.times >= _HOT or trip.counting > 0 or trip.over_data > 0
            cost, calls_itself = self._site(key, number, site.kind, links.get(number), numbers, hot)
            if calls_itself:
                branches += 2.0 if trip.counting or trip.over_data else trip.times
            operations += cost.operations * trip.times
            native = native or (cost.native and (hot or cost.operations >= HEAVY))
            opaque = opaque or cost.opaque
            if cost.unsized:
                unsized = max(unsized, cost.unsized + trip.counting)
            if cost.over_data:
                over_data = max(over_data, cost.over_data + trip.over_data)
            weight = cost.operations * trip.times + cost.unsized * HEAVY
            if cost.worker is not None and weight > heaviest:
                chain, worker, heaviest = ((key, number), *cost.chain), cost.worker, weight
        if branches >= 2:
            depth = next((size for size in numbers.values() if size > 0), None)
            if depth is None:
                unsized = max(unsized, 2)
            else:
                base = 1.5 if branches == 2 else branches
                operations = max(operations, base ** min(depth, 60.0))
        return Cost(operations, unsized, over_data, opaque, native, chain, worker)

    # -- loops ----------------------------------------------------------------------------------

    def _trips(self, key: Key, body: Body, numbers: dict[int, float]) -> list[_Trips]:
        """For each region how often it runs, and in how many loops of unknown length it is."""
        result: list[_Trips] = []
        for region in body.regions:
            trip = result[region.parent] if result else _Trips(1.0, 0, 0)
            if region.kind in _LOOPS:
                count = self._loop(key, body, region, numbers)
                if count is not None:
                    trip = trip._replace(times=trip.times * max(count, 0.0))
                elif self._counts(key, body, region):
                    trip = trip._replace(counting=trip.counting + 1)
                else:
                    trip = trip._replace(over_data=trip.over_data + 1)
            result.append(trip)
        return result

    def _loop(self, key: Key, body: Body, region: Region, numbers: dict[int, float]) -> float | None:
        if region.extra & LoopFlags.ASYNC:
            return 1.0
        if region.kind == RegionKind.WHILE:
            return self._while(key, body, region, numbers)
        return self._length(key, body, region.value, numbers)

    def _length(self, key: Key, body: Body, value: int, numbers: dict[int, float]) -> float | None:
        if value < 0:
            return None
        node = body.values[value]
        if node[0] in (Op.TUPLE, Op.LIST, Op.SET):
            return float(len(node) - 1)
        if node[0] == Op.DICT:
            return (len(node) - 1) / 2
        if node[0] == Op.CALL and isinstance(node[1], int):
            site = body.sites[node[1]]
            names = {
                v.dotted for v in self._evaluator.evaluate(key, site.callee).values if isinstance(v, External)
            }
            positional = [v for slot, v in site.args if isinstance(slot, int) and slot >= 0]
            if names == {"builtins.range"} and positional:
                found = [self._number(key, item, numbers) for item in positional]
                if any(item is None for item in found):
                    return None
                bounds = [item for item in found if item is not None]
                if len(bounds) == 1:
                    return bounds[0]
                step = bounds[2] if len(bounds) > 2 else 1.0
                return (bounds[1] - bounds[0]) / (step or 1.0)
            if (
                names <= {"builtins.enumerate", "builtins.reversed", "builtins.sorted", "builtins.list"}
                and names
            ):
                return self._length(key, body, positional[0], numbers) if positional else None
        return None

    def _while(self, key: Key, body: Body, region: Region, numbers: dict[int, float]) -> float | None:
        if region.value < 0:
            return None
        test = body.values[region.value]
        sides: list[int] = []
        if test[0] == Op.COMPARE:
            sides = [item for item in test[2:] if isinstance(item, int)]
        elif test[0] == Op.PHI:
            sides = [region.value]
        for side in sides:
            node = body.values[side]
            if node[0] != Op.PHI:
                continue
            others = [item for item in sides if item != side]
            limit = self._number(key, others[0], numbers) if others else 0.0
            starts = [self._number(key, item, numbers) for item in node[1:] if isinstance(item, int)]
            start = next((item for item in starts if item is not None), None)
            step = next((s for s in (self._step(key, body, side, item) for item in node[1:]) if s), None)
            if start is not None and limit is not None and step is not None:
                return abs(limit - start) / step
        return None

    def _step(self, key: Key, body: Body, phi: int, value: object) -> float | None:
        if not isinstance(value, int):
            return None
        node = body.values[value]
        if node[0] == Op.ARITH and node[1] in ("+", "-") and phi in (node[2], node[3]):
            other = node[3] if node[2] == phi else node[2]
            number = self._number(key, other, {}) if isinstance(other, int) else None
            return abs(number) if number else None
        if node[0] == Op.ARITH and node[1] in ("//", ">>", "/"):
            return None
        return None

    def _counts(self, key: Key, body: Body, region: Region) -> bool:
        """Whether a loop of unknown length is a counting one: over a range, or a `while` on numbers."""
        if region.kind == RegionKind.WHILE:
            return region.value >= 0 and body.values[region.value][0] in (Op.COMPARE, Op.BOOL)
        node = body.values[region.value] if region.value >= 0 else (Op.UNKNOWN,)
        if node[0] == Op.CALL and isinstance(node[1], int):
            callee = self._evaluator.evaluate(key, body.sites[node[1]].callee)
            return any(isinstance(v, External) and v.dotted == "builtins.range" for v in callee.values)
        return False

    # -- numbers --------------------------------------------------------------------------------

    def _number(self, key: Key, value: int, numbers: dict[int, float]) -> float | None:
        if value < 0:
            return None
        node = self._evaluator.body(key).values[value]
        if node[0] == Op.CONST:
            return _as_number(Literal("", node[1]))
        if node[0] == Op.PARAM and isinstance(node[1], int):
            return numbers.get(node[1])
        if node[0] == Op.ARITH and isinstance(node[2], int) and isinstance(node[3], int):
            left = self._number(key, node[2], numbers)
            right = self._number(key, node[3], numbers) if node[3] >= 0 else 0.0
            return None if left is None or right is None else _calculate(str(node[1]), left, right)
        if node[0] == Op.CALL and isinstance(node[1], int):
            site = self._evaluator.body(key).sites[node[1]]
            callee = self._evaluator.evaluate(key, site.callee).values
            if len(callee) == 1 and isinstance(callee[0], External) and len(site.args) == 1:
                if callee[0].dotted in ("builtins.int", "builtins.float", "builtins.abs", "builtins.round"):
                    return self._number(key, site.args[0][1], numbers)
                if callee[0].dotted in ("math.sqrt", "math.isqrt"):
                    inner = self._number(key, site.args[0][1], numbers)
                    return None if inner is None or inner < 0 else inner**0.5
            return None
        if node[0] in (Op.GLOBAL, Op.FREE, Op.IMPORT, Op.ATTR, Op.ELEM, Op.ITEM, Op.CAST):
            found = [_as_number(item) for item in self._evaluator.evaluate(key, value).values]
            numeric = [item for item in found if item is not None]
            return max(numeric) if numeric and len(numeric) == len(found) else None
        return None

    # -- calls ----------------------------------------------------------------------------------

    def _site(
        self, key: Key, number: int, kind: int, link: Link | None, numbers: dict[int, float], hot: bool
    ) -> tuple[Cost, bool]:
        if kind == SiteKind.ITERATE:
            if link is None:
                return Cost(), False
            costs = [
                self._function(target.value.function, {})
                for group in link.groups
                for target in group
                if isinstance(target.value, Generator)
            ]
            return (max(costs, key=lambda cost: cost.operations) if costs else Cost()), False
        if link is None:
            return Cost(opaque=hot), False
        if link.partial and hot:
            return Cost(opaque=True), False
        best, calls_itself = Cost(), False
        for group in link.groups:
            for target in group:
                value = target.value
                if isinstance(value, Function) and value.key == key:
                    calls_itself = True
                    continue
                cost = self._target(key, value, target.arguments, numbers, hot)
                if cost.operations + cost.unsized * HEAVY >= best.operations + best.unsized * HEAVY:
                    best = cost._replace(opaque=cost.opaque or best.opaque)
        return best, calls_itself

    def _target(
        self, key: Key, value: Value, arguments: Arguments, numbers: dict[int, float], hot: bool
    ) -> Cost:
        if isinstance(value, Function):
            inner = self._numbers(value, arguments, False)
            definition = self._evaluator.module(value.key[0]).definition(value.key[1])
            for position in range(len(definition.params)):
                passed = bind(definition, position, arguments)
                if position not in inner and isinstance(passed, tuple) and not hasattr(passed, "values"):
                    number = self._number(key, int(passed[1]), numbers) if passed[0] == key else None
                    if number is not None:
                        inner[position] = number
            return self._function(value, inner)
        if isinstance(value, (External, ExternalMethod)):
            return self._known(value, arguments, hot)
        if isinstance(value, (Class, Partial, Display, Container)):
            return Cost(1.0)
        if isinstance(value, Parameter):
            return Cost(opaque=hot)
        return Cost(opaque=hot)

    def _known(self, value: External | ExternalMethod, arguments: Arguments, hot: bool) -> Cost:
        catalog = self._evaluator.catalog
        if isinstance(value, External):
            fact = catalog.function(value.dotted)
            builtin = value.dotted.startswith(("builtins.", "math.", "operator."))
        else:
            fact = catalog.method(value.dotted, value.name)
            builtin = value.dotted.startswith("builtins.")
        if fact is None:
            return Cost(1.0) if builtin else Cost(opaque=hot)
        if fact.effect is Stated.COMPUTES_NOGIL:
            return Cost(1.0, native=True)
        if fact.effect is Stated.COMPUTES_GIL:
            return Cost(HEAVY if fact.weight >= Weight.HEAVY else 100.0)
        if fact.iterates is not None and arguments.positional:
            for item in self._evaluator.passed(arguments.positional[0]).values:
                if isinstance(item, Generator):
                    return self._function(item.function, {})
        return Cost(1.0)


def _as_number(value: Value) -> float | None:
    if isinstance(value, Literal) and isinstance(value.value, (int, float)) and value.value is not True:
        try:
            return float(value.value)
        except OverflowError:
            return None
    return None


def _calculate(operator: str, left: float, right: float) -> float | None:
    try:
        if operator == "+":
            return left + right
        if operator == "-":
            return left - right
        if operator == "*":
            return left * right
        if operator in ("/", "//"):
            return left / right
        if operator == "**":
            return math.pow(left, right) if 0 <= right < 64 and 0 <= left < 1e6 else None
        if operator == "<<":
            return left * math.pow(2.0, min(right, 100.0))
        if operator == "u-":
            return -left
    except (OverflowError, ZeroDivisionError, ValueError):
        return None
    return None
