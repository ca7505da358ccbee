"""What a callable does that is handed to a pool of threads, besides how long it takes: what it waits for,
whether native code in it releases the GIL, what of it is not known, and whether it works over data at all.

Every call that it leads to is looked at, in hot loops or not: one that is not known may be the request that
the threads are there for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

from conclint.catalog.facts import CallableFact
from conclint.catalog.facts import EffectKind as Stated
from conclint.conditions.stated_conditions import judge_conditions
from conclint.cost.bound_callables import UNBOUND, Bound, BoundCallables
from conclint.cost.constant_values import Calculator
from conclint.cost.lazy_objects import waiting_read
from conclint.cost.own_work import OwnWork, counts_down
from conclint.cost.plain_methods import is_plain_method
from conclint.cost.streams import streamed
from conclint.cost.trip_counts import TripCounter
from conclint.effects.effects import Kind
from conclint.effects.solver import EffectSolver
from conclint.model.execution import ExecutionModel, Family
from conclint.resolve.arguments import Arguments
from conclint.resolve.calls import Link, Target, callable_name, callables, parameter_name
from conclint.resolve.handing import handed_over
from conclint.resolve.values import (
    ITERATED,
    Class,
    Container,
    ContextManager,
    Display,
    External,
    ExternalInstance,
    ExternalMethod,
    Function,
    Generator,
    Instance,
    Key,
    Literal,
    Parameter,
    Partial,
    Value,
    ValueSet,
    unwrapped,
)
from conclint.summary import body_graph as graph
from conclint.summary.records import (
    Assertion,
    Body,
    DefFlags,
    DefKind,
    Op,
    Site,
    SiteKind,
)

_THREAD: Final = ExecutionModel.THREAD.bit
_PASSING: Final = frozenset({Family.CHEAP_FILES.value, Family.CONSOLE.value})
"""Waits that are over at once."""
_BRIEF_SLEEP: Final = 0.01
_MAX_DEPTH: Final = 30
_MAX_FUNCTIONS: Final = 300
_PURE_MODULES: Final = frozenset(
    {
        "__future__", "abc", "array", "bisect", "builtins", "calendar", "cmath", "collections", "colorsys",
        "contextlib", "copy", "dataclasses", "datetime", "decimal", "difflib", "enum", "fractions",
        "functools", "heapq", "inspect", "itertools", "keyword", "math", "numbers", "operator", "random",
        "statistics", "string", "textwrap", "types", "typing", "typing_extensions", "unicodedata", "uuid",
        "weakref", "zoneinfo",
    }
)  # fmt: skip
"""Modules of the standard library that compute, and do nothing else."""
_GOING_THROUGH: Final = frozenset(
    {"builtins.max", "builtins.min", "builtins.sorted", "builtins.sum", "collections.Counter", "math.prod"}
)
"""What goes through all that a worker is given, if it is the worker itself."""


_Seen: TypeAlias = dict[tuple[Key, Bound, bool], None]
"""The functions met so far."""


class Profile(NamedTuple):
    """What a worker does.

    `waits`: it waits in earnest, or native code in it releases the GIL: threads are right for it, or may be.
    `files`: it opens a file or two. `unknown`: the names of what is called that is not known. `depth`: how
    deep its loops over data are nested; `library`: what it calls of a library that computes; `touched`: what
    it calls that reads or writes files. `fed`: it takes its work from a queue.
    """

    waits: bool = False
    files: bool = False
    unknown: tuple[str, ...] = ()
    depth: int = 0
    library: str = ""
    touched: tuple[str, ...] = ()
    fed: bool = False

    def joined(self, other: Profile) -> Profile:
        """Both together."""
        return Profile(
            self.waits or other.waits,
            self.files or other.files,
            tuple(dict.fromkeys((*self.unknown, *other.unknown))),
            max(self.depth, other.depth),
            self.library or other.library,
            tuple(dict.fromkeys((*self.touched, *other.touched))),
            self.fed or other.fed,
        )


class WorkerProfiles:
    """Looks through workers."""

    def __init__(self, engine: EffectSolver) -> None:
        self._engine = engine
        self._evaluator = engine.evaluator
        self._calculator = Calculator(self._evaluator)
        self._work = OwnWork(self._evaluator, TripCounter(self._evaluator, self._calculator))
        self._bound = BoundCallables(engine)
        self._streamed: set[Parameter] = set()
        self._asker = ""
        self._is_enough = False
        self._done_at: dict[tuple[Key, int, bool], Profile] = {}

    def of(
        self, value: Value, arguments: Arguments, each: bool, asker: str, *, until_waits: bool = False
    ) -> Profile:
        """The profile of a callable that the module `asker` hands over with these arguments (each of their
        items). `until_waits`: of one that waits nothing else is asked."""
        self._asker = asker
        self._is_enough = until_waits
        passed = self._bound.items(arguments) if each else arguments
        self._streamed = set()
        found = self._target(Target(value, passed), UNBOUND, False, {}, 0)
        if found.depth and not found.waits and not found.unknown:
            given = (*passed.positional, *(item for _, item in passed.keywords))
            lazy = waiting_read(
                self._engine, (v for item in given for v in self._evaluator.passed(item).values)
            )
            return found.joined(_unknown(lazy)) if lazy else found
        return found

    def _target(
        self, target: Target, bound: Bound, in_loop: bool, seen: _Seen, depth: int, *, is_bound: bool = True
    ) -> Profile:
        value, arguments = target
        if isinstance(value, Partial):
            inner = self._evaluator.results.with_partial(value, arguments)
            return self._target(Target(value.target, inner), bound, in_loop, seen, depth, is_bound=is_bound)
        if isinstance(value, (Generator, ContextManager)):
            value = value.function
        if isinstance(value, Function):
            self._streamed |= streamed(self._evaluator, value, arguments, self._streamed)
            return self._function(value, self._bound.of(value, arguments, bound), in_loop, seen, depth)
        if isinstance(value, Class):
            found = Profile()
            for maker in self._evaluator.classes.makers(value):
                inner_bound = self._bound.of(maker, arguments, bound)
                found = found.joined(self._function(maker, inner_bound, in_loop, seen, depth))
            return found
        if isinstance(value, Instance):
            method = self._evaluator.classes.method(value.cls, "__call__", value).values
            return self._any(method, arguments, bound, in_loop, seen, depth) or _unknown(self._named(value))
        if isinstance(value, (External, ExternalMethod, ExternalInstance)):
            return self._outside(value, arguments, bound, in_loop, seen, depth, is_bound=is_bound)
        if isinstance(value, Parameter):
            known = _binds(bound, value)
            if known is None and value.attributes[-1:] == (ITERATED,):
                return Profile()  # what is given to a worker to be gone through
            if known is None or known.incomplete:
                return _unknown(parameter_name(self._evaluator, value))
            return self._any(known.values, arguments, bound, in_loop, seen, depth) or Profile()
        if isinstance(value, (Display, Container, Literal)):
            return Profile()
        return _unknown(self._named(value))

    def _any(
        self,
        values: tuple[Value, ...],
        arguments: Arguments,
        bound: Bound,
        in_loop: bool,
        seen: _Seen,
        depth: int,
    ) -> Profile | None:
        found: Profile | None = None
        for value in values:
            if depth > _MAX_DEPTH:
                return _unknown(self._named(value))
            part = self._target(Target(value, arguments), bound, in_loop, seen, depth + 1)
            found = part if found is None else found.joined(part)
        return found

    def _function(
        self,
        function: Function,
        bound: Bound,
        in_loop: bool,
        seen: _Seen,
        depth: int,
    ) -> Profile:
        key = function.key
        slot = (key, bound, in_loop)
        if slot in seen:
            return Profile(depth=1) if depth else Profile()  # a structure that is walked by recursion
        if depth > _MAX_DEPTH or len(seen) > _MAX_FUNCTIONS:
            return _unknown(self._named(function))
        seen[slot] = None
        definition = self._evaluator.definition(key)
        if definition.assertion == Assertion.NONBLOCKING:
            return Profile()
        if definition.kind == DefKind.ASYNC_FUNCTION or definition.assertion == Assertion.BLOCKS:
            return Profile(waits=True)
        if definition.flags & DefFlags.STUB:
            return self._implementations(function, bound, in_loop, seen, depth)
        body = self._evaluator.body(key)
        depths = self._work.depths(key, body)
        looping = [graph.loop_of(body, number) >= 0 for number in range(len(body.regions))]
        found = Profile(depth=self._work.own(key, body, depths))
        links = {link.site: link for link in self._engine.links(key)}
        own = Function(key)
        for number, site in enumerate(body.sites):
            if found.waits and self._is_enough:
                return found
            link = links.get(number)
            if not self._engine.guards.mask(key, site.region) & _THREAD:
                continue
            here = looping[site.region]
            if site.kind == SiteKind.ITERATE and (stream := self._stream(key, body, site)):
                found = found.joined(_unknown(stream))
            if link is None:
                if site.kind == SiteKind.CALL and self._is_own_on_part(key, body, site):
                    found = found.joined(Profile(depth=1))
                elif site.kind == SiteKind.CALL and not is_plain_method(body, site):
                    found = found.joined(_unknown(_written(body, site)))
                continue
            found = found.joined(self._effects(key, link, in_loop or here))
            if link.incomplete and site.kind == SiteKind.CALL:
                found = found.joined(_unknown(_written(body, site)))
            is_plain = site.kind == SiteKind.CALL and is_plain_method(body, site)
            for target in (target for group in link.groups for target in group):
                if is_plain and isinstance(target.value, Parameter) and not _binds_known(bound, target.value):
                    continue
                if target.value == own and counts_down(body, number):
                    continue
                inner = self._target(target, bound, in_loop or here, seen, depth + 1, is_bound=False)
                around = depths[site.region]
                if inner.depth:
                    inner = inner._replace(depth=inner.depth + around)
                elif inner.library and around:
                    inner = inner._replace(depth=around)
                found = found.joined(inner)
        return found

    def _implementations(
        self, function: Function, bound: Bound, in_loop: bool, seen: _Seen, depth: int
    ) -> Profile:
        """What all implementations of an abstract method do, any of which may run."""
        overriding = self._evaluator.overrides.of(function, self._asker)
        if not overriding.is_all or not overriding.functions:
            return _unknown(self._named(function))
        parts = [self._function(item, bound, in_loop, seen, depth + 1) for item in overriding.functions]
        found = parts[0]
        for part in parts[1:]:
            found = found.joined(part)
        return found._replace(depth=min(part.depth for part in parts))

    def _stream(self, key: Key, body: Body, site: Site) -> str:
        """The name of what a loop goes through, if it may be a stream: a parameter, or a call made for each
        item (`iter(pipe.readline, "")`); else empty."""
        node = graph.node(body, site.callee)
        made = graph.call(body, site.callee)
        if (
            made is not None
            and len(made.args) == 2
            and graph.node(body, made.callee)[:2] == (Op.GLOBAL, "iter")
        ):
            return _written(body, made)
        if node[0] != Op.PARAM:
            return ""
        parameter = Parameter(key, graph.number(node))
        return parameter_name(self._evaluator, parameter) if parameter in self._streamed else ""

    def _is_own_on_part(self, key: Key, body: Body, site: Site) -> bool:
        """Whether a method calls itself on a part of its own object (`child.total()`), whose type is not
        known, and no other class of the module has a method of that name."""
        name = self._evaluator.definition(key).name
        if graph.node(body, site.callee)[2:] != (name,) or self._evaluator.enclosing_class(key) is None:
            return False
        receiver = graph.node(body, graph.receiver(body, site))
        if receiver[0] not in (Op.ELEM, Op.ITEM, Op.ATTR):
            return False
        module = self._evaluator.module(key[0])
        named = [
            other
            for other in module.keys
            if module.definition(other).name == name and module.enclosing_class(other) is not None
        ]
        return named == [key]

    def _effects(self, key: Key, link: Link, in_loop: bool) -> Profile:
        """What a site waits for itself, and the native work that it does; found out once, since many workers
        come by the same sites."""
        slot = (key, link.site, in_loop)
        found = self._done_at.get(slot)
        if found is None:
            found = self._look_at(key, link, in_loop)
            if self._engine.is_settled:
                self._done_at[slot] = found
        return found

    def _look_at(self, key: Key, link: Link, in_loop: bool) -> Profile:
        found = Profile()
        for effect, witness in self._engine.site_effects(key, link, []).items():
            if not effect.mask & _THREAD:
                continue
            if effect.kind is Kind.COMPUTES_NOGIL:
                return Profile(waits=True)
            if effect.kind is Kind.WAITS and (witness.next is None or witness.then is not None):
                cause = witness.then.cause if witness.then is not None else witness.cause
                is_brief = self._is_brief(key, link.site)
                found = found.joined(_weighed(effect.family, cause, in_loop, is_brief=is_brief))
        return found

    def _is_brief(self, key: Key, site: int) -> bool:
        args = self._evaluator.body(key).sites[site].args
        length = self._calculator.number(key, args[0][1], {}) if len(args) == 1 else None
        return length is not None and length <= _BRIEF_SLEEP

    # -- outside the program --------------------------------------------------------------------

    def _outside(
        self,
        value: External | ExternalMethod | ExternalInstance,
        arguments: Arguments,
        bound: Bound,
        in_loop: bool,
        seen: _Seen,
        depth: int,
        *,
        is_bound: bool,
    ) -> Profile:
        fact = self._fact(value)
        if not depth and isinstance(value, External) and value.dotted in _GOING_THROUGH:
            return Profile(depth=1)
        if fact is None:
            return Profile() if self._is_pure(value) else _unknown(self._named(value))
        if fact.effect is Stated.COMPUTES_NOGIL:
            verdict = judge_conditions(self._evaluator, fact, arguments)
            return Profile(waits=verdict.present)
        if fact.effect is Stated.COMPUTES_GIL:
            return Profile(library=fact.name)
        if fact.effect is Stated.PLACES:
            return Profile(waits=True)  # it has workers of its own
        if fact.effect is Stated.WAITS and is_bound and fact.family is not None:
            if not judge_conditions(self._evaluator, fact, arguments).present:
                return Profile()
            return _weighed(fact.family.value, fact.name, in_loop or not depth, is_brief=False)
        if fact.effect is Stated.CALLS and fact.placing is not None:
            handed = handed_over(self._evaluator, fact, fact.placing, arguments)
            if handed is None:
                return Profile()
            handed = self._bound.seen(handed, bound)
            called = tuple(callables(handed))
            if handed.incomplete or (not called and not handed.values):
                return _unknown(fact.name)
            given = Arguments(spread=True)
            return self._any(called, given, bound, True, seen, depth) or Profile()
        return Profile()

    def _fact(self, value: External | ExternalMethod | ExternalInstance) -> CallableFact | None:
        catalog = self._evaluator.catalog
        if isinstance(value, ExternalInstance):
            return catalog.method(value.dotted, "__call__")
        if isinstance(value, ExternalMethod):
            return catalog.method(value.dotted, value.name)
        return catalog.function(value.dotted) or catalog.method(value.dotted, "__init__")

    def _is_pure(self, value: External | ExternalMethod | ExternalInstance) -> bool:
        """Whether what no file states is known to compute only: the builtins, and the standard library's
        modules that do nothing else."""
        if isinstance(value, External) and self._evaluator.catalog.klass(value.dotted) is not None:
            return True
        return value.dotted.partition(".")[0] in _PURE_MODULES

    def _named(self, value: Value) -> str:
        return callable_name(self._evaluator, unwrapped(value))


def _binds(bound: Bound, parameter: Parameter) -> ValueSet | None:
    """What a parameter is bound to, if a call is known that binds it."""
    return next((item for other, item in bound if other == parameter), None)


def _binds_known(bound: Bound, parameter: Parameter) -> bool:
    """Whether a parameter is bound to anything but parameters that nothing is known of."""
    known = _binds(bound, parameter)
    return known is not None and not all(isinstance(value, Parameter) for value in known.values)


def _weighed(family: str, cause: str, in_loop: bool, *, is_brief: bool) -> Profile:
    """A wait, weighed: a lock, a put, a moment's sleep, a file opened once are nothing beside work."""
    last = cause.rsplit(".", 1)[-1]
    if family in _PASSING:
        return Profile()
    if family == Family.LOCKS.value and last in ("__enter__", "acquire"):
        return Profile(waits="emaphore" in cause or "Condition" in cause)
    if family == Family.QUEUES.value and last in ("get", "put"):
        return Profile(fed=last == "get")
    if family == Family.FILES.value:
        return Profile(waits=in_loop, files=True, touched=(cause,))
    if family == Family.SLEEP.value and is_brief and not in_loop:
        return Profile()
    return Profile(waits=True)


def _unknown(name: str) -> Profile:
    return Profile(unknown=(name,))


def _written(body: Body, site: Site) -> str:
    """What is called at a site, as far as the last name says it."""
    node = graph.node(body, site.callee)
    return ".".join(str(part) for part in _path(body, node)) or "something"


def _path(body: Body, node: graph.Node) -> Iterator[object]:
    if node[0] == Op.ATTR:
        yield node[2]
    elif node[0] == Op.GLOBAL:
        yield node[1]
