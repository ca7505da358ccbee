"""`conclint --watch`: the same run again whenever a source or the configuration changes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterable
from contextlib import closing, suppress
from itertools import chain
from pathlib import Path
from typing import Final

from conclint.cli.run_check import CheckRequest, run_check
from conclint.config.settings import CONFIG_FILES, ConfigError
from conclint.process.gc_control import one_of_many_runs
from conclint.report.destination import UnwritableError
from conclint.report.terminal import clear_screen, say, say_line
from conclint.source.discovery import DEFAULT_EXCLUDES, discover_files
from conclint.source.revisions import GitError
from conclint.suppress.baseline import BaselineError

_SUFFIXES = (".py", ".gitignore")
_MILLISECONDS = 100
"""After which the watcher says that nothing has changed: the first time, that it watches."""

_WHOLE_TREES: Final = sys.platform in ("darwin", "win32")
"""Whether the system watches whole trees, through no link."""


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
    seen: frozenset[str] | None = None
    try:
        while True:
            watched = watched_folders(request)
            changing = watchfiles.watch(
                *watched,
                watch_filter=None,
                rust_timeout=_MILLISECONDS,
                yield_on_timeout=True,
                recursive=_WHOLE_TREES,
            )
            # A folder that is gone by now is left out the next time round.
            with closing(changing), suppress(FileNotFoundError):
                # What changes from here on is seen, also while the check runs.
                first = next(changing, None)
                for changes in chain([first] if first is not None else [], changing):
                    paths = [path for _, path in changes]
                    if watched != seen or _concerns(request, paths):
                        _run((lambda: request) if seen is None else make_request)
                        seen = watched
                    if not _WHOLE_TREES and any(_is_of_folders(path, watched) for path in paths):
                        break
                else:
                    return  # it was told to stop
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


def watched_folders(request: CheckRequest) -> frozenset[str]:
    """The project, and what was asked for beyond it; where the system watches single folders, each of those
    that a check looks into.

    What watches whole trees there goes through every link: one to the root of the file system would have it
    watch the whole disk.
    """
    config = request.config
    asked = [config.cwd / path for path in request.paths or (".",)]
    beyond = [path for path in asked if path.exists() and not path.is_relative_to(config.root)]
    trees = [str(path) for path in (config.root, *beyond)]
    if _WHOLE_TREES:
        return frozenset(trees)
    listed = discover_files([str(config.root), *map(str, asked)], config, config.cwd).walked.folders
    files = (*asked, *config.catalog_files, config.baseline, config.file)
    folders = {*trees, *listed, *(str(file.parent) for file in files if file is not None)}
    for tree in trees:
        for folder, below, _ in os.walk(tree):
            below[:] = [name for name in below if name not in DEFAULT_EXCLUDES]
            folders.add(folder)
    return frozenset(filter(os.path.isdir, folders))


def _is_of_folders(path: str, watched: Collection[str]) -> bool:
    """Whether the change of a path is one of the folders that are, or are now, to be watched."""
    return path in watched or (Path(path).name not in DEFAULT_EXCLUDES and Path(path).is_dir())


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
