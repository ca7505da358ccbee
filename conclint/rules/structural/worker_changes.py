"""What a worker changes of the state that modules keep: there, in its own process or interpreter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from conclint.resolve.values import Function, Key
from conclint.rules.structural.code import Code
from conclint.rules.structural.module_variables import (
    CHANGES,
    Variable,
    holder_of,
    is_bound,
    is_collection,
    variable_at,
)
from conclint.rules.structural.names import file_module, variable_of
from conclint.rules.structural.own_changes import changes_of_self, is_plain, is_worked_out
from conclint.summary import body_graph as graph
from conclint.summary.records import Op, SiteKind, Store, StoreKind

_DEPTH: Final = 2
_MOST: Final = 60
"""How many functions that a worker leads to are looked through."""
_SETTING_UP: Final = frozenset({"update", "clear"})
"""What fills or empties a table as a whole: elsewhere than in the worker's own module, that is its set-up."""


class Change(NamedTuple):
    """A variable that the code `inner` changes, and the site at which it does; -1 for a store.

    `adds`: what it was before counts (`total += 1`, `found.append(x)`), so that it is no set-up. `remembers`:
    the code gives what it keeps there, a memo of its own results.
    """

    variable: Variable
    inner: Code
    at: int
    adds: bool
    remembers: bool = False


def worker_changes(code: Code, worker: Function) -> Iterator[Change]:
    """The variables of modules that a worker, or what it calls, assigns or changes in place. What it calls
    elsewhere counts only where it adds to what is there: a worker sets up its own process, too."""
    for change in _changes(code, worker, 0, {worker.key}):
        if not change.remembers and (change.adds or change.inner.key[0] == worker.key[0]):
            yield change


def filled_by(code: Code, function: Function) -> frozenset[Variable]:
    """Those that a function, or one that it calls itself, changes."""
    return frozenset(change.variable for change in _changes(code, function, _DEPTH - 1, {function.key}))


def _changes(code: Code, function: Function, depth: int, seen: set[Key]) -> Iterator[Change]:
    inner = Code(code.engine, function.key)
    for store in inner.body.stores:
        yield from _of_store(inner, store)
    for number, site in enumerate(inner.body.sites):
        if site.kind == SiteKind.CALL:
            yield from _of_call(inner, number)
    if depth >= _DEPTH:
        return
    for call in inner.calls.values():
        for target in call.inside:
            if isinstance(target, Function) and target.key not in seen and len(seen) < _MOST:
                seen.add(target.key)
                yield from _changes(code, target, depth + 1, seen)


def _of_store(inner: Code, store: Store) -> Iterator[Change]:
    if store.kind == StoreKind.GLOBAL:
        variable = Variable(inner.key[0], str(store.name))
        if is_bound(inner, variable):
            yield Change(variable, inner, -1, _is_made_from(inner, store.value, variable))
    elif store.kind == StoreKind.ITEM:
        found = variable_at(inner, graph.without_items(inner.body, store.base))
        if found is not None and _holds_collection(inner, found, store.base):
            adds = _is_made_from(inner, store.value, found)
            yield Change(found, inner, -1, adds, _is_memo(inner, found))
    elif store.kind == StoreKind.ATTR:
        path = file_module(inner, store.base)
        holder = variable_of(inner, store.base)
        if path is not None:
            variable = Variable(path, str(store.name))
        elif holder is not None:
            variable = Variable(*holder, str(store.name))
        else:
            return
        is_kept = is_bound(inner, variable) if path is not None else holder_of(inner, variable) is not None
        if is_kept and _is_made_from(inner, store.value, variable):
            yield Change(variable, inner, -1, True)


def _of_call(inner: Code, number: int) -> Iterator[Change]:
    callee = graph.node(inner.body, inner.body.sites[number].callee)
    if callee[0] != Op.ATTR:
        return
    base = graph.base(callee)
    if callee[2] in CHANGES:
        found = variable_at(inner, graph.without_items(inner.body, base))
        if found is not None and _holds_collection(inner, found, base):
            is_memo = callee[2] == "setdefault" and _is_memo(inner, found)
            yield Change(found, inner, number, callee[2] not in _SETTING_UP, is_memo)
    call = inner.calls.get(number)
    method = call.inside[0] if call is not None and len(call.inside) == 1 else None
    if not isinstance(method, Function) or method.receiver is None:
        return
    held = variable_of(inner, base)
    if held is None:
        return
    for change in changes_of_self(inner, method.key):
        variable = Variable(*held, change.name)
        if change.adds and holder_of(inner, variable) is not None:
            yield Change(variable, inner, number, True)


def _holds_collection(inner: Code, variable: Variable, value: int) -> bool:
    if is_collection(inner, variable):
        return True
    is_own = variable.attribute and is_plain(inner, inner.key, value)
    return bool(is_own) and holder_of(inner, variable) is not None


def _is_made_from(inner: Code, value: int, variable: Variable) -> bool:
    """Whether what is stored is worked out from what was there."""
    return is_worked_out(inner.body, value) and any(
        variable_at(inner, graph.without_items(inner.body, item)) == variable
        for item in graph.made_from(inner.body, [value])
    )


def _is_memo(inner: Code, variable: Variable) -> bool:
    """Whether the function gives what is kept there: it remembers its own results."""
    given = graph.made_from(inner.body, [value for value, _ in inner.body.returns])
    return any(variable_at(inner, value) == variable for value in given)
