"""What the parts of the interpreter of value graphs ask of each other.

`Evaluator` holds them together: classes, names, decorations, results of calls, collections. Each of them asks
the others, through it; so that no module imports the one that imports it, they know it by these protocols.
A new part, or a new question between parts, is stated here.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple, Protocol, TypeAlias

from conclint.catalog.loader import Catalog
from conclint.resolve.arguments import Arguments, Passed
from conclint.resolve.fixpoint import Solver
from conclint.resolve.program import Module, Program
from conclint.resolve.values import (
    Attribute,
    Class,
    Container,
    Display,
    External,
    Function,
    Instance,
    Key,
    Literal,
    Parameter,
    Value,
    ValueSet,
)
from conclint.summary.records import Body, Def


class Ancestry(NamedTuple):
    """A class's bases in order of look-up, itself first; `incomplete` where a base is not known."""

    classes: tuple[Class | External, ...]
    incomplete: bool


class Accessor(Enum):
    """What is done with an attribute: the decorator of a property's method, the special method of a
    descriptor, the argument of `property`, and its position."""

    GETTER = ("getter", "__get__", "fget", 0)
    SETTER = ("setter", "__set__", "fset", 1)
    DELETER = ("deleter", "__delete__", "fdel", 2)

    def __init__(self, word: str, special: str, keyword: str, position: int) -> None:
        self.word = word
        self.special = special
        self.keyword = keyword
        self.position = position


class DispatchedOn(Enum):
    """By the type of which argument a function chooses among its implementations."""

    NOTHING = 0
    FIRST = 1  # `functools.singledispatch`
    AFTER_RECEIVER = 2  # `functools.singledispatchmethod`


class Choice(NamedTuple):
    """The implementations one of which a call of such a function runs, and what was assumed."""

    targets: tuple[Value, ...]
    reasons: tuple[str, ...]


class Decoration(NamedTuple):
    """What a def's decorators make of it. `moved` is what a decorator moves to another model: a call then
    does not run it here, and `value` is unknown. `twin` is the coroutine function that a decorator was given,
    to be run in the def's place on a loop."""

    value: ValueSet
    moved: ValueSet | None = None
    is_property: bool = False
    is_static: bool = False
    is_class: bool = False
    is_manager: bool = False
    is_cached: bool = False
    is_abstract: bool = False
    dispatched_on: DispatchedOn = DispatchedOn.NOTHING
    twin: Key | None = None


Items: TypeAlias = tuple[tuple[Literal | None, ValueSet], ...]
"""The items of a mapping: keys (None: not known) with values."""


class ClassLookup(Protocol):
    """Answers about classes of the program."""

    def ancestry(self, cls: Class) -> Ancestry:
        """The class and all its bases in Python's order."""

    def method(self, cls: Class, name: str, receiver: Value) -> ValueSet:
        """What the name is in the class, bound to the receiver."""

    def member(self, cls: Class, name: str, receiver: Value, start: int = 0) -> ValueSet:
        """The same from a place of the order of look-up on."""

    def property_of(
        self, cls: Class, name: str, receiver: Value, accessor: Accessor = Accessor.GETTER
    ) -> tuple[Function, ...]:
        """What reading (setting, deleting) the attribute runs."""

    def is_enum(self, cls: Class) -> bool:
        """Whether its members are those of an enumeration."""

    def has(self, cls: Class, name: str) -> bool:
        """Whether an attribute of its instances is in the class, or stored by its methods."""

    def above(self, cls: Class, name: str, receiver: Value) -> ValueSet:
        """What `super()` gives under a name."""

    def is_protocol(self, cls: Class) -> bool:
        """Whether it says in its header that it is a protocol."""

    def own_stores(self, cls: Class) -> dict[str, list[tuple[Key, int, int]]]:
        """The stores to attributes of `self` in the class's own methods."""

    def own_members(self, cls: Class) -> dict[str, list[int]]:
        """The names bound in the class body, with their values."""


class NameLookup(Protocol):
    """Answers about names of modules."""

    def module_value(self, dotted: str, importer: str) -> Value:
        """The module of that name, as `importer` sees it."""

    def module_attribute(self, path: str, name: str) -> ValueSet:
        """An attribute of a module of the program."""


