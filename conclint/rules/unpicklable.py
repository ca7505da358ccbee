"""What can't be pickled, and so can't be sent to a process."""

from __future__ import annotations

from typing import Final

PICKLE_HOOKS: Final = (
    "__getstate__",
    "__reduce__",
    "__reduce_ex__",
    "__getattr__",
    "__getnewargs__",
    "__getnewargs_ex__",
)
"""What a class says by how its objects are pickled, or may say."""
_FILES: Final = (
    "io.TextIOWrapper",
    "io.BufferedReader",
    "io.BufferedWriter",
    "io.FileIO",
    "io.BufferedRandom",
)
_THREAD_LOCKS: Final = (
    "threading.Lock", "threading.RLock", "threading.Condition", "threading.Semaphore",
    "threading.BoundedSemaphore",
)  # fmt: skip
UNPICKLABLE: Final[dict[str, tuple[str, ...]]] = {
    "an open file": _FILES,
    "a socket": ("socket.socket", "ssl.SSLSocket"),
    "a thread": ("threading.Thread",),
    "an event of `threading`": ("threading.Event",),
    "a barrier of `threading`": ("threading.Barrier",),
    "a lock of `threading`": _THREAD_LOCKS,
    "a database connection": (
        "sqlite3.Connection", "sqlite3.Cursor", "psycopg2.extensions.connection",
        "psycopg2.extensions.cursor", "psycopg.Connection", "psycopg.Cursor",
        "pymysql.connections.Connection",
        "pymysql.connections.Cursor",
    ),
    "a queue of `queue`": ("queue.Queue", "queue.SimpleQueue", "queue.LifoQueue", "queue.PriorityQueue"),
    "a pool": (
        "concurrent.futures.ThreadPoolExecutor", "concurrent.futures.ProcessPoolExecutor",
        "multiprocessing.pool.Pool",
    ),
    "a future": ("concurrent.futures.Future", "asyncio.Future", "asyncio.Task"),
    "an event loop": ("asyncio.AbstractEventLoop",),
    "a subprocess": ("subprocess.Popen",),
    "an element of `lxml`": ("lxml.etree._Element", "lxml.etree._ElementTree"),
}  # fmt: skip
"""Classes of libraries, by what people call their objects."""
