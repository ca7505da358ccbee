"""Names of two functions that do the same, one of them for coroutines: `load` and `aload`."""

from __future__ import annotations

from typing import Final

_BEFORE: Final = ("a", "async_", "a_", "aio_")
_AFTER: Final = ("_async", "_aio", "Async")
_SYNC_BEFORE: Final = ("sync_", "blocking_")
_SYNC_AFTER: Final = ("_sync", "_blocking", "Sync")


def async_names(name: str) -> tuple[str, ...]:
    """What the coroutine function may be called that does what a plain function of this name does."""
    private, plain = _parted(name)
    if not plain:
        return ()
    found = [f"{private}{mark}{plain}" for mark in _BEFORE]
    found += [f"{private}{plain}{mark}" for mark in _AFTER]
    stripped = [plain.removeprefix(mark) for mark in _SYNC_BEFORE if plain.startswith(mark)]
    stripped += [plain.removesuffix(mark) for mark in _SYNC_AFTER if plain.endswith(mark)]
    for base in stripped:
        if base:
            found += [f"{private}{base}", *(f"{private}{mark}{base}" for mark in _BEFORE)]
            found += [f"{private}{base}{mark}" for mark in _AFTER]
    return tuple(dict.fromkeys(found))


def sync_names(name: str) -> tuple[str, ...]:
    """What the plain function may be called that does what a coroutine function of this name does."""
    private, plain = _parted(name)
    bases = [plain]
    bases += [plain.removeprefix(mark) for mark in _BEFORE if plain.startswith(mark)]
    bases += [plain.removesuffix(mark) for mark in _AFTER if plain.endswith(mark)]
    found = []
    for base in bases:
        if base:
            found += [
                base,
                *(f"{mark}{base}" for mark in _SYNC_BEFORE),
                *(f"{base}{mark}" for mark in _SYNC_AFTER),
            ]
    return tuple(dict.fromkeys(f"{private}{item}" for item in found if f"{private}{item}" != name))


def _parted(name: str) -> tuple[str, str]:
    """The underscores before a name, and the name; no name where it is a special method's."""
    plain = name.lstrip("_")
    return (
        ("", "") if name.startswith("__") and name.endswith("__") else (name[: len(name) - len(plain)], plain)
    )
