"""`[[tool.conclint.allow]]`: what certain functions may call, and why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

_PATTERN: Final = re.compile(r"[\w*?]+(?:\.[\w*?]+)*")
_KEYS: Final = ("in", "calls", "reason")


class Allowance(NamedTuple):
    """Findings that are no findings. `inside` and `calls` are dotted names in which `*` and `?` stand for
    others; each holds for what lies in it too: a module for its functions, a library for what it has.
    No `calls`: all calls. `line` is where the entry begins in the configuration file."""

    inside: str
    calls: tuple[str, ...]
    reason: str
    line: int = 1


class WrongEntryError(ValueError):
    """An entry that can't be used: its number from 0, and the key that is wrong; empty for the entry."""

    def __init__(self, number: int, key: str, message: str) -> None:
        super().__init__(message)
        self.number = number
        self.key = key


def parse_allowance(number: int, entry: Mapping[str, object]) -> Allowance:
    """The entry of that number as it stands in a configuration file. Raises WrongEntryError."""
    for key in entry:
        if key not in _KEYS:
            raise WrongEntryError(number, key, f"unknown key {key!r}: there are `in`, `calls` and `reason`")
    calls = entry.get("calls", [])
    listed = [calls] if isinstance(calls, str) else calls
    if not isinstance(listed, list):
        raise WrongEntryError(number, "calls", "calls: must be a dotted name, or a list of them")
    return Allowance(
        _name(number, "in", entry.get("in")),
        tuple(_name(number, "calls", item) for item in listed),
        _reason(number, entry.get("reason")),
    )


def _name(number: int, key: str, value: object) -> str:
    if value is None:
        raise WrongEntryError(number, "", f"`{key}` is missing")
    if not isinstance(value, str) or _PATTERN.fullmatch(value.strip()) is None:
        raise WrongEntryError(
            number, key, f'{key}: must be a dotted name or a pattern such as "app.db.*", not {value!r}'
        )
    return value.strip()


def _reason(number: int, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise WrongEntryError(number, "reason" if value is not None else "", "say the `reason`, as text")
    return " ".join(value.split())
