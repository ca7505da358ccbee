"""Who waits for each coroutine function: from it up through its callers to what starts them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

from conclint.model.context import Context

Place = tuple[str, str]
"""A function: its file's path, and its symbol."""

_ONCE: Final = (Context.COMMAND.value, Context.START_UP.value, Context.SHUTDOWN.value)
_ONCE_BY_NAME: Final = re.compile(
    r"_*(?:on_|do_|pre_|post_)?(?:(?:init|initiali[sz]e|setup|set_up|launch|bootstrap|boot)(?:_\w+)?"
    r"|startup|start_up|shutdown|shut_down|teardown|tear_down|cleanup|clean_up)_*"
)
"""Names of what begins or ends the life of something; of a command that is called so, others are many
(`cleanup_sessions`)."""
_ONCE_EACH: Final = re.compile(
    r"_*(?:a|async_|on_|do_)?(?:configure|(?:re)?connect|open|(?:re)?start|close|disconnect|stop|aenter|aexit"
    r"|load_(?:all_)?(?:config|configuration|credentials|extensions|plugins|session|settings|state|tokens?))_*"
)
"""Names of what begins or ends the life of an object, of which there are few: a connection, a client."""
_AT_CONSOLE: Final = "command `"
"""How the words begin that name a command of the command line."""
_MOST_AHEAD: Final = 30
"""Functions between a program's begin and what is done before all else."""
_MOST_CALLERS: Final = 2_000
"""Callers that are looked at for one finding; who waits beyond them is not said."""


class Waiting(NamedTuple):
    """What starts a function or one of its callers, as (kind of code, words); whether that is all that leads
    to it; the files of these; the functions that are started; and all of these functions."""

    found: set[tuple[str, str]]
    is_all: bool
    files: set[str]
    begins: set[Place]
    places: set[Place]


