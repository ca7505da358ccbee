"""Databases in memory: what was opened by `sqlite3.connect(":memory:")`, and all that one gets from it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, TypeAlias

from conclint.resolve.values import ExternalInstance, ExternalMethod, Literal, Parameter, Value, ValueSet

Opened: TypeAlias = Literal | Parameter
"""What is known of where an instance's data are: IN_MEMORY; DECLARED: nothing, it is only an annotation's;
a parameter: as what that is bound to says, an address or another such instance."""

IN_MEMORY: Final = Literal("opened", "memory")
DECLARED: Final = Literal("opened", "declared")
_FILE_URI: Final = re.compile(r"file:(?::memory:|.*[?&]mode=memory)(?:[?&].*)?", re.DOTALL)
_URL: Final = re.compile(r"sqlite(?:\+\w+)?:(?://)?(?P<rest>.*)", re.DOTALL)


def names_memory(address: str) -> bool:
    """Whether an address means SQLite's memory: a file's name as sqlite3 has it, or a database URL."""
    url = _URL.fullmatch(address)
    if url is None:
        return address in ("", ":memory:") or _FILE_URI.fullmatch(address) is not None
    path, _, query = url["rest"].removeprefix("/").partition("?")
    return path in ("", ":memory:", "file::memory:") or "mode=memory" in query


def opened_by(address: ValueSet) -> Opened | None:
    """Where the data of what is opened by an address, or made from other such instances, are; None: in a
    file, or not known."""
    if address.incomplete or not address.values:
        return None
    found = {_opened(value) for value in address.values}
    return found.pop() if len(found) == 1 else None


def _opened(value: Value) -> Opened | None:
    if isinstance(value, Literal):
        return IN_MEMORY if isinstance(value.value, str) and names_memory(value.value) else None
    if isinstance(value, ExternalInstance):
        return value.opened if value.opened != DECLARED else None
    return value if isinstance(value, Parameter) else None


def placed(item: ValueSet, opened: Opened | None) -> ValueSet:
    """The same, instances being of what is opened so."""
    if opened is None:
        return item
    values = (
        value._replace(opened=opened) if isinstance(value, ExternalInstance) else value
        for value in item.values
    )
    return item._replace(values=tuple(values))


def without_shadowed(values: Iterable[Value]) -> tuple[Value, ...]:
    """The candidates without those that others make of no account: what is in memory beside the same in a
    file (a path that is one or the other), and what is only declared beside what it turns out to be."""
    kept = tuple(values)
    instances = [value for value in kept if isinstance(value, ExternalInstance)]
    if len(instances) < 2 or all(value.opened is None for value in instances):
        return kept
    ranks: dict[str, int] = {}
    for value in instances:
        ranks[value.dotted] = max(ranks.get(value.dotted, 0), _rank(value.opened))
    return tuple(v for v in kept if not isinstance(v, ExternalInstance) or _rank(v.opened) == ranks[v.dotted])


def without_shadowed_methods(methods: list[Value]) -> list[Value]:
    """The same for methods: those of a database in memory are of no account beside those of one in a file."""
    instances = {method: _instance(method) for method in methods if isinstance(method, ExternalMethod)}
    if all(instance.opened is None for instance in instances.values()):
        return methods
    kept = set(without_shadowed(instances.values()))
    return [m for m in methods if not isinstance(m, ExternalMethod) or _instance(m) in kept]


def _instance(method: ExternalMethod) -> ExternalInstance:
    held = method.receiver
    return held if isinstance(held, ExternalInstance) else ExternalInstance(method.dotted)


def _rank(opened: Opened | None) -> int:
    if opened == DECLARED:
        return 0
    if opened == IN_MEMORY:
        return 1
    return 2 if opened is not None else 3
