"""The functions that a program begins with: what is handed to `asyncio.run` and the like, by way of the
program's own wrappers too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from conclint.catalog.facts import CallableFact
from conclint.effects.solver import EffectSolver
from conclint.resolve.arguments import Passed, StarItem, arguments_of, bind, stated_argument
from conclint.resolve.calls import Link
from conclint.resolve.values import (
    External,
    ExternalMethod,
    Function,
    Key,
    Parameter,
    Value,
    ValueSet,
    unwrapped,
)
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, DefKind, Op, Site, SiteKind, Use

_DEPTH: Final = 8
_PASSING_ON: Final = frozenset(
    {
        "asyncio.create_task", "asyncio.ensure_future", "asyncio.shield", "asyncio.wait_for",
        "functools.partial",
    }
)  # fmt: skip
"""What runs, or stands for, the coroutine (or function) that is its first argument."""
_TASKS: Final = frozenset({"create_task", "ensure_future"})
_SCHEDULING: Final = _TASKS | {
    "add_reader", "call_later", "call_soon", "call_soon_threadsafe", "gather", "start_soon",
}  # fmt: skip
"""Names of what puts something on a loop that gets its turn later."""
_BUSY: Final = _SCHEDULING | {"run_forever", "run_until_complete", "run"}
"""Methods after which something may still be on their loop."""

_SERVING: Final = frozenset(
    {
        "run_polling", "run_until_disconnected", "serve", "serve_forever", "start_polling",
        "wait_for_termination",
    }
)  # fmt: skip
"""Methods that are awaited for as long as a program serves."""


class Entries(NamedTuple):
    """Keys of functions. `whole` are what a program is: when they end, it ends. `heads` are these, and the
    coroutine functions that they await before all else: nothing else is on the loop until one pauses."""

    whole: frozenset[Key]
    heads: frozenset[Key]


class ProgramEntries:
    """Finds where programs begin; what a function does with its parameters is remembered."""

    def __init__(self, engine: EffectSolver) -> None:
        self._engine = engine
        self._evaluator = engine.evaluator
        self._wrapped: dict[Key, frozenset[int]] = {}
        self._serving: dict[Key, int] = {}

    def of(self, keys: Iterable[Key]) -> Entries:
        """The functions that these, which are all of one module, begin a program with."""
        keys = tuple(keys)
        whole: dict[Key, None] = {}
        for key in keys:
            for link in self._engine.links(key):
                whole.update(dict.fromkeys(self.begun_at(key, link)))
            whole.update(dict.fromkeys(self._by_decorators(key)))
        heads = dict(whole)
        todo = list(whole)
        while todo:
            for found in _functions(self._first_awaited(todo.pop(), 0)):
                if found not in heads and self._is_used_once(found, keys):
                    heads[found] = None
                    todo.append(found)
        return Entries(frozenset(whole), frozenset(heads))

    def last_serving(self, key: Key) -> int:
        """The last site at which a function awaits a server; -1 for none."""
        if key not in self._serving:
            awaited = (
                number
                for number, site in enumerate(self._evaluator.body(key).sites)
                if site.use & Use.AWAITED and site.kind == SiteKind.CALL and self._is_serving(key, site)
            )
            self._serving[key] = max(awaited, default=-1)
        return self._serving[key]

    def _is_serving(self, key: Key, site: Site) -> bool:
        callee = graph.node(self._evaluator.body(key), site.callee)
        return callee[0] == Op.ATTR and callee[2] in _SERVING

    def _is_used_once(self, key: Key, keys: Iterable[Key]) -> bool:
        """Whether a coroutine function is called in one place only, by those that are looked at, and neither
        handed on nor decorated."""
        definition = self._evaluator.definition(key)
        if definition.decorators:
            return False
        calls = 0
        for other in keys:
            for link in self._engine.links(other):
                targets = [target.value for group in link.groups for target in group]
                calls += any(isinstance(value, Function) and value.key == key for value in targets)
            body = self._evaluator.body(other)
            handed = (body.values[value] for site in body.sites for _, value in site.args)
            for node in handed:
                is_named = node[0] in (Op.GLOBAL, Op.ATTR, Op.FREE) and node[-1] == definition.name
                if is_named or (node[0] == Op.DEF and self._evaluator.module(other[0]).at(node[1]) == key):
                    return False
        return calls == 1

    def begun_at(self, key: Key, link: Link) -> Iterator[Key]:
        """The functions that a call begins a program with."""
        targets = [target.value for group in link.groups for target in group]
        for key_of, value in self.handed(key, link.site, targets):
            yield from _functions(self._begun(key_of, value, 0))

    # -- what is handed over --------------------------------------------------------------------

    def handed(self, key: Key, number: int, targets: Iterable[Value]) -> Iterator[tuple[Key, int]]:
        """The values that a call makes the beginning of a program."""
        body = self._evaluator.body(key)
        site = body.sites[number]
        if site.kind != SiteKind.CALL:
            return
        for target in targets:
            if isinstance(target, Function):
                for position in self.wrapped(target.key) if site.args else ():
                    yield from _as_value(self._bound(target, position, key, site))
                continue
            fact = self._fact(target)
            if fact is not None and fact.entry is not None:
                is_method = isinstance(target, ExternalMethod)
                if not is_method or self._is_first_on_loop(body, number):
                    arguments = arguments_of(key, site.args)
                    yield from _as_value(stated_argument(fact.signature, fact.entry, arguments))
        callee = body.values[site.callee]
        if callee[0] == Op.ATTR and callee[2] == "run_forever" and not self._is_coroutine(key):
            task = self._first_task(body, number)
            if task is not None:
                yield key, task

    def _fact(self, target: Value) -> CallableFact | None:
        if isinstance(target, External):
            return self._evaluator.catalog.function(target.dotted)
        if isinstance(target, ExternalMethod):
            return self._evaluator.catalog.method(target.dotted, target.name)
        return None

    def _bound(self, function: Function, position: int, key: Key, site: Site) -> Passed | None:
        arguments = arguments_of(key, site.args)
        if function.receiver is not None:
            arguments = arguments.prepend(ValueSet((function.receiver,)))
        return bind(self._evaluator.definition(function.key), position, arguments)

    def _is_first_on_loop(self, body: Body, number: int) -> bool:
        """Whether a function has nothing else run on a loop before it has it run something (again and again,
        in a loop of its own): tasks may be left from that."""
        site = body.sites[number]
        if graph.loop_of(body, site.region) >= 0:
            return False
        receiver = graph.receiver(body, site)
        given = {graph.called_site(body.values[value]) for _, value in site.args}
        return not any(
            graph.receiver(body, other) == receiver and _name(body, other) in _BUSY and place not in given
            for place, other in enumerate(body.sites[:number])
        )

    def _first_task(self, body: Body, number: int) -> int | None:
        """The first task that a function makes before it has a loop run for good; None where it has had it
        run before."""
        for other in body.sites[:number]:
            if _name(body, other) in _TASKS and other.args and graph.loop_of(body, other.region) < 0:
                return other.args[0][1]
            if _name(body, other) in _BUSY:
                return None
        return None

    # -- what begins ----------------------------------------------------------------------------

    def _begun(self, key: Key, value: int, depth: int) -> Iterator[Value]:
        """The functions that begin where a value is run: it is one, or a coroutine of one; or the parameters
        that only a caller knows."""
        if value < 0 or depth > _DEPTH:
            return
        body = self._evaluator.body(key)
        node = body.values[value]
        if node[0] == Op.PHI or node[0] in graph.WRAPPERS:
            operands = graph.parts(node) if node[0] == Op.PHI else graph.operands(node)[:1]
            for operand in operands:
                yield from self._begun(key, operand, depth + 1)
        elif (site := graph.call(body, value)) is not None:
            for callee in map(unwrapped, self._evaluator.evaluate(key, site.callee).values):
                name = callee.dotted if isinstance(callee, External) else ""
                is_task = isinstance(callee, ExternalMethod) and callee.name in _TASKS
                if (name in _PASSING_ON or is_task) and site.args:
                    yield from self._begun(key, site.args[0][1], depth + 1)
                elif isinstance(callee, (Function, Parameter)):
                    yield callee
        else:
            for item in map(unwrapped, self._evaluator.evaluate(key, value).values):
                if isinstance(item, Function) and self._kind(item.key) == DefKind.LAMBDA:
                    for returned, _ in self._evaluator.body(item.key).returns:
                        yield from self._begun(item.key, returned, depth + 1)
                elif isinstance(item, (Function, Parameter)):
                    yield item

    def _first_awaited(self, key: Key, depth: int) -> Iterator[Value]:
        """The functions that a coroutine function awaits, once, before it pauses."""
        if depth > _DEPTH or not self._is_coroutine(key):
            return
        body = self._evaluator.body(key)
        for number, site in enumerate(body.sites):
            if _name(body, site) in _SCHEDULING:
                return  # a task waits for its turn
            if graph.pauses(site):
                if graph.loop_of(body, site.region) >= 0 or site.use & Use.ASYNC:
                    return
                if site.kind == SiteKind.AWAIT:
                    yield from self._begun(key, site.callee, depth)
                elif site.kind == SiteKind.CALL:
                    yield from self._begun(key, body.values.index((Op.CALL, number)), depth)
                return

    def _by_decorators(self, key: Key) -> Iterator[Key]:
        """The function itself, where a decorator of the program's begins a program with it."""
        definition = self._evaluator.definition(key)
        if definition.kind != DefKind.ASYNC_FUNCTION:
            return
        scope = self._evaluator.scope(key)
        for decorator in definition.decorators:
            for value in self._evaluator.evaluate(scope, decorator).values:
                if isinstance(value, Function) and 0 in self.wrapped(value.key):
                    yield key

    # -- wrappers -------------------------------------------------------------------------------

    def wrapped(self, key: Key) -> frozenset[int]:
        """The parameters of a plain function that it, or a function in it, begins a program with."""
        found = self._wrapped.get(key)
        if found is None:
            self._wrapped[key] = frozenset()  # one that calls itself is no wrapper by that
            definition = self._evaluator.definition(key)
            is_plain = definition.kind in (DefKind.FUNCTION, DefKind.LAMBDA)
            found = frozenset(self._find_wrapped(key) if is_plain and definition.params else ())
            self._wrapped[key] = found
        return found

    def _find_wrapped(self, key: Key) -> Iterator[int]:
        for inner in self._within(key):
            body = self._evaluator.body(inner)
            if inner != key and self._is_coroutine(inner):
                continue
            for number, site in enumerate(body.sites):
                if site.kind != SiteKind.CALL or not any(_may_hold(body, v) for _, v in site.args):
                    continue
                targets = self._evaluator.evaluate(inner, site.callee).values
                for key_of, value in self.handed(inner, number, targets):
                    yield from self._parameters(key, self._begun(key_of, value, 0), 0)

    def _parameters(self, key: Key, values: Iterable[Value], depth: int) -> Iterator[int]:
        """The parameters of a function among what begins, and those that a function in it awaits first
        (`async def body(): await given`)."""
        for value in values:
            if isinstance(value, Parameter):
                if value.key == key and not value.attributes:
                    yield value.position
            elif isinstance(value, Function) and depth < _DEPTH and key in self._around(value.key):
                yield from self._parameters(key, self._first_awaited(value.key, depth + 1), depth + 1)

    def _within(self, key: Key) -> Iterator[Key]:
        """The def and the functions in it."""
        yield key
        module = self._evaluator.module(key[0])
        for child in module.children(key):
            if module.definition(child).kind != DefKind.CLASS:
                yield from self._within(child)

    def _around(self, key: Key) -> tuple[Key, ...]:
        return tuple(self._evaluator.module(key[0]).around(key))

    def _kind(self, key: Key) -> int:
        return self._evaluator.definition(key).kind

    def _is_coroutine(self, key: Key) -> bool:
        return self._kind(key) == DefKind.ASYNC_FUNCTION


def _functions(values: Iterable[Value]) -> Iterator[Key]:
    return (value.key for value in values if isinstance(value, Function))


def _as_value(passed: Passed | None) -> Iterator[tuple[Key, int]]:
    """An argument as a value of a body, if it is one that is written out."""
    if isinstance(passed, tuple) and not isinstance(passed, (ValueSet, StarItem)):
        yield passed


def _name(body: Body, site: Site) -> object:
    """The name of the method that a site calls, or of the function of a module."""
    callee = body.values[site.callee] if site.kind == SiteKind.CALL else graph.UNKNOWN
    return callee[2] if callee[0] == Op.ATTR else ""


def _may_hold(body: Body, value: int) -> bool:
    """Whether an argument may be a parameter, a coroutine of one, or a function that uses one."""
    node = graph.node(body, value)
    if node[0] in (Op.PARAM, Op.FREE, Op.PHI, Op.DEF, Op.CAST, Op.NARROW):
        return True
    site = graph.call(body, value)
    if site is None:
        return False
    return _may_hold(body, site.callee) or any(_may_hold(body, item) for _, item in site.args)
