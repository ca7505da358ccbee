"""Effects of functions, kept encoded and decoded when they are asked for."""

from __future__ import annotations

import marshal
from collections.abc import Mapping
from typing import Any

from conclint.effects.effect_rows import from_rows
from conclint.effects.effects import Effects
from conclint.resolve.values import Key
from conclint.store.cache import MARSHAL_FORMAT


class KeptEffects:
    """Effects by function, of a module in one piece or several, each encoded as `Judgements` has them."""

    def __init__(self, packed: Mapping[str, bytes] | None = None) -> None:
        self._packed = {path: [piece] for path, piece in (packed or {}).items()}
        self._rows: dict[str, dict[str, tuple[Any, ...]]] = {}
        self._found: dict[Key, Effects] = {}

    def of(self, key: Key) -> Effects | None:
        """The effects of a function; None where they are not known."""
        path, name = key
        if path not in self._packed:
            return None
        found = self._found.get(key)
        if found is None:
            rows = self._rows.get(path)
            if rows is None:
                rows = self._rows[path] = {}
                for piece in self._packed[path]:
                    rows.update(marshal.loads(piece))
            if name not in rows:
                return None
            found = self._found[key] = from_rows(rows[name])
        return found

    def add(self, path: str, rows: dict[str, tuple[Any, ...]]) -> None:
        """Keeps more of a module's functions, by `Def.key`."""
        self._packed.setdefault(path, []).append(marshal.dumps(rows, MARSHAL_FORMAT))
        self._rows.pop(path, None)

    def release(self) -> None:
        """Frees the memory of what was decoded."""
        self._rows.clear()
        self._found.clear()
