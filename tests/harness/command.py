"""The command, and flake8 with the plugin, run in the tests' own process: all of it but the start of an
interpreter, which takes longer than the check of a small project.

For tests that look at what a command prints, at its exit status and at the files that it writes. A process
of its own (`programs_on_disk.conclint_process`, or `subprocess`) is for tests that are about one: signals,
workers that die, what is imported and from where, the encoding of a terminal or a pipe that breaks, limits of
the system, time and memory, `python -m conclint` itself; and for one run of each subcommand, as a user starts
it (`test_process.py`, which also has it that both ways print the same).
"""

from __future__ import annotations

import gc
import importlib
import io
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess, TimeoutExpired

from conclint import flake8_plugin
from conclint.__main__ import main
from conclint.flake8_plugin import Plugin
from conclint.process import search_path
from conclint.source import discovery

_SIGNALS = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK", "SIGCHLD", "SIGPIPE")
    if hasattr(signal, name)
)

_SECONDS = 120
"""After which a command counts as one that never ends, as one does that waits for a pipe."""

Done = CompletedProcess[str]


def conclint(
    *arguments: str, cwd: Path, env: Mapping[str, str] | None = None, stdin: bytes | str = b""
) -> Done:
    """What `conclint` with these arguments comes to in the folder."""
    return _in_this_process(main, ["conclint", *arguments], cwd, env, stdin)


def flake8(*arguments: str, cwd: Path) -> Done:
    """The same of flake8 with our plugin, which begins as in a new process; without standard input, of which
    flake8 keeps the first."""
    start: Callable[[], int] = importlib.import_module("flake8.main.cli").main
    options = Plugin._options
    discovery._listed.clear()
    flake8_plugin._load.cache_clear()
    flake8_plugin._search_path.cache_clear()
    try:
        return _in_this_process(lambda: sys.exit(start()), ["flake8", *arguments], cwd)
    finally:
        Plugin._options = options


def _in_this_process(
    main: Callable[[], object],
    command: list[str],
    cwd: Path,
    env: Mapping[str, str] | None = None,
    stdin: bytes | str = b"",
) -> Done:
    """What a program comes to, as `subprocess.run` has it: the streams are pipes, `env` is the whole
    environment if given, output is read as UTF-8, and line ends stay as they are. An exception that a process
    would end with, showing a traceback, is raised here.

    The process is left as it was: working folder, environment, search path, streams, signal handlers, garbage
    collector, recursion limit, size of stacks, filters of warnings. Modules stay loaded, and so does what
    they keep for good: Git's program for each PATH, the repository of each working folder.
    """
    out, err = io.BytesIO(), io.BytesIO()
    given = stdin.encode() if isinstance(stdin, str) else stdin
    status: object = 0
    with _as_it_was():
        sys.argv = command
        sys.stdin = io.TextIOWrapper(io.BytesIO(given), "utf-8")
        sys.stdout = stdout = io.TextIOWrapper(out, "utf-8", newline="\n")
        sys.stderr = stderr = io.TextIOWrapper(err, "utf-8", "backslashreplace", "\n", write_through=True)
        if env is not None:
            os.environ.clear()
            os.environ.update(env)
        os.chdir(cwd)
        try:
            with _in_time(command):
                main()
        except SystemExit as end:
            status = end.code
        stdout.flush()
        stderr.flush()
    if status is None:
        status = 0
    elif not isinstance(status, int):  # what `sys.exit` makes of a text
        err.write(f"{status}\n".encode())
        status = 1
    return Done(command, status, out.getvalue().decode(), err.getvalue().decode())


@contextmanager
def _in_time(command: Sequence[str]) -> Iterator[None]:
    """Raises TimeoutExpired in what takes too long, where the system can."""
    if sys.platform == "win32":
        yield
        return

    def end(*_: object) -> None:
        raise TimeoutExpired(command, _SECONDS)

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _as_it_was() -> Iterator[None]:
    """Puts back whatever a command changes in its process."""
    folder = Path.cwd()
    environment = dict(os.environ)
    argv, streams = sys.argv, (sys.stdin, sys.stdout, sys.stderr)
    path, entries, left_out = sys.path, list(sys.path), list(search_path.left_out)
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    collects, thresholds = gc.isenabled(), gc.get_threshold()
    depth, stack = sys.getrecursionlimit(), threading.stack_size()
    try:
        with warnings.catch_warnings():
            yield
    finally:
        threading.stack_size(stack)
        sys.setrecursionlimit(depth)
        gc.set_threshold(*thresholds)
        if collects:
            gc.enable()
        else:
            gc.disable()
        for number, handler in handlers.items():
            if signal.getsignal(number) is not handler:
                signal.signal(number, handler)
        search_path.left_out[:] = left_out
        sys.path = path
        sys.path[:] = entries
        sys.argv = argv
        sys.stdin, sys.stdout, sys.stderr = streams
        os.chdir(folder)
        if os.environ != environment:
            os.environ.clear()
            os.environ.update(environment)
