"""Mappings that a call writes out as an argument (`self.log({"action": action})`): which keys they have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from conclint.conditions.surroundings import is_same
from conclint.resolve.arguments import Passed
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Display, Key, Literal
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, Site, SiteKind, StoreKind

_READING: Final = frozenset({"get", "keys", "values", "items", "copy", "__contains__", "__getitem__"})
_PLAIN: Final = frozenset(
    {"len", "str", "repr", "dict", "list", "tuple", "set", "sorted", "bool", "isinstance", "print", "type"}
)
"""Builtin functions that leave a mapping as it is."""


class PassedMappings:
    """Reads such arguments."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    def of(self, passed: Passed | None) -> tuple[Key, Mapping[object, int]] | None:
        """The def that calls, and its values by their keys; None where others may have put something in."""
        if not isinstance(passed, tuple) or len(passed) != 2:
            return None
        key, value = passed
        if not isinstance(value, int) or not isinstance(key, tuple) or value < 0:
            return None
        body = self._evaluator.body(key)
        value = graph.bare(body, value)
        node = body.values[value]
        if node[0] != Op.DICT or _others_have(body, value):
            return None
        if self._evaluator.containers.puts(Display(key, value)):
            return None
        found: dict[object, int] = {}
        items = graph.operands(node)
        for name, item in zip(items[::2], items[1::2], strict=True):
            names = self._evaluator.evaluate(key, name).values if name >= 0 else ()
            if len(names) != 1 or not isinstance(names[0], Literal):
                return None
            found[names[0].value] = item
        return key, found


def _others_have(body: Body, value: int) -> bool:
    """Whether something else than one call is given the mapping too, and may change it, or it is changed in
    other ways than that something is put in."""
    given = sum(passed == value for site in body.sites for _, passed in site.args)
    if given > 1 or any(store.value == value for store in body.stores):
        return True
    return any(_changes_it(body, site, value) for site in body.sites)


def _changes_it(body: Body, site: Site, mapping: int) -> bool:
    """Whether a site deletes an item of a mapping, or calls a method of it that may change it."""
    if site.kind == SiteKind.DELETE:
        return _is_it(body, site.callee, mapping)
    callee = graph.node(body, site.callee)
    return (
        site.kind == SiteKind.CALL
        and callee[0] == Op.ATTR
        and callee[2] not in _READING
        and _is_it(body, graph.base(callee), mapping)
    )


def is_left_alone(body: Body, parameter: int, until: int) -> bool:
    """Whether a def does nothing to what it is given, a value of its body, before it makes another value."""
    changes = list(_changes(body, parameter))
    if changes and any(region.kind in graph.LOOPS for region in body.regions):
        return False
    return all(made > until for made in changes)


def _changes(body: Body, parameter: int) -> Iterator[int]:
    """Where a mapping may be changed: how many values are made before."""
    for store in body.stores:
        if store.kind == StoreKind.ITEM and _is_it(body, store.base, parameter):
            yield store.at
    calls = {graph.called_site(node): value for value, node in enumerate(body.values)}
    for number, site in enumerate(body.sites):
        callee = graph.node(body, site.callee)
        is_given = site.kind == SiteKind.CALL and any(
            _is_it(body, value, parameter) for _, value in site.args
        )
        if _changes_it(body, site, parameter) or (
            is_given and not (callee[0] == Op.GLOBAL and callee[1] in _PLAIN)
        ):
            yield calls.get(number, 0)


def _is_it(body: Body, value: int, parameter: int) -> bool:
    return value >= 0 and is_same(body, graph.bare(body, value), parameter)
