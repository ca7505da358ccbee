"""Futures of threads that are finished before anybody can ask them: the program makes them, sets their result
and only then keeps them. To ask one is no wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from conclint.effects.attribute_owners import may_be_of
from conclint.effects.effects import Effects, Witness, way_of
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Class, External, Function, Instance, Key, without_none
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, DefKind, Op, RegionKind, Site, SiteKind, StoreKind

_FUTURE: Final = "concurrent.futures.Future"
_FINISHING: Final = frozenset({"set_result", "set_exception", "cancel"})
_PLAIN: Final = frozenset({"builtins.object", "abc.ABC", "typing.Generic"})
"""Bases of other libraries that fill no attribute from what a class body says."""
_NOTHING: Final = ((Op.CONST, None), graph.UNKNOWN)
_MAX_STEPS: Final = 4
_MAX_DEPTH: Final = 2


class FinishedFutures:
    """Knows the questions to such futures; `effects_of` gives the effects of functions, as far as known."""

    def __init__(self, evaluator: Evaluator, effects_of: Callable[[Key], Effects]) -> None:
        self._evaluator = evaluator
        self._effects_of = effects_of

    def is_asked(self, key: Key, witness: Witness) -> bool:
        """Whether what a site waits for is a future that is finished: the site asks it, or calls a method of
        its class that does (`future.failed`)."""
        if witness.site < 0:
            return False
        steps = [*way_of(self._effects_of, key, witness, _MAX_STEPS)]
        if steps[-1][1].next is not None or any(
            step.then is not None or step.site < 0 or not (step.own or number == 0 or step.next is None)
            for number, (_, step) in enumerate(steps)
        ):
            return False
        place, last = steps[-1]
        body = self._evaluator.body(key)
        if len(steps) > 1:
            inner = self._evaluator.body(place)
            asked = graph.bare(inner, graph.receiver(inner, inner.sites[last.site]))
            if graph.node(inner, asked) != (Op.PARAM, 0):
                return False
        site = body.sites[witness.site]
        asked = graph.bare(body, graph.receiver(body, site))
        if asked < 0:
            return False
        node = graph.node(body, asked)
        if node[0] != Op.ATTR:
            return self._is_finished(key, body, asked, site.region, witness.site, 0)
        owners = without_none(self._evaluator.evaluate(key, graph.base(node))).values
        return bool(owners) and all(
            isinstance(owner, Instance) and self._are_kept_finished(key, owner.cls, str(node[2]))
            for owner in owners
        )

    # -- what is kept ---------------------------------------------------------------------------

    def _are_kept_finished(self, key: Key, cls: Class, name: str) -> bool:
        """Whether objects of a class get nothing else than such futures, or None, under a name: as far as the
        modules of the class, its bases and of who asks say."""
        ancestry = self._evaluator.classes.ancestry(cls)
        if ancestry.incomplete or self._is_given_by_name(cls, name):
            return False
        paths = dict.fromkeys(
            [key[0], *(item.key[0] for item in ancestry.classes if isinstance(item, Class))]
        )
        kept = [is_finished for path in paths for is_finished in self._stores(path, cls, name)]
        return bool(kept) and all(kept)

    def _is_given_by_name(self, cls: Class, name: str) -> bool:
        """Whether a class body gives the name a value, or a constructor that is made of it may."""
        classes = self._evaluator.classes
        for item in classes.ancestry(cls).classes:
            if isinstance(item, External):
                continue
            values = classes.own_members(item).get(name)
            if values is None:
                continue
            body = self._evaluator.body(item.key)
            if any(graph.node(body, graph.bare(body, value)) not in _NOTHING for value in values):
                return True
            bases = classes.ancestry(item).classes
            if self._evaluator.definition(item.key).decorators or any(
                isinstance(base, External) and base.dotted not in _PLAIN for base in bases
            ):
                return True
        return False

    def _stores(self, path: str, cls: Class, name: str) -> Iterator[bool]:
        """Whether each thing but None that a module keeps under the name is a finished future."""
        module = self._evaluator.module(path)
        for key in module.keys:
            body = module.body(key)
            for store in body.stores:
                if store.kind != StoreKind.ATTR or store.name != name:
                    continue
                if body.values[store.base] == (Op.PARAM, 0) and not may_be_of(self._evaluator, key, cls):
                    continue
                value = graph.bare(body, store.value)
                if graph.node(body, value) == (Op.CONST, None):
                    continue
                yield self._is_finished(
                    key, body, value, store.region, _site_of(body, store.base, name, store.region), 0
                )

    # -- what is finished -----------------------------------------------------------------------

    def _is_finished(self, key: Key, body: Body, value: int, region: int, until: int, depth: int) -> bool:
        """Whether a value is a future that has been made, and finished, before a site in a region."""
        made = graph.call(body, value)
        if made is None:
            return False
        if self._makes_future(key, made):
            finishing = {
                site.region
                for site in body.sites[:until]
                if site.kind == SiteKind.CALL
                and graph.node(body, site.callee)[-1] in _FINISHING
                and graph.bare(body, graph.receiver(body, site)) == value
            }
            return any(graph.is_inside(body, region, number) for number in _certain(body, finishing))
        return depth < _MAX_DEPTH and self._gives_finished(key, made, depth + 1)

    def _makes_future(self, key: Key, made: Site) -> bool:
        """Whether a call makes a future, whose class leaves it to its base how it is finished."""
        found = self._evaluator.evaluate(key, made.callee)
        return bool(found.values) and all(
            self._is_future_class(value) if isinstance(value, Class) else self._is_future(value)
            for value in found.values
        )

    def _is_future_class(self, cls: Class) -> bool:
        classes = self._evaluator.classes
        bases = classes.ancestry(cls).classes
        return any(self._is_future(base) for base in bases) and not any(
            isinstance(base, Class) and not _FINISHING.isdisjoint(classes.own_members(base)) for base in bases
        )

    def _is_future(self, value: object) -> bool:
        return isinstance(value, External) and self._evaluator.catalog.canonical(value.dotted) == _FUTURE

    def _gives_finished(self, key: Key, made: Site, depth: int) -> bool:
        """Whether a call is of functions of the program that return finished futures only."""
        called = self._evaluator.evaluate(key, made.callee)
        return bool(called.values) and all(
            isinstance(value, Function) and self._returns_finished(value.key, depth)
            for value in called.values
        )

    def _returns_finished(self, key: Key, depth: int) -> bool:
        definition = self._evaluator.definition(key)
        if definition.kind != DefKind.FUNCTION or definition.flags or definition.decorators:
            return False
        body = self._evaluator.body(key)
        return bool(body.returns) and all(
            self._is_finished(key, body, graph.bare(body, value), region, len(body.sites), depth)
            for value, region in body.returns
        )


def _site_of(body: Body, base: int, name: str, region: int) -> int:
    """The first site that stores under a name of a value in a region."""
    return min(
        (
            number
            for number, site in enumerate(body.sites)
            if site.kind == SiteKind.SET_ATTR
            and site.region == region
            and body.values[site.callee] == (Op.ATTR, base, name)
        ),
        default=0,
    )


def _certain(body: Body, regions: set[int]) -> set[int]:
    """The regions that come to their end only by way of one of those given: of a test, both branches do; of
    a `try`, all of its handlers, too."""
    certain = set(regions)
    sides: dict[tuple[int, int], set[int]] = {}
    for number in range(max(regions, default=0), 0, -1):  # a region stands after its parent
        if number not in certain:
            continue
        item = body.regions[number]
        if item.kind in graph.TESTS:
            both = sides.setdefault((item.parent, item.value), set())
            both.add(item.extra)
            if len(both) < 2:
                continue
        elif item.kind in (RegionKind.TRY, RegionKind.TRY_ELSE):
            tried = number if item.kind == RegionKind.TRY else item.extra
            if any(
                other.kind == RegionKind.EXCEPT and other.extra == tried and handler not in certain
                for handler, other in enumerate(body.regions)
            ):
                certain |= {
                    after
                    for after, other in enumerate(body.regions)
                    if other.kind == RegionKind.AFTER_TRY and other.extra == tried
                }  # all of its handlers leave
                continue
        elif item.kind not in (RegionKind.WITH, RegionKind.FINALLY):
            continue
        certain.add(item.parent)
    return certain
