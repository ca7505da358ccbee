"""What kind of code each finding is in, who waits for it, and how bad that makes it.

Judging says of each module who starts and who calls coroutines; here it is put together: from the function
of a finding up through its callers to what nothing of the program calls. A finding in a test, or in what
runs once at start-up, stops nobody who is served: it is no worse than info. The confidence stays as it is.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from conclint.config.settings import Config
from conclint.model.context import Context
from conclint.model.execution import Confidence, Family
from conclint.model.finding import Finding
from conclint.model.severity import Severity

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

Place = tuple[str, str]
"""A function: its file's path, and its symbol."""

_NEVER_CAPPED: Final = ("CON7", "CON9")
_ON_LOOP: Final = ("CON1", "CON3")
_QUIET_FAMILIES: Final = frozenset(
    {Family.FILES.value, Family.CHEAP_FILES.value, Family.CONSOLE.value, Family.OTHER.value}
)
_ONCE: Final = (Context.COMMAND.value, Context.START_UP.value, Context.SHUTDOWN.value)
_ONCE_BY_NAME: Final = re.compile(
    r"_*(?:on_|do_|pre_|post_)?(?:(?:init|initiali[sz]e|setup|set_up|launch|bootstrap|boot)(?:_\w+)?"
    r"|startup|start_up|shutdown|shut_down|teardown|tear_down|cleanup|clean_up)_*"
)
"""Names of what begins or ends the life of something; of a command that is called so, others are many
(`cleanup_sessions`)."""
_SHOWN_ENTRIES: Final = 3
_STEPPED: Final = "the project steps coroutines itself, and nothing is seen to start this one on a loop"
_MOST_CALLERS: Final = 2_000
"""Callers that are looked at for one finding; who waits beyond them is not said."""

TEST_FOLDERS: Final = frozenset({"test", "tests", "testing", "_test", "_tests", "_testing", "testsuite"})
TEST_IMPORTS: Final = frozenset({"pytest", "_pytest", "pytest_asyncio", "unittest", "nose", "hypothesis"})
SCRIPT_FOLDERS: Final = frozenset({"example", "examples", "script", "scripts", "benchmark", "benchmarks"})
SHARING_WORDS: Final = frozenset(
    {
        "create_task", "ensure_future", "gather", "TaskGroup", "start_soon", "create_task_group",
        "open_nursery", "as_completed", "run_coroutine_threadsafe", "call_soon",
        "call_soon_threadsafe", "call_later", "call_at", "add_reader", "add_writer",
        "add_signal_handler", "start_server", "create_server", "start_unix_server",
        "create_unix_server", "serve", "serve_forever", "run_forever", "run_app", "AppRunner",
        "uvicorn", "hypercorn", "fastapi", "starlette", "sanic", "quart", "tornado", "litestar",
        "discord", "telegram", "aiogram", "socketio", "websockets", "grpc", "aiohttp.web",
        "web.Application", "nicegui", "prefect",
    }
)  # fmt: skip
"""Words one of which is in every program that has more on its loop than one line of work."""
TASK_WORDS: Final = frozenset(
    {
        "create_task", "ensure_future", "gather", "TaskGroup", "start_soon", "create_task_group",
        "open_nursery", "as_completed", "run_coroutine_threadsafe",
    }
)  # fmt: skip
"""Words one of which is in every file that makes tasks."""


def relative_to(path: str, root: str) -> str:
    """The path below the project's folder, with forward slashes; the file's name where it is on another
    drive."""
    try:
        return os.path.relpath(path, root).replace(os.sep, "/")
    except ValueError:
        return os.path.basename(path)


def is_named_as_test(relative: str) -> bool:
    """Whether a file is one of tests, by its folders and its name; `relative` as `relative_to` gives it."""
    *folders, name = relative.split("/")
    stem = name.rpartition(".")[0]
    is_named_so = stem in ("conftest", "tests") or stem.startswith("test_") or stem.endswith("_test")
    return is_named_so or not TEST_FOLDERS.isdisjoint(folders)