class CallResults(Protocol):
    """Answers about what calls give."""

    def call_result(self, key: Key, number: int) -> ValueSet:
        """What the call at a site gives."""

    def result_of(self, callee: Value, arguments: Arguments, site: tuple[Key, int]) -> ValueSet:
        """What calling a candidate gives."""

    def returned(
        self, function: Function, arguments: Arguments | None, site: tuple[Key, int] | None = None
    ) -> ValueSet:
        """What calling a function gives."""

    def of_method(self, instance: Instance, name: str) -> ValueSet:
        """What a special method of an instance gives."""

    def argument(self, parameter: Parameter, function: Function, arguments: Arguments) -> ValueSet:
        """What a call passes for a parameter."""

    def read(self, found: ValueSet, attributes: tuple[Attribute, ...], key: Key) -> ValueSet:
        """What reading attributes of a value gives, one of the other, as code of `key` does it."""

    def called(self, callees: ValueSet) -> ValueSet:
        """What calling any of the candidates gives, whatever is passed."""

    def external_result(self, dotted: str) -> ValueSet:
        """What calling something outside the program gives."""

    def type_expression(self, text: str, receiver: Value) -> ValueSet:
        """What a type that the catalog states stands for."""


class Collections(Protocol):
    """Answers about what collections hold."""

    def item_of(self, value: Value, position: Literal | None) -> ValueSet:
        """The item of a collection at a position, if that is known."""

    def item_named(self, base: ValueSet, name: str) -> ValueSet:
        """The item under a name."""

    def mapping(self, item: ValueSet) -> Items | None:
        """The items of a mapping; None where it is none that is known."""

    def merged(self, *mappings: ValueSet) -> ValueSet:
        """Mappings put into one."""

    def values_in(self, collection: Display | Container, *, as_made: bool = False) -> ValueSet:
        """All that a collection holds."""


class DecorationLookup(Protocol):
    """Answers about decorated defs."""

    def of(self, key: Key) -> Decoration:
        """What a def is once its decorators were applied."""

    def given_to(self, key: Key, decorator: int) -> ValueSet:
        """What one of the def's decorators is called with."""


class DispatchLookup(Protocol):
    """Answers about functions that have an implementation for each type."""

    def choose(self, function: Function, arguments: Arguments, asker: str) -> Choice | None:
        """What a call in a module may run; None for any other function."""

    def registers(self, key: Key, value: int) -> Key | None:
        """The function of which a value of a body is the `register`, or a call of that."""


class Interpreter(Protocol):
    """The interpreter as its parts see it."""

    program: Program
    catalog: Catalog
    solver: Solver

    @property
    def classes(self) -> ClassLookup:
        """The part that knows classes."""

    @property
    def names(self) -> NameLookup:
        """The part that knows names."""

    @property
    def results(self) -> CallResults:
        """The part that knows what calls give."""

    @property
    def containers(self) -> Collections:
        """The part that knows what collections hold."""

    @property
    def decorations(self) -> DecorationLookup:
        """The part that knows what decorators do."""

    @property
    def single_dispatch(self) -> DispatchLookup:
        """The part that knows which implementation a type chooses."""

    def module(self, path: str) -> Module:
        """The module at a path that is known to have a summary."""

    def body(self, key: Key) -> Body:
        """What the def's own code does."""

    def definition(self, key: Key) -> Def:
        """The def itself."""

    def scope(self, key: Key) -> Key:
        """The def in whose body the values of a def's header are."""

    def symbol(self, key: Key) -> str:
        """The dotted name of a def."""

    def enclosing_class(self, key: Key) -> Class | None:
        """The class whose method a def is."""

    def evaluate(self, key: Key, value: int) -> ValueSet:
        """What a value of a body may be."""

    def passed(self, argument: Passed | None) -> ValueSet:
        """What an argument may be."""

    def read_of(self, key: Key, base: int) -> ValueSet:
        """What the base of an attribute's read may be."""

    def attribute(self, base: ValueSet, name: Attribute, key: Key) -> ValueSet:
        """What an attribute of the candidates may be."""

    def container_kind(self, value: Display | Container) -> str:
        """The name of a collection's builtin type."""

    def element(self, base: ValueSet) -> ValueSet:
        """What iterating the candidates brings."""

    def entered(self, base: ValueSet) -> ValueSet:
        """What `with` binds."""
