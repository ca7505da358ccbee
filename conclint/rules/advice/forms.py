"""The forms that advice about the structure of code can take."""

from __future__ import annotations

from enum import Enum


class Form(Enum):
    """What is made of the code at the place, where it is simple enough."""

    GATHER = "the awaited calls of a loop, gathered"
    SUBMIT_ALL = "all work of a loop submitted before the first result is waited for"
    APPLY_ALL = "the same with the asynchronous methods of a pool of multiprocessing"
    POOL_AROUND = "the pool that a loop makes, around the loop"
    WITH = "a pool in a `with` statement"
    MAP_IN_THREADS = "a loop over calls as the map of a pool of threads"
    MAP_IN_PROCESSES = "the same with processes"
    SPAWN = "a pool or process that spawns"
    GUARD = "a statement under the main guard"
    WORKERS = "a pool without a number of workers"
    THREAD_POOL = "a pool of threads in place of one of processes"
    PROCESS_POOL = "a pool of processes in place of one of threads"
    AWAIT_ARGUMENT = "what a call runs, awaited in place of the call"
    AWAIT_HANDED = "what is handed to a thread, called and awaited"
    AWAIT = "the call, awaited"

    @property
    def done(self) -> str:
        """What a fix says that it does."""
        return _DONE[self]


_DONE = {
    Form.GATHER: "Gather the awaited calls",
    Form.SUBMIT_ALL: "Submit all work before the first result is waited for",
    Form.APPLY_ALL: "Hand out all work before the first result is waited for",
    Form.POOL_AROUND: "Make the pool once, around the loop",
    Form.WITH: "Use it in a `with` statement",
    Form.MAP_IN_THREADS: "Map the calls in a pool of threads",
    Form.MAP_IN_PROCESSES: "Map the calls in a pool of processes",
    Form.SPAWN: "Start processes by `spawn`",
    Form.GUARD: 'Put it under `if __name__ == "__main__":`',
    Form.WORKERS: "Leave the number of workers out",
    Form.THREAD_POOL: "Use a pool of threads",
    Form.AWAIT_ARGUMENT: "Await the coroutine itself",
    Form.AWAIT_HANDED: "Await it on the event loop",
    Form.AWAIT: "Await it",
    Form.PROCESS_POOL: "Use a pool of processes",
}