class Callers(NamedTuple):
    """Who calls each coroutine function, and what starts it, as (kind of code, words). `repeated`: those that
    are called in a loop, or by themselves; `loops`: the lines of the loops of each."""

    callers: Mapping[Place, Collection[Place]]
    starts: Mapping[Place, Collection[tuple[str, str]]]
    repeated: Collection[Place]
    loops: Mapping[Place, Collection[tuple[int, int]]]

    @classmethod
    def of(cls, calls: Mapping[str, tuple[Any, ...]], is_test: Callable[[str], bool]) -> Callers:
        """From what each module says (`conclint.rules.module_calls`). That a test calls something says
        nothing of when a program does."""
        callers: dict[Place, set[Place]] = {}
        starts: dict[Place, set[tuple[str, str]]] = {}
        repeated: set[Place] = set()
        loops: dict[Place, Collection[tuple[int, int]]] = {}
        for path, (started, called, looping, _) in calls.items():
            tests = is_test(path)
            for where, symbol, context, words in started:
                if not tests or is_test(where):
                    starts.setdefault((where, symbol), set()).add((context, words))
            for caller, callees in called:
                for where, symbol, is_repeated in callees:
                    callee = (where, symbol)
                    if tests and not is_test(where):
                        continue
                    if is_repeated or callee == (path, caller):
                        repeated.add(callee)
                    if callee != (path, caller):
                        callers.setdefault(callee, set()).add((path, caller))
            loops.update({(path, symbol): lines for symbol, lines in looping})
        return cls(callers, starts, repeated, loops)

    def runs_once(self, place: Place, line: int) -> bool:
        """Whether a line of a function runs only once, or a few times, in the life of a program: it stands in
        no loop, and all that leads to it is a program's entry, its start or its end. Of what nothing in the
        project calls, its name says that."""
        if any(first <= line <= last for first, last in self.loops.get(place, ())):
            return False
        above = {place: set(self.callers.get(place, ()))}
        todo = [place]
        while todo:
            here = todo.pop()
            starts = self.starts.get(here, ())
            if here in self.repeated or len(above) > _MOST_CALLERS:
                return False
            if not (starts or above[here]) and not _ONCE_BY_NAME.fullmatch(here[1].rpartition(".")[2]):
                return False
            if any(context not in _ONCE for context, _ in starts):
                return False
            for caller in above[here] - above.keys():
                above[caller] = set(self.callers.get(caller, ()))
                todo.append(caller)
        while ready := {here for here, callers in above.items() if not callers}:
            for here in ready:
                del above[here]
            for callers in above.values():
                callers -= ready
        return not above  # else some of them call each other

    def waiting_for(self, place: Place) -> tuple[set[tuple[str, str]], bool, set[str]]:
        """What starts the function or one of its callers; whether that is all that leads to it; and the files
        of these."""
        found = set(self.starts.get(place, ()))
        seen, todo, is_all = {place}, [place], True
        while todo:
            here = todo.pop()
            callers = self.callers.get(here, ())
            started = self.starts.get(here, ())
            found.update(started)
            is_all = is_all and bool(callers or started)
            for caller in callers:
                if caller not in seen:
                    if len(seen) >= _MOST_CALLERS:
                        return found, False, {path for path, _ in seen}
                    seen.add(caller)
                    todo.append(caller)
        return found, is_all, {path for path, _ in seen}


