"""The numbers of defs in kept effects, which change when a def is added before others."""

from __future__ import annotations

import ast
import marshal
from collections.abc import Collection, Mapping
from typing import Any

from conclint.cache import MARSHAL_FORMAT
from conclint.judging.kept import Judgements
from conclint.judging.touched import Affected
from conclint.link.classes import SUPER
from conclint.propagate.effect_rows import HANGS_ON_DEFS_ALONE

Names = Mapping[str, "list[tuple[str, int]]"]
"""By path: what each def is called, in the order of their numbers, and how many before it are called that."""


class _LostError(Exception):
    """The data hangs on more of a changed module than on the numbers of its defs."""


def named(row: Any, names: Names) -> Any:
    """The data with names for the numbers of defs in some modules, which change when a def is added."""
    if isinstance(row, dict):
        return {key: named(value, names) for key, value in row.items()}
    if not isinstance(row, tuple):
        return row
    if len(row) > 1 and isinstance(row[-1], int) and isinstance(row[-2], str) and row[-2] in names:
        held = names[row[-2]]
        return (*row[:-1], held[row[-1]] if row[-1] < len(held) else None)
    return tuple([named(item, names) for item in row])


def renumbered(
    known: Judgements, touched: Mapping[str, Affected], before: Names, now: Names
) -> tuple[Judgements, set[str]]:
    """The same without the effects of functions that an edit reaches, and with the numbers that defs of
    changed modules have now in all others; and the modules of which that can't be told."""
    numbers = {path: _moves(before[path], now[path]) for path in now}
    found: dict[str, bytes] = {}
    lost: set[str] = set()
    encoded = [path.encode("utf-8", "surrogatepass") for path in numbers]
    for path, data in known.effects.items():
        names_changed = any(name in data for name in encoded)
        if not names_changed and path not in touched:
            found[path] = data
            continue
        rows = marshal.loads(data)
        if path in touched:
            was, are, _ = touched[path]
            moves = numbers.get(path, {number: number for number in rows})
            left = [number for number in rows if number not in was and number in moves]
            rows = {moves[number]: rows[number] for number in left if moves[number] not in are}
        try:
            rows = _moved(rows, numbers) if names_changed else rows
        except _LostError:
            lost.add(path)
        else:
            found[path] = marshal.dumps(dict(sorted(rows.items())), MARSHAL_FORMAT)
    words = {
        path: tuple(word for word in of_path if path not in touched or word not in touched[path].names)
        for path, of_path in known.words.items()
    }
    return known._replace(effects=found, words={path: held for path, held in words.items() if held}), lost


def _moves(before: list[tuple[str, int]], now: list[tuple[str, int]]) -> dict[int, int]:
    places = {name: number for number, name in enumerate(now)}
    return {number: places[name] for number, name in enumerate(before) if name in places}


def _moved(row: Any, numbers: Mapping[str, Mapping[int, int]]) -> Any:
    if isinstance(row, dict):
        return {key: _moved(value, numbers) for key, value in row.items()}
    if isinstance(row, str):
        if row in numbers:
            raise _LostError  # the number stands apart from its path
        return _moved_above(row, numbers) if row.startswith(SUPER) else row
    if not isinstance(row, tuple):
        return row
    if len(row) > 1 and isinstance(row[-1], int) and isinstance(row[-2], str) and row[-2] in numbers:
        moved = numbers[row[-2]].get(row[-1])
        if moved is None:
            raise _LostError
        return (*[_moved(item, numbers) for item in row[:-2]], row[-2], moved)
    is_record = bool(row) and isinstance(row[0], int)
    if is_record and row[0] not in HANGS_ON_DEFS_ALONE and _names_any(row, numbers):
        raise _LostError
    return tuple([_moved(item, numbers) for item in row])


def _moved_above(row: str, numbers: Mapping[str, Mapping[int, int]]) -> str:
    """The same attribute (see SUPER), where the class has another number now."""
    text, _, name = row.removeprefix(SUPER).rpartition(" ")
    path, number = ast.literal_eval(text)
    if path not in numbers:
        return row
    if number not in numbers[path]:
        raise _LostError
    return f"{SUPER}{(path, numbers[path][number])} {name}"


def _names_any(row: Any, paths: Collection[str]) -> bool:
    if isinstance(row, tuple):
        return any(_names_any(item, paths) for item in row)
    return isinstance(row, str) and row in paths
