"""Configuration files: what may stand in them, and errors that name file, line, key and the nearest key."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

from conclint.model.execution import Confidence
from conclint.model.runtime import Gil

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover
    import tomli as tomllib


_T = TypeVar("_T")


class ConfigError(Exception):
    """A configuration that can't be used. The text is one line for the user."""


@dataclass(frozen=True, slots=True)
class Table:
    """The checked values of one file's conclint table, by the names of `Config`'s fields."""

    file: Path
    values: Mapping[str, Any]
    text: str

    def line_of(self, key: str) -> str:
        """The number of the line that sets the key, after a colon; empty if it isn't known."""
        return _line_of(self.text, key)

    def fail(self, key: str, message: str) -> NoReturn:
        """Raises ConfigError for what stands at `key`."""
        raise ConfigError(f"{self.file}{_line_of(self.text, key)}: {message}")


def read_table(file: Path, *, required: bool) -> Table | None:
    """The file's conclint table: `[tool.conclint]` of a pyproject.toml, else the whole file.

    None for a pyproject.toml without that table, unless `required`.
    Raises ConfigError for a file that can't be read, isn't TOML, or holds an unknown key or a wrong type.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror or error}") from error
    whole_file = file.name != "pyproject.toml"
    if not whole_file and not required and b"conclint" not in data:
        # Somebody else's file, broken or not, is no concern of ours.
        return None
    try:
        text = data.decode("utf-8-sig")
        document = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: is not UTF-8: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: is not valid TOML: {error}") from error
    raw: object = document
    if not whole_file or set(document) == {"tool"}:
        tool = document.get("tool")
        raw = tool.get("conclint") if isinstance(tool, dict) else None
    if raw is None:
        if required:
            raise ConfigError(f"{file}: has no [tool.conclint] table")
        return None
    if not isinstance(raw, dict):
        raise ConfigError(f"{file}{_line_of(text, 'conclint')}: tool.conclint must be a table, {_is(raw)}")
    table = Table(file, {}, text)
    return Table(file, dict(_checked(table, raw)), text)


def read_project(file: Path) -> Mapping[str, object]:
    """The `project` table of a pyproject.toml; empty if there is none or the file isn't TOML."""
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return {}
    project = document.get("project")
    return project if isinstance(project, dict) else {}


def check_codes(table: Table, known: Collection[str]) -> None:
    """Raises ConfigError for a code or prefix in the table that no known code begins with."""
    for key in ("select", "ignore", "extend-select"):
        for code in table.values.get(_field(key), ()):
            if problem := unknown_code(code, known):
                table.fail(key, f"{key}: {problem}")
    for pattern, codes in table.values.get("per_file_ignores", ()):
        for code in codes:
            if problem := unknown_code(code, known):
                table.fail(pattern, f'per-file-ignores."{pattern}": {problem}')


def unknown_code(code: str, known: Collection[str]) -> str | None:
    """What is wrong with a code or prefix, or None if a known code begins with it."""
    if any(name.startswith(code) for name in known):
        return None
    return f"there is no rule {code!r}{nearest(code, known)}"


def nearest(word: str, known: Iterable[str]) -> str:
    """A question to append to an error, or nothing if no known word is near."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


class _WrongValueError(Exception):
    """A value that its key doesn't take; the text says what was expected."""


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
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([pattern])
    except ValueError as error:
        raise ValueError(f"a .gitignore pattern, not {pattern!r}") from error
    return pattern


