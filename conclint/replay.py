"""A command that was given before, in a project in which nothing has changed since: its output once more.

This is the whole of such a run, so nothing is imported here but what every start of Python has loaded
anyway. A recording (made by `conclint.run.recorder`) holds the output, the exit status, and what these hung
on: files and folders by their stat, and paths that led nowhere. It is data, sealed with the user's key as the
answer to this command; whatever is wrong with one, there is no answer here and the command runs as ever.
"""

from __future__ import annotations

import gc
import marshal
import os
import sys
import time
from array import array

from conclint import __version__
from conclint.files.sealing import NoKeyError, blake2b, open_regular, read_at, read_sealed, seal, user_key

TYPE_CHECKING = False
if TYPE_CHECKING:  # as `typing` has it, which takes half as long to import as the rest of the run
    from collections.abc import Iterable

SUFFIX = ".replay"
FOLDER_NAME = ".conclint_cache"
UNLISTED = frozenset({".git", ".hg", ".svn", "__pycache__", FOLDER_NAME})
"""Names of folders that come and go without anything being analysed anew."""

LOOK_SIZE = 3 * array("Q").itemsize
"""Bytes that one path takes in a recording's looks."""
RACY_NS = 2_000_000_000
"""Nanoseconds: so coarse is the coarsest clock of a file system in use (FAT). What was changed less than
that before a run could be changed again and look the same."""

_FORMAT = 5
_MARSHAL_FORMAT = 2
_ENVIRONMENT = (
    "COLORTERM", "COLUMNS", "CONCLINT_DEBUG", "CONDA_PREFIX", "FORCE_COLOR", "LINES", "NO_COLOR", "TERM",
    "VIRTUAL_ENV",
)  # fmt: skip
_DAY = 86_400
_MANY = 20
_CONFIGURATION = 1 << 20
"""Bytes in which a configuration says where the cache is, if it does."""
_CONFIG_FILES = (".conclint.toml", "conclint.toml", "pyproject.toml")
_ROOT_MARKERS = ("pyproject.toml", "setup.cfg", "setup.py", ".git", ".hg")


_FIELDS = ("day", "status", "output", "paths", "looks", "lists", "present", "absent")


class Recording:
    """One run's output, and what it hung on.

    `looks` are those of the `paths` in order, as `look_at` has them. Of a path in `lists` the names that it
    held are compared where its look is another: all of them if the flag is set, else only that it has none of
    these. What is `present` may look anyhow. `day` is when the run was: the cache forgets what no run has
    used for long.
    """

    __slots__ = _FIELDS

    def __init__(
        self,
        day: int,
        status: int,
        output: bytes,
        paths: tuple[str, ...],
        looks: bytes,
        lists: dict[str, tuple[bool, tuple[str, ...]]],
        present: tuple[str, ...],
        absent: tuple[str, ...],
    ) -> None:
        self.day = day
        self.status = status
        self.output = output
        self.paths = paths
        self.looks = looks
        self.lists = lists
        self.present = present
        self.absent = absent


def replay(arguments: list[str]) -> int | None:
    """Writes what the command wrote before and gives its exit status; None if it has to be run.

    Raises OSError only for what is wrong with standard output.
    """
    collecting = gc.isenabled()
    gc.disable()  # thousands of tuples are about to be made, and none is part of a cycle
    try:
        question = question_of(arguments)
        recording = _find(arguments, question) if question is not None else None
        if recording is None or not still_holds(recording):
            return None
    finally:
        if collecting:
            gc.enable()
    sys.stdout.flush()
    sys.stdout.buffer.write(recording.output)
    sys.stdout.flush()
    return recording.status


def question_of(arguments: list[str]) -> bytes | None:
    """All that decides, besides files, what the command prints; None where that can't be told."""
    try:
        if not hasattr(sys.stdout, "buffer"):
            return None
        terminal = sys.stdout.isatty() and tuple(os.get_terminal_size(sys.stdout.fileno()))
        environment = [os.environ.get(name) for name in _ENVIRONMENT]
        facts = (_FORMAT, __version__, sys.hexversion, arguments, os.getcwd(), environment, terminal)
        return marshal.dumps(facts, _MARSHAL_FORMAT)
    except (OSError, ValueError, AttributeError):
        return None


def file_name(key: bytes, question: bytes) -> str:
    """The name, in a cache folder, of the recording that answers the question."""
    return blake2b(question, key=key, digest_size=4).hexdigest() + SUFFIX