class Contexts:
    """Puts findings into their contexts.

    `calls` is what judged modules say, `path_of` gives a shown path's file; `imports_tests` says of a file
    whether it imports a library for tests, `shares_loop` whether something else may run on the loop of the
    program that begins in it, `makes_tasks` whether it makes tasks itself; `is_stepped` whether the project
    has a driver of its own for coroutines.
    """

    def __init__(
        self,
        config: Config,
        calls: Mapping[str, tuple[Any, ...]],
        path_of: Callable[[str], str],
        imports_tests: Callable[[str], bool],
        shares_loop: Callable[[str], bool],
        makes_tasks: Callable[[str], bool],
        is_stepped: Callable[[], bool],
    ) -> None:
        self._config = config
        self._calls = calls
        self._path_of = path_of
        self._imports_tests = imports_tests
        self._shares_loop = shares_loop
        self._makes_tasks = makes_tasks
        self._is_stepped = is_stepped
        self._kinds: dict[str, Context | None] = {}
        self._sharing: dict[str, bool] = {}
        self._waiting: dict[Place, tuple[set[tuple[str, str]], bool, set[str]]] = {}

    @cached_property
    def _callers(self) -> Callers:
        return Callers.of(self._calls, lambda path: self._kind_of_file(path) is Context.TEST)

    def place(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings with their contexts, who waits, and a severity that goes with it."""
        return [self._placed(finding) for finding in findings]

    def _placed(self, finding: Finding) -> Finding:
        if finding.code.startswith(_NEVER_CAPPED):
            return finding
        path = self._path_of(finding.path)
        place = (path, finding.symbol)
        if place not in self._waiting:
            self._waiting[place] = self._callers.waiting_for(place)
        found, is_all, files = self._waiting[place]
        context = self._context(finding, path, found, is_all=is_all)
        if not found and context is None and finding.code.startswith(_ON_LOOP) and self._is_stepped():
            finding = replace(
                finding, confidence=Confidence.LOW, reasons=tuple(dict.fromkeys((*finding.reasons, _STEPPED)))
            )
        words = sorted({text for _, text in found})
        severity = finding.severity
        if not self._config.lift_contexts:
            severity = min(severity, self._most(finding, path, context, files))
        return replace(
            finding,
            severity=severity,
            context=context,
            entries=tuple(words[:_SHOWN_ENTRIES]),
            entry_count=len(words),
        )

    def _context(
        self, finding: Finding, path: str, found: Collection[tuple[str, str]], *, is_all: bool
    ) -> Context | None:
        kind = self._kind_of_file(path)
        if kind is not None and kind is not Context.SCRIPT:
            return kind
        if finding.context is not None:
            return finding.context
        kinds = {Context(word) for word, _ in found}
        for served in (Context.REQUEST, Context.BACKGROUND):
            if served in kinds:
                return served
        if is_all and len(kinds) == 1:
            return kinds.pop()
        if is_all and kinds and kinds <= {Context.START_UP, Context.SHUTDOWN, Context.COMMAND}:
            return Context.START_UP
        return kind

    def _kind_of_file(self, path: str) -> Context | None:
        if path not in self._kinds:
            self._kinds[path] = self._look_at(path)
        return self._kinds[path]

    def _look_at(self, path: str) -> Context | None:
        """By the configuration, by the file's folder and name, by what it imports."""
        relative = relative_to(path, str(self._config.root))
        for spec, context in self._stated:
            if spec.match_file(relative):
                return context
        if is_named_as_test(relative) or self._imports_tests(path):
            return Context.TEST
        return Context.SCRIPT if SCRIPT_FOLDERS.intersection(relative.split("/")[:-1]) else None

    @cached_property
    def _stated(self) -> tuple[tuple[GitIgnoreSpec, Context], ...]:
        if not self._config.contexts:
            return ()
        from pathspec import GitIgnoreSpec

        return tuple((GitIgnoreSpec.from_lines([line]), context) for line, context in self._config.contexts)

    def _most(self, finding: Finding, path: str, context: Context | None, files: Collection[str]) -> Severity:
        """The worst that a finding in such code, which is led to from these files, can be."""
        if context is Context.TEST:
            return Severity.INFO
        if not finding.code.startswith(_ON_LOOP):
            return Severity.CRITICAL
        if context in (Context.START_UP, Context.SHUTDOWN):
            return Severity.INFO
        is_brief = finding.severity < Severity.CRITICAL
        if context is Context.SCRIPT and finding.family in _QUIET_FAMILIES and is_brief:
            return Severity.INFO
        if context is Context.COMMAND and not any(map(self._has_company, sorted(files))):
            return Severity.INFO if finding.family in _QUIET_FAMILIES else Severity.WARNING
        if context in (Context.COMMAND, None) and finding.family == Family.CONSOLE.value:
            return self._most_of_question(finding, path, files)
        if context in (Context.COMMAND, None) and is_brief:
            place = (path, finding.symbol)
            return (
                Severity.INFO if self._callers.runs_once(place, finding.position.line) else Severity.WARNING
            )
        return Severity.CRITICAL

    def _most_of_question(self, finding: Finding, path: str, files: Collection[str]) -> Severity:
        """The worst that a question at the console can be in a command: nothing else goes on where no file
        that leads to it makes a task, or where it is asked once. Who asks at a console mostly is one."""
        if not any(map(self._makes_tasks, sorted(files))):
            return Severity.INFO
        is_once = self._callers.runs_once((path, finding.symbol), finding.position.line)
        return Severity.INFO if is_once else Severity.CRITICAL

    def _has_company(self, path: str) -> bool:
        if path not in self._sharing:
            self._sharing[path] = self._shares_loop(path)
        return self._sharing[path]
