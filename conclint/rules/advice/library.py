"""The async library that a program runs on: what its files import, where one of them alone doesn't say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Final


class AsyncLibrary(Enum):
    """The library whose words the advice uses."""

    ASYNCIO = "asyncio"
    TRIO = "trio"
    ANYIO = "anyio"
    TWISTED = "twisted"


LIBRARIES: Final = frozenset(item.value for item in AsyncLibrary)
"""The top-level imports that tell them."""

MIXED: Final = "asyncio or trio"
_FEW: Final = 4
"""One file for trio among more than so many for asyncio says nothing of the others."""
_NESTING: Final = frozenset({"nest_asyncio", "nest_asyncio2"})
"""What makes the event loops of the whole program such as can run inside one another."""
_BUILT_ON: Final = {
    **dict.fromkeys(("klein", "treq", "txmongo", "txpostgres", "txredisapi", "txtorcon"), "twisted"),
    **dict.fromkeys(("quart_trio", "trio_websocket", "triopg"), "trio"),
}
"""Packages that run on one of them alone."""
TELLING: Final = LIBRARIES | _NESTING | frozenset(_BUILT_ON)
"""The top-level imports that say something of a whole program."""


def spoken(tops: Iterable[str]) -> frozenset[str]:
    """The async libraries that top-level imports name, or packages that run on one alone."""
    return frozenset(_BUILT_ON.get(top, top) for top in tops) & LIBRARIES


def library_of(tops: Iterable[str], program: str) -> AsyncLibrary:
    """The library of a module with these top-level imports, in a program that runs on `program`.

    A module that imports another library than asyncio speaks that one. In a program that runs on Twisted
    asyncio works only where a file shows that it brings its own loop.
    """
    own = spoken(tops)
    for library in (AsyncLibrary.TWISTED, AsyncLibrary.TRIO, AsyncLibrary.ANYIO):
        if library.value in own and AsyncLibrary.ASYNCIO.value not in own:
            return library
    if program == AsyncLibrary.TWISTED.value:
        return AsyncLibrary.TWISTED
    if own or program not in LIBRARIES:
        return AsyncLibrary.ASYNCIO
    return AsyncLibrary(program)


def library_of_program(imports: Mapping[str, Iterable[str]]) -> str:
    """The library that most files speak, of those that each file imports, by path: where as many speak
    another one as asyncio, that; "asyncio" in doubt. MIXED where some files are for trio and some for
    asyncio: what names neither runs on both."""
    only = [
        sum(name in found and other not in found for found in map(spoken, imports.values()))
        for name, other in (("trio", "asyncio"), ("asyncio", "trio"))
    ]
    if only[1] and only[0] * _FEW > only[1]:
        return MIXED
    counts = dict.fromkeys(sorted(LIBRARIES), 0)
    for found in imports.values():
        for name in spoken(found):
            counts[name] += 1
    most = max(counts.values())
    best = [name for name, count in counts.items() if count == most and name != AsyncLibrary.ASYNCIO.value]
    return best[0] if most and len(best) == 1 else AsyncLibrary.ASYNCIO.value


def loops_nest(imports: Mapping[str, Iterable[str]]) -> bool:
    """Whether event loops can run inside one another in a program, by what its files import."""
    return any(not _NESTING.isdisjoint(found) for found in imports.values())
