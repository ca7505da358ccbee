"""One def as the structural rules see it: its calls by what they call, its loops, what values come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

from conclint.effects.effects import Placement
from conclint.effects.solver import EffectSolver
from conclint.resolve.arguments import Arguments, Passed, arguments_of, stated_argument
from conclint.resolve.values import (
    NONE,
    Class,
    External,
    ExternalInstance,
    ExternalMethod,
    Function,
    Instance,
    Key,
    Value,
    ValueSet,
    one_literal,
)
from conclint.summary import body_graph as graph
from conclint.summary.codec import span_of
from conclint.summary.records import Body, Def, Op, SiteKind


class Call(NamedTuple):
    """A call with all it may call: public dotted names of what is outside the program, and what is inside.

    `incomplete` where it may be something else too; `reasons` are the assumptions behind the candidates.
    """

    site: int
    names: frozenset[str]
    inside: tuple[Value, ...]
    incomplete: bool
    reasons: tuple[str, ...]

    def is_one_of(self, names: Iterable[str]) -> bool:
        """Whether each candidate is one of these outside names."""
        return bool(self.names) and not self.inside and self.names <= set(names)

    @property
    def doubts(self) -> tuple[str, ...]:
        """The assumptions, with the one that it is nothing else that is called."""
        return (
            (*self.reasons, "the thing called may be something else too") if self.incomplete else self.reasons
        )


class Code:
    """The code of one def."""

    def __init__(self, engine: EffectSolver, key: Key, placements: list[Placement] | None = None) -> None:
        self.engine = engine
        self.evaluator = engine.evaluator
        self.key = key
        self.module = self.evaluator.module(key[0])
        self.definition: Def = self.module.definition(key)
        self.body: Body = self.module.body(key)
        self._placements = placements

    # -- calls ----------------------------------------------------------------------------------

    @cached_property
    def calls(self) -> dict[int, Call]:
        """The calls whose target is known, by site, in source order."""
        found: dict[int, Call] = {}
        for link in self.engine.links(self.key):
            if self.body.sites[link.site].kind != SiteKind.CALL:
                continue
            names: set[str] = set()
            inside: list[Value] = []
            incomplete = link.incomplete
            for target in link.groups[0]:
                name = self.public_name(target.value)
                if name is not None:
                    names.add(name)
                elif isinstance(target.value, (Function, Class, Instance)):
                    inside.append(target.value)
                else:
                    incomplete = True
            if names or inside:
                found[link.site] = Call(link.site, frozenset(names), tuple(inside), incomplete, link.reasons)
        return found

    def public_name(self, value: Value) -> str | None:
        """The public dotted name of something outside the program; None for all else."""
        catalog = self.evaluator.catalog
        if isinstance(value, External):
            return catalog.canonical(value.dotted)
        if isinstance(value, ExternalMethod):
            fact = catalog.method(value.dotted, value.name)
            return fact.name if fact is not None else f"{catalog.canonical(value.dotted)}.{value.name}"
        return None

    def calls_to(self, names: Iterable[str]) -> Iterator[Call]:
        """The calls that call one of these names and nothing else that is known."""
        wanted = frozenset(names)
        return (call for call in self.calls.values() if call.is_one_of(wanted))

    @cached_property
    def placements(self) -> dict[int, list[Placement]]:
        """What each site hands to an execution model."""
        made = self._placements
        if made is None:
            made = []
            for link in self.engine.links(self.key):
                self.engine.site_effects(self.key, link, made)
        found: dict[int, list[Placement]] = {}
        for placement in made:
            found.setdefault(placement.site, []).append(placement)
        return found

    def arguments(self, site: int) -> Arguments:
        """What is passed at a site."""
        return arguments_of(self.key, self.body.sites[site].args)

    def argument(self, site: int, name: str) -> Passed | None:
        """The argument for a parameter of the catalogued callable at a site, by its stated signature."""
        for link in self.engine.links(self.key):
            if link.site != site:
                continue
            for target in link.groups[0]:
                fact = None
                if isinstance(target.value, ExternalMethod):
                    fact = self.evaluator.catalog.method(target.value.dotted, target.value.name)
                elif isinstance(target.value, External):
                    cls = self.evaluator.catalog.klass(target.value.dotted)
                    fact = (
                        self.evaluator.catalog.method(cls.name, "__init__")
                        if cls is not None
                        else self.evaluator.catalog.function(target.value.dotted)
                    )
                return stated_argument(fact.signature if fact else None, name, self.arguments(site))
        return None

    def literal(self, passed: Passed | None) -> object:
        """The constant that an argument is; `...` where it is no constant, or is not passed."""
        if passed is None:
            return ...
        known = one_literal(self.evaluator.passed(passed))
        return known.value if known is not None else ...

    def receiver(self, site: int) -> int:
        """The value whose method is called at a site; -1 for a plain call."""
        return graph.receiver(self.body, self.body.sites[site])

    # -- values ---------------------------------------------------------------------------------

    def known(self, value: int) -> ValueSet:
        """What a value may be."""
        return self.evaluator.evaluate(self.key, value)

    def is_all(self, value: int, *classes: str) -> bool:
        """Whether everything that a value may be, None aside, is an instance of one of these outside
        classes, or of a class derived from one."""
        values = [item for item in self.known(value).values if item != NONE]
        return bool(values) and all(self.is_instance(item, *classes) for item in values)

    def is_instance(self, value: Value, *classes: str) -> bool:
        """Whether a candidate is an instance of one of these outside classes."""
        catalog = self.evaluator.catalog
        if isinstance(value, ExternalInstance):
            return catalog.canonical(value.dotted) in classes or any(
                fact.name in classes for fact in catalog.ancestry(value.dotted)
            )
        if isinstance(value, Instance):
            return any(
                isinstance(base, External) and self.is_instance(ExternalInstance(base.dotted), *classes)
                for base in self.evaluator.classes.ancestry(value.cls).classes
            )
        return False

    def call_of(self, value: int) -> int:
        """The site whose result the value is, seen through narrowing; -1 where it is no call's result."""
        return graph.called_site(graph.node(self.body, graph.bare(self.body, value)))

    @cached_property
    def results(self) -> dict[int, int]:
        """The value of each call's result, by site."""
        return {
            graph.called_site(node): number
            for number, node in enumerate(self.body.values)
            if node[0] == Op.CALL
        }

    @cached_property
    def used(self) -> frozenset[int]:
        """The values that are called, passed on, kept, returned or tested."""
        body = self.body
        passed = (value for site in body.sites for _, value in site.args)
        kept = (store.value for store in body.stores)
        return frozenset(
            (
                *(site.callee for site in body.sites),
                *passed,
                *kept,
                *(value for value, _ in body.returns),
                *(region.value for region in body.regions),
            )
        )

    def operands(self, value: int) -> tuple[int, ...]:
        """The values that a value is made from; of a call, the callee and the arguments."""
        return graph.inputs(self.body, value)

    @cached_property
    def users(self) -> dict[int, list[int]]:
        """The values that are made with a value, by that value."""
        return graph.users(self.body)

    def made_from(self, values: Iterable[int]) -> set[int]:
        """The values, and all that these are made from."""
        return graph.made_from(self.body, values)

    def elements(self, value: int) -> tuple[int, ...]:
        """The values that a list made in this def is known to hold: written out, appended or added to it,
        or given by its comprehension."""
        return graph.kept_elements(self.body, value)

    # -- regions --------------------------------------------------------------------------------

    def loop_of(self, region: int) -> int:
        """The innermost loop around a region; -1 for none."""
        return graph.loop_of(self.body, region)

    def is_inside(self, region: int, outer: int) -> bool:
        """Whether a region is another one or lies within it."""
        return graph.is_inside(self.body, region, outer)

    def around(self, region: int) -> Iterator[int]:
        """The region and those around it, innermost first, without the def's own block."""
        return graph.around(self.body, region)

    def is_lazy(self, loop: int) -> bool:
        """Whether a loop is a generator expression."""
        return graph.is_lazy(self.body, loop)

    # -- order ----------------------------------------------------------------------------------

    def starts(self, site: int) -> tuple[int, int]:
        """Where a site begins."""
        span = span_of(self.body, site)
        return span.line, span.column

    def ends(self, site: int) -> tuple[int, int]:
        """Where a site ends."""
        span = span_of(self.body, site)
        return span.end_line, span.end_column
