"""Programs that step coroutines themselves (`coroutine.send(None)`) and have no event loop at all.

A library enters no loop either, but its coroutines run on its users': so what counts is code that drives
coroutines by hand, outside of tests, in a project none of whose files imports anything that has a loop.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from typing import Final

from conclint.source.index import FileIndex, scan

_LOOPS: Final = frozenset(
    {
        "IPython", "_asyncio", "anyio", "asgiref", "asyncio", "curio", "eventlet", "gevent", "ipykernel",
        "nest_asyncio", "qasync", "sniffio", "tornado", "trio", "twisted", "uvloop", "winloop",
    }
)  # fmt: skip
_ASYNCHRONOUS: Final = re.compile(r"_?(?:aio|async|anyio|trio)\w*|\w+_?(?:aio|asyncio|async)")
_STEPS: Final = re.compile(
    rb"\b\w*(?:coro|routine|await)\w*\.(?:send|throw)\(|\bnext\([^\n]*\.__await__\(\)|\.__await__\(\)\.send\("
    rb"|=[ \t]*[^\n#=]*\.__await__\(\)"
)
_PERHAPS_STEPS: Final = re.compile(
    rb"\b\w*(?:task|fiber|gen|process|job|step|thread)\w*\.(?:send|throw)\(|\.send\(\s*None\s*\)"
)
"""A generator is stepped so as well."""
_EXHAUSTS: Final = re.compile(rb"(?:\bin|\blist\(|\btuple\(|\bdeque\()[ \t]*[^\n#]*\.__await__\(\)")
_COROUTINES: Final = re.compile(
    rb"\basync[ \t]+def\b|\biscoroutine|\bCoroutine\b|\b__await__\b|types\.coroutine"
)
_TESTS: Final = re.compile(
    r"(?:^|[/\\])(?:tests?|testing|test_[^/\\]*|[^/\\]*_test\.py|conftest\.py)(?:[/\\]|$)"
)


def has_loop(index: FileIndex, libraries: Collection[str]) -> bool:
    """Whether a file imports something that has an event loop, or one of the libraries."""
    tops = {module.partition(".")[0] for module, _ in index.imports}
    return any(top in _LOOPS or top in libraries or _ASYNCHRONOUS.fullmatch(top) for top in tops if top)


def steps_coroutines(data: bytes) -> bool:
    """Whether a file's bytes read as if they drive coroutines by hand, to their end."""
    if _EXHAUSTS.search(data) is not None:
        return True
    if b"StopIteration" not in data:
        return False
    if _STEPS.search(data) is not None:
        return True
    return _PERHAPS_STEPS.search(data) is not None and _COROUTINES.search(data) is not None


def drives_beside(index: FileIndex, path: str, text: Callable[[], bytes | None]) -> bool:
    """Whether a file that is no test has awaitables of its own and drives coroutines by hand: in a project
    with an event loop too, not each coroutine runs on that. `text` gives the bytes, and is seldom asked."""
    if "__await__" not in index.functions or _TESTS.search(path) is not None:
        return False
    data = text() or b""
    return b"except StopIteration" in data and steps_coroutines(data)


def drives_its_own(data: bytes, libraries: Callable[[], Collection[str]]) -> bool:
    """Whether a file, by its bytes, drives coroutines by hand and imports nothing that has an event loop, nor
    one of the libraries: a library that is written once for both worlds has such a file for the blocking
    one."""
    drives = b"StopIteration" in data and _STEPS.search(data) is not None
    return drives and not has_loop(scan(data), libraries())


def is_hand_driven(files: Iterable[tuple[str, bytes]], libraries: Collection[str]) -> bool:
    """Whether some of the files of a project (shown paths and contents) drive coroutines by hand, and none
    imports anything that has a loop."""
    is_driven = False
    for path, data in files:
        if has_loop(scan(data), libraries):
            return False
        is_driven = is_driven or (steps_coroutines(data) and _TESTS.search(path) is None)
    return is_driven
