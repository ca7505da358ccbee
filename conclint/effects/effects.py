"""Effects of functions, and the witnesses that lead to their primitives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import Final, NamedTuple, TypeAlias

from conclint.catalog.facts import Phase
from conclint.conditions.stated_conditions import ArgumentCondition
from conclint.model.execution import ExecutionModel
from conclint.resolve.arguments import Arguments
from conclint.resolve.values import Attribute, Key, Parameter, ValueSet


class Kind(IntEnum):
    """What an effect of a function is."""

    WAITS = 0
    COMPUTES_GIL = 1
    COMPUTES_NOGIL = 2
    CALLS = 3  # runs what its parameter is bound to, here and now
    PLACES = 4  # hands what its parameter is bound to to an execution model
    RUNS_LOOP = 5  # runs an event loop, which fails where one is running
    WAITS_FOR_ITSELF = 6  # waits for what comes only when it no longer waits
    USES_LOOP = 7  # does to a loop what only code on that loop may do


WAITING = frozenset({Kind.WAITS, Kind.RUNS_LOOP, Kind.WAITS_FOR_ITSELF, Kind.USES_LOOP})
WORK = WAITING | {Kind.COMPUTES_GIL, Kind.COMPUTES_NOGIL}
"""What a function does or not by the branches around it and the arguments that it is given."""


class Effect(NamedTuple):
    """The key of an effect (CORE.md section 3).

    `family`: of the wait; for PLACES the style. `mask`: the models where it applies. `parameter` and
    `model`: for CALLS and PLACES. `dependence`: it is there only for some callers.
    """

    kind: Kind
    family: str
    mask: int
    parameter: Parameter | None = None
    model: ExecutionModel | None = None
    dependence: ArgumentCondition | None = None


Pointer: TypeAlias = tuple[Key, Effect]


SLOW_FILES: Final = frozenset(
    {
        "os.fdatasync", "os.fsync", "os.sync", "os.walk", "shutil.copytree", "shutil.make_archive",
        "shutil.rmtree", "shutil.unpack_archive",
        "tarfile.TarFile.extractall", "zipfile.ZipFile.extractall",
    }
)  # fmt: skip
"""What takes longer than to open a file, and is in one family with that."""
_MOMENTARY: Final = frozenset(
    {
        "os.fdopen", "os.listdir", "os.open", "os.scandir", "pathlib.Path.iterdir",
        "ssl.SSLContext.load_cert_chain",
    }
)  # fmt: skip
"""What is over at once, and is in one family with what is not."""


class Witness(NamedTuple):
    """Why a function has an effect: the next hop only; chains are built when reporting.

    `assumptions` counts what was assumed all the way down and `reasons` says it, `length` counts the calls
    to the primitive, `symbol` is what the site calls, `cause` the primitive's public dotted name. `next` is
    the effect of the called function; `then`, where the effect came in through a parameter, the witness of
    what the parameter was bound to. `conditions` counts the `if`s that its calls stand under;
    `hedges` say why a call of the function may not come to the site, each as a verb phrase. `own`: the site
    calls this method of the function's own receiver, which derived classes may override.
    """

    assumptions: int
    length: int
    symbol: str
    site: int
    cause: str
    reasons: tuple[str, ...] = ()
    next: Pointer | None = None
    then: Witness | None = None
    conditions: int = 0
    hedges: tuple[str, ...] = ()
    own: Attribute = ""

    @property
    def rank(self) -> tuple[int, int, int, str, str, int]:
        """The better witness has fewer assumptions, those that its hedges become among them, then takes
        longer than others of its family, as far as that is known (one that goes over many files, rather than
        one, which may be small), then is shorter, then comes first by name."""
        doubts = self.assumptions + len(self.hedges)
        brevity = 0 if self.cause in SLOW_FILES else 2 if self.cause in _MOMENTARY else 1
        return (doubts, brevity, self.length, self.cause, self.symbol, self.site)

    def assuming(self, *reasons: str) -> Witness:
        """The same with an assumption more for each reason."""
        if not reasons:
            return self
        return self._replace(assumptions=self.assumptions + len(reasons), reasons=(*self.reasons, *reasons))


Effects: TypeAlias = dict[Effect, Witness]


def add(effects: Effects, effect: Effect, witness: Witness) -> None:
    """Keep the better of the witnesses."""
    held = effects.get(effect)
    if (
        held is None
        or witness.rank < held.rank
        or (witness.rank == held.rank and witness != held and str(witness) < str(held))
    ):
        effects[effect] = witness


def add_all(effects: Effects, others: Effects) -> None:
    """Keep the better of the witnesses of each effect."""
    for effect, witness in others.items():
        add(effects, effect, witness)


_MAX_DEPENDENT = 6
_FOR_SOME = "for which arguments it does so, is not known"


def subsume(effects: Effects, comes_of: Callable[[Witness, Effect], bool]) -> Effects:
    """The same with conditional effects where they tell something: one that is there for every caller
    covers those that depend on an argument, and more than a few of these may be there for any caller: which
    ones is then not known.

    `comes_of` tells whether a witness leads to an effect of the same function: where that calls itself with
    an argument that nobody knows, what is there for every caller comes of what depends on the argument, and
    can't stand without it.
    """
    groups: dict[Effect, list[Effect]] = {}
    for effect in effects:
        if effect.dependence is not None:
            groups.setdefault(effect._replace(dependence=None), []).append(effect)
    if not groups:
        return effects
    result = dict(effects)
    for plain, group in groups.items():
        is_few = len(group) <= _MAX_DEPENDENT
        if plain not in result and is_few:
            continue
        for effect in group:
            if is_few and comes_of(result[plain], effect):
                continue
            witness = result.pop(effect)
            if plain not in effects:
                add(result, plain, witness.assuming(_FOR_SOME, _FOR_SOME))
    return result


CALLED: Final = "call"
"""The style of what a coroutine calls: on the loop, but by no callback."""


class Placement(NamedTuple):
    """A site that hands callables to an execution model.

    `callables` with the arguments that will be passed on; `each` where it is called for each item of the
    iterables that the arguments hold; `phase` where they are run once in the life of the program. `symbol`
    is what the site calls, `via` the inner chain of a discovered wrapper. `does`: where a coroutine calls
    what it is given, what that does there. `unbound`: the callables are methods of what the function is
    given, which only its callers know.
    """

    site: int
    callables: ValueSet
    arguments: Arguments
    model: ExecutionModel
    style: str
    symbol: str
    each: bool = False
    via: Pointer | None = None
    phase: Phase | None = None
    does: tuple[tuple[Effect, Witness], ...] = ()
    unbound: bool = False


def way_of(
    effects_of: Callable[[Key], Effects], key: Key, witness: Witness, most: int
) -> Iterator[tuple[Key, Witness]]:
    """The functions that a witness leads through, each with its own witness: the given one first, `most` in
    all."""
    for _ in range(most):
        yield key, witness
        if witness.next is None:
            return
        key, effect = witness.next
        inner = effects_of(key).get(effect)
        if inner is None:
            return
        witness = inner
