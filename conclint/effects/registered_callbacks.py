"""Callables that the program registers with an object of a library, whose methods call them: done-callbacks
of a future, receivers of a signal, handlers of a client.

What registers and what calls is catalog data (`effect = "registers"`). Registrations are looked for in the
module of the call, where the object is made or kept, and in the modules that its own classes are from; that
it is the same object is told by where it comes from (`conclint.resolve.origins`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from conclint.catalog.facts import (
    ASSIGNED,
    CallableFact,
    ParameterFact,
    Registering,
)
from conclint.conditions.stated_conditions import Truth, condition_holds
from conclint.model.execution import Confidence
from conclint.resolve.arguments import Arguments, Passed, arguments_of, stated_argument
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.origins import ELEMENT, Origin, Origins, classes_of, files_of
from conclint.resolve.values import (
    Class,
    External,
    ExternalInstance,
    ExternalMethod,
    Instance,
    Key,
    Literal,
    Value,
    ValueSet,
    join,
)
from conclint.summary import body_graph as graph
from conclint.summary.records import Op, Site, SiteKind

_MOST_FILES: Final = 12
_SHARED: Final = ("blinker.", "pyee.")
"""Libraries whose objects are mostly made in one file, to be used in others."""


class Callback(NamedTuple):
    """What a call runs of what was registered, or starts (`is_started`), and why that is doubted."""

    values: ValueSet
    registering: Registering
    name: str
    is_started: bool
    reasons: tuple[str, ...]


class _Registration(NamedTuple):
    """A callable that was registered by what is called `name`, with an object of these origins or classes,
    which is known by one of `names`."""

    name: str
    registering: Registering
    confidence: Confidence
    origins: frozenset[Origin]
    classes: tuple[Class, ...]
    names: frozenset[str]
    event: object
    senders: frozenset[Value]
    values: ValueSet


_ANY_EVENT: Final = object()


class RegisteredCallbacks:
    """Finds what calls run of what was registered; the registrations of each module are remembered."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._catalog = evaluator.catalog
        self._origins = Origins(evaluator)
        self._in_modules: dict[str, tuple[_Registration, ...]] = {}

    def run_by(self, key: Key, number: int, called: Value) -> Iterator[Callback]:
        """What a call at a site of a def runs or starts. Raises NeedModule."""
        site = self._evaluator.body(key).sites[number]
        if site.kind != SiteKind.CALL:
            return
        names = self._names(called)
        receiver = graph.receiver(self._evaluator.body(key), site)
        is_method = isinstance(called, ExternalMethod) and receiver >= 0
        origins = self._origins.of(key, receiver) if is_method else frozenset()
        held = self._evaluator.evaluate(key, receiver).values if is_method else ()
        classes = classes_of(held)
        files = {**self._files(key[0], origins, classes), **self._elsewhere(key[0], names)}
        if isinstance(called, ExternalMethod) and is_method and called.dotted.startswith(_SHARED):
            files.update(self._taking(key[0], origins))
        for path in files:
            for item in self._in_module(path):
                how = item.registering
                is_run = not names.isdisjoint(how.by)
                is_started = not names.isdisjoint(how.started_by)
                if not (is_run or is_started) or not self._is_same_event(item, key, site, called):
                    continue
                if how.is_loose:
                    if not self._mentions(key, item):
                        continue
                elif self._differs(item, key, site, called):
                    continue
                doubts = Confidence.HIGH - item.confidence
                if is_method and not how.is_loose:  # a function does so with all that was registered
                    same = self._likeness(item, origins, classes)
                    if same is None:
                        continue
                    doubts += same
                reasons = (f"what {item.name} registered is taken to be called here",) * doubts
                yield Callback(item.values, how, item.name, is_started, reasons)

    def _mentions(self, key: Key, item: _Registration) -> bool:
        """Whether a function names what something was registered with, in its body or its header."""
        if any(self._means(key, value, item) for value in range(len(self._evaluator.body(key).values))):
            return True
        scope = self._evaluator.scope(key)
        annotations = [param.annotation for param in self._evaluator.definition(key).params]
        return any(self._means(scope, value, item) for value in annotations if value >= 0)

    def _means(self, key: Key, value: int, item: _Registration) -> bool:
        """Whether a value of a body is what something was registered with."""
        if self._last_name(key, self._evaluator.body(key).values[value]) not in item.names:
            return False
        meant = self._evaluator.evaluate(key, value).values
        return not item.origins.isdisjoint(self._origins.of(key, value)) or any(
            isinstance(cls, Class) and cls in item.classes for cls in meant
        )

    def _last_name(self, key: Key, node: graph.Node) -> str:
        """The name by which a value is read: of a variable, an import, an attribute."""
        if node[0] == Op.IMPORT:
            return self._evaluator.module(key[0]).summary.imports[graph.number(node)].bound
        if node[0] == Op.DEF:
            return self._evaluator.definition(self._evaluator.module(key[0]).at(node[1])).name
        return str(node[-1]) if node[0] in (Op.GLOBAL, Op.FREE, Op.ATTR) else ""

    def _names(self, called: Value) -> frozenset[str]:
        """The names by which facts may mean what is called: of a method, its own and the public ones of the
        classes that have it."""
        if isinstance(called, ExternalMethod):
            owners = self._catalog.ancestry(called.dotted)
            return frozenset((called.name, *(f"{owner.name}.{called.name}" for owner in owners)))
        return frozenset((self._catalog.canonical(called.dotted),) if isinstance(called, External) else ())

    def _elsewhere(self, path: str, names: frozenset[str]) -> dict[str, None]:
        """The files that may register with objects of others: by the index those that import what does so;
        where the methods are of other objects, the modules too that this one imports by itself."""
        program = self._evaluator.program
        found: dict[str, None] = {}
        for module in sorted(self._catalog.registering_modules(names)):
            if program.knows_subclasses(path):
                found.update(dict.fromkeys(other for other, _ in program.derived_from(module, path)))
        if len(found) > _MOST_FILES:
            found = {}
        program.depend(path, found)
        if self._catalog.runs_loosely(names):
            found.update(dict.fromkeys(self._imported(path)))
        return found

    def _taking(self, path: str, origins: frozenset[Origin]) -> dict[str, None]:
        """The files that import what is in the files where an object is made: they may register with it."""
        program = self._evaluator.program
        found: dict[str, None] = {}
        for origin in files_of(origins):
            module = program.finder.module_name(origin).rpartition(".")[2]
            found.update(dict.fromkeys(program.taking_from(module, path)))
        if len(found) > _MOST_FILES:
            found = {}
        program.depend(path, found)
        return found

    def _imported(self, path: str) -> list[str]:
        """The modules of the program that a module imports by itself."""
        program = self._evaluator.program
        found: dict[str, None] = {}
        for item in self._evaluator.module(path).summary.imports:
            dotted = program.finder.resolve_relative(path, item.level, item.module)
            for name in (dotted, f"{dotted}.{item.name}"):
                inner = program.find(name, path)
                if inner is not None and inner != path:
                    found[inner] = None
        return list(found)[:_MOST_FILES]

    def _files(self, path: str, origins: frozenset[Origin], classes: list[Class]) -> dict[str, None]:
        found = dict.fromkeys((path, *files_of(origins)))
        for cls in classes:
            owners = self._evaluator.classes.ancestry(cls).classes
            found.update(dict.fromkeys(owner.key[0] for owner in owners if isinstance(owner, Class)))
        return dict.fromkeys(list(found)[:_MOST_FILES])

    def _likeness(self, item: _Registration, origins: frozenset[Origin], classes: list[Class]) -> int | None:
        """How much is assumed, where the object is taken to be one with which the callable was registered;
        None where it is another one."""
        common = item.origins & origins
        if any(origin[0] != ELEMENT for origin in common):
            return 0
        above = {owner for cls in classes for owner in self._evaluator.classes.ancestry(cls).classes}
        if not above.isdisjoint(item.classes):
            return 0
        return 1 if common else None

    def _differs(self, item: _Registration, key: Key, site: Site, called: Value) -> bool:
        """Whether what was registered is only for another sender."""
        fact, name = self._called_fact(called), item.registering.sender
        if not item.senders or fact is None:
            return False
        passed = stated_argument(fact.signature, name, arguments_of(key, site.args))
        senders = self._senders(passed)
        return bool(senders) and senders.isdisjoint(item.senders)

    def _senders(self, passed: Passed | None) -> frozenset[Value]:
        """The senders that an argument may be, where all of them are known."""
        found = self._evaluator.passed(passed) if passed is not None else ValueSet()
        is_known = all(isinstance(value, (Class, External)) for value in found.values)
        return frozenset(found.values) if is_known and not found.incomplete else frozenset()

    def _is_same_event(self, item: _Registration, key: Key, site: Site, called: Value) -> bool:
        if item.event is _ANY_EVENT:
            return True
        fact = self._called_fact(called)
        name = item.registering.event
        if fact is None or not any(parameter.name == name for parameter in fact.signature or ()):
            return True
        event = self._event(fact.signature, name, arguments_of(key, site.args))
        return event is not _ANY_EVENT and event == item.event

    def _called_fact(self, called: Value) -> CallableFact | None:
        if isinstance(called, ExternalMethod):
            return self._catalog.method(called.dotted, called.name)
        if not isinstance(called, External):
            return None
        cls = self._catalog.klass(called.dotted)
        return self._catalog.method(cls.name, "__init__") if cls else self._catalog.function(called.dotted)

    # -- registrations --------------------------------------------------------------------------

    def _in_module(self, path: str) -> tuple[_Registration, ...]:
        found = self._in_modules.get(path)
        if found is None:
            module = self._evaluator.program.module(path)
            keys = module.keys if module is not None and self._may_register(path) else ()
            found = tuple(item for key in keys for item in self._in_def(key))
            self._in_modules[path] = found
        return found

    def _may_register(self, path: str) -> bool:
        summary = self._evaluator.module(path).summary
        names = self._catalog.registering
        literals = summary.bodies[0].literals if summary.bodies else ()
        return not names.isdisjoint(word for word in literals if isinstance(word, str)) or any(
            item.name in names for item in summary.imports
        )

    def _in_def(self, key: Key) -> Iterator[_Registration]:
        body = self._evaluator.body(key)
        for number, site in enumerate(body.sites):
            if site.kind not in (SiteKind.CALL, SiteKind.DECORATE, SiteKind.SET_ATTR):
                continue
            node = graph.node(body, site.callee)
            if not self._is_named(key, node):
                continue
            for value in self._evaluator.evaluate(key, site.callee).values:
                yield from self._registered(key, number, site, value)
            if site.kind == SiteKind.SET_ATTR:
                yield from self._assigned(key, site, node)

    def _is_named(self, key: Key, node: graph.Node) -> bool:
        names = self._catalog.registering
        if node[0] == Op.ATTR:
            return node[2] in names
        if node[0] == Op.IMPORT:
            return self._evaluator.module(key[0]).summary.imports[graph.number(node)].bound in names
        return node[0] == Op.GLOBAL and node[1] in names

    def _registered(self, key: Key, number: int, site: Site, value: Value) -> Iterator[_Registration]:
        """What calling, or decorating with, a value registers."""
        if site.kind == SiteKind.SET_ATTR:
            return
        fact = self._called_fact(value)
        how = fact.registering if fact is not None else None
        if fact is None or how is None:
            return
        if site.kind == SiteKind.DECORATE:  # `@signal.connect`: the def is the first argument
            arguments, given = Arguments(), self._evaluator.evaluate(key, site.args[0][1])
        else:
            arguments = arguments_of(key, site.args)
            given = self._given(key, number, fact, how, arguments)
        if given.values and self._holds(fact, arguments):
            event = self._event(fact.signature, how.event, arguments) if how.event else _ANY_EVENT
            owners = self._owners(key, site, fact, how, arguments)
            sender = stated_argument(fact.signature, how.sender, arguments) if how.sender else None
            yield self._registration(fact, how, owners, event, given, self._senders(sender))

    def _assigned(self, key: Key, site: Site, node: graph.Node) -> Iterator[_Registration]:
        """What assigning an attribute registers."""
        base = graph.base(node)
        for value in self._evaluator.evaluate(key, base).values:
            fact = assigning_fact(self._evaluator, value, str(node[2]))
            if fact is not None and fact.registering is not None:
                given = self._evaluator.evaluate(key, site.args[0][1])
                yield self._registration(fact, fact.registering, [(key, base)], _ANY_EVENT, given)

    def _registration(
        self,
        fact: CallableFact,
        how: Registering,
        owners: list[tuple[Key, int]],
        event: object,
        given: ValueSet,
        senders: frozenset[Value] = frozenset(),
    ) -> _Registration:
        classes = [
            cls
            for owner in owners
            for value in self._evaluator.evaluate(*owner).values
            if isinstance(value, Class) or (isinstance(value, Instance) and self._is_receiver(*owner))
            for cls in classes_of((value,))
        ]
        origins = frozenset[Origin]().union(*(self._origins.of(*owner) for owner in owners))
        named = {self._evaluator.definition(cls.key).name for cls in classes}
        named |= {self._last_name(key, self._evaluator.body(key).values[value]) for key, value in owners}
        names = frozenset(named - {""})
        return _Registration(
            fact.name, how, fact.confidence, origins, tuple(classes), names, event, senders, given
        )

    def _is_receiver(self, key: Key, value: int) -> bool:
        """Whether a value is the object whose method the def is: what it does holds for all of the class."""
        is_first = self._evaluator.body(key).values[value] == (Op.PARAM, 0)
        return is_first and self._evaluator.enclosing_class(key) is not None

    def _given(
        self, key: Key, number: int, fact: CallableFact, how: Registering, arguments: Arguments
    ) -> ValueSet:
        """What a call registers: what is passed, else what its result decorates."""
        passed = [
            stated_argument(fact.signature, name, arguments) for name in (how.callable, *how.also) if name
        ]
        given = [self._evaluator.passed(item) for item in passed if item is not None]
        if given:
            return join(given)
        body = self._evaluator.body(key)
        for site in body.sites:
            if site.kind == SiteKind.DECORATE and body.values[site.callee] == (Op.CALL, number):
                return self._evaluator.evaluate(key, site.args[0][1])
        return ValueSet()

    def _owners(
        self, key: Key, site: Site, fact: CallableFact, how: Registering, arguments: Arguments
    ) -> list[tuple[Key, int]]:
        """The values that are the objects with which something is registered: several where a list of them
        is passed."""
        body = self._evaluator.body(key)
        if not how.owner:
            if fact.name.endswith(".__init__"):
                made = [value for value, node in enumerate(body.values) if graph.call(body, value) is site]
                return [(key, value) for value in made]
            receiver = graph.receiver(body, site)
            return [(key, receiver)] if receiver >= 0 else []
        passed = stated_argument(fact.signature, how.owner, arguments)
        values = [value for slot, value in site.args if passed == (key, value)]
        found: list[tuple[Key, int]] = []
        for value in values[:1]:
            node = body.values[value]
            items = graph.parts(node) if node[0] in (Op.LIST, Op.TUPLE) else (value,)
            found += [(key, item) for item in items]
        return found

    def _event(self, signature: tuple[ParameterFact, ...] | None, name: str, arguments: Arguments) -> object:
        passed: Passed | None = stated_argument(signature, name, arguments)
        values = self._evaluator.passed(passed).values if passed is not None else ()
        if len(values) == 1 and isinstance(values[0], Literal):
            return values[0].value
        return _ANY_EVENT

    def _holds(self, fact: CallableFact, arguments: Arguments) -> bool:
        answers = [
            condition_holds(self._evaluator, fact.signature, item, arguments) is Truth.YES
            for item in fact.when
        ]
        return not answers or any(answers)


def assigning_fact(evaluator: Evaluator, owner: Value, name: str) -> CallableFact | None:
    """What a library says of assigning an attribute of one of its objects, or of a derived class's."""
    if isinstance(owner, ExternalInstance):
        return evaluator.catalog.method(owner.dotted, name + ASSIGNED)
    if not isinstance(owner, Instance):
        return None
    bases = evaluator.classes.ancestry(owner.cls).classes
    stated = (
        evaluator.catalog.method(base.dotted, name + ASSIGNED) for base in bases if isinstance(base, External)
    )
    return next((fact for fact in stated if fact is not None), None)
