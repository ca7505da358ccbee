"""How much a function computes while it holds the GIL, for the arguments of one call.

Trip counts are taken where they are known; what is not known is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from conclint.catalog.facts import Effect as Stated
from conclint.link.arguments import EVERYTHING, Arguments, Passed, arguments_of
from conclint.link.calls import Link, callables
from conclint.link.evaluate import Evaluator
from conclint.link.values import (
    Class,
    Container,
    Display,
    External,
    ExternalMethod,
    Function,
    Generator,
    Key,
    Parameter,
    Partial,
    Value,
)
from conclint.model.execution import Weight
from conclint.model.summary import Assertion, Body, DefKind, Op, Site, SiteKind
from conclint.propagate.cost import HEAVY, Cost, Part, heaviest
from conclint.propagate.engine import Engine
from conclint.propagate.loop_costs import loop_parts
from conclint.propagate.loop_tests import LOOP
from conclint.propagate.numbers import Calculator, Numbers
from conclint.propagate.recursion import branches
from conclint.propagate.suspension import Suspension
from conclint.propagate.trips import TripCounter, Trips, comes_from_loop

_LIGHT: Final = 100.0
"""Operations that a known call of light computing stands for."""
_HOT: Final = 1_000.0
_DEPTH: Final = 40
_NOT_CUT: Final = 1 << 30
_Slot: TypeAlias = tuple[Key, tuple[tuple[int, float], ...], bool]
_BUILTIN = ("builtins.", "math.", "operator.")
_LAZY = frozenset({"builtins.map", "builtins.filter"})
_PLAIN_METHODS: Final = frozenset(
    {
        "append", "capitalize", "casefold", "center", "decode", "encode", "endswith", "expandtabs", "extend",
        "group", "groups",
        "isalnum", "isalpha", "isdecimal", "isdigit", "islower", "isnumeric", "isspace", "isupper", "items",
        "keys", "ljust", "lower", "lstrip", "partition", "removeprefix", "removesuffix", "rjust",
        "rpartition", "rsplit", "rstrip", "setdefault", "split", "splitlines", "startswith", "strip",
        "swapcase",
        "title",
        "upper", "values", "zfill",
    }
)  # fmt: skip
_EXPONENT: Final = 60.0
_FIBONACCI: Final = 1.6
"""Two calls of itself, of a size less one and less two, make this many calls for each size."""


class CostModel:
    """Costs of calls, remembered by function and numeric arguments."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._evaluator: Evaluator = engine.evaluator
        self._calculator = Calculator(self._evaluator)
        self._trips = TripCounter(self._evaluator, self._calculator)
        self.suspension = Suspension(engine)
        self._memo: dict[_Slot, Cost] = {}
        self._cut_short: dict[_Slot, tuple[Cost, int]] = {}
        self._active: dict[Key, int] = {}
        self._low = _NOT_CUT
        self._on_loop = False

    def of_call(self, value: Value, arguments: Arguments, each: bool) -> Cost:
        """The cost of calling a candidate with these arguments (of its items, with `each`)."""
        self._begin()
        if isinstance(value, Partial):
            return self.of_call(value.target, self._evaluator.results.with_partial(value, arguments), each)
        if isinstance(value, Function):
            return self._function(value, self._calculator.arguments(value, arguments, each=each))
        if isinstance(value, (External, ExternalMethod)):
            return self._external(value, arguments, hot=True)
        return Cost(opaque=True)

    def of_own_code(self, key: Key) -> list[Part]:
        """The parts of a def that runs by itself on the event loop: what each computes without letting the
        loop run in between."""
        self._begin()
        self._on_loop = True
        try:
            return list(self._parts(Function(key), {}, self.suspension.loops(key)))
        finally:
            self._on_loop = False

    def of_body(self, function: Function, arguments: Arguments = EVERYTHING) -> Cost:
        """What a def computes for these arguments without letting the event loop run in between."""
        self._begin()
        numbers = {} if arguments == EVERYTHING else self._calculator.arguments(function, arguments)
        return self._folded(function, numbers, self.suspension.loops(function.key))

    def is_left_out(self, parameter: Parameter) -> bool:
        """Whether it is None unless a caller says otherwise: a hook that most calls do without."""
        module = self._evaluator.module(parameter.key[0])
        definition = module.definition(parameter.key[1])
        default = definition.params[parameter.position].default
        return default >= 0 and module.body(definition.parent).values[default] == (Op.CONST, None)

    def _begin(self) -> None:
        """A new question, unless one is being answered."""
        if not self._active:
            self._cut_short.clear()
            self._low = _NOT_CUT

    def _function(self, function: Function, numbers: Numbers) -> Cost:
        """The cost of a call of a function. Like the evaluator's, the answer does not depend on what was
        asked before: what a cycle cut short is remembered for the running question alone."""
        key = function.key
        slot = (key, tuple(sorted(numbers.items())), self._on_loop)
        found = self._memo.get(slot)
        if found is not None:
            return found
        depth = self._active.get(key)
        if depth is None and len(self._active) > _DEPTH:
            depth = -1
        if depth is not None:
            self._low = min(self._low, depth)
            return Cost()
        held = self._cut_short.get(slot)
        if held is not None:
            self._low = min(self._low, held[1])
            return held[0]
        definition = self._evaluator.module(key[0]).definition(key[1])
        if definition.assertion == Assertion.NONBLOCKING or definition.kind == DefKind.ASYNC_FUNCTION:
            return Cost()  # a coroutine computes where it is awaited, as a finding of its own
        depth = self._active[key] = len(self._active)
        outer, self._low = self._low, _NOT_CUT
        try:
            found = self._folded(function, numbers)
        finally:
            del self._active[key]
            low, self._low = self._low, min(outer, self._low)
        if low < depth:
            self._cut_short[slot] = (found, low)
            return found
        self._low = outer
        if self._engine.is_settled:
            self._memo[slot] = found
        return found

    def _folded(self, function: Function, numbers: Numbers, suspending: frozenset[int] = frozenset()) -> Cost:
        """All parts of a function together: what is not known of any, and the operations of the heaviest
        alone, since which of the others run too may be a matter of branches."""
        key = function.key
        total = Cost(1.0, worker=key)
        heaviest = 0.0
        for part in self._parts(function, numbers, suspending):
            cost = part.cost
            total = total._replace(
                operations=max(total.operations, cost.operations),
                counting=max(total.counting, cost.counting),
                over_data=max(total.over_data, cost.over_data),
                opaque=total.opaque or cost.opaque,
                foreign=total.foreign or cost.foreign,
                native=total.native or cost.native,
            )
            if cost.rank > heaviest:
                heaviest = cost.rank
                own = part.is_loop or (cost.worker is None and not cost.known)
                total = total._replace(
                    chain=() if own else ((key, part.site), *cost.chain),
                    worker=key if own else cost.worker,
                    known="" if own else cost.known,
                )
        return total

    # -- the parts of a body --------------------------------------------------------------------

    def _parts(self, function: Function, numbers: Numbers, suspending: frozenset[int]) -> Iterator[Part]:
        key = function.key
        body = self._evaluator.body(key)
        trips = self._trips.of_regions(key, body, numbers, suspending)
        yield from loop_parts(body, trips)
        links = {link.site: link for link in self._engine.links(key)}
        recursive: list[int] = []
        for number, site in enumerate(body.sites):
            if site.kind not in (SiteKind.CALL, SiteKind.ITERATE):
                continue
            if self._on_loop and not self._engine.guards.mask(key, site.region) & LOOP:
                continue  # a test around it says that it is not for the loop
            trip = trips[site.region]
            hot = trip.times >= _HOT or trip.counting > 0 or trip.over_data > 0
            cost, calls_itself = self._site(key, number, site.kind, links.get(number), numbers, hot)
            if calls_itself:
                recursive.append(number)
            native = cost.native and (hot or cost.is_sure)
            around = cost.inside(trip)._replace(native=native)
            if (
                cost.over_data
                and trip.over_data
                and any(comes_from_loop(body, v, site.region) for v in _given(body, site))
            ):
                around = around._replace(over_data=max(cost.over_data, trip.over_data))
            yield Part(number, around, False)
        yield from self._recursion(key, body, trips, recursive, numbers)

    def _recursion(
        self, key: Key, body: Body, trips: list[Trips], recursive: list[int], numbers: Numbers
    ) -> Iterator[Part]:
        if not recursive or self._evaluator.decorations.of(key).is_cached or self.suspension.suspends(key):
            return
        module = self._evaluator.module(key[0])
        is_method = module.enclosing_class(key[1]) is not None
        count = branches(body, recursive, trips, is_method=is_method)
        if count < 2:
            return
        depth = next((size for size in numbers.values() if size > 0), None)
        if depth is None:
            yield Part(recursive[0], Cost(counting=2), True)
        else:
            base = _FIBONACCI if count == 2 else count
            yield Part(recursive[0], Cost(base ** min(depth, _EXPONENT)), True)

    # -- calls ----------------------------------------------------------------------------------

    def _site(
        self, key: Key, number: int, kind: int, link: Link | None, numbers: Numbers, hot: bool
    ) -> tuple[Cost, bool]:
        """What a site costs once, and whether it calls the def that it is in."""
        if kind == SiteKind.ITERATE:
            return self._iterated(link), False
        if link is None:
            site = self._evaluator.body(key).sites[number]
            return Cost(opaque=hot and not _is_plain_method(self._evaluator.body(key), site)), False
        if link.partial and hot:
            return Cost(opaque=True), False
        best, calls_itself = Cost(), False
        for group in link.groups:
            for target in group:
                if isinstance(target.value, Function) and target.value.key == key:
                    calls_itself = True
                    continue
                cost = self._target(key, target.value, target.arguments, numbers, hot)
                heavier, lighter = (cost, best) if cost.rank >= best.rank else (best, cost)
                best = heavier._replace(
                    opaque=heavier.opaque or lighter.opaque, foreign=heavier.foreign or lighter.foreign
                )
        return best, calls_itself

    def _iterated(self, link: Link | None) -> Cost:
        """What running the generators costs that a loop iterates."""
        if link is None:
            return Cost()
        targets = (target.value for group in link.groups for target in group)
        return heaviest(self._function(v.function, {}) for v in targets if isinstance(v, Generator))

    def _target(self, key: Key, value: Value, arguments: Arguments, numbers: Numbers, hot: bool) -> Cost:
        if isinstance(value, Function):
            inner = self._calculator.arguments(value, arguments, caller=(key, numbers))
            return self._function(value, inner)
        if isinstance(value, (External, ExternalMethod)):
            return self._external(value, arguments, hot)
        if isinstance(value, (Class, Partial, Display, Container)):
            return Cost(1.0)
        if isinstance(value, Parameter):
            return Cost(opaque=hot and not self.is_left_out(value))
        return Cost(opaque=hot, foreign=True)

    def _external(self, value: External | ExternalMethod, arguments: Arguments, hot: bool) -> Cost:
        catalog = self._evaluator.catalog
        if isinstance(value, External):
            fact = catalog.function(value.dotted)
            cls = catalog.klass(value.dotted) if fact is None else None
            if cls is not None:
                fact = catalog.method(cls.name, "__init__")
                if fact is None:
                    return Cost(1.0)
            builtin = value.dotted.startswith(_BUILTIN)
        else:
            fact = catalog.method(value.dotted, value.name)
            builtin = value.dotted.startswith("builtins.")
        if fact is None:
            return Cost(1.0) if builtin else Cost(opaque=hot, foreign=True)
        if fact.effect is Stated.COMPUTES_NOGIL:
            return Cost(1.0, native=True)
        if fact.effect is Stated.COMPUTES_GIL:
            if fact.weight >= Weight.HEAVY:
                return Cost(HEAVY, known=fact.name)
            return Cost(_LIGHT)
        if fact.iterates is not None and arguments.positional:
            return self._consumed(arguments.positional[0])
        if fact.effect is Stated.CALLS and fact.placing is not None and value != External("builtins.map"):
            return Cost(opaque=hot)
        return Cost(1.0)

    def _consumed(self, argument: Passed) -> Cost:
        """What iterating an argument costs: a generator's body, or what `map` calls for each item."""
        costs = [Cost(1.0)]
        items = self._evaluator.passed(argument).values
        costs += [self._function(item.function, {}) for item in items if isinstance(item, Generator)]
        if isinstance(argument, tuple) and len(argument) == 2 and isinstance(argument[1], int):
            key, value = argument
            body = self._evaluator.body(key)
            node = body.values[value] if value >= 0 else (Op.UNKNOWN,)
            if node[0] == Op.CALL and isinstance(node[1], int):
                site = body.sites[node[1]]
                callee = self._evaluator.evaluate(key, site.callee)
                if any(isinstance(v, External) and v.dotted in _LAZY for v in callee.values) and site.args:
                    costs.append(self._mapped(key, site.args))
        return heaviest(costs)

    def _mapped(self, key: Key, args: tuple[tuple[int | str, int], ...]) -> Cost:
        """What `map(function, items)` costs when it is consumed."""
        arguments = arguments_of(key, args)
        if not arguments.positional:
            return Cost(opaque=True)
        called = callables(self._evaluator.passed(arguments.positional[0]))
        costs = [self.of_call(value, arguments.drop(1), each=True) for value in called]
        if not costs:
            return Cost(opaque=True)
        one = heaviest(costs)
        return one._replace(over_data=one.over_data + 1, counting=one.counting)


def _given(body: Body, site: Site) -> list[int]:
    """What a call is given: its arguments, and the object whose method it is."""
    callee = body.values[site.callee]
    receiver = [callee[1]] if callee[0] == Op.ATTR and isinstance(callee[1], int) else []
    return [*receiver, *(value for _, value in site.args)]


def _is_plain_method(body: Body, site: Site) -> bool:
    """Whether the call is of a method that strings and collections have, and hardly anything else."""
    callee = body.values[site.callee]
    return callee[0] == Op.ATTR and callee[2] in _PLAIN_METHODS
