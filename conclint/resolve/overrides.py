"""Overrides: what a call of an abstract method may run, when only the base class of its receiver is known."""

from __future__ import annotations

from typing import Final, NamedTuple

from conclint.resolve.classes import PROTOCOLS
from conclint.resolve.interpreter import Interpreter
from conclint.resolve.program import Program
from conclint.resolve.values import Class, External, Function, Instance, Key
from conclint.summary.records import DefFlags, DefKind, Op

_MOST: Final = 12
"""Of more classes nobody can say which is meant."""
_MOST_NAMED: Final = 3 * _MOST
"""Classes that a name's derived classes may be by their headers: of a base of half the project, like an
entity's, all would have to be loaded to tell."""
_TESTS: Final = frozenset({"test", "tests", "testing", "conftest"})


class Overriding(NamedTuple):
    """The project's implementations of a method that is none itself. `is_all`: the method is abstract, and
    what every class that can be made has for it is among them."""

    functions: tuple[Function, ...]
    is_all: bool


class Overrides:
    """Answers about the classes that derive from one, remembered."""

    def __init__(self, evaluator: Interpreter) -> None:
        self._evaluator = evaluator
        self._derived: dict[tuple[Class, str], tuple[Class, ...]] = {}
        self._structural: dict[tuple[Class, str], tuple[Class, ...]] = {}

    def of(self, function: Function, asker: str) -> Overriding:
        """What may run instead of a method without a body, called on an instance of its class or of a
        derived one of which no more is known; the answer is about the module `asker`. None of a coroutine
        function: what that runs, its own callers see. Raises NeedModule."""
        receiver = function.receiver
        definition = self._evaluator.definition(function.key)
        if (
            not isinstance(receiver, Instance)
            or receiver.made is not None
            or definition.kind != DefKind.FUNCTION
            or not definition.flags & DefFlags.STUB
        ):
            return Overriding((), False)
        return self._implementations(receiver.cls, definition.name, function.key, asker)

    def _implementations(self, cls: Class, name: str, stub: Key, asker: str) -> Overriding:
        found: dict[Key, Function] = {}
        is_all = self._is_abstract(stub)
        every = dict.fromkeys((*self._derived_from(cls, asker), *self._alike(cls, asker)))
        derived = [item for item in every if self._counts(item, asker)]
        if len(derived) > _MOST:
            return Overriding((), False)
        for item in derived:
            receiver = Instance(item)
            held = self._evaluator.classes.member(item, name, receiver)
            for value in held.values:
                if not isinstance(value, Function):
                    is_all = False
                elif not self._is_stub(value.key):
                    found[value.key] = value
                elif value.key != stub and not self._is_abstract(value.key):
                    is_all = False  # it is overridden by something that does nothing
            is_all = is_all and bool(held.values) and not held.incomplete
        return Overriding(tuple(found.values()), is_all)

    def _derived_from(self, cls: Class, asker: str) -> tuple[Class, ...]:
        slot = (cls, asker)
        found = self._derived.get(slot)
        if found is None:
            found = self._derived[slot] = tuple(sorted(self._search(cls, asker)))
        return found

    def _alike(self, cls: Class, asker: str) -> tuple[Class, ...]:
        """The classes of the asker's module, and of the protocol's own, that have all that a protocol asks
        for without naming it."""
        classes = self._evaluator.classes
        if not classes.is_protocol(cls):
            return ()
        slot = (cls, asker)
        found = self._structural.get(slot)
        if found is None:
            wanted = {name for name in classes.own_members(cls) if not name.startswith("_")}
            keys = [key for path in dict.fromkeys((asker, cls.key[0])) for key in self._classes_of(path)]
            found = self._structural[slot] = tuple(
                item
                for item in map(Class, keys)
                if wanted and item != cls and wanted <= self._members(item) and not classes.is_protocol(item)
            )
        return found

    def _classes_of(self, path: str) -> list[Key]:
        module = self._evaluator.program.module(path)
        keys = module.keys if module is not None else ()
        return [key for key in keys if self._evaluator.definition(key).kind == DefKind.CLASS]

    def _members(self, cls: Class) -> set[str]:
        classes = self._evaluator.classes
        owners = [item for item in classes.ancestry(cls).classes if isinstance(item, Class)]
        return {name for owner in owners for name in classes.own_members(owner)}

    def _search(self, cls: Class, asker: str) -> set[Class]:
        """All classes of the project that have this one among their bases; none where they are too many to
        look at."""
        program = self._evaluator.program
        if not program.knows_subclasses(cls.key[0]):
            return set()
        named = self._named(cls, asker)
        program.depend(asker, (path for path, _ in named))
        found: set[Class] = set()
        for path, name in named:
            module = program.module(path)
            for derived in map(Class, module.keys) if module is not None else ():
                item = self._evaluator.definition(derived.key)
                if item.kind != DefKind.CLASS or item.name != name or derived == cls:
                    continue
                if cls in self._evaluator.classes.ancestry(derived).classes:
                    found.add(derived)
        return found

    def _named(self, cls: Class, asker: str) -> tuple[tuple[str, str], ...]:
        """The classes that derive from this one by the names in their headers, as (path, name)."""
        program = self._evaluator.program
        names = [self._evaluator.definition(cls.key).name]
        found: dict[tuple[str, str], None] = {}
        for name in names:
            for item in program.derived_from(name, asker):
                found[item] = None
                if item[1] not in names:
                    names.append(item[1])
            if len(found) > _MOST_NAMED:
                return ()
        return tuple(found)

    def _counts(self, cls: Class, asker: str) -> bool:
        """Whether the asker may be given an instance: no test double, unless the asker is a test too."""
        program = self._evaluator.program
        return not is_of_tests(program, cls.key[0]) or is_of_tests(program, asker)

    def _is_stub(self, key: Key) -> bool:
        return bool(self._evaluator.definition(key).flags & DefFlags.STUB)

    def _is_abstract(self, key: Key) -> bool:
        """Whether a method without a body can't be meant to be called: it says so, by its decorator, by
        what it raises, or by its class being a protocol."""
        if self._evaluator.decorations.of(key).is_abstract:
            return True
        body = self._evaluator.body(key)
        if any(body.values[site.callee] == (Op.GLOBAL, "NotImplementedError") for site in body.sites):
            return True
        owner = self._evaluator.enclosing_class(key)
        if owner is None:
            return False
        bases = self._evaluator.classes.ancestry(owner).classes
        return any(isinstance(base, External) and base.dotted in PROTOCOLS for base in bases)


def is_of_tests(program: Program, path: str) -> bool:
    """Whether a file is one of tests, by its module's name."""
    parts = program.finder.module_name(path).split(".")
    return any(part in _TESTS or part.startswith("test_") or part.endswith("_test") for part in parts)
