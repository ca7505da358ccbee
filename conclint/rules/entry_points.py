"""Where code starts: the functions of a module that a loop or a framework calls by itself, and when."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Final, NamedTuple

from conclint.catalog.facts import Phase, Runs
from conclint.effects.solver import placed_functions
from conclint.model.context import Context
from conclint.model.execution import ExecutionModel
from conclint.resolve.values import Class, External, Function, Instance, Key
from conclint.rules.drafts import ModuleView
from conclint.rules.program_entries import Entries
from conclint.rules.program_phases import (
    AFTER_ALL,
    BEFORE_ALL,
    PHASE_DOUBTS,
    context_of,
    is_ahead_of_all,
    is_before_all,
    is_last,
    is_lifespan,
)
from conclint.rules.registrations import moved_elsewhere
from conclint.summary.records import DefKind

_LOOP = ExecutionModel.EVENT_LOOP
_WATCHING: Final = (".add_reader", ".add_writer", ".IOLoop.add_handler")
_DOUBTS: Final[dict[Context | None, tuple[str, ...]]] = {
    Context.START_UP: BEFORE_ALL,
    Context.SHUTDOWN: AFTER_ALL,
    None: (),
}


class Starts(NamedTuple):
    """The functions of a module that run on the loop by themselves.

    `doubts` says by function why a wait there may be all right, `phases` when it runs, `entries` are the
    functions that a program begins with (`asyncio.run`), those of other modules too. `readers` are called
    where something is there to be read, or there is room to write.
    """

    on_loop: frozenset[Key]
    doubts: dict[Key, tuple[str, ...]]
    phases: dict[Key, Phase]
    entries: Entries
    readers: frozenset[Key] = frozenset()

    def doubts_at(self, view: ModuleView, key: Key, site: int) -> tuple[str, ...]:
        """Why a wait at a site of a function may be all right."""
        held = self.doubts.get(key, ())
        if self._serves_later(view, key, site):
            return (*held, *PHASE_DOUBTS[Phase.START_UP])
        return (*held, *_DOUBTS[self._part_of_program(view, key, site)])

    def context_at(self, view: ModuleView, key: Key, site: int) -> Context | None:
        """Whether a site of a function is reached at the start or the end alone."""
        if self._serves_later(view, key, site):
            return Context.START_UP
        return context_of(self.phases.get(key)) or self._part_of_program(view, key, site)

    def _serves_later(self, view: ModuleView, key: Key, site: int) -> bool:
        """Whether a function, no program's entry that is known, serves after a site to the program's end."""
        if site < 0 or key in self.entries.heads or key in self.phases:
            return False
        body = view.engine.evaluator.body(key)
        return site < view.program_entries.last_serving(key) and is_ahead_of_all(body, site)

    def _part_of_program(self, view: ModuleView, key: Key, site: int) -> Context | None:
        """Whether a site of a program's entry comes before all that may be on the loop, or after."""
        if key not in self.entries.heads or site < 0:
            return None
        body = view.engine.evaluator.body(key)
        if key in self.entries.whole and is_last(body, site):
            return Context.SHUTDOWN
        return Context.START_UP if is_before_all(body, site) else None


def find_starts(view: ModuleView) -> Starts:
    """The module's coroutines, the callbacks that it gives to a loop, what it registers with a framework
    that calls it on the loop, and the methods that a library calls there (`asyncio.Protocol`)."""
    path = view.module.path
    found: dict[Key, tuple[str, ...]] = {}
    phases: dict[Key, Phase] = {}
    readers: set[Key] = set()
    for key in view.keys:
        kind = view.module.definition(key).kind
        if kind == DefKind.ASYNC_FUNCTION:
            found[key] = ()
            if is_lifespan(view, key):
                phases[key] = Phase.LIFESPAN
        elif kind == DefKind.CLASS:
            for method, phase in _methods_on_loop(view, Class(key)):
                found[method] = ()
                if phase is not None:
                    phases[method] = phase
    for items in view.placements.values():
        for placement in items:
            for key in placed_functions(placement):
                if key[0] != path:
                    continue
                if placement.phase is not None:
                    phases[key] = placement.phase
                if placement.symbol.endswith(_WATCHING):
                    readers.add(key)
                if placement.model is _LOOP and placement.style == "callback":
                    reasons = placement.callables.reasons
                    found[key] = min(reasons, found.get(key, reasons), key=len)
    doubts = dict(found)
    for key, phase in phases.items():
        doubts[key] = (*doubts.get(key, ()), *PHASE_DOUBTS[phase])
    return Starts(frozenset(found), doubts, phases, view.entries, frozenset(readers))


def _methods_on_loop(view: ModuleView, cls: Class) -> Iterator[tuple[Key, Phase | None]]:
    classes = view.engine.evaluator.classes
    for runs in _runs(view, cls):
        for name in _names(view, cls, runs):
            for value in classes.method(cls, name, Instance(cls)).values:
                is_own = isinstance(value, Function) and value.key[0] == view.module.path
                if isinstance(value, Function) and is_own and not moved_elsewhere(view, value.key):
                    yield value.key, runs.phase


def _runs(view: ModuleView, cls: Class) -> Iterator[Runs]:
    """What libraries say of the methods of their subclasses that they call on the loop."""
    evaluator = view.engine.evaluator
    for base in evaluator.classes.ancestry(cls).classes:
        if isinstance(base, External):
            for fact in evaluator.catalog.ancestry(base.dotted):
                yield from (runs for runs in fact.runs if runs.model is _LOOP)


def _names(view: ModuleView, cls: Class, runs: Runs) -> Iterator[str]:
    """The names of methods that the patterns mean, of the classes of the program."""
    yield from (pattern for pattern in runs.methods if "*" not in pattern)
    globs = [pattern for pattern in runs.methods if "*" in pattern]
    if globs:
        classes = view.engine.evaluator.classes
        owners = [owner for owner in classes.ancestry(cls).classes if isinstance(owner, Class)]
        names = dict.fromkeys(name for owner in owners for name in classes.own_members(owner))
        for name in names:
            if any(fnmatchcase(name, glob) for glob in globs) and not _is_of_class(view, cls, name):
                yield name


def _is_of_class(view: ModuleView, cls: Class, name: str) -> bool:
    """Whether a method is one of the class itself: nobody calls that because it has some name or other."""
    evaluator = view.engine.evaluator
    for value in evaluator.classes.method(cls, name, Instance(cls)).values:
        if isinstance(value, Function):
            decoration = evaluator.decorations.of(value.key)
            return decoration.is_static or decoration.is_class
    return False
