"""How much a function computes while it holds the GIL, for the arguments of one call.

Trip counts are taken where they are known; what is not known is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from conclint.conditions.event_loop_tests import LOOP
from conclint.cost.big_numbers import cost_of_power
from conclint.cost.bound_callables import UNBOUND, Bound, BoundCallables
from conclint.cost.constant_values import Calculator, Numbers
from conclint.cost.cost import Cost, CostTerm, Folded, fold, heaviest
from conclint.cost.library_costs import NUMERIC, LibraryCosts
from conclint.cost.loop_costs import loop_parts
from conclint.cost.plain_methods import is_plain_method
from conclint.cost.recursion import branches
from conclint.cost.suspension import Suspension
from conclint.cost.trip_counts import TripCounter, Trips, comes_from_loop
from conclint.effects.components import Component, Components
from conclint.effects.solver import EffectSolver
from conclint.resolve.arguments import EVERYTHING, Arguments, Passed
from conclint.resolve.calls import Link, callables
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import (
    Class,
    Container,
    Display,
    External,
    ExternalInstance,
    ExternalMethod,
    Function,
    Generator,
    Key,
    Parameter,
    Partial,
    Value,
    ValueSet,
    unwrapped,
)
from conclint.summary import body_graph as graph
from conclint.summary.records import Assertion, Body, DefKind, Op, Site, SiteKind

_HOT: Final = 1_000.0
_DEPTH: Final = 40
_BOUND_DEPTH: Final = 4
"""How many callables that were bound by calls are followed, one within the other."""
_Slot: TypeAlias = tuple[Key, tuple[tuple[int, float], ...], bool, Bound]
_EXPONENT: Final = 60.0
_FIBONACCI: Final = 1.6
"""Two calls of itself, of a size less one and less two, make this many calls for each size."""


class CostModel:
    """Costs of calls, remembered by function and numeric arguments."""

    def __init__(self, engine: EffectSolver) -> None:
        self._engine = engine
        self._evaluator: Evaluator = engine.evaluator
        self._calculator = Calculator(self._evaluator)
        self._trips = TripCounter(self._evaluator, self._calculator)
        self._library = LibraryCosts(
            self._evaluator, self._calculator, self._trips, self._function, self._of_candidate
        )
        self.suspension = Suspension(engine)
        self._memo: dict[_Slot, Cost] = {}
        self._passing: dict[_Slot | tuple[_Slot, int, int], tuple[Cost, bool]] = {}
        """What was found out for one question, where that may be otherwise for another: before all is linked,
        or where the depth was at its limit (a function is asked for by many ways)."""
        self._calls: dict[Key, tuple[tuple[int, Key], ...]] = {}
        self._components = {on_loop: Components(self._callees) for on_loop in (False, True)}
        self._cyclic: dict[tuple[Key, bool], Folded] = {}
        self._inside: Component = ()
        self._depth = 0
        self.bound = BoundCallables(engine)
        self._bound_depth = 0
        self._is_cut = False
        self._on_loop = False

    def of_call(self, value: Value, arguments: Arguments, each: bool) -> Cost:
        """The cost of calling a candidate with these arguments (of its items, with `each`)."""
        function = unwrapped(value)
        if isinstance(function, Function) and not self._prepare(function.key):
            return Cost()
        return self._of_candidate(value, arguments, each)

    def of_own_code(self, key: Key) -> list[CostTerm]:
        """The parts of a def that runs by itself on the event loop: what each computes without letting the
        loop run in between."""
        self._on_loop = True
        try:
            if not self._prepare(key):
                return []
            self._inside = self._components[True].of(key)
            return list(self._parts(Function(key), {}, self.suspension.loops(key)))
        finally:
            self._on_loop = False
            self._inside = ()

    def of_body(self, function: Function, arguments: Arguments = EVERYTHING) -> Cost:
        """What a def computes for these arguments without letting the event loop run in between."""
        if not self._prepare(function.key):
            return Cost()
        numbers = {} if arguments == EVERYTHING else self._calculator.arguments(function, arguments)
        return self._folded(function, numbers, self.suspension.loops(function.key)).cost

    def is_left_out(self, parameter: Parameter) -> bool:
        """Whether it is None unless a caller says otherwise: a hook that most calls do without."""
        module = self._evaluator.module(parameter.key[0])
        definition = module.definition(parameter.key)
        default = definition.params[parameter.position].default
        return default >= 0 and module.body(module.scope(parameter.key)).values[default] == (Op.CONST, None)

    # -- functions that call each other -------------------------------------------------------------

    def _prepare(self, key: Key) -> bool:
        """Have the costs of all that a function leads to, callees first, so that recursion stays shallow
        and cycles are met as a whole. False while modules are missing: what is asked is asked again."""
        components = self._components[self._on_loop]
        found = components.explore(key)
        if not self._engine.is_settled:
            return False
        components.keep(found)
        is_done = False
        try:
            for component in found:
                if len(component) > 1:
                    self._solve(component)
                elif component[0] != key:
                    self._function(Function(component[0]), {})
            is_done = self._engine.is_settled
        finally:
            if not is_done:
                components.forget(found)
                for member in (item for component in found for item in component):
                    self._cyclic.pop((member, self._on_loop), None)
        return is_done

    def _callees(self, key: Key) -> Iterator[Key]:
        return (callee for _, callee in self._calls_of(key))

    def _calls_of(self, key: Key) -> tuple[tuple[int, Key], ...]:
        """The functions whose costs are part of a function's, as (site, function)."""
        known = self._calls.get(key)
        if known is not None:
            return known
        sites = self._evaluator.body(key).sites
        found: dict[tuple[int, Key], None] = {}
        for link in self._engine.links(key):
            kind = sites[link.site].kind
            if kind not in (SiteKind.CALL, SiteKind.ITERATE):
                continue
            for target in (target for group in link.groups for target in group):
                value = target.value
                if isinstance(value, Generator):
                    found[link.site, value.function.key] = None
                elif isinstance(value, Function) and kind == SiteKind.CALL:
                    found[link.site, value.key] = None
                elif isinstance(value, Class):
                    for maker in self._evaluator.classes.makers(value):
                        found[link.site, maker.key] = None
                elif isinstance(value, Partial) and isinstance(inner := unwrapped(value), Function):
                    found[link.site, inner.key] = None
                elif isinstance(value, (External, ExternalMethod)) and target.arguments.positional:
                    for item in self._run_by_consuming(target.arguments.positional[0]):
                        found[link.site, item.key] = None
        result = tuple(call for call in found if not self._is_apart(call[1]))
        if self._engine.is_settled:
            self._calls[key] = result
        return result

    def _is_apart(self, key: Key) -> bool:
        """Whether calling it costs its caller nothing: a coroutine computes where it is awaited, as a
        finding of its own. So does a generator that the loop goes on with."""
        definition = self._evaluator.definition(key)
        return (
            definition.assertion == Assertion.NONBLOCKING
            or definition.kind == DefKind.ASYNC_FUNCTION
            or self.suspension.is_driven(key)
        )

    def _solve(self, component: Component) -> None:
        """The costs of functions that call each other: the heaviest work that each comes to.

        Loops around the calls that close the circle are not counted, nor are numbers passed on by them: how
        often they go round is not known. The answer does not depend on where the circle was entered.
        """
        alone: dict[Key, Folded] = {}
        calls: dict[Key, list[tuple[int, Key]]] = {}
        for key in component:
            alone[key] = self._folded(Function(key), {})
            calls[key] = list(self._calls_within(key))
        solved = dict(alone)
        for _ in component:  # no way round is longer
            changed = False
            for key in component:
                folded = alone[key]
                for site, callee in calls[key]:
                    folded = folded.joined(key, _within(site, solved[callee]))
                if folded != solved[key]:
                    solved[key] = folded
                    changed = True
            if not changed:
                break
        for key, folded in solved.items():
            self._cyclic[key, self._on_loop] = folded

    def _calls_within(self, key: Key) -> Iterator[tuple[int, Key]]:
        """The calls of a function that stay in its component, as (site, callee), but for those of itself."""
        components = self._components[self._on_loop]
        component = components.of(key)
        if len(component) > 1:
            sites = self._evaluator.body(key).sites
            for site, callee in self._calls_of(key):
                if (
                    callee != key
                    and components.of(callee) is component
                    and not self._is_passed_over(key, sites[site])
                ):
                    yield site, callee

    def _is_passed_over(self, key: Key, site: Site) -> bool:
        """Whether a test around the site says that it is not for the loop."""
        return self._on_loop and not self._engine.guards.mask(key, site.region) & LOOP

    def _of_candidate(self, value: Value, arguments: Arguments, each: bool, outer: Bound = UNBOUND) -> Cost:
        if isinstance(value, Partial):
            # what is bound before is passed as it is, not item by item
            passed = self.bound.items(arguments) if each else arguments
            inner = self._evaluator.results.with_partial(value, passed)
            return self._of_candidate(value.target, inner, False, outer)
        if isinstance(value, Function):
            numbers = self._calculator.arguments(value, arguments, each=each)
            passed = self.bound.items(arguments) if each else arguments
            return self._function(value, numbers, self.bound.of(value, passed, outer))
        if isinstance(value, (External, ExternalMethod)):
            return self._library.call(value, arguments, hot=True)
        return Cost(opaque=True)

    def _function(self, function: Function, numbers: Numbers, bound: Bound = UNBOUND) -> Cost:
        """The cost of a call of a function."""
        key = function.key
        slot = (key, tuple(sorted(numbers.items())), self._on_loop, bound)
        if self._components[self._on_loop].of(key) == self._inside:
            return Cost()  # what stays in a component is counted by itself
        found = self._memo.get(slot)
        if found is not None:
            return found
        if self._is_apart(key):
            return Cost()
        if self._depth > _DEPTH:
            self._is_cut = True
            return Cost()
        if not self._depth:
            self._passing.clear()
        so_deep = (slot, self._depth, self._bound_depth)
        known = self._passing.get(slot) or self._passing.get(so_deep)
        if known is not None:
            found, is_cut = known
            self._is_cut = self._is_cut or is_cut
            return found
        outer, self._is_cut = self._is_cut, False
        self._depth += 1
        try:
            found = self._folded(function, numbers, bound=bound).cost
        finally:
            self._depth -= 1
            is_cut, self._is_cut = self._is_cut, self._is_cut or outer
        if not is_cut and self._engine.is_settled:
            self._memo[slot] = found
        else:
            self._passing[so_deep if is_cut else slot] = found, is_cut
        return found

    def _of_bound(self, callables_bound: ValueSet, arguments: Arguments, hot: bool) -> Cost:
        """What a call of a parameter costs, by what it is bound to: the heaviest of that."""
        if callables_bound.incomplete or self._bound_depth >= _BOUND_DEPTH:
            return Cost(opaque=hot)
        self._bound_depth += 1
        try:
            costs: list[Cost] = []
            for value in callables(callables_bound):
                target = unwrapped(value)
                if isinstance(target, Parameter):
                    costs.append(Cost(opaque=hot))
                elif not isinstance(target, Function) or self._prepare(target.key):
                    costs.append(self._of_candidate(value, arguments, False))
            return heaviest(costs)
        finally:
            self._bound_depth -= 1

    def _folded(
        self,
        function: Function,
        numbers: Numbers,
        suspending: frozenset[int] = frozenset(),
        bound: Bound = UNBOUND,
    ) -> Folded:
        outer, self._inside = self._inside, self._components[self._on_loop].of(function.key)
        try:
            return fold(function.key, self._parts(function, numbers, suspending, bound))
        finally:
            self._inside = outer

    # -- the parts of a body --------------------------------------------------------------------

    def _parts(
        self, function: Function, numbers: Numbers, suspending: frozenset[int], bound: Bound = UNBOUND
    ) -> Iterator[CostTerm]:
        key = function.key
        body = self._evaluator.body(key)
        trips = self._trips.of_regions(key, body, numbers, suspending)
        yield from loop_parts(body, trips)
        yield from self._powers(key, body, numbers)
        links = {link.site: link for link in self._engine.links(key)}
        recursive: list[int] = []
        for number, site in enumerate(body.sites):
            if site.kind not in (SiteKind.CALL, SiteKind.ITERATE):
                continue
            if self._is_passed_over(key, site):
                continue
            trip = trips[site.region]
            hot = trip.times >= _HOT or trip.counting > 0 or trip.over_data > 0
            cost, calls_itself = self._site(key, number, links.get(number), numbers, hot, bound)
            if calls_itself:
                recursive.append(number)
            native = cost.native and (hot or cost.is_sure)
            around = cost.inside(trip)._replace(native=native)
            if (
                cost.over_data == 1
                and trip.over_data
                and any(comes_from_loop(body, v, site.region) for v in _given(body, site))
            ):
                around = around._replace(over_data=max(cost.over_data, trip.over_data))
            yield CostTerm(number, around, False, around.rank)
        for number, callee in self._calls_within(key):
            solved = self._cyclic.get((callee, self._on_loop))
            if solved is not None:
                yield _within(number, solved)
        yield from self._recursion(key, body, trips, recursive, numbers)

    def _powers(self, key: Key, body: Body, numbers: Numbers) -> Iterator[CostTerm]:
        """The powers of large numbers that a body works out."""
        for node in body.values:
            if node[0] == Op.ARITH and node[1] == "**":
                left, right = graph.operands(node)
                number = self._calculator.number
                cost = Cost(cost_of_power(number(key, left, numbers), number(key, right, numbers)))
                if cost.is_sure:
                    yield CostTerm(-1, cost, True, cost.rank)

    def _recursion(
        self, key: Key, body: Body, trips: list[Trips], recursive: list[int], numbers: Numbers
    ) -> Iterator[CostTerm]:
        if not recursive or self._evaluator.decorations.of(key).is_cached or self.suspension.suspends(key):
            return
        module = self._evaluator.module(key[0])
        is_method = module.enclosing_class(key) is not None
        count = branches(body, recursive, trips, is_method=is_method)
        if count < 2:
            return
        depth = next((size for size in numbers.values() if size > 0), None)
        if depth is None:
            cost = Cost(counting=2)
        else:
            base = _FIBONACCI if count == 2 else count
            cost = Cost(base ** min(depth, _EXPONENT))
        yield CostTerm(recursive[0], cost, True, cost.rank)

    # -- calls ----------------------------------------------------------------------------------

    def _site(
        self, key: Key, number: int, link: Link | None, numbers: Numbers, hot: bool, bound: Bound
    ) -> tuple[Cost, bool]:
        """What a site costs once, but for what it calls of its own component; and whether it calls the def
        that it is in."""
        site = self._evaluator.body(key).sites[number]
        if site.kind == SiteKind.ITERATE:
            return self._iterated(link), False
        if link is None:
            return Cost(opaque=hot and not is_plain_method(self._evaluator.body(key), site)), False
        if link.incomplete and hot:
            return Cost(opaque=True), False
        best, calls_itself = Cost(), False
        for group in link.groups:
            for target in group:
                if isinstance(target.value, Function) and target.value.key == key:
                    calls_itself = True
                    continue
                cost = self._target(key, target.value, target.arguments, numbers, hot, bound)
                heavier, lighter = (cost, best) if cost.rank >= best.rank else (best, cost)
                best = heavier._replace(
                    opaque=heavier.opaque or lighter.opaque,
                    foreign=heavier.foreign or lighter.foreign,
                    unit=heavier.unit or lighter.unit,
                )
        return best, calls_itself

    def _iterated(self, link: Link | None) -> Cost:
        """What running the generators costs that a loop iterates."""
        if link is None:
            return Cost()
        targets = (target.value for group in link.groups for target in group)
        return heaviest(self._function(v.function, {}) for v in targets if isinstance(v, Generator))

    def _target(
        self, key: Key, value: Value, arguments: Arguments, numbers: Numbers, hot: bool, bound: Bound
    ) -> Cost:
        if isinstance(value, Function):
            inner = self._calculator.arguments(value, arguments, caller=(key, numbers))
            return self._function(value, inner, self.bound.of(value, arguments, bound))
        if isinstance(value, External) and value.dotted in NUMERIC:
            return self._library.arithmetic(value.dotted, key, arguments, numbers)
        if isinstance(value, (External, ExternalMethod)):
            return self._library.call(value, arguments, hot, numbers)
        if isinstance(value, ExternalInstance):
            return self._library.call(ExternalMethod(value.dotted, "__call__"), arguments, hot)
        if isinstance(value, Class):
            return heaviest(
                [
                    Cost(1.0),
                    *(
                        self._target(key, maker, arguments, numbers, hot, bound)
                        for maker in self._evaluator.classes.makers(value)
                    ),
                ]
            )
        if isinstance(value, Partial):
            passed = self._evaluator.results.with_partial(value, arguments)
            return self._target(key, value.target, passed, numbers, hot, bound)
        if isinstance(value, (Display, Container)):
            return Cost(1.0)
        if isinstance(value, Parameter):
            known = next((item for parameter, item in bound if parameter == value), None)
            if known is not None:
                return self._of_bound(known, arguments, hot)
            return Cost(opaque=hot and not self.is_left_out(value))
        return Cost(opaque=hot, foreign=True)

    def _run_by_consuming(self, argument: Passed) -> Iterator[Function]:
        """The functions whose costs `_consumed` takes in."""
        for item in self._evaluator.passed(argument).values:
            if isinstance(item, Generator):
                yield item.function
        mapping = self._library.mapping(argument)
        if mapping is not None and mapping.positional:
            for value in callables(self._evaluator.passed(mapping.positional[0])):
                function = unwrapped(value)
                if isinstance(function, Function):
                    yield function


def _within(site: int, solved: Folded) -> CostTerm:
    """A call that stays in its component."""
    return CostTerm(site, solved.cost, False, solved.heaviest)


def _given(body: Body, site: Site) -> list[int]:
    """What a call is given: its arguments, and the object whose method it is."""
    receiver = graph.receiver(body, site)
    return [*([receiver] if receiver >= 0 else []), *(value for _, value in site.args)]