def today() -> int:
    """The number of days since the epoch."""
    return int(time.time() // _DAY)


def look_at(paths: Iterable[str]) -> array[int]:
    """How the paths look now, three numbers each, of which one is another when the content is: the times of
    the last change of the content and of anything, and the inode. Raises OSError if one leads nowhere,
    ValueError if one can't lead anywhere, OverflowError for times before 1970."""
    stats = map(os.stat, paths)
    return array("Q", [number for at in stats for number in (at.st_mtime_ns, at.st_ctime_ns, at.st_ino)])


def listed(folder: str) -> tuple[str, ...]:
    """The names in the folder, in order, that can matter. Raises OSError."""
    return tuple(sorted(set(os.listdir(folder)) - UNLISTED))


def holds_still(folder: str, whole: bool, names: tuple[str, ...]) -> bool:
    """Whether the folder holds these names and no others or, unless the `whole` is told, none of these.
    Raises OSError."""
    held = listed(folder)
    return held == names if whole else set(names).isdisjoint(held)


def encode(key: bytes, question: bytes, recording: Recording) -> bytes:
    """The content of a recording's file."""
    fields = tuple(getattr(recording, name) for name in _FIELDS)
    content = marshal.dumps(fields, _MARSHAL_FORMAT)
    return seal(key, b"replay" + question, content) + content


def still_holds(recording: Recording) -> bool:
    """Whether all that the recording hangs on is as it was."""
    if recording.day != today():
        return False
    try:
        looks = look_at(recording.paths).tobytes()
        if looks != recording.looks and not _still_listed(recording, looks):
            return False
        for path in recording.present:
            os.stat(path)
    except (OSError, ValueError, OverflowError):
        return False
    return not any(map(os.path.exists, recording.absent))


def _still_listed(recording: Recording, looks: bytes) -> bool:
    """Whether all that looks otherwise are folders that hold the same names, as far as it matters."""
    width = LOOK_SIZE
    for number, path in enumerate(recording.paths):
        look = slice(number * width, (number + 1) * width)
        if looks[look] == recording.looks[look]:
            continue
        if path not in recording.lists or not holds_still(path, *recording.lists[path]):
            return False
    return True


def _find(arguments: list[str], question: bytes) -> Recording | None:
    try:
        key = user_key(make=False)
    except NoKeyError:
        return None
    name = file_name(key, question)
    for folder in cache_folders(arguments):
        try:
            file = open_regular(os.path.join(folder, name))
        except (OSError, ValueError):
            continue
        try:
            sealed = read_sealed(file, key, b"replay" + question)
        except OSError:
            sealed = None
        finally:
            os.close(file)
        if sealed is not None:
            return Recording(*marshal.loads(sealed[0]))
    return None


def cache_folders(arguments: list[str]) -> list[str]:
    """Where a recording may be: in the folder that an option names, else in the cache of the project that the
    command is about, as far as that can be told without reading the configuration as such."""
    words = []
    for place, word in enumerate(arguments[:_MANY]):
        if word == "--cache-dir":
            return arguments[place + 1 : place + 2]
        if word.startswith("--cache-dir="):
            return [word.partition("=")[2]]
        if word[:1] != "-" and os.path.lexists(word):
            words.append(word)
    starts = [path if os.path.isdir(path) else os.path.dirname(path) for path in map(os.path.abspath, words)]
    folders: dict[str, None] = {}
    try:
        starts.insert(0, os.path.commonpath(starts) if starts else os.getcwd())
    except ValueError:  # several drives
        return []
    for start in dict.fromkeys(starts):
        folders.update(dict.fromkeys(_caches_of_project(start)))
    return list(folders)


def _caches_of_project(start: str) -> Iterable[str]:
    """The cache folder of the project that a folder is part of: beside the configuration, else at the nearest
    root of a project, else here (`conclint.config.settings` finds it so)."""
    above = list(with_parents([start]))
    for folder in above:
        for name in _CONFIG_FILES:
            text = _configuration(os.path.join(folder, name))
            if text is not None and (name != "pyproject.toml" or b"conclint" in text):
                yield os.path.join(folder, _cache_dir_in(text) or FOLDER_NAME)
                if name != "pyproject.toml":
                    return
    for folder in above:
        if any(os.path.exists(os.path.join(folder, name)) for name in _ROOT_MARKERS):
            yield os.path.join(folder, FOLDER_NAME)
            return
    here = os.getcwd()
    yield os.path.join(here if here in above else start, FOLDER_NAME)


def _configuration(path: str) -> bytes | None:
    try:
        file = open_regular(path, links=True)
    except OSError:
        return None
    try:
        return read_at(file, 0, _CONFIGURATION)
    except OSError:
        return None
    finally:
        os.close(file)


def _cache_dir_in(text: bytes) -> str | None:
    """What a line of a configuration file sets `cache-dir` to, where it is written plainly."""
    for line in text.split(b"\n") if b"cache-dir" in text else ():
        name, _, value = line.partition(b"=")
        value = value.strip()
        quote = value[:1]
        if name.strip() == b"cache-dir" and quote in (b'"', b"'") and b"\\" not in value:
            return value[1:].partition(quote)[0].decode("utf-8", "replace") or None
    return None


def with_parents(paths: Iterable[str]) -> dict[str, None]:
    """The paths and all folders above them, absolute, each once."""
    folders: dict[str, None] = {}
    for path in paths:
        folder = os.path.abspath(path)
        while folder not in folders:
            folders[folder] = None
            folder = os.path.dirname(folder)
    return folders
