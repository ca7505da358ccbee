"""Strongly connected components of a call graph: functions that call each other in a circle."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from conclint.resolve.values import Key

Component: TypeAlias = tuple[Key, ...]
"""Functions each of which leads to every other, in order."""


class Components:
    """The components of the functions looked at so far; `callees` gives what a function calls."""

    def __init__(self, callees: Callable[[Key], Iterable[Key]]) -> None:
        self._callees = callees
        self._found: dict[Key, Component] = {}

    def of(self, key: Key) -> Component:
        """The component of a function; that of one not looked at is the function alone."""
        return self._found.get(key, (key,))

    def keep(self, components: Iterable[Component]) -> None:
        """Take these as final."""
        for component in components:
            for key in component:
                self._found[key] = component

    def forget(self, components: Iterable[Component]) -> None:
        """Look at these anew when they are met again."""
        for component in components:
            for key in component:
                self._found.pop(key, None)

    def explore(self, start: Key) -> list[Component]:
        """The components that `start` leads to and that are not kept yet, callees before their callers."""
        if start in self._found:
            return []
        # Tarjan's algorithm, with a stack of its own: call chains are longer than Python's stack
        order: dict[Key, int] = {start: 0}
        low: dict[Key, int] = {start: 0}
        path: list[tuple[Key, Iterator[Key]]] = [(start, iter(self._callees(start)))]
        open_keys: dict[Key, None] = {start: None}
        components: list[Component] = []
        while path:
            key, rest = path[-1]
            for callee in rest:
                if callee in self._found:
                    continue
                if callee not in order:
                    order[callee] = low[callee] = len(order)
                    open_keys[callee] = None
                    path.append((callee, iter(self._callees(callee))))
                    break
                if callee in open_keys:
                    low[key] = min(low[key], order[callee])
            else:
                path.pop()
                if path:
                    caller = path[-1][0]
                    low[caller] = min(low[caller], low[key])
                if low[key] == order[key]:
                    members = []
                    while True:
                        member, _ = open_keys.popitem()
                        members.append(member)
                        if member == key:
                            break
                    components.append(tuple(sorted(members)))
        return components
