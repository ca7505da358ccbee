"""`conclint --watch`: the same run again whenever a source or the configuration changes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from conclint.cli.run_check import CheckRequest, run_check
from conclint.config.settings import CONFIG_FILES, ConfigError
from conclint.process.gc_control import one_of_many_runs
from conclint.report.destination import UnwritableError
from conclint.report.terminal import clear_screen, say, say_line
from conclint.source.discovery import DEFAULT_EXCLUDES
from conclint.source.revisions import GitError
from conclint.suppress.baseline import BaselineError

_SUFFIXES = (".py", ".gitignore")
_MILLISECONDS = 100
"""After which the watcher says that nothing has changed: the first time, that it watches."""


class NoWatcherError(Exception):
    """The package that watches files is not installed. The text is one line for the user."""


def watch_check(make_request: Callable[[], CheckRequest]) -> None:
    """Runs until interrupted. The request is made anew each time, so that a changed configuration counts;
    what goes wrong is told, and the next change tries again.

    Raises NoWatcherError, and whatever a wrong configuration raises at the first run.
    """
    try:
        import watchfiles
    except ImportError as error:
        raise NoWatcherError("--watch needs the package watchfiles: pip install watchfiles") from error

    request = make_request()
    try:
        changing = watchfiles.watch(
            *_folders(request), watch_filter=None, rust_timeout=_MILLISECONDS, yield_on_timeout=True
        )
        next(changing)  # what changes from here on is seen, also while the first check runs
        _run(lambda: request)
        for changes in changing:
            if _concerns(request, (path for _, path in changes)):
                _run(make_request)
    except KeyboardInterrupt:
        say_line("")


def _run(make_request: Callable[[], CheckRequest]) -> None:
    clear_screen()
    try:
        with one_of_many_runs():
            run_check(make_request())
    except (ConfigError, GitError, BaselineError, UnwritableError) as error:
        say(f"error: {error}")
    sys.stdout.flush()
    say("watching for changes (Ctrl-C to stop)")


def _folders(request: CheckRequest) -> list[Path]:
    """The project, and what was asked for beyond it."""
    root = request.config.root
    asked = [request.config.cwd / path for path in request.paths or (".",)]
    return [root, *(path for path in asked if path.exists() and not path.is_relative_to(root))]


def _concerns(request: CheckRequest, paths: Iterable[str]) -> bool:
    """Whether one of the changed paths can change what is reported."""
    config = request.config
    outputs = {str(Path(output.file).resolve()) for output in request.outputs if output.file is not None}
    extra = {str(file) for file in (*config.catalog_files, config.baseline, config.file) if file is not None}
    for path in paths:
        if path in extra:
            return True
        if path in outputs or Path(path).is_relative_to(config.cache_dir):
            continue
        name = Path(path).name
        if name.endswith(_SUFFIXES) or name in CONFIG_FILES:
            below = Path(path).parent
            inner = below.relative_to(config.root).parts if below.is_relative_to(config.root) else ()
            if not DEFAULT_EXCLUDES.intersection(inner):
                return True
    return False
