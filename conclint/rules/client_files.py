"""Files that may be of any size, since somebody else says which they are, or sends what is in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Final

from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import External, ExternalMethod, Key, Value, unwrapped
from conclint.rules.chains import Hop
from conclint.rules.path_origins import JOINS, SAME, PathOrigins, Place
from conclint.summary import body_graph as graph
from conclint.summary.records import Op

_SAME: Final = SAME | {"lstrip", "partition", "removeprefix", "rpartition", "rsplit", "rstrip", "split"}
"""Methods of a path, or of its text, that give it, or its parts."""
_OWN_DECORATORS: Final = frozenset(
    {"abc", "builtins", "contextlib", "functools", "typing", "typing_extensions"}
)
"""Modules whose decorators have nobody else call a function."""
_OF_DATA: Final = (
    ".arrow", ".bin", ".bz2", ".csv", ".db", ".feather", ".gz", ".h5", ".iso", ".jsonl", ".log", ".mkv",
    ".mov", ".mp3", ".mp4", ".ndjson", ".npy", ".npz", ".parquet", ".pcap", ".pickle", ".pkl", ".sqlite",
    ".tar", ".tgz", ".tsv", ".wav", ".xlsx", ".xz", ".zip", ".zst",
)  # fmt: skip
"""Endings of files of data, recordings and archives."""
_MOST: Final = 40  # values that are looked at


def is_any_file(evaluator: Evaluator, chain: Sequence[Hop], path: int, written: Iterable[int]) -> bool:
    """Whether the path of the chain's last call is, or ends in, a parameter of the chain's first function, or
    what that has awaited, or is by its ending that of data. Where a framework calls the first function, also
    whether path or content is a part of what that is given."""
    is_handler = is_called_by_library(evaluator, chain[0].key)
    if any(_comes(evaluator, chain, path, is_path=True, takes_parts=is_handler)):
        return True
    return is_handler and any(
        found
        for value in written
        for found in _comes(evaluator, chain, value, is_path=False, takes_parts=True)
    )


def _comes(
    evaluator: Evaluator, chain: Sequence[Hop], value: int, *, is_path: bool, takes_parts: bool
) -> Iterator[bool]:
    """Yields True where a value of the chain's last function comes from outside of its first one; of a path,
    where its ending says that it is of data too."""
    origins = PathOrigins(evaluator, chain)
    todo: list[Place] = [(chain[-1].key, value)]
    seen: set[Place] = set()
    while todo and len(seen) < _MOST:
        place = todo.pop()
        if place in seen or place[1] < 0:
            continue
        seen.add(place)
        key, value = place
        node = graph.node(evaluator.body(key), value)
        if node[0] == Op.PARAM and key == chain[0].key:
            yield graph.number(node) > 0 or evaluator.enclosing_class(key) is None
        elif node[0] == Op.PARAM:
            passed = origins.passed(key, graph.number(node))
            if passed is not None:
                todo.append(passed)
        elif node[0] == Op.AWAIT and is_path:
            yield True
        elif node[0] == Op.CONST and is_path:
            yield str(node[1]).endswith(_OF_DATA)
        else:
            parts = _same(evaluator, key, value)
            todo += [(key, part) for part in parts or (_whole(evaluator, key, value) if takes_parts else ())]


def _same(evaluator: Evaluator, key: Key, value: int) -> tuple[int, ...]:
    """What a value is, by another name, or ends in, as a path."""
    body = evaluator.body(key)
    node = graph.node(body, value)
    if node[0] == Op.ARITH and node[1] in ("/", "+"):
        return (graph.operand(node, 1),)
    if node[0] in graph.WRAPPERS or node[0] == Op.ENTER:
        return (graph.operand(node),)
    if node[0] in (Op.PHI, Op.BOOL):
        return tuple(graph.parts(node))
    if node[0] == Op.ITEM:
        split = graph.call(body, graph.operand(node))
        is_text = split is not None and graph.node(body, split.callee)[-1] in _SAME
        return (graph.operand(node),) if is_text else ()
    site = graph.call(body, value)
    if site is None:
        return ()
    name = graph.node(body, site.callee)[-1]
    if name in JOINS:
        return tuple(given for _, given in site.args[-1:])
    return (graph.receiver(body, site),) if name in _SAME else ()


def _whole(evaluator: Evaluator, key: Key, value: int) -> tuple[int, ...]:
    """What a value is a part of, or is made from by a call."""
    body = evaluator.body(key)
    node = graph.node(body, value)
    if node[0] in (Op.ATTR, Op.AWAIT, Op.ITEM, Op.ELEM):
        return (graph.operand(node),)
    site = graph.call(body, value)
    return () if site is None else (graph.receiver(body, site), *(given for _, given in site.args[:1]))


def is_called_by_library(evaluator: Evaluator, key: Key) -> bool:
    """Whether a decorator of a library's registers a function, or a library calls methods of that name of the
    classes that are derived from its own."""
    definition = evaluator.definition(key)
    scope = evaluator.scope(key)
    for decorator in definition.decorators:
        body = evaluator.body(scope)
        made = graph.call(body, decorator)
        for item in evaluator.evaluate(scope, decorator if made is None else made.callee).values:
            value = unwrapped(item)
            if _is_of_library(value):
                return True
    owner = evaluator.enclosing_class(key)
    if owner is None:
        return False
    return any(
        fnmatchcase(definition.name, pattern)
        for base in evaluator.classes.ancestry(owner).classes
        if isinstance(base, External)
        for fact in evaluator.catalog.ancestry(base.dotted)
        for runs in fact.runs
        for pattern in runs.methods
    )


def _is_of_library(value: Value) -> bool:
    """Whether a decorator is one of a library that may call what it decorates."""
    if not isinstance(value, (External, ExternalMethod)):
        return False
    return value.dotted.split(".")[0] not in _OWN_DECORATORS
