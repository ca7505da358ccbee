"""Reading configuration files, with errors that name file, line, key and the nearest key."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn, cast

from conclint.config.allowances import Allowance
from conclint.config.keys import KEYS, WrongValueError, kind_of
from conclint.files.bounded_file import CONFIGURATION, read_bounded

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover
    import tomli as tomllib


_MOST_PARTS: Final = 1_000
"""Dots in a key: the decoder's time grows with the square of its parts."""
_STRING: Final = re.compile(r""" "(?:[^"\\]|\\.)*"? | '[^']*'? """, re.VERBOSE)
_BETWEEN_KEYS: Final = re.compile(r"[=,{}\[\]#]")


_LONGEST: Final = 600
"""Characters of an error: it may quote what stands in the file."""


class ConfigError(Exception):
    """A configuration that can't be used. The text is one line for the user."""

    def __init__(self, message: str) -> None:
        super().__init__(message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…")


class UnreadableConfigError(ConfigError):
    """A file that can't be read at all, so that it isn't known whether it has anything to say."""

    def __init__(self, file: Path, why: str) -> None:
        super().__init__(f"{file}: cannot be read: {why}")


@dataclass(frozen=True, slots=True)
class Table:
    """The checked values of one file's conclint table, by the names of `Config`'s fields."""

    file: Path
    values: Mapping[str, Any]
    text: str

    def line_of(self, key: str) -> str:
        """The number of the line that sets the key, after a colon; empty if it isn't known."""
        return _line_of(self.text, key)

    def line_of_entry(self, key: str, number: int, inner: str = "") -> int:
        """The line on which an entry of an array of tables begins, by its number from 0; of a key in it where
        it has that."""
        lines = self.text.splitlines()
        head = re.compile(rf"\s*\[\[\s*(?:tool\s*\.\s*conclint\s*\.\s*)?{re.escape(key)}\s*\]\]")
        heads = [at for at, line in enumerate(lines) if head.match(line)]
        if number >= len(heads):  # written as a list of inline tables
            return int(self.line_of(key)[1:] or 1)
        first = heads[number]
        is_key = re.compile(rf"\s*[\"']?{re.escape(inner)}[\"']?\s*=")
        for at in range(first + 1, len(lines)):
            if inner and is_key.match(lines[at]):
                return at + 1
            if lines[at].lstrip().startswith("["):
                break
        return first + 1

    def fail(self, key: str, message: str) -> NoReturn:
        """Raises ConfigError for what stands at `key`."""
        raise ConfigError(f"{self.file}{_line_of(self.text, key)}: {message}")


_NEARLY: Final = re.compile(
    rb"^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*([Cc][A-Za-z_-]{4,12})[ \t]*[\].]", re.MULTILINE
)
"""The header of a table that may be ours, misspelled."""


def read_table(file: Path, *, required: bool) -> Table | None:
    """The file's conclint table: `[tool.conclint]` of a pyproject.toml, else the whole file.

    None for a pyproject.toml without that table, unless `required`.
    Raises ConfigError for a file that can't be read, isn't TOML, or holds an unknown key or a wrong type.
    """
    try:
        data = read_bounded(file, CONFIGURATION)
    except OSError as error:
        raise UnreadableConfigError(file, error.strerror or str(error)) from error
    whole_file = file.name != "pyproject.toml"
    if not whole_file and not required and b"conclint" not in data:
        # Somebody else's file, broken or not, is no concern of ours.
        _refuse_misspelled(file, data)
        return None
    try:
        text, document = parse_toml(data)
    except TomlError as error:
        raise ConfigError(f"{file}{error.line}: {error}") from error
    raw: object = document
    if not whole_file or set(document) == {"tool"}:
        tool = document.get("tool")
        raw = tool.get("conclint") if isinstance(tool, dict) else None
    if raw is None:
        if required:
            raise ConfigError(f"{file}: has no [tool.conclint] table")
        return None
    if not isinstance(raw, dict):
        raise ConfigError(
            f"{file}{_line_of(text, 'conclint')}: tool.conclint must be a table, {kind_of(raw)}"
        )
    table = Table(file, {}, text)
    return Table(file, dict(_checked(table, raw)), text)


def _refuse_misspelled(file: Path, data: bytes) -> None:
    """Raises ConfigError for a table that is named nearly as ours."""
    for header in _NEARLY.finditer(data):
        name = header[1].decode()
        if difflib.get_close_matches(name.lower(), ["conclint"], cutoff=0.85):
            line = data.count(b"\n", 0, header.start(1)) + 1
            raise ConfigError(f"{file}:{line}: unknown table [tool.{name}]; did you mean [tool.conclint]?")


class TomlError(Exception):
    """Text that is no TOML. The text says why, `line` where, after a colon, unless the text does."""

    def __init__(self, message: str, line: str = "") -> None:
        super().__init__(message)
        self.line = line


def parse_toml(data: bytes) -> tuple[str, dict[str, Any]]:
    """The text and what it says. Raises TomlError."""
    try:
        text = data.decode("utf-8-sig")
        for number, line in enumerate(text.split("\n"), 1):
            if line.count(".") > _MOST_PARTS and _has_long_key(line):
                raise TomlError("has a key of too many parts", f":{number}")
        return text, tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise TomlError(f"is not UTF-8: {error}") from error
    except ValueError as error:  # a number of too many digits is no error of the decoder's
        raise TomlError(f"is not valid TOML: {error}") from error
    except RecursionError as error:
        raise TomlError("is nested too deeply", _deepest(text)) from error


def _has_long_key(line: str) -> bool:
    """Whether there is a key of too many parts in the line, at its beginning or in an inline table."""
    pieces = _BETWEEN_KEYS.split(_STRING.sub("x", line))
    return any(piece.count(".") > _MOST_PARTS for piece in pieces)


def _deepest(text: str) -> str:
    """The number, after a colon, of the line with the most brackets."""
    lines = [(line.count("[") + line.count("{"), -number) for number, line in enumerate(text.splitlines(), 1)]
    return f":{-max(lines)[1]}"


def read_project(file: Path) -> Mapping[str, object]:
    """The `project` table of a pyproject.toml, with the Python that Poetry's own table asks for where that
    says nothing of it; empty if there is none or the file isn't TOML."""
    try:
        _, document = parse_toml(read_bounded(file, CONFIGURATION))
    except (OSError, TomlError):
        return {}
    project = document.get("project")
    project = project if isinstance(project, dict) else {}
    found: object = document
    for name in ("tool", "poetry", "dependencies", "python"):
        found = found.get(name) if isinstance(found, dict) else None
    return {"requires-python": found, **project} if found is not None else project


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
    """What is wrong with a code, prefix or name, or None if a known code begins with it or it is a known
    rule's name (which has a hyphen in it); all in upper case."""
    if code in known or any(name.startswith(code) for name in known if "-" not in name):
        return None
    if _CODE.fullmatch(code) is not None and not code.startswith("CON"):
        return f"there is no rule {code!r}: conclint's codes begin with CON"
    return f"there is no rule {code!r}{nearest(code, known)}"


_CODE: Final = re.compile(r"[A-Z]{1,7}[0-9]+")


def nearest(word: str, known: Iterable[str]) -> str:
    """A question to append to an error, or nothing if no known word is near."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def _checked(table: Table, raw: Mapping[str, object]) -> Iterable[tuple[str, object]]:
    for key, value in raw.items():
        known = KEYS.get(key)
        if known is None:
            table.fail(key, f"unknown key {key!r}{nearest(key.replace('_', '-'), KEYS)}")
        try:
            found = known.read(value)
        except WrongValueError as error:
            if error.entry is not None:
                line = table.line_of_entry(key, *error.entry)
                raise ConfigError(f"{table.file}:{line}: {key}: {error}") from error
            table.fail(key, f"{key}: {error}")
        if key == "allow":
            entries = enumerate(cast("tuple[Allowance, ...]", found))
            found = tuple(item._replace(line=table.line_of_entry(key, number)) for number, item in entries)
        yield _field(key), found


def _field(key: str) -> str:
    return key.replace("-", "_")


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
