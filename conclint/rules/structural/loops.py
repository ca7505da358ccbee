"""Loops: whether what one iteration does depends on those before it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from conclint.cost.type_names import stated_name
from conclint.effects.effects import Kind
from conclint.model.execution import Family
from conclint.resolve.values import Function, Value
from conclint.rules.structural.code import Code
from conclint.summary import body_graph as graph
from conclint.summary.records import DefFlags, LoopFlags, Op, RegionKind, SiteKind, StoreKind

_TRIVIAL: Final = ("builtins.", "logging.", "time.time", "time.perf_counter", "time.monotonic", "warnings.",
                   "concurrent.futures.wait", "concurrent.futures.as_completed", "tqdm.")  # fmt: skip
"""Calls that are over in no time, or wait themselves: nothing that a wait would be put off for."""


_ITERATORS: Final = frozenset({"Iterator", "Generator"})
_AT_HAND: Final = frozenset({Family.FILES.value, Family.CHEAP_FILES.value})


class Loop:
    """One loop of a def, by its region."""

    def __init__(self, code: Code, region: int) -> None:
        self._code = code
        self.number = region
        self.region = code.body.regions[region]

    @property
    def is_while(self) -> bool:
        """Whether it is a `while` loop."""
        return self.region.kind == RegionKind.WHILE

    @property
    def is_async(self) -> bool:
        """Whether it is an `async for`."""
        return self.region.kind != RegionKind.WHILE and bool(self.region.extra & LoopFlags.ASYNC)

    @property
    def breaks(self) -> bool:
        """Whether an iteration may end the loop (`break`, `return`)."""
        return bool(self.region.extra & LoopFlags.BREAKS)

    @property
    def is_stream(self) -> bool:
        """Whether it takes what comes: until it is told to stop (`iter(queue.get, None)`), or as a generator
        gives it that waits for each item."""
        call = self._code.calls.get(self._code.call_of(self.region.value)) if self.region.value >= 0 else None
        if call is None:
            return self._is_said_to_come()
        if call.is_one_of({"builtins.iter"}):
            return len(self._code.body.sites[call.site].args) > 1
        return not call.names and bool(call.inside) and all(map(self._waits_for_items, call.inside))

    def _is_said_to_come(self) -> bool:
        """Whether it goes through a parameter that is an iterator by its type."""
        node = graph.node(self._code.body, graph.bare(self._code.body, self.region.value))
        if node[0] != Op.PARAM:
            return False
        evaluator, key = self._code.evaluator, self._code.key
        annotation = self._code.definition.params[graph.number(node)].annotation
        return stated_name(evaluator, evaluator.scope(key), annotation) in _ITERATORS

    def _waits_for_items(self, value: Value) -> bool:
        """Whether what is called is a generator that waits for something else than files."""
        if not isinstance(value, Function):
            return False
        if not self._code.evaluator.definition(value.key).flags & DefFlags.GENERATOR:
            return False
        effects = self._code.engine.effects_of(value.key)
        return any(effect.kind is Kind.WAITS and effect.family not in _AT_HAND for effect in effects)

    def sites(self) -> Iterable[int]:
        """The sites that each iteration runs."""
        return (
            number
            for number, site in enumerate(self._code.body.sites)
            if self._code.is_inside(site.region, self.number)
        )

    def holds(self, site: int) -> bool:
        """Whether this is the innermost loop around a site."""
        return self._code.loop_of(self._code.body.sites[site].region) == self.number

    def items(self) -> set[int]:
        """The values that stand for the item of an iteration."""
        if self.is_while:
            return set()
        wanted = (Op.ELEM, self.region.value)
        return {number for number, node in enumerate(self._code.body.values) if node[:2] == wanted}

    def is_over_item(self, values: Iterable[int]) -> bool:
        """Whether the values are made from the item of the iteration."""
        return not self.items().isdisjoint(self._code.made_from(values))

    def feeds_back(self, produced: Iterable[int], consumed: Iterable[int]) -> bool:
        """Whether what an iteration produces can reach what a later one consumes: through a name, an
        attribute, or a collection that is added to. What is kept in the item itself no other one sees."""
        code = self._code
        own = self.items()
        needed = code.made_from(consumed)
        produced = set(produced)
        if needed & produced:
            return True
        tainted = self.made_with(produced)
        changed: set[int] = set()
        attributes: set[tuple[int, object]] = set()
        for store in code.body.stores:
            if store.base in own and store.kind in (StoreKind.ITEM, StoreKind.ATTR):
                continue
            if store.value in tainted and code.is_inside(store.region, self.number):
                if store.kind == StoreKind.ITEM:
                    changed.add(store.base)
                elif store.kind == StoreKind.ATTR:
                    attributes.add((store.base, store.name))
                else:
                    return True  # a variable of another scope
        for number in self.sites():
            site = code.body.sites[number]
            if site.kind == SiteKind.CALL and any(value in tainted for _, value in site.args):
                changed.add(code.receiver(number))
        return any(
            value in changed
            or (node[0] == Op.ATTR and (node[1], node[2]) in attributes)
            or (node[0] == Op.ITEM and graph.operand(node) in changed)
            for value in needed
            for node in (code.body.values[value],)
            if node[0] != Op.PARAM
        )

    def made_with(self, produced: set[int]) -> set[int]:
        """All values of the def that are made with one of these, and these."""
        tainted = set(produced)
        todo = list(produced)
        while todo:
            for number in self._code.users.get(todo.pop(), ()):
                if number not in tainted:
                    tainted.add(number)
                    todo.append(number)
        return tainted

    def works_between(self, first: int, last: int) -> bool:
        """Whether an iteration does something that takes time between the ends of two of its sites."""
        code = self._code
        start, end = code.ends(first), code.ends(last)
        callee = code.body.sites[last].callee
        for number in self.sites():
            site = code.body.sites[number]
            if number in (first, last) or site.kind not in (SiteKind.CALL, SiteKind.AWAIT, SiteKind.ITERATE):
                continue
            if not (start <= code.starts(number) and code.ends(number) <= end):
                continue
            if site.kind == SiteKind.ITERATE and code.loop_of(site.region) == self.number:
                return True
            if site.callee != callee and not is_trivial(code, number):
                return True
        return False


def is_trivial(code: Code, site: int) -> bool:
    """Whether a call is over in no time: of builtins, logging, clocks."""
    if code.body.sites[site].kind != SiteKind.CALL:
        return False
    call = code.calls.get(site)
    return (
        call is not None
        and not call.inside
        and not call.incomplete
        and all(name.startswith(_TRIVIAL) and name != "builtins.input" for name in call.names)
    )
