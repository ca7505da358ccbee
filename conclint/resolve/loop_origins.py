"""Which event loop an object is, or belongs to: as `opened` says where data are, so for loops, and the
futures of what is handed to them."""

from __future__ import annotations

from typing import Final

from conclint.resolve.in_memory import Opened, opened_by
from conclint.resolve.values import ExternalInstance, Literal, Parameter, ValueSet, to_index, without_none
from conclint.summary.records import Body, Op, StoreKind

THIS_LOOP: Final = Literal("loop", "of this thread")
KEPT_LOOP: Final = Literal("loop", "kept")
"""The loop of the thread that once kept it, in an attribute or a module's variable: mostly the only one."""
OTHER_LOOP: Final = Literal("loop", "another one")
SOME_LOOP: Final = Literal("loop", "one or another")
"""Of a future: a loop completes it, whichever that is."""
_KNOWN_LOOPS: Final = (THIS_LOOP, KEPT_LOOP, OTHER_LOOP)
_LOOPS: Final = (*_KNOWN_LOOPS, SOME_LOOP)
_GIVEN: Final = {
    "asyncio.get_running_loop": THIS_LOOP,
    "asyncio.get_event_loop": THIS_LOOP,
    "asyncio.new_event_loop": OTHER_LOOP,
    "uvloop.new_event_loop": OTHER_LOOP,
}
OF_KEPT_LOOP: Final = "the loop that is kept is the one that runs"
HANDED_TO_LOOP: Final = "asyncio.run_coroutine_threadsafe"
"""Its future is that of the loop that it is given."""
LOOPS_FUTURE: Final = "concurrent.futures.Future"
"""What a loop completes, or a thread."""
EVENT_LOOP: Final = "asyncio.AbstractEventLoop"
_LOOP_NAMES: Final = frozenset({"loop", "event_loop"})
_OF_LOOPS: Final = frozenset(
    {
        "add_reader", "add_signal_handler", "add_writer", "call_at", "call_soon", "call_soon_threadsafe",
        "create_future", "run_in_executor",
    }
)  # fmt: skip
"""Methods that only event loops have."""


def is_used_as_loop(body: Body, name: str, position: int) -> bool:
    """Whether a parameter without a stated type is an event loop, by its name and what is called of it."""
    if name not in _LOOP_NAMES:
        return False
    values = body.values
    return any(
        node[0] == Op.ATTR and node[2] in _OF_LOOPS and values[to_index(node[1])] == (Op.PARAM, position)
        for node in values
    )


def names_kept_under(body: Body, name: str, position: int) -> frozenset[str]:
    """The attributes of its object in which a method keeps a parameter that is called as loops are."""
    if name not in _LOOP_NAMES:
        return frozenset()
    values = body.values
    return frozenset(
        str(store.name)
        for store in body.stores
        if store.kind == StoreKind.ATTR
        and values[store.base] == (Op.PARAM, 0)
        and values[store.value] == (Op.PARAM, position)
    )


def is_kept_loop_used(body: Body, names: frozenset[str]) -> bool:
    """Whether a method calls one of these attributes of its object what only loops have."""
    values = body.values
    return any(
        node[0] == Op.ATTR
        and node[2] in _OF_LOOPS
        and (kept := values[to_index(node[1])])[0] == Op.ATTR
        and kept[2] in names
        and values[to_index(kept[1])] == (Op.PARAM, 0)
        for node in values
    )


def loop_given_by(name: str) -> Literal | None:
    """The loop that calling a function of a library gives, by that function's public name."""
    return _GIVEN.get(name)


def kept(value: ExternalInstance) -> ExternalInstance:
    """A loop, or a future of it, as it is read from where it was kept."""
    return value._replace(opened=KEPT_LOOP) if value.opened == THIS_LOOP else value


def loop_of(item: ValueSet) -> Opened | None:
    """Which loop a value is; a parameter, where that says it; None where it is not known."""
    found = {
        value.opened
        if isinstance(value, ExternalInstance)
        else value
        if isinstance(value, Parameter)
        else None
        for value in without_none(item).values
    }
    known = found.pop() if len(found) == 1 and not item.incomplete else None
    return known if isinstance(known, Parameter) or known in _KNOWN_LOOPS else None


def opened_as(value: ExternalInstance, address: ValueSet) -> ExternalInstance:
    """The same, opened as a parameter says that is bound to this: a future that belongs to a loop still does
    where it is not known to which."""
    opened = opened_by(address)
    return value._replace(opened=SOME_LOOP if opened is None and value.dotted == LOOPS_FUTURE else opened)


def is_completed_by_loop(item: ValueSet) -> bool:
    """Whether a future is that of work which a loop does: who waits for it is told in the loop's thread."""
    found = without_none(item)
    return loop_of(item) is not None or (
        bool(found.values)
        and not item.incomplete
        and all(isinstance(v, ExternalInstance) and v.opened in _LOOPS for v in found.values)
    )
