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
from typing import Any, Final

from conclint.config.settings import Config
from conclint.files.ignore_line import IgnoreLine, parse_ignore_line
from conclint.model.context import Context
from conclint.model.execution import Confidence, Family
from conclint.model.finding import Finding
from conclint.model.severity import Severity
from conclint.run.waiting import Callers, Place, Waiting

_NEVER_CAPPED: Final = ("CON7", "CON9")
_ON_LOOP: Final = ("CON1", "CON3")
_QUIET_FAMILIES: Final = frozenset(
    {Family.FILES.value, Family.CHEAP_FILES.value, Family.CONSOLE.value, Family.OTHER.value}
)
_LOCAL_FAMILIES: Final = frozenset({Family.COMPUTE.value, Family.DATABASE.value, Family.SOCKETS.value})
"""What its user alone waits for, under a second, where it is done in a command."""
_SLIGHT_FAMILIES: Final = frozenset({Family.FILES.value, Family.SOCKETS.value})
"""What takes under a second now and then, and hardly matters where nobody is seen to wait for it: a file, the
certificates of a connection."""
_SLIGHT_CAUSES: Final = (
    "PIL.ImageGrab.", "importlib.", "pandas.read_clipboard", "pyautogui.", "pyperclip.", "runpy.",
)  # fmt: skip
"""The same of other families: code that is loaded, a desktop at which one user sits."""
_STATEMENTS: Final = frozenset(
    {
        "sqlalchemy.Connection.execute", "sqlalchemy.Connection.scalar", "sqlalchemy.orm.Query.first",
        "sqlalchemy.orm.Query.get", "sqlalchemy.orm.Query.one", "sqlalchemy.orm.Query.one_or_none",
        "sqlalchemy.orm.Query.scalar", "sqlalchemy.orm.Session.execute", "sqlalchemy.orm.Session.get",
        "sqlalchemy.orm.Session.merge", "sqlalchemy.orm.Session.scalar", "sqlalchemy.orm.Session.scalars",
        "sqlite3.Connection.execute", "sqlite3.connect",
    }
)  # fmt: skip
"""One statement to a database of which nothing says that it is on another machine: what waits for the disk is
its commit."""
_SLIGHT_WORK: Final = ("difflib.", "jinja2.", "jsonschema.")
"""What computes for milliseconds on the texts that programs have of their own: of 17 such findings that
strangers read, none was worth a change."""
_WHOLE: Final = frozenset(
    {
        "os.fdatasync", "os.fsync", "os.fwalk", "os.walk", "pathlib.Path.rglob", "pathlib.Path.walk",
        "shutil.copyfile", "shutil.copyfileobj", "shutil.copytree", "shutil.make_archive",
        "shutil.unpack_archive",
    }
)  # fmt: skip
"""Causes that concern whole trees, files of any size, or the disk itself."""
_ASIDE: Final = (Context.TEST, Context.SCRIPT)
_SHOWN_ENTRIES: Final = 3
_STEPPED: Final = "the project steps coroutines itself, and nothing is seen to start this one on a loop"

TEST_FOLDERS: Final = frozenset(
    {"test", "tests", "testing", "_test", "_tests", "_testing", "testsuite", "e2e"}
)
_KINDS_OF_TESTS: Final = (
    r"(acceptance|e2e|end[_-]to[_-]end|functional|integration|live|load|manual|perf|performance|regression"
    r"|sanity|smoke|stress|system|unit)"
)
_TEST_FOLDER: Final = re.compile(rf"{_KINDS_OF_TESTS}[_-]tests?|tests?[_-]{_KINDS_OF_TESTS}")
_NUMBERED_TEST: Final = re.compile(r"test\d+(_.*)?")
TEST_IMPORTS: Final = frozenset({"pytest", "_pytest", "pytest_asyncio", "unittest", "nose", "hypothesis"})
SCRIPT_FOLDERS: Final = frozenset(
    {
        "benchmark", "benchmarks", "cookbook", "cookbooks", "demo", "demos", "example", "examples",
        "playground", "sample", "samples", "script", "scripts", "tutorial", "tutorials",
    }
)  # fmt: skip
CONSOLE_NAMES: Final = frozenset({"cli", "_cli", "__main__"})
"""Folders and files of commands of the command line."""
VENDOR_FOLDERS: Final = frozenset(
    {"_vendor", "_vendored", "third_party", "thirdparty", "vendor", "vendored", "vendors"}
)
"""Folders of others' code, which is not changed where it lies."""
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
SERVING_WORDS: Final = SHARING_WORDS - {
    "create_task", "ensure_future", "gather", "TaskGroup", "start_soon", "create_task_group", "open_nursery",
    "as_completed", "run_coroutine_threadsafe",
    "call_soon", "call_soon_threadsafe", "call_later", "call_at", "add_reader", "add_writer",
    "add_signal_handler",
}  # fmt: skip
"""Words one of which is in every program that others wait for."""


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
    is_named_so = (
        stem in ("conftest", "tests")
        or stem.startswith("test_")
        or stem.endswith("_test")
        or _NUMBERED_TEST.fullmatch(stem) is not None
    )
    return is_named_so or any(f in TEST_FOLDERS or _TEST_FOLDER.fullmatch(f) for f in folders)