def _strings(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _WrongValueError(f"must be a list of strings, {_is(value)}")
    for item in value:
        if not isinstance(item, str):
            raise _WrongValueError(f"must be a list of strings, {_is(item)} in one place")
    return tuple(value)


def _codes(value: object) -> tuple[str, ...]:
    return parse_codes(_strings(value))


def _patterns(value: object) -> tuple[str, ...]:
    return tuple(_expected(check_pattern, pattern) for pattern in _strings(value))


def _version(value: object) -> tuple[int, int]:
    if not isinstance(value, str):
        hint = " (3.10 without quotes is the number 3.1)" if isinstance(value, float) else ""
        raise _WrongValueError(f'must be a string such as "3.12", {_is(value)}{hint}')
    return _expected(parse_version, value)


def _confidence(value: object) -> Confidence:
    return _expected(parse_confidence, _string(value))


def _gil(value: object) -> Gil:
    return _expected(parse_gil, _string(value))


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise _WrongValueError(f"must be a string, {_is(value)}")
    return value


def _follow(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        if value not in FOLLOW_WORDS:
            words = " or ".join(f'"{word}"' for word in FOLLOW_WORDS)
            raise _WrongValueError(f"must be {words}, or a list of package names, not {value!r}")
        return parse_follow((value,))
    return parse_follow(_strings(value))


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _WrongValueError(f"must be a whole number, {_is(value)}")
    if value < 0:
        raise _WrongValueError(f"must be 0 (as many as pay) or more, not {value}")
    return value


def _per_file(value: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, dict):
        raise _WrongValueError(f"must be a table of patterns with lists of codes, {_is(value)}")
    result = []
    for pattern, codes in value.items():
        try:
            result.append((_expected(check_pattern, pattern), _codes(codes)))
        except _WrongValueError as error:
            raise _WrongValueError(f'"{pattern}": {error}') from error
    return tuple(result)


def _expected(parse: Callable[[str], _T], value: str) -> _T:
    try:
        return parse(value)
    except ValueError as error:
        raise _WrongValueError(f"must be {error}") from error


def _table(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _WrongValueError(f"must be a table (its keys are those of a catalog file), {_is(value)}")
    return value


FOLLOW_ALL: Final = "installed"
FOLLOW_WORDS: Final = ("project", FOLLOW_ALL)


def parse_follow(words: Iterable[str]) -> tuple[str, ...]:
    """The packages to follow beyond the project; "installed" for all, "project" for none."""
    return tuple(dict.fromkeys(word.strip() for word in words if word.strip() not in ("", "project")))


KEYS: Final[Mapping[str, Callable[[object], object]]] = {
    "select": _codes,
    "ignore": _codes,
    "extend-select": _codes,
    "exclude": _patterns,
    "extend-exclude": _patterns,
    "per-file-ignores": _per_file,
    "target-version": _version,
    "gil": _gil,
    "min-confidence": _confidence,
    "src": _strings,
    "baseline": _string,
    "cache-dir": _string,
    "jobs": _count,
    "follow": _follow,
    "python": _string,
    "catalog": _table,
    "catalog-files": _strings,
}
"""The keys of a conclint table, each with what makes its value, or raises."""


def _checked(table: Table, raw: Mapping[str, object]) -> Iterable[tuple[str, object]]:
    for key, value in raw.items():
        check = KEYS.get(key)
        if check is None:
            table.fail(key, f"unknown key {key!r}{nearest(key.replace('_', '-'), KEYS)}")
        try:
            yield _field(key), check(value)
        except _WrongValueError as error:
            table.fail(key, f"{key}: {error}")


def _field(key: str) -> str:
    return key.replace("-", "_")


def _is(value: object) -> str:
    kinds = {bool: "a boolean", int: "a whole number", float: "a number", str: "a string", list: "a list"}
    return f"but is {kinds.get(type(value), 'a table' if isinstance(value, dict) else 'a date or time')}"


def _line_of(text: str, key: str) -> str:
    """The number, after a colon, of the first line that sets `key` or opens its table, at or below the
    head of the conclint table; empty if none does (TOML has many ways to write a key)."""
    lines = text.splitlines()
    word = r"[\"']?" + re.escape(key) + r"[\"']?"
    is_key = re.compile(rf"\s*(?:{word}\s*[=.]|\[.*\b{word}\s*\])")
    heads = (number for number, line in enumerate(lines) if re.match(r"\s*\[\s*tool\s*\.\s*conclint\b", line))
    for number in range(next(heads, 0), len(lines)):
        if is_key.match(lines[number]):
            return f":{number + 1}"
    return ""
