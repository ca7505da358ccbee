"""What may be done to an event loop and its objects by code on that loop alone."""

from __future__ import annotations

from typing import Final

_OF_LOOP: Final = (
    "create_task", "call_soon", "call_later", "call_at", "stop", "add_reader", "remove_reader", "add_writer",
    "remove_writer",
)  # fmt: skip
_METHODS: Final = {
    "AbstractEventLoop": _OF_LOOP,
    "Queue": ("put_nowait", "get_nowait", "task_done"),
    "Event": ("set",),
    "Future": ("set_result", "set_exception", "cancel", "add_done_callback"),
    "Task": ("set_result", "set_exception", "cancel", "add_done_callback"),
    "Lock": ("release",),
    "Semaphore": ("release",),
    "Condition": ("notify", "notify_all", "release"),
    "Handle": ("cancel",),
    "TimerHandle": ("cancel",),
    "TaskGroup": ("create_task",),
    "StreamWriter": ("write", "writelines", "close"),
    "BaseTransport": ("close",),
    "WriteTransport": ("write", "writelines", "write_eof", "abort"),
    "DatagramTransport": ("sendto", "abort"),
}
LOOP_METHODS: Final = frozenset(f"asyncio.AbstractEventLoop.{name}" for name in _OF_LOOP)
RUNNING_LOOP_ONLY: Final = frozenset({"asyncio.create_task"})
"""What asks for the loop of the thread, and fails where none runs."""
LOOP_BOUND: Final = (
    frozenset(f"asyncio.{cls}.{name}" for cls, names in _METHODS.items() for name in names)
    | RUNNING_LOOP_ONLY
    | {"asyncio.ensure_future"}
)
"""Functions and methods by their public names. Mere questions (`done`, `qsize`) are not among them."""


_ALONE: Final = frozenset(
    {"set", "clear", "release", "close", "write_eof", "abort", "get_nowait", "task_done"}
)
"""Methods that take no argument."""


def threadsafe_form(name: str) -> str:
    """What another thread does instead of a call of one of these."""
    last = name.rpartition(".")[2]
    if last in ("create_task", "ensure_future"):
        return "`asyncio.run_coroutine_threadsafe(coroutine, loop)`"
    if last == "call_soon":
        return "`loop.call_soon_threadsafe`"
    if name in LOOP_METHODS:
        return f"`loop.call_soon_threadsafe(loop.{last}{'' if last == 'stop' else ', …'})`"
    owner = name.split(".")[-2].lower().removesuffix("handle").removeprefix("stream") or "handle"
    rest = "" if last in _ALONE else ", …"
    return f"`loop.call_soon_threadsafe({owner}.{last}{rest})`"