@dataclass(frozen=True)
class Callers:
    """Who calls each coroutine function, and what starts it, as (kind of code, words). `repeated`: those that
    are called in a loop, or by themselves; `loops`: the lines of the loops of each; `makers`: the functions
    that make tasks or serve, with the first line on which they do; `lines`: those of calls, by both."""

    callers: Mapping[Place, Collection[Place]]
    starts: Mapping[Place, Collection[tuple[str, str]]]
    repeated: Collection[Place]
    loops: Mapping[Place, Collection[tuple[int, int]]]
    makers: Mapping[Place, int]
    lines: Mapping[tuple[Place, Place], Collection[int]]

    @classmethod
    def of(cls, calls: Mapping[str, tuple[Any, ...]], is_aside: Callable[[str], bool]) -> Callers:
        """From what each module says (`conclint.rules.module_calls`). That a test or an example (`is_aside`)
        calls something says nothing of when a program does."""
        callers: dict[Place, set[Place]] = {}
        starts: dict[Place, set[tuple[str, str]]] = {}
        repeated: set[Place] = set()
        loops: dict[Place, Collection[tuple[int, int]]] = {}
        makers: dict[Place, int] = {}
        lines: dict[tuple[Place, Place], list[int]] = {}
        for path, (started, called, looping, _, making) in calls.items():
            makers.update({(path, symbol): line for symbol, line in making})
            aside = is_aside(path)
            for where, symbol, context, words in started:
                if not aside or is_aside(where):
                    starts.setdefault((where, symbol), set()).add((context, words))
            for caller, callees in called:
                for where, symbol, is_repeated, line in callees:
                    callee = (where, symbol)
                    if aside and not is_aside(where):
                        continue
                    if is_repeated or callee == (path, caller):
                        repeated.add(callee)
                    if callee != (path, caller):
                        callers.setdefault(callee, set()).add((path, caller))
                        lines.setdefault(((path, caller), callee), []).append(line)
            loops.update({(path, symbol): lines for symbol, lines in looping})
        return cls(callers, starts, repeated, loops, makers, lines)

    def runs_once(self, place: Place, line: int, *, is_slight: bool = False) -> bool:
        """Whether a line of a function runs only once, or a few times, in the life of a program: it stands in
        no loop, and all that leads to it is a program's entry, its start or its end. Of what nothing in the
        project calls, its name says that; of what is slight, the name of what begins an object is enough."""
        if self.is_in_loop(place, line):
            return False
        above = {place: set(self._above(place))}
        todo = [place]
        while todo:
            here = todo.pop()
            starts = self.starts.get(here, ())
            if here in self.repeated or len(above) > _MOST_CALLERS:
                return False
            name = here[1].rpartition(".")[2]
            is_named_so = _ONCE_BY_NAME.fullmatch(name) or (is_slight and _ONCE_EACH.fullmatch(name))
            if not (starts or above[here] or is_named_so):
                return False
            if any(context not in _ONCE for context, _ in starts):
                return False
            for caller in above[here] - above.keys():
                above[caller] = set(self._above(caller))
                todo.append(caller)
        while ready := {here for here, callers in above.items() if not callers}:
            for here in ready:
                del above[here]
            for callers in above.values():
                callers -= ready
        return not above  # else some of them call each other

    def is_in_loop(self, place: Place, line: int) -> bool:
        """Whether a line of a function stands in a loop."""
        return any(first <= line <= last for first, last in self.loops.get(place, ()))

    def _above(self, place: Place) -> Collection[Place]:
        """Who calls a function. Of one that nothing is seen to call, and that is written in another one
        (`context.run(lambda client: show(client))`): the one around it, if that is known to be started."""
        callers = self.callers.get(place, ())
        if callers or place in self.starts:
            return callers
        path, symbol = place
        outer = (path, symbol.rpartition(".")[0])
        return (outer,) if outer in self.starts else ()

    def waiting_for(self, place: Place) -> Waiting:
        """Who waits for the function."""
        found: set[tuple[str, str]] = set()
        begins: set[Place] = set()
        seen, todo, is_all = {place}, [place], True
        while todo:
            here = todo.pop()
            callers = self._above(here)
            started = self.starts.get(here, ())
            found.update(started)
            if started:
                begins.add(here)
            is_all = is_all and bool(callers or started)
            for caller in callers:
                if caller not in seen:
                    if len(seen) >= _MOST_CALLERS:
                        return Waiting(found, False, {path for path, _ in seen}, begins, seen)
                    seen.add(caller)
                    todo.append(caller)
        return Waiting(found, is_all, {path for path, _ in seen}, begins, seen)

    def is_ahead(self, place: Place, line: int) -> bool:
        """Whether a line of a function is come to before anything else can be on the loop: on all ways there
        from the function that a program begins with, nothing has made a task or begun to serve, and something
        does so afterwards. (A program in which nothing ever does is a command from begin to end.)"""
        seen: set[Place] = set()
        todo = [(place, line)]
        while todo:
            here, at = todo.pop()
            if here in seen or len(seen) > _MOST_AHEAD or self._has_company(here, at):
                return False
            seen.add(here)
            starts = self.starts.get(here, ())
            if any(context != Context.COMMAND.value for context, _ in starts):
                return False
            callers = self.callers.get(here, ())
            if not callers and not (starts and _is_of_module(here)):
                return False
            todo += [(caller, number) for caller in callers for number in self.lines[caller, here]]
        return not self._company.isdisjoint(seen)

    def _has_company(self, place: Place, line: int) -> bool:
        """Whether something else may be on the loop at a line of a function, by what that does before."""
        if self.is_in_loop(place, line):
            return True
        if self.makers.get(place, line + 1) <= line:
            return True
        return any(
            number < line and callee in self._company
            for callee in self._called.get(place, ())
            for number in self.lines[place, callee]
        )

    @cached_property
    def _company(self) -> set[Place]:
        """The functions that make a task or serve, and those that call one, however far up."""
        return _reached(self.makers, self.callers)

    def is_of_console(self, place: Place) -> bool:
        """Whether a function is a command of the command line, or is written in one."""
        path, symbol = place
        while symbol:
            if any(words.startswith(_AT_CONSOLE) for _, words in self.starts.get((path, symbol), ())):
                return True
            symbol = symbol.rpartition(".")[0]
        return False

    def below(self, places: Iterable[Place]) -> set[str]:
        """The files of these functions, and of the coroutine functions that they call, however far down."""
        return {path for path, _ in _reached(places, self._called)}

    @cached_property
    def _called(self) -> dict[Place, list[Place]]:
        called: dict[Place, list[Place]] = {}
        for callee, callers in self.callers.items():
            for caller in callers:
                called.setdefault(caller, []).append(callee)
        return called


def _reached(starts: Iterable[Place], steps: Mapping[Place, Iterable[Place]]) -> set[Place]:
    """The starts, and what steps lead to from them, however many."""
    found = set(starts)
    todo = list(found)
    while todo:
        for place in steps.get(todo.pop(), ()):
            if place not in found:
                found.add(place)
                todo.append(place)
    return found


def _is_of_module(place: Place) -> bool:
    """Whether a function is one of a module, not of a class: a class has its own loop run where somebody asks
    for something (`def get(self): return asyncio.run(self.aget())`), which is no program."""
    outer = place[1].rpartition(".")[0].rpartition(".")[2]
    return not outer[:1].isupper()
