"""Draft a catalog file for the classes of an installed library, to be read and corrected by hand.

    python scripts/draft_catalog.py LIBRARY --source URL [--install NAME]... CLASS[=ASYNC_CLASS]...

LIBRARY is the distribution, CLASS a dotted name. A public method is taken for one that asks a server if its
signature has a parameter `timeout` or `retry` (as Google's clients do), if it is traced (as Azure's are), or
if the twin's is a coroutine function; one that gives a pager, for one that asks while it is iterated; the
others for harmless. Run it where the library is installed and importing it is safe; then run
scripts/verify_catalog.py.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import sys
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

_TELLING = ("timeout", "retry")
_PAGERS = ("Pager", "ItemPaged", "Iterator", "Iterable")
_LONGEST = 105


class Methods(NamedTuple):
    """The public methods of a class, by what calling them does."""

    asking: list[str]
    paging: list[str]
    harmless: list[str]


def find(dotted: str) -> Any:
    """The object of a dotted name. Raises ImportError or AttributeError."""
    module, _, rest = dotted, "", ""
    while True:
        try:
            found: Any = importlib.import_module(module)
            break
        except ModuleNotFoundError:
            module, _, last = module.rpartition(".")
            if not module:
                raise
            rest = f"{last}.{rest}".rstrip(".")
    for part in filter(None, rest.split(".")):
        found = getattr(found, part)
    return found


def sort_methods(cls: type, twin: type | None) -> Methods:
    """The methods of a class and its bases, sorted by signature, source and asynchronous twin."""
    methods = Methods([], [], [])
    for name in sorted(dir(cls)):
        raw = inspect.getattr_static(cls, name)
        if name.startswith("_") or isinstance(raw, (property, classmethod, staticmethod)):
            continue
        function = getattr(cls, name)
        if not callable(function) or isinstance(function, type):
            continue
        is_awaited = name != "close" and inspect.iscoroutinefunction(getattr(twin, name, None))
        if not is_awaited and not _asks(function):
            methods.harmless.append(name)
        elif _pages(function):
            methods.paging.append(name)
        else:
            methods.asking.append(name)
    return methods


def _asks(function: Any) -> bool:
    try:
        parameters = inspect.signature(function).parameters
        source = inspect.getsource(function)
    except (OSError, TypeError, ValueError):
        return False
    if function.__name__ == "send_request":
        return True
    head = source.partition(":\n")[0]
    return any(name in parameters for name in _TELLING) or "distributed_trace" in head


def _pages(function: Any) -> bool:
    stated = str(inspect.signature(function).return_annotation)
    return any(word in stated for word in _PAGERS)


def render_group(names: Iterable[str], rest: Iterable[str]) -> Iterator[str]:
    """A group of methods as the catalog writes it; nothing without a name."""
    quoted = [f'"{name}"' for name in names]
    if not quoted:
        return
    yield "\n[[classes.methods]]\n"
    if sum(len(name) + 2 for name in quoted) + 10 <= _LONGEST:
        yield f"names = [{', '.join(quoted)}]\n"
    else:
        yield "names = [\n"
        line = ""
        for name in quoted:
            if len(line) + len(name) + 6 > _LONGEST:
                yield f"    {line.rstrip()}\n"
                line = ""
            line += f"{name}, "
        yield f"    {line.rstrip()}\n]\n"
    yield from (f"{text}\n" for text in rest)


def render_class(dotted: str, twin: str, classes: Iterable[str]) -> Iterator[str]:
    """A class with its methods, and its asynchronous twin; `classes` are known as types of results."""
    cls = find(dotted)
    methods = sort_methods(cls, find(twin) if twin else None)
    other = set(dir(find(twin))) if twin else set()
    yield f'\n[[classes]]\nname = "{dotted}"\n'
    if twin:
        yield f'instead = ["{twin}"]\n'
    waits = ['effect = "waits"', 'family = "http"']
    paging = [*waits, 'confidence = "medium"', 'note = "It asks while it is iterated."']
    looped = "async for item in {receiver}.{name}({args}):\\n    ..."
    awaited = "await {receiver}.{name}({args})"
    begun = [name for name in methods.asking if name not in other and name.removeprefix("begin_") in other]
    paired = [name for name in methods.asking if name in other]
    yield from render_group(
        paired,
        [
            *waits,
            f'instead = ["{twin}.{{name}}"]',
            f'example = "{awaited}"',
            f'note = "Its twin is {twin}."',
        ],
    )
    for name in begun:
        short = name.removeprefix("begin_")
        example = awaited.replace("{name}", short)
        yield from render_group([name], [*waits, f'instead = ["{twin}.{short}"]', f'example = "{example}"'])
    alone = [name for name in methods.asking if name not in (*begun, *paired)]
    yield from render_group(alone, [*waits, "instead = []"])
    paired = [name for name in methods.paging if name in other]
    yield from render_group(paired, [*paging, f'instead = ["{twin}.{{name}}"]', f'example = "{looped}"'])
    alone = [name for name in methods.paging if name not in other]
    yield from render_group(alone, [*paging, "instead = []"])
    made: dict[str, list[str]] = {}
    for name in methods.harmless:
        stated = str(inspect.signature(getattr(cls, name)).return_annotation).strip("'\"")
        result = next((item for item in classes if item.rpartition(".")[2] == stated.rpartition(".")[2]), "")
        made.setdefault(result, []).append(name)
    for result, names in made.items():
        yield from render_group(
            names, ['effect = "harmless"', *([f'returns = "{result}"'] if result else [])]
        )
    if twin:
        yield f'\n[[classes]]\nname = "{twin}"\nasynchronous = true\n'


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("library")
    parser.add_argument("classes", nargs="+", metavar="CLASS[=ASYNC_CLASS]")
    parser.add_argument("--source", required=True)
    parser.add_argument("--install", action="append", default=[])
    options = parser.parse_args()
    pairs = [text.partition("=")[::2] for text in options.classes]
    tops = list(dict.fromkeys(name.partition(".")[0] for name, _ in pairs))
    quoted = ", ".join(f'"{top}"' for top in tops)
    text = f'library = "{options.library}"\nimports = [{quoted}]\n'
    if options.install:
        listed = ", ".join(f'"{name}"' for name in options.install)
        text += f"install = [{listed}]\n"
    text += f'source = "{options.source}"\n'
    names = [name for name, _ in pairs]
    text += "".join("".join(render_class(name, twin, names)) for name, twin in pairs)
    print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