def is_named_as_command(relative: str) -> bool:
    """Whether a file is one of the command line, by its folders and its name."""
    *folders, name = relative.split("/")
    stem = name.rpartition(".")[0]
    return not CONSOLE_NAMES.isdisjoint((*folders, stem)) or stem.startswith("cli_") or stem.endswith("_cli")


class Contexts:
    """Puts findings into their contexts.

    `calls` is what judged modules say, `path_of` gives a shown path's file; `imports_tests` says of a file
    whether it imports a library for tests, `shares_loop` whether something else may run on the loop of the
    program that begins in it, `serves` whether it serves others;
    `is_stepped` whether a file, or its project, has a driver of its own for coroutines.
    """

    def __init__(
        self,
        config: Config,
        calls: Mapping[str, tuple[Any, ...]],
        path_of: Callable[[str], str],
        imports_tests: Callable[[str], bool],
        shares_loop: Callable[[str], bool],
        serves: Callable[[str], bool],
        is_stepped: Callable[[str], bool],
    ) -> None:
        self._config = config
        self._calls = calls
        self._path_of = path_of
        self._imports_tests = imports_tests
        self._shares_loop = shares_loop
        self._serves = serves
        self._is_stepped = is_stepped
        self._kinds: dict[str, Context | None] = {}
        self._sharing: dict[str, bool] = {}
        self._serving: dict[frozenset[Place], bool] = {}
        self._waiting: dict[Place, Waiting] = {}

    @cached_property
    def _callers(self) -> Callers:
        return Callers.of(self._calls, lambda path: self._kind_of_file(path) in _ASIDE)

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
        waiting = self._waiting[place]
        found = waiting.found
        context = self._context(finding, path, found, is_all=waiting.is_all)
        is_command = context is Context.COMMAND and finding.code.startswith(_ON_LOOP)
        if is_command and self._callers.is_ahead(place, finding.position.line):
            context = Context.START_UP
        if not found and context is None and finding.code.startswith(_ON_LOOP) and self._is_stepped(path):
            finding = replace(
                finding, confidence=Confidence.LOW, reasons=tuple(dict.fromkeys((*finding.reasons, _STEPPED)))
            )
        words = sorted({text for _, text in found})
        severity = finding.severity
        if not self._config.lift_contexts:
            severity = min(severity, self._most(finding, path, context, waiting))
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
        if kind in (Context.TEST, Context.VENDORED):
            return kind
        if kind is not Context.SCRIPT and self._stated_kind(path) is not None:
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
        stated = self._stated_kind(path)
        if stated is not None:
            return stated
        relative = relative_to(path, str(self._config.root))
        if is_named_as_test(relative) or self._imports_tests(path):
            return Context.TEST
        folders = relative.split("/")[:-1]
        if not VENDOR_FOLDERS.isdisjoint(folders):
            return Context.VENDORED
        if not SCRIPT_FOLDERS.isdisjoint(folders):
            return Context.SCRIPT
        return Context.COMMAND if is_named_as_command(relative) else None

    def _stated_kind(self, path: str) -> Context | None:
        """What the configuration says that a file is."""
        if not self._stated:
            return None
        relative = relative_to(path, str(self._config.root))
        return next((context for line, context in self._stated if line.covers(relative)), None)

    @cached_property
    def _stated(self) -> tuple[tuple[IgnoreLine, Context], ...]:
        parsed = ((parse_ignore_line(line), context) for line, context in self._config.contexts)
        return tuple((line, context) for line, context in parsed if line is not None)

    def _most(self, finding: Finding, path: str, context: Context | None, waiting: Waiting) -> Severity:
        """The worst that a finding in such code, which is led to from these files, can be."""
        if context in (Context.TEST, Context.VENDORED):
            return Severity.INFO
        if not finding.code.startswith(_ON_LOOP):
            return Severity.CRITICAL
        if context in (Context.START_UP, Context.SHUTDOWN):
            return Severity.INFO
        if context is Context.THREAD:
            has_tasks = not self._callers.makers.keys().isdisjoint(waiting.places)
            return Severity.CRITICAL if has_tasks else Severity.INFO
        is_brief = finding.severity < Severity.CRITICAL
        if context is Context.SCRIPT and finding.family in _QUIET_FAMILIES and is_brief:
            return Severity.INFO
        if context is Context.COMMAND and is_brief and finding.family in _LOCAL_FAMILIES:
            return Severity.INFO
        place = (path, finding.symbol)
        if context is Context.COMMAND and self._is_of_one(waiting):
            is_alone = self._callers.makers.keys().isdisjoint(waiting.places)
            is_once = is_alone and self._callers.runs_once(place, finding.position.line)
            if is_once or finding.family in _QUIET_FAMILIES:
                return Severity.INFO
        if context is Context.COMMAND and not any(map(self._has_company, sorted(waiting.files))):
            return Severity.INFO if finding.family in _QUIET_FAMILIES else Severity.WARNING
        if context in (Context.COMMAND, None) and finding.family == Family.CONSOLE.value:
            return self._most_of_question(finding, path, waiting)
        if context in (Context.BACKGROUND, None) and is_brief and self._is_slight(finding, place):
            return Severity.INFO
        if context in (Context.COMMAND, None) and is_brief:
            is_slight = finding.family != Family.FILES.value  # of these it may be whole folders
            is_once = self._callers.runs_once(place, finding.position.line, is_slight=is_slight)
            return Severity.INFO if is_once else Severity.WARNING
        return Severity.CRITICAL

    def _most_of_question(self, finding: Finding, path: str, waiting: Waiting) -> Severity:
        """The worst that a question at the console can be in a command, or where nobody is seen to ask it:
        nothing else is known to go on where nothing that leads to it makes a task, or where it is asked once.
        """
        if self._callers.makers.keys().isdisjoint(waiting.places):
            return Severity.INFO
        is_once = self._callers.runs_once((path, finding.symbol), finding.position.line)
        return Severity.INFO if is_once else Severity.CRITICAL

    def _is_of_one(self, waiting: Waiting) -> bool:
        """Whether all that waits is whoever has typed a command, which serves nobody else. It may have tasks
        of its own."""
        if not all(map(self._is_of_console, waiting.begins)):
            return False
        begins = frozenset(waiting.begins)
        if begins not in self._serving:
            files = self._callers.below(begins) | waiting.files
            self._serving[begins] = any(map(self._serves, sorted(files)))
        return not self._serving[begins]

    def _is_slight(self, finding: Finding, place: Place) -> bool:
        """Whether what takes under a second hardly matters at a place that no request is seen to lead to,
        though what starts the program is known."""
        cause = finding.cause or ""
        if not self._callers.starts or cause in _WHOLE:
            return False
        if finding.family == Family.FILES.value or cause in _STATEMENTS or cause.startswith(_SLIGHT_WORK):
            return not self._callers.is_in_loop(place, finding.position.line)
        return finding.family in _SLIGHT_FAMILIES or cause.startswith(_SLIGHT_CAUSES)

    def _is_of_console(self, place: Place) -> bool:
        return self._kind_of_file(place[0]) is Context.COMMAND or self._callers.is_of_console(place)

    def _has_company(self, path: str) -> bool:
        if path not in self._sharing:
            self._sharing[path] = self._shares_loop(path)
        return self._sharing[path]
