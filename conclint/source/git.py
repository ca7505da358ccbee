"""Git, run so that it starts no program that the repository names: a folder's `.git/config` is as foreign as
its sources. Monitors of the file system, hooks, filters, drivers for diffs and transports are all switched
off; what is left reads files.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

_SAFE: Final = (
    *("-c", "core.fsmonitor=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "core.untrackedCache=false"),
    *("-c", "core.attributesFile="),
    *("-c", "core.pager="),
    *("-c", "diff.external="),
    *("-c", "log.showSignature=false"),
    *("-c", "safe.bareRepository=explicit"),
    "--no-pager",
)
_ENVIRONMENT: Final = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    # A partial clone would fetch what it lacks, over whatever the repository says that it is reached by.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
    "LC_ALL": "C",
}
_FILTER_PARTS: Final = {"clean": "", "smudge": "", "process": "", "required": "false"}


class GitError(Exception):
    """What Git could not do. The text is one line for the user."""


def run_git(
    folder: Path, *arguments: str, environment: Mapping[str, str] | None = None, given: bytes | None = None
) -> bytes:
    """What a reading command of Git prints in that folder. Raises GitError."""
    command = [_program(os.environ.get("PATH", os.defpath)), "-C", str(folder), *_SAFE]
    filters = [part for name in _filters(command) for part in ("-c", name)]
    done = _run([*command, *filters, *arguments], environment, given)
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        fatal = [line for line in lines if line.startswith("fatal: ")] or lines[-1:]  # advice may follow it
        reason = fatal[0].removeprefix("fatal: ") if fatal else f"git {arguments[0]} failed"
        raise GitError(f"{folder}: {reason}")
    return done.stdout


def _filters(command: list[str]) -> Iterator[str]:
    """Settings that switch off each filter there is; what it would do to a Python file is not looked at."""
    known = _run([*command, "config", "--name-only", "-z", "--get-regexp", r"^filter\."], None, None)
    names = known.stdout.decode("utf-8", "surrogateescape").split("\0")
    for driver in sorted({name.rpartition(".")[0] for name in names if name.count(".") > 1}):
        for part, value in _FILTER_PARTS.items():
            yield f"{driver}.{part}={value}"


def _run(
    command: list[str], environment: Mapping[str, str] | None, given: bytes | None
) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            command,
            env={**os.environ, **_ENVIRONMENT, **(environment or {})},
            input=b"" if given is None else given,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise GitError(f"git cannot be run: {error.strerror or error}") from error


@lru_cache(maxsize=4)
def _program(path: str) -> str:
    """Git's own path, from the folders of PATH that don't hang on where this process is: Windows would look
    into the working folder first, and an empty or relative entry means it everywhere. Raises GitError."""
    name = "git.exe" if sys.platform == "win32" else "git"
    here = os.path.realpath(os.curdir) + os.sep
    for folder in path.split(os.pathsep):
        file = os.path.join(folder, name)
        inside = f"{os.path.realpath(folder)}{os.sep}".startswith(here) and here != os.sep
        if os.path.isabs(folder) and not inside and os.path.isfile(file) and os.access(file, os.X_OK):
            return file
    raise GitError("git cannot be run: No such file or directory")
