"""What a value may be: the candidates that linking evaluates the value graph to.

Every value is a plain tuple underneath, so it can be hashed and compared; a `Key` names a def as
(path of its module, `Def.key`), which an edit elsewhere in the module leaves as it is.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Final, NamedTuple, TypeAlias, TypeVar

from conclint.resolve.fixpoint import Memo
from conclint.summary.records import MODULE_KEY

Key: TypeAlias = tuple[str, str]

MAX_CANDIDATES: Final = 4
"""More candidates than this are *unknown* (CORE.md)."""
_MOST_ALIKE: Final = 12
"""The same of a table of functions or of classes."""


class ModuleRef(NamedTuple):
    """A module of the program, by path."""

    path: str


class External(NamedTuple):
    """Something outside the program, by its dotted name: a module, function or class."""

    dotted: str


class Function(NamedTuple):
    """A def or lambda of the program. `receiver` is what its first parameter is bound to; `closure`
    binds parameters of enclosing calls (a decorator's argument, say)."""

    key: Key
    receiver: Value | None = None
    closure: tuple[tuple[Parameter, Value], ...] = ()


class Class(NamedTuple):
    """A class of the program."""

    key: Key


class Instance(NamedTuple):
    """An instance of a class of the program (or of a class derived from it).

    `own`: it is the receiver of the method that has this parameter, so that a caller may know a derived
    class. `made`: the call that made it, whose arguments its attributes may hold; `given`: these arguments
    themselves, where no call is written (a decorator).
    """

    cls: Class
    own: Parameter | None = None
    made: tuple[Key, int] | None = None
    given: tuple[Value, ...] = ()


class ExternalInstance(NamedTuple):
    """An instance of a class outside the program, by the class's dotted name. `opened`: what is known of
    where its data are (see in_memory.py)."""

    dotted: str
    opened: Literal | Parameter | None = None


class ExternalMethod(NamedTuple):
    """A method (or attribute) of an instance of a class outside the program. `receiver` is kept where the
    result depends on it: the methods of builtin collections, and of what is opened by an address."""

    dotted: str
    name: str
    receiver: Value | None = None


class SuperOf(NamedTuple):
    """`super()` inside a method of this class."""

    cls: Class
    receiver: Value


class Literal(NamedTuple):
    """A constant. `kind` keeps 1, 1.0 and True apart."""

    kind: str
    value: object


class Display(NamedTuple):
    """A tuple, list, set or dict written out: the value's place in its body."""

    key: Key
    value: int


class Container(NamedTuple):
    """A collection or iterator, by what its elements (for a mapping: values) may be; with `fixed`, a tuple
    whose elements, or a mapping whose values, are known one by one, the latter under `keys`."""

    elements: tuple[Value, ...]
    kind: str = "list"
    fixed: bool = False
    keys: tuple[Value, ...] = ()


TYPED_KEY: Final = "key"
"""The kind of a container that stands for a key which says what is under it (aiohttp's `AppKey`)."""


class Generator(NamedTuple):
    """What calling a generator function gives: its body runs when it is iterated."""

    function: Function
    elements: tuple[Value, ...]
    site: tuple[Key, int] | None = None


class ContextManager(NamedTuple):
    """What calling a function under `contextlib.contextmanager` gives: its body runs when entered."""

    function: Function
    elements: tuple[Value, ...]
    site: tuple[Key, int] | None = None


class Awaitable(NamedTuple):
    """A coroutine or another awaitable, by what awaiting it gives."""

    results: tuple[Value, ...]


class Partial(NamedTuple):
    """`functools.partial(target, …)` made at a site."""

    target: Value
    site: tuple[Key, int]


class MethodCaller(NamedTuple):
    """`operator.methodcaller(name, …)` made at a site."""

    name: str
    site: tuple[Key, int]


CALLED: Final = "()"
"""Among the attributes of a `Parameter`: what calling it gives."""


ITERATED: Final = "iter()"
"""Among the attributes of a `Parameter`: what iterating it runs."""


class Above(NamedTuple):
    """Among the attributes of a `Parameter`: what `super()` gives under a name in a method of a class."""

    cls: Key
    name: str

    def __str__(self) -> str:
        return f"super().{self.name}"


Attribute: TypeAlias = str | Above


class Parameter(NamedTuple):
    """Whatever a parameter is bound to, or an attribute of that: only a caller can say. "[0]" among the
    attributes is an item (of a starred parameter, or of what is bound), "()" the result of a call."""

    key: Key
    position: int
    attributes: tuple[Attribute, ...] = ()

    @property
    def reads_attribute(self) -> bool:
        """Whether it is an attribute of what is bound, rather than that or an item of `*args`."""
        return any(isinstance(name, Above) or not name.startswith("[") for name in self.attributes)

    @property
    def is_part(self) -> bool:
        """Whether it is what a part of a method's own object has under a name (`self.device.read`)."""
        return self.position == 0 and len(self.attributes) > 1


Value: TypeAlias = (
    ModuleRef
    | External
    | Function
    | Class
    | Instance
    | ExternalInstance
    | ExternalMethod
    | SuperOf
    | Literal
    | Display
    | Container
    | Generator
    | ContextManager
    | Awaitable
    | Partial
    | MethodCaller
    | Parameter
)


class ValueSet(NamedTuple):
    """What is known of a value: its candidates; whether it may be something else too (`incomplete`); and the
    assumptions behind the candidates, each a phrase for the reader."""

    values: tuple[Value, ...] = ()
    incomplete: bool = False
    reasons: tuple[str, ...] = ()

    def reached_through(self, base: ValueSet) -> ValueSet:
        """These values, where another value had to be known to reach them: they are no surer than that."""
        return ValueSet(
            self.values, self.incomplete or base.incomplete, merge_reasons(base.reasons, self.reasons)
        )


BOTTOM: Final = ValueSet()
"""No value at all: not reached yet in a cycle."""
TOP: Final = ValueSet(incomplete=True)


Slot = TypeVar("Slot", bound=Hashable)
ValueSetMemo: TypeAlias = Memo[Slot, ValueSet]


def value_set_memo() -> ValueSetMemo[Slot]:
    """A memo of questions for what something may be."""
    return Memo(lambda _: BOTTOM, lambda _: TOP)


def known(*values: Value) -> ValueSet:
    """Exactly these candidates, without assumptions."""
    return ValueSet(values)


def one_literal(item: ValueSet) -> Literal | None:
    """The literal that something is, where it can be nothing else."""
    only = item.values[0] if len(item.values) == 1 and not item.incomplete else None
    return only if isinstance(only, Literal) else None


def join(parts: list[ValueSet]) -> ValueSet:
    """Any of the parts; unknown where there are too many candidates."""
    if len(parts) == 1:
        return parts[0]
    values: dict[Value, None] = {}
    reasons: dict[str, None] = {}
    incomplete = False
    for part in parts:
        values.update(dict.fromkeys(part.values))
        reasons.update(dict.fromkeys(part.reasons))
        incomplete = incomplete or part.incomplete
    if len(values) > MAX_CANDIDATES:
        values = dict.fromkeys(map(_in_short, values))
        if len(values) > (_MOST_ALIKE if _are_alike(values) else MAX_CANDIDATES):
            return TOP
    return ValueSet(tuple(values), incomplete, tuple(reasons))


def _are_alike(values: Iterable[Value]) -> bool:
    """Whether all candidates are functions, classes or instances of the program: then what all of them do is
    known, however many they are."""
    kinds = {type(value) for value in values}
    return len(kinds) == 1 and kinds <= {Function, Class, Instance}


def _in_short(value: Value) -> Value:
    if isinstance(value, Instance):
        return Instance(value.cls)
    return ExternalInstance(value.dotted) if isinstance(value, ExternalInstance) else value


NONE: Final = Literal("NoneType", None)


def unwrapped(value: Value) -> Value:
    """The callable inside partials."""
    while isinstance(value, Partial):
        value = value.target
    return value


def without_none(item: ValueSet) -> ValueSet:
    """The same without the candidate None, which has no behaviour to speak of."""
    if NONE in item.values:
        return item._replace(values=tuple(value for value in item.values if value != NONE))
    return item


_SINGLE: Final = frozenset({ModuleRef, External, Class, ExternalInstance, Literal, Display, Parameter})
"""Values that hold no other values."""
_MOST_NESTED: Final = 30
_MOST_HELD: Final = 500


def plain(item: ValueSet) -> ValueSet:
    """The same without candidates that hold too many others, one in the other: each step of a chain of
    calls may wrap what the one before gave, or pair it with itself."""
    for value in item.values:
        if type(value) not in _SINGLE and _held(value, _MOST_NESTED, _MOST_HELD) > _MOST_HELD:
            return _without_large(item)
    return item


def _without_large(item: ValueSet) -> ValueSet:
    kept = tuple(value for value in item.values if _held(value, _MOST_NESTED, _MOST_HELD) <= _MOST_HELD)
    return ValueSet(kept, True, item.reasons)


def _held(value: object, depth: int, room: int) -> int:
    """How many values and tuples a value is made of; more than there is room for if it is that or more, or
    is nested deeper."""
    if type(value) in _SINGLE or not isinstance(value, tuple):
        return 1
    if not depth:
        return room + 1
    count = 1
    for item in value:
        if isinstance(item, tuple):
            count += _held(item, depth - 1, room - count)
            if count > room:
                break
    return count


def merge_reasons(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    """Both tuples of reasons, each reason once."""
    return tuple(dict.fromkeys((*first, *second))) if second else first


def is_module(key: Key) -> bool:
    """Whether it names a module's own code."""
    return key[1] == MODULE_KEY


def to_index(item: object) -> int:
    """An operand of a value that is known to be an index."""
    assert isinstance(item, int)
    return item
