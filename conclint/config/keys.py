"""The keys of a configuration file: what may stand at each, what it is for, and the words it takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple, TypeVar

from conclint.config.allowances import Allowance, WrongEntryError, parse_allowance
from conclint.files.bounded_file import LARGEST, SOURCE
from conclint.files.ignore_line import parse_ignore_line
from conclint.model.context import Context
from conclint.model.execution import Confidence
from conclint.model.runtime import Gil
from conclint.model.severity import Severity

_T = TypeVar("_T")


class WrongValueError(Exception):
    """A value that its key doesn't take; the text says what was expected. `entry`: the number of the entry
    of an array of tables, and the key in it."""

    entry: tuple[int, str] | None = None


def parse_version(text: str) -> tuple[int, int]:
    """The version in "3.12" or "py312".

    Raises ValueError for anything else.
    """
    match = re.fullmatch(r"(?:py)?3\.?(\d{1,2})", text.strip())
    if match is None:
        raise ValueError(f'a Python version such as "3.12", not {text!r}')
    return (3, int(match[1]))


def parse_confidence(text: str) -> Confidence:
    """The confidence that "low", "medium" or "high" names.

    Raises ValueError for anything else.
    """
    for confidence in Confidence:
        if confidence.label == text.strip().lower():
            return confidence
    raise ValueError(f'"low", "medium" or "high", not {text!r}')


def parse_severity(text: str) -> Severity:
    """The severity that "info", "warning" or "critical" names.

    Raises ValueError for anything else.
    """
    for severity in Severity:
        if severity.label == text.strip().lower():
            return severity
    raise ValueError(f'"info", "warning" or "critical", not {text!r}')


def parse_context(text: str) -> Context:
    """The kind of code that a word names.

    Raises ValueError for anything else.
    """
    try:
        return Context(text.strip().lower())
    except ValueError:
        words = ", ".join(f'"{context.value}"' for context in Context)
        raise ValueError(f"one of {words}, not {text!r}") from None


def parse_gil(text: str) -> Gil:
    """What "enabled", "free-threaded" or "both" says of the GIL.

    Raises ValueError for anything else.
    """
    try:
        return Gil(text.strip().lower())
    except ValueError:
        raise ValueError(f'"enabled", "free-threaded" or "both", not {text!r}') from None


def parse_codes(words: Iterable[str]) -> tuple[str, ...]:
    """Codes and prefixes in upper case; ALL stands for every rule of ours."""
    codes = (word.strip().upper() for word in words)
    return tuple("CON" if code == "ALL" else code for code in codes if code)


def check_pattern(pattern: str) -> str:
    """The pattern itself.

    Raises ValueError if .gitignore has no such pattern.
    """
    try:
        parse_ignore_line(pattern)
    except ValueError as error:
        raise ValueError(f"a .gitignore pattern, not {pattern!r}") from error
    return pattern


def _strings(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise WrongValueError(f"must be a list of strings, {kind_of(value)}")
    for item in value:
        if not isinstance(item, str):
            raise WrongValueError(f"must be a list of strings, {kind_of(item)} in one place")
    return tuple(value)


def _codes(value: object) -> tuple[str, ...]:
    return parse_codes(_strings(value))


def _patterns(value: object) -> tuple[str, ...]:
    return tuple(_expected(check_pattern, pattern) for pattern in _strings(value))


def _version(value: object) -> tuple[int, int]:
    if not isinstance(value, str):
        hint = " (3.10 without quotes is the number 3.1)" if isinstance(value, float) else ""
        raise WrongValueError(f'must be a string such as "3.12", {kind_of(value)}{hint}')
    return _expected(parse_version, value)


def _confidence(value: object) -> Confidence:
    return _expected(parse_confidence, _string(value))


def _severity(value: object) -> Severity:
    return _expected(parse_severity, _string(value))


def _gil(value: object) -> Gil:
    return _expected(parse_gil, _string(value))


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise WrongValueError(f"must be a string, {kind_of(value)}")
    return value


def _path(value: object) -> str:
    text = _string(value)
    if "\0" in text:
        raise WrongValueError("must be a path, and none has a NUL character in it")
    return text


def _paths(value: object) -> tuple[str, ...]:
    return tuple(map(_path, _strings(value)))


def _follow(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        if value not in FOLLOW_WORDS:
            words = " or ".join(f'"{word}"' for word in FOLLOW_WORDS)
            raise WrongValueError(f"must be {words}, or a list of package names, not {value!r}")
        return parse_follow((value,))
    return parse_follow(_strings(value))


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise WrongValueError(f"must be true or false, {kind_of(value)}")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise WrongValueError(f"must be a whole number, {kind_of(value)}")
    if not 0 <= value <= MOST_JOBS:
        raise WrongValueError(f"must be 0 (as many as pay) to {MOST_JOBS}, not {_shortened(value)}")
    return value


def _size(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise WrongValueError(f"must be a whole number of MB, {kind_of(value)}")
    if not 1 <= value <= MOST_MEGABYTES:
        raise WrongValueError(f"must be 1 to {MOST_MEGABYTES} MB, not {_shortened(value)}")
    return value


def _shortened(number: int) -> str:
    """The number in digits; one that is too large for that (Python would not write it) in words."""
    return str(number) if abs(number) < 10**12 else "a larger number" if number > 0 else "a negative number"


def _per_file(value: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, dict):
        raise WrongValueError(f"must be a table of patterns with lists of codes, {kind_of(value)}")
    result = []
    for pattern, codes in value.items():
        try:
            result.append((_expected(check_pattern, pattern), _codes(codes)))
        except WrongValueError as error:
            raise WrongValueError(f'"{pattern}": {error}') from error
    return tuple(result)


def _contexts(value: object) -> tuple[tuple[str, Context], ...]:
    if not isinstance(value, dict):
        raise WrongValueError(f"must be a table of patterns, each with a kind of code, {kind_of(value)}")
    result = []
    for pattern, word in value.items():
        try:
            result.append((_expected(check_pattern, pattern), _expected(parse_context, _string(word))))
        except WrongValueError as error:
            raise WrongValueError(f'"{pattern}": {error}') from error
    return tuple(result)


def _allowances(value: object) -> tuple[Allowance, ...]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise WrongValueError(f"must be an array of tables ([[tool.conclint.allow]]), {kind_of(value)}")
    try:
        return tuple(parse_allowance(number, entry) for number, entry in enumerate(value))
    except WrongEntryError as error:
        wrong = WrongValueError(str(error))
        wrong.entry = (error.number, error.key)
        raise wrong from error


def _expected(parse: Callable[[str], _T], value: str) -> _T:
    try:
        return parse(value)
    except ValueError as error:
        raise WrongValueError(f"must be {error}") from error


def _table(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise WrongValueError(f"must be a table (its keys are those of a catalog file), {kind_of(value)}")
    return value


MOST_JOBS: Final = 1_000
MOST_MEGABYTES: Final = LARGEST >> 20
FOLLOW_ALL: Final = "installed"
FOLLOW_WORDS: Final = ("project", FOLLOW_ALL)


def parse_follow(words: Iterable[str]) -> tuple[str, ...]:
    """The packages to follow beyond the project; "installed" for all, "project" for none."""
    return tuple(dict.fromkeys(word.strip() for word in words if word.strip() not in ("", "project")))


def kind_of(value: object) -> str:
    """What a value of the wrong type is, as the end of an error."""
    kinds = {bool: "a boolean", int: "a whole number", float: "a number", str: "a string", list: "a list"}
    return f"but is {kinds.get(type(value), 'a table' if isinstance(value, dict) else 'a date or time')}"


class ConfigKey(NamedTuple):
    """One key: what makes its value (or raises WrongValueError), what it takes, what it is for, and its
    default in words, where the default is more than a value."""

    read: Callable[[object], object]
    form: str
    about: str
    default: str = ""


KEYS: Final[Mapping[str, ConfigKey]] = {
    "select": ConfigKey(
        _codes,
        "list of codes or prefixes",
        'Report only these rules; `"ALL"` for all of them, including those that are off by default.',
        "the rules that are on by default",
    ),
    "ignore": ConfigKey(_codes, "list of codes or prefixes", "Do not report these rules."),
    "extend-select": ConfigKey(
        _codes, "list of codes or prefixes", "Report these rules in addition to those selected."
    ),
    "exclude": ConfigKey(
        _patterns,
        "list of .gitignore patterns",
        "Skip files and folders; replaces the built-in list.",
        "virtual environments, caches, build folders",
    ),
    "extend-exclude": ConfigKey(
        _patterns, "list of .gitignore patterns", "Skip files and folders in addition to `exclude`."
    ),
    "per-file-ignores": ConfigKey(
        _per_file,
        "table of .gitignore patterns, each with a list of codes",
        "Do not report these rules in these files.",
    ),
    "respect-async-noqa": ConfigKey(
        _boolean,
        "`true` or `false`",
        "Whether `# noqa` with a flake8-async or ruff code (`ASYNC251`) also hides conclint's finding.",
        "`true`",
    ),
    "target-version": ConfigKey(
        _version,
        'string such as `"3.12"`',
        "The oldest Python that the code runs on; advice stays within it.",
        "the lower bound of `project.requires-python`, of Poetry's `python` or of an unpacked package's "
        "metadata, else the Python that runs conclint",
    ),
    "gil": ConfigKey(
        _gil,
        '`"enabled"`, `"free-threaded"` or `"both"`',
        "Whether the program's threads can compute in parallel: on a free-threaded build, CPU-bound work in "
        "threads is fine and isn't reported.",
    ),
    "min-confidence": ConfigKey(
        _confidence, '`"low"`, `"medium"` or `"high"`', "Minimum confidence to report."
    ),
    "min-severity": ConfigKey(
        _severity, '`"info"`, `"warning"` or `"critical"`', "Minimum severity to report."
    ),
    "contexts": ConfigKey(
        _contexts,
        "table of .gitignore patterns, each with a kind of code",
        "What kind of code these files are: `request`, `background`, `start-up`, `shutdown`, `command`, "
        "`thread`, `test`, `script` or `vendored`. Findings in tests, at start-up and in vendored code are "
        "no worse than `info`.",
        "found out from the code",
    ),
    "allow": ConfigKey(
        _allowances,
        "array of tables: `in`, `calls`, `reason`",
        "What these functions may call, and why: such findings are not reported.",
        "nothing",
    ),
    "src": ConfigKey(
        _paths, "list of folders", "Folders from which absolute imports are resolved.", '`[".", "src"]`'
    ),
    "baseline": ConfigKey(_path, "file", "Report only findings that aren't in this baseline."),
    "cache-dir": ConfigKey(_path, "folder", "Cache folder.", "`.conclint_cache` in the project"),
    "max-file-size": ConfigKey(
        _size,
        "whole number of MB",
        "Larger files are skipped and reported as CON900; for a notebook, only its code counts.",
        f"`{SOURCE >> 20}`",
    ),
    "jobs": ConfigKey(_count, "whole number", "Number of processes (0 = choose automatically)."),
    "follow": ConfigKey(
        _follow,
        '`"project"`, `"installed"`, or a list of packages',
        "Installed packages into which calls are followed; into those with a name also to what is less sure.",
        '`"installed"`: all, where an environment is found',
    ),
    "python": ConfigKey(
        _path,
        "interpreter or environment",
        "Where the packages of `follow` are installed.",
        "the active environment, `.venv` or `venv` of the project, Conda's, or conclint's own if the project "
        "is installed there",
    ),
    "catalog": ConfigKey(
        _table, "table in the catalog's schema", "Your own facts about libraries and about your functions."
    ),
    "catalog-files": ConfigKey(_paths, "list of files", "Files in the catalog's schema."),
}
"""Every key of a conclint table."""
