"""Effects that an earlier run has found, decoded when they are asked for."""

from __future__ import annotations

from typing import Any

from conclint.judging.kept import Judgements
from conclint.link.values import Key
from conclint.propagate.effect_rows import from_rows
from conclint.propagate.effects import Effects


class RecalledEffects:
    """What is known from the start of a run; what this run finds itself is not recalled."""

    def __init__(self, known: Judgements) -> None:
        self._rows: dict[str, dict[int, tuple[Any, ...]]] = {}
        self._known = known
        self._at_start = frozenset(known.effects)
        self._found: dict[Key, Effects] = {}

    def of(self, key: Key) -> Effects | None:
        """The effects of a function; None where they are not known."""
        if key[0] not in self._at_start:
            return None
        found = self._found.get(key)
        if found is None:
            rows = self._rows.get(key[0])
            if rows is None:
                rows = self._rows[key[0]] = self._known.effects_in(key[0])
            if key[1] not in rows:
                return None
            found = self._found[key] = from_rows(rows[key[1]])
        return found
