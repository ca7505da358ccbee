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
