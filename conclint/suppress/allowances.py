"""Findings that the configuration allows, and entries of it that allow none."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import translate
from typing import Final

from conclint.config.allowances import Allowance
from conclint.config.settings import Config
from conclint.model.finding import Finding
from conclint.suppress.directives import unused

_NEVER: Final = "CON9"  # about files and comments, not about calls


class Allowances:
    """The entries of a configuration, and which of them have allowed something so far."""

    def __init__(self, entries: Sequence[Allowance]) -> None:
        self._entries = [(_Names([entry.inside]), _Names(entry.calls)) for entry in entries]
        self._used: set[int] = set()

    def cover(self, finding: Finding) -> bool:
        """Whether an entry allows the finding: the function that it stands in, or one that its chain leads
        through, may call its cause. Each that does counts as used."""
        if not self._entries or finding.code.startswith(_NEVER):
            return False
        functions = [finding.symbol, *(step.symbol for step in finding.chain[:-1])]
        cause = finding.cause or ""
        found = {
            number
            for number, (inside, calls) in enumerate(self._entries)
            if any(map(inside.hold, functions)) and (calls.is_empty or calls.hold(cause))
        }
        self._used |= found
        return bool(found)

    def unused(self) -> list[int]:
        """The numbers of the entries that have allowed nothing."""
        return [number for number in range(len(self._entries)) if number not in self._used]


class _Names:
    """Dotted names with wildcards; a name holds for all that lies in it."""

    def __init__(self, names: Iterable[str]) -> None:
        patterns = [pattern for name in names for pattern in (translate(name), translate(f"{name}.*"))]
        self.is_empty = not patterns
        self._pattern = re.compile("|".join(patterns) or r"(?!)")

    def hold(self, dotted: str) -> bool:
        return self._pattern.match(dotted) is not None


def unused_allowances(config: Config, allowances: Allowances) -> Iterator[Finding]:
    """A finding (CON901) for each entry that allows nothing, at its place in the configuration file."""
    if config.file is None or not (numbers := allowances.unused()):
        return
    path = os.path.relpath(config.file, config.cwd).replace(os.sep, "/")
    for number in numbers:
        entry = config.allow[number]
        yield unused(
            path,
            entry.line,
            1,
            (entry.line, entry.line),
            f"this `allow` for `{entry.inside}` allows nothing",
            (entry.inside, *entry.calls, str(number)),
        )
