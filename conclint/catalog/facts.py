"""The facts that a catalog file states, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from conclint.model.execution import Confidence, ExecutionModel, Family, Weight


class EffectKind(Enum):
    """What a catalogued callable does; see README.md in this folder."""

    WAITS = "waits"
    COMPUTES_GIL = "computes_gil"
    COMPUTES_NOGIL = "computes_nogil"
    PLACES = "places"
    CALLS = "calls"
    REGISTERS = "registers"
    HARMLESS = "harmless"


class Access(Enum):
    """By what of a name of a class the fact happens."""

    CALL = "call"
    READ = "read"
    SET = "set"


ASSIGNED: Final = "="
"""Ends the name of an attribute where what is meant is a value being assigned to it."""


class Phase(Enum):
    """When a library runs a callable, where that is once in the life of the program, or seldom."""

    START_UP = "start-up"
    SHUTDOWN = "shutdown"
    LIFESPAN = "lifespan"
    COMMAND = "command"
    FAILURE = "failure"


class Trait(Enum):
    """What an object, or what a call gives, can or can't do, as far as rules must know it; see README.md."""

    THREAD_BOUND = "thread_bound"
    ONE_AT_A_TIME = "one_at_a_time"
    ONE_THREAD = "one_thread"
    LOOP_BOUND = "loop_bound"
    LAZY = "lazy"
    ENDLESS = "endless"
    MANAGER = "manager"
    UNPICKLABLE = "unpicklable"
    PROCESS_GLOBAL = "process_global"
    POOLED = "pooled"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class ParameterFact:
    """One parameter of a stated signature. `kind`: "" (normal), "*", "**", or "kw" (keyword-only)."""

    name: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """A conjunction of (parameter name, wanted literal or "<…>" word)."""

    pairs: tuple[tuple[str, object], ...]


@dataclass(frozen=True, slots=True)
class Placing:
    """How a callable places its arguments: `callable` and the further `also`, each a callable or a list of
    them.

    `model` is fixed, or None where `executor_parameter` names the parameter whose value decides;
    with both empty the receiver's class decides. `arguments` is as in README.md. `in_coroutine`: only what
    a coroutine function itself hands over.
    """

    callable: str
    model: ExecutionModel | None
    executor_parameter: str = ""
    arguments: str = "rest"
    style: str = "pool"
    also: tuple[str, ...] = ()
    phase: Phase | None = None
    in_coroutine: bool = False


@dataclass(frozen=True, slots=True)
class Registering:
    """How a callable registers with an object what is passed for `callable` and `also`, or else what its
    result decorates.

    `owner` is the parameter that holds the object, "" for the method's own. `by` are the methods of the
    object (with a dot in it: public dotted names) that call what was registered, here and now; after one of
    `started_by` the library calls it on `model` by itself. `event` is the parameter, of both, that says
    which of several things was registered. `is_loose`: `by` are methods of other objects, which may use
    this one. `bridge`: where one of `by` begins so, the library awaits what its own objects wait for in the
    callable.
    """

    callable: str = ""
    also: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    owner: str = ""
    is_loose: bool = False
    event: str = ""
    sender: str = ""
    started_by: tuple[str, ...] = ()
    model: ExecutionModel | None = None
    style: str = "framework"
    bridge: str = ""


@dataclass(frozen=True, slots=True)
class CallableFact:
    """What is known of one function or method. `name` is its public dotted name; `by_star`: no file states
    it by that name. `milliseconds` is how long a usual call was measured to take; `remote`: the library
    talks to another machine. `loaded_by`: what is called before a reading that then does nothing any more.
    `runs_loop`: it runs an event loop, and fails where one is running. `async_needs`: the packages that its
    counterparts in the same library need, and that the library doesn't bring along."""

    name: str
    library: str
    effect: EffectKind
    family: Family | None = None
    weight: Weight = Weight.NONE
    signature: tuple[ParameterFact, ...] | None = None
    unless: tuple[Condition, ...] = ()
    when: tuple[Condition, ...] = ()
    doubtful: tuple[Condition, ...] = ()
    coroutine: bool = False
    returns: str | None = None
    placing: Placing | None = None
    registering: Registering | None = None
    access: Access = Access.CALL
    loaded_by: tuple[str, ...] = ()
    iterates: str | None = None
    entry: str | None = None
    runs_loop: bool = False
    address: str | None = None
    confidence: Confidence = Confidence.HIGH
    instead: tuple[str, ...] | None = None
    instead_trio: tuple[str, ...] | None = None
    instead_anyio: tuple[str, ...] | None = None
    example: str | None = None
    example_trio: str | None = None
    example_anyio: str | None = None
    note: str | None = None
    traits: frozenset[Trait] = frozenset()
    source: str = ""
    by_star: bool = False
    milliseconds: float | None = None
    remote: bool = False
    async_needs: str = ""


@dataclass(frozen=True, slots=True)
class Runs:
    """Methods of subclasses that the library runs on a model by itself; "on_*" names all that begin so."""

    methods: tuple[str, ...]
    model: ExecutionModel
    style: str = "thread"
    phase: Phase | None = None


@dataclass(frozen=True, slots=True)
class Hook:
    """Methods of subclasses that calls of the library's methods `by` run, here and now: those of these
    names, and those under one of the decorators."""

    by: tuple[str, ...]
    decorated: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClassFact:
    """What is known of a class."""

    name: str
    library: str
    bases: tuple[str, ...] = ()
    methods: dict[str, CallableFact] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    enter: str = "self"
    element: str | None = None
    executor: ExecutionModel | None = None
    runs: tuple[Runs, ...] = ()
    hooks: tuple[Hook, ...] = ()
    in_threads: dict[str, str] = field(default_factory=dict)
    """By its coroutine methods, the plain one that each runs in a thread, where a subclass has no other."""
    asynchronous: bool = False
    lifespan: bool = False
    in_memory: bool = False
    instead: tuple[str, ...] | None = None
    traits: frozenset[Trait] = frozenset()
    source: str = ""


@dataclass(frozen=True, slots=True)
class DecoratorFact:
    """A decorator that says where the decorated function runs; `model` None: it changes nothing.

    Where every pair of one of the conditions `unless` holds, it runs on `otherwise` instead.
    `takes_coroutines`: it takes a coroutine function in place of a plain one. `since`: the library's release
    that brought this.
    """

    name: str
    library: str
    model: ExecutionModel | None = None
    style: str = "thread"
    takes_coroutines: bool = False
    since: str = ""
    source: str = ""
    signature: tuple[ParameterFact, ...] | None = None
    unless: tuple[Condition, ...] = ()
    otherwise: ExecutionModel | None = None
    phase: Phase | None = None
    confidence: Confidence = Confidence.HIGH

    @property
    def moves(self) -> bool:
        """Whether calling the decorated function does not run it where the call is."""
        return self.model is not None and (self.style == "offload" or bool(self.unless))
